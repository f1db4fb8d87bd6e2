"""Draws people for the demo panel, field after field, so that shares and dependencies both hold."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from server.catalogue import Catalogue, Kind, PanelField
from server.panel.demo_recipe import (
    BLANK,
    Attendance,
    FieldRecipe,
    Key,
    Recipe,
    Tilt,
    drawing_order,
)

NONE = -1
RAKING_ROUNDS = 60
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effect:
    """Odds that depend on a person's level: `levels` per person, `factors[level, option]`."""

    levels: Ints
    factors: Floats


@dataclass(frozen=True, slots=True)
class Cells:
    """People whose odds are equal: `of` per person, `weights[cell, option]`."""

    of: Ints
    weights: Floats


@dataclass(slots=True)
class People:
    """One block of the panel, numbered `start` to `stop`.

    `columns` holds per person a position in the field's answers, a number, or for a multi field
    the set of positions as bits; NONE is no answer. `asked` holds whom a field was asked of.
    """

    start: int
    stop: int
    rng: np.random.Generator
    columns: dict[str, Ints] = field(default_factory=dict)
    asked: dict[str, Ints] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """How many people are in the block."""
        return self.stop - self.start


def draw_people(
    catalogue: Catalogue, recipe: Recipe, *, seed: int, start: int, stop: int
) -> People:
    """Draw the people `start` to `stop`; the same arguments give the same people."""
    people = People(start, stop, np.random.default_rng([seed, start]))
    drawing = _Drawing(catalogue, recipe, people)
    for panel_field in drawing_order(catalogue, recipe):
        drawing.draw(panel_field)
    return people


class _Drawing:
    """The state of drawing one block."""

    def __init__(self, catalogue: Catalogue, recipe: Recipe, people: People) -> None:
        self.catalogue = catalogue
        self.recipe = recipe
        self.people = people
        self.rng = people.rng
        self.rosters: dict[str, Ints] = {}
        self.liveliness = self.rng.standard_normal(people.number)

    def draw(self, panel_field: PanelField) -> None:
        """Draw one field for those it is asked of."""
        spec = self.recipe.of(panel_field.name)
        asked = self._asked(panel_field, spec)
        column = np.full(self.people.number, NONE, dtype=np.int64)
        options, shares = options_and_shares(panel_field, spec)
        cells = self._cells(panel_field, spec, options, asked)
        if panel_field.kind is Kind.MULTI:
            exclusive = np.array([a.exclusive for a in panel_field.answers])
            column[asked] = draw_several(cells, shares, exclusive, spec.breadth, self.rng)
        else:
            fixed = panel_field.parent is None
            chosen = draw_one(cells, shares if fixed else None, self.rng)
            stored = np.array([*_stored(panel_field, options), NONE], dtype=np.int64)
            column[asked] = stored[chosen]
        self.people.columns[panel_field.name] = column
        self.people.asked[panel_field.name] = asked

    def _column(self, name: str) -> Ints:
        derived_from = self.catalogue.field(name).derived_from
        if derived_from is None:
            return self.people.columns[name]
        return self.recipe.reference_year - self.people.columns[derived_from]

    # Who is asked

    def _asked(self, panel_field: PanelField, spec: FieldRecipe) -> Ints:
        if panel_field.respondents is not None:
            candidates = self.people.asked[spec.within] if spec.within else self._everyone()
            wanted = self._scaled(panel_field.respondents)
            asked = self._choose(candidates, wanted, self.recipe.polls)
        else:
            asked = self._roster(panel_field.source.file if panel_field.source else "")
        for other, answers in spec.asked_when.items():
            asked = asked[self._gave(other, answers)[asked]]
        return asked

    def _everyone(self) -> Ints:
        return np.arange(self.people.number)

    def _scaled(self, respondents: int) -> int:
        """This block's part of a number that is published for the recipe's own size.

        Rounding the running total keeps the sum over all blocks exact.
        """
        at_start, at_stop = (
            round(respondents * people / self.recipe.size)
            for people in (self.people.start, self.people.stop)
        )
        return min(at_stop - at_start, self.people.number)

    def _roster(self, file: str) -> Ints:
        if file not in self.rosters:
            spec = self.recipe.files.get(file)
            roster = self._everyone()
            if spec is not None and spec.respondents is not None:
                wanted = self._scaled(spec.respondents)
                roster = self._choose(roster, wanted, spec.attendance or self.recipe.polls)
            self.rosters[file] = roster
        return self.rosters[file]

    def _choose(self, candidates: Ints, wanted: int, attendance: Attendance) -> Ints:
        """Exactly `wanted` of the candidates, lively people more often, bands by their shares."""
        # The largest log(u)/w first is a draw without replacement by weights w (Efraimidis 2006).
        weights = np.exp(attendance.activity * self.liveliness[candidates])
        keys = np.log(self.rng.random(len(candidates))) / weights
        order = np.argsort(-keys, kind="stable")
        bounds = np.array(sorted(attendance.shares))
        ages = self._column(attendance.by)[candidates[order]]
        bands = np.clip(np.searchsorted(bounds, ages, side="right") - 1, 0, None)
        shares = np.array([attendance.shares[int(b)] for b in bounds])
        quotas = np.round(wanted * shares / shares.sum())
        beyond = _rank_within(bands) >= quotas[bands]
        chosen = order[np.argsort(beyond, kind="stable")][:wanted]
        return np.sort(candidates[chosen])

    def _gave(self, name: str, answers: Sequence[str]) -> NDArray[np.bool_]:
        panel_field = self.catalogue.field(name)
        positions = [i for i, a in enumerate(panel_field.answers) if a.value in answers]
        column = self._column(name)
        if panel_field.kind is Kind.MULTI:
            wanted = sum(1 << i for i in positions)
            return np.asarray((column != NONE) & (column & wanted != 0))
        return np.isin(column, positions)

    # What makes their odds differ

    def _cells(
        self, panel_field: PanelField, spec: FieldRecipe, options: Sequence[Key], asked: Ints
    ) -> Cells:
        effects = list(self._effects(panel_field, spec, options))
        combined = np.zeros(len(asked), dtype=np.int64)
        for effect in effects:
            _, combined = np.unique(
                combined * len(effect.factors) + effect.levels[asked], return_inverse=True
            )
        _, first, of = np.unique(combined, return_index=True, return_inverse=True)
        weights = np.ones((len(first), len(options)))
        weights *= options_and_shares(panel_field, spec)[1]
        for effect in effects:
            weights *= effect.factors[effect.levels[asked[first]]]
        return Cells(of, weights)

    def _effects(
        self, panel_field: PanelField, spec: FieldRecipe, options: Sequence[Key]
    ) -> Iterator[Effect]:
        steps = _steps(panel_field, options)
        for tilt in spec.tilts:
            yield self._tilted(tilt, options, steps)
        if panel_field.parent is not None:
            parents = [
                spec.parents.get(a.value, (a.parent,)) if a.parent is None else (a.parent,)
                for a in panel_field.answers
            ]
            by_parent = self._allowed(
                panel_field.parent, lambda i, v: v in parents[i], len(options)
            )
            by_parent.factors[0] = 0  # a model of an unknown maker is unknown too
            yield by_parent
        if spec.at_least is not None:
            floors = {a.value: a.min for a in self.catalogue.field(spec.at_least).answers}
            bottoms = [a.min for a in panel_field.answers]
            yield self._allowed(
                spec.at_least, lambda i, v: _not_below(bottoms[i], floors[v]), len(options)
            )
        if spec.among is not None:
            yield self._among(spec.among, options)

    def _tilted(self, tilt: Tilt, options: Sequence[Key], steps: Floats) -> Effect:
        keys = list(dict.fromkeys([*tilt.slope, *(k for t in tilt.odds.values() for k in t)]))
        levels, holding = self._levels(tilt.by, keys)
        factors = np.ones((len(holding), len(options)))
        for level, held in enumerate(holding):
            for key in held:
                odds = [tilt.odds.get(option, {}).get(key, 1) for option in options]
                factors[level] *= odds * np.exp(steps * tilt.slope.get(key, 0))
        return Effect(levels, factors)

    def _levels(self, name: str, keys: Sequence[Key]) -> tuple[Ints, list[tuple[Key, ...]]]:
        """Each person's level, and the keys that hold at each level."""
        by, column = self.catalogue.field(name), self._column(name)
        if by.kind is Kind.MULTI:
            held = np.stack([self._gave(name, [str(key)]) for key in keys])
            levels = (held * (1 << np.arange(len(keys)))[:, None]).sum(axis=0)
            subsets = [
                tuple(key for i, key in enumerate(keys) if level >> i & 1)
                for level in range(1 << len(keys))
            ]
            return levels, subsets
        if by.kind is Kind.NUMBER:
            bounds = sorted(int(key) for key in keys)
            return np.searchsorted(bounds, column, side="right"), [(), *((b,) for b in bounds)]
        return column + 1, [(), *((a.value,) for a in by.answers)]

    def _allowed(self, name: str, rule: Callable[[int, str], bool], options: int) -> Effect:
        """Only options for which the rule holds; all of them for who did not answer `name`."""
        values = [a.value for a in self.catalogue.field(name).answers]
        table = [[rule(i, value) for i in range(options)] for value in values]
        return Effect(self._column(name) + 1, np.array([[True] * options, *table], dtype=float))

    def _among(self, name: str, options: Sequence[Key]) -> Effect:
        """Only options that the person also named in the multi field `name`."""
        sets, levels = np.unique(self._column(name), return_inverse=True)
        position = {a.value: i for i, a in enumerate(self.catalogue.field(name).answers)}
        bits = np.array([position.get(str(option), 62) for option in options])
        return Effect(levels, (sets[:, None] >> bits & 1).astype(float))


def options_and_shares(panel_field: PanelField, spec: FieldRecipe) -> tuple[list[Key], Floats]:
    """What can be drawn for a field, and the share of each among those asked."""
    options: list[Key]
    if spec.density:
        options = list(range(min(spec.density), max(spec.density) + 1))
        weights = np.interp(np.array(options), list(spec.density), list(spec.density.values()))
        return options, weights / weights.sum()
    if panel_field.kind is Kind.NUMBER:
        options = list(spec.shares)
    else:
        options = [*(a.value for a in panel_field.answers)]
        options += [BLANK] if BLANK in spec.shares else []
    shares = np.array([_weight(panel_field, spec, option) for option in options], dtype=float)
    if panel_field.kind is Kind.MULTI:
        return options, shares / (100 if spec.shares else panel_field.respondents or 1)
    return options, shares / shares.sum()


def _weight(panel_field: PanelField, spec: FieldRecipe, option: Key) -> float:
    answer = panel_field.by_value.get(str(option))
    if spec.shares or spec.others:
        return spec.shares.get(option, 0 if answer and answer.missing else spec.others)
    return (answer.count or 0) if answer else 0


def draw_one(cells: Cells, shares: Floats | None, rng: np.random.Generator) -> Ints:
    """One option a person, NONE in a cell that allows no option.

    With `shares` the weights are first scaled so that the whole group has these shares. The draw
    is systematic within a cell: counts differ from their expectation by less than one.
    """
    sizes = np.bincount(cells.of, minlength=len(cells.weights))
    odds = _rows_to_one(cells.weights)
    if shares is not None:
        odds = rake(odds, sizes, shares)
    dead = odds.sum(axis=1) == 0
    cumulative = odds.cumsum(axis=1)
    cumulative /= np.where(dead, 1, cumulative[:, -1])[:, None]
    number, options = np.arange(len(sizes)), odds.shape[1]
    place = np.empty(len(cells.of), dtype=np.int64)
    shuffled = rng.permutation(len(cells.of))
    place[shuffled] = _rank_within(cells.of[shuffled])
    at = cells.of + (place + rng.random(len(sizes))[cells.of]) / sizes[cells.of]
    at = np.minimum(at, np.nextafter(cells.of + 1.0, 0))
    found = np.searchsorted((cumulative + number[:, None]).ravel(), at, side="right")
    return np.where(dead[cells.of], NONE, found - cells.of * options)


def draw_several(
    cells: Cells,
    shares: Floats,
    exclusive: NDArray[np.bool_],
    breadth: float,
    rng: np.random.Generator,
) -> Ints:
    """Sets of options as bits: each option by its share, exclusive ones alone, nobody empty.

    Everyone draws one option; whoever drew no exclusive one is offered each of the others with
    what chance is left of its share.
    """
    people = len(cells.of)
    first_shares = np.where(exclusive, shares, 0)
    together = np.where(exclusive, 0, shares)
    first_shares += together / (together.sum() or 1) * (1 - first_shares.sum())
    first = draw_one(cells, first_shares, rng)
    chosen = np.where(first == NONE, NONE, 1 << np.maximum(first, 0))
    generosity = np.exp(breadth * rng.standard_normal(people))
    open_to_more = (first != NONE) & ~exclusive[first]
    for option in np.flatnonzero(~exclusive & (shares > 0)):
        free = np.flatnonzero(open_to_more & (first != option))
        missing = shares[option] * people - np.count_nonzero(first == option)
        odds = cells.weights[cells.of[free], option] * generosity[free]
        taken = _pick(_chances(odds, missing), rng)
        chosen[free[taken]] |= 1 << option
    return chosen


def rake(odds: Floats, sizes: Ints, shares: Floats) -> Floats:
    """Rescale options and rows in turn until the group as a whole has the shares."""
    for _ in range(RAKING_ROUNDS):
        totals = sizes @ odds
        wanted = shares * sizes.sum()
        odds = _rows_to_one(odds * np.divide(wanted, totals, where=totals > 0, out=wanted * 0))
    return odds


def _chances(odds: Floats, wanted: float) -> Floats:
    """Chances k*odds / (1 + k*odds) that add up to `wanted`, by Newton's method on log k."""
    if wanted <= 0 or not len(odds):
        return np.zeros(len(odds))
    log_odds = np.log(np.maximum(odds, 1e-12))
    level, chances = -float(log_odds.mean()), odds
    for _ in range(25):
        chances = 1 / (1 + np.exp(-np.clip(log_odds + level, -40, 40)))
        slope = float((chances * (1 - chances)).sum())
        level += float(np.clip((wanted - chances.sum()) / max(slope, 1e-9), -2, 2))
    return np.asarray(chances)


def _pick(chances: Floats, rng: np.random.Generator) -> Ints:
    """Who is taken: each by the chance given, in number the sum of the chances (systematic)."""
    order = rng.permutation(len(chances))
    upto = chances[order].cumsum() + rng.random()
    return np.asarray(order[np.floor(upto) > np.floor(np.concatenate(([0], upto[:-1])))])


def _rows_to_one(odds: Floats) -> Floats:
    totals = odds.sum(axis=1, keepdims=True)
    return odds / np.where(totals > 0, totals, 1)


def _rank_within(groups: Ints) -> Ints:
    """The rank of each element among those of its group, in the order given."""
    order = np.argsort(groups, kind="stable")
    counts = np.bincount(groups)
    ranks = np.empty(len(groups), dtype=np.int64)
    ranks[order] = np.arange(len(groups)) - np.repeat(counts.cumsum() - counts, counts)
    return ranks


def _stored(panel_field: PanelField, options: Sequence[Key]) -> Iterator[int]:
    """How each option is kept in a column."""
    position: Mapping[Key, int] = {a.value: i for i, a in enumerate(panel_field.answers)}
    for option in options:
        if option == BLANK:
            yield NONE
        else:
            yield int(option) if panel_field.kind is Kind.NUMBER else position[option]


def _steps(panel_field: PanelField, options: Sequence[Key]) -> Floats:
    """How far each option is from the middle of the list; 0 when it says nothing."""
    ranked = [o for o in options if o != BLANK and not _is_missing(panel_field, o)]
    middle = (len(ranked) - 1) / 2
    return np.array([ranked.index(o) - middle if o in ranked else 0 for o in options])


def _is_missing(panel_field: PanelField, option: Key) -> bool:
    answer = panel_field.by_value.get(str(option))
    return answer is not None and answer.missing


def _not_below(bottom: int | None, floor: int | None) -> bool:
    return bottom is None or floor is None or bottom >= floor
