"""The filter: what a question becomes, checked against the catalogue and comparable by meaning."""

import re
import reprlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from rapidfuzz import process

from server.catalogue import (
    FORBIDDEN_IN_VALUES,
    Answer,
    Catalogue,
    Kind,
    PanelField,
    find_catalogue,
    normalise,
    read_catalogue,
)
from server.errors import BrokenCatalogue, InvalidFilter

NUMBER_MAX = 99_999
LIMIT_MAX = 999_999
BY_MAX = 4
GROUPS_MAX = 8
TEXTS_MAX = 50
TEXT_LENGTH_MAX = 40
# JSON can spell half of a surrogate pair, which is no text and which PostgreSQL cannot be sent.
_HALF_PAIR = re.compile(r"[\ud800-\udfff]")

_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring = 4, 80

Part = Literal["where", "not", "either"]


@dataclass(frozen=True, slots=True)
class Values:
    """Any of these values; all of them when `every`."""

    values: tuple[str, ...]
    every: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """From `min` to `max`, both inclusive; an absent bound is open, never both."""

    min: int | None = None
    max: int | None = None


Constraint = Values | Range


@dataclass(frozen=True, slots=True)
class Condition:
    """One field's part of a filter."""

    field: str
    constraint: Constraint


Conditions = tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """A valid filter. Without any part it means everyone.

    Conditions of `where` and `negated` stand in the catalogue's order, one for each field.
    """

    where: Conditions = ()
    negated: Conditions = ()
    either: tuple[Conditions, ...] = ()
    by: tuple[str, ...] = ()
    limit: int | None = None

    @property
    def restricts(self) -> bool:
        """Whether any condition is asked for."""
        return bool(self.where or self.negated or self.either)

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field it names, in reading order, each once."""
        asked = (condition.field for _, _, condition in placed_conditions(self))
        return tuple(dict.fromkeys((*asked, *self.by)))


def load_catalogue(name_or_path: str) -> Catalogue:
    """Find, read and check a catalogue, its named groups (which are filters) included."""
    path = find_catalogue(name_or_path)
    catalogue = read_catalogue(path)
    for group in catalogue.groups:
        try:
            parse_filter(group.filter, catalogue)
        except InvalidFilter as error:
            raise BrokenCatalogue(f"{path}: group {group.name!r}: {error.detail}") from error
    return catalogue


def parse_filter(raw: object, catalogue: Catalogue) -> Filter:
    """Check JSON-like data against the catalogue; InvalidFilter names place and reason."""
    parts = _object(raw, "filter", known=("where", "not", "either", "by", "limit"))
    return Filter(
        where=_conditions(parts.get("where", {}), "where", catalogue),
        negated=_conditions(parts.get("not", {}), "not", catalogue),
        either=_groups(parts.get("either", []), catalogue),
        by=_breakdown(parts.get("by", []), catalogue),
        limit=None
        if parts.get("limit") is None
        else _number(parts["limit"], "limit", 1, LIMIT_MAX),
    )


def as_json(query: Filter) -> dict[str, Any]:
    """The filter as the contract spells it; absent parts are left out."""
    parts: dict[str, Any] = {
        "where": _conditions_as_json(query.where),
        "not": _conditions_as_json(query.negated),
        "either": [_conditions_as_json(group) for group in query.either],
        "by": list(query.by),
        "limit": query.limit,
    }
    return {name: part for name, part in parts.items() if part}


def canonical(query: Filter, catalogue: Catalogue) -> Filter:
    """The form that equal filters share: values in catalogue order, bands and wide ranges listed.

    The order of `by` is kept only as a set: a breakdown by two fields is the same either way.
    """

    def each(conditions: Conditions) -> Conditions:
        return tuple(
            Condition(c.field, _canonical_constraint(c.constraint, catalogue.field(c.field)))
            for c in conditions
        )

    groups = {each(group): None for group in query.either}
    return Filter(
        where=each(query.where),
        negated=each(query.negated),
        either=tuple(sorted(groups, key=repr)),
        by=tuple(sorted(query.by, key=catalogue.position)),
        limit=query.limit,
    )


def equal(one: Filter, other: Filter, catalogue: Catalogue) -> bool:
    """Whether two filters say the same."""
    return canonical(one, catalogue) == canonical(other, catalogue)


def bands_within(bounds: Range, field: PanelField) -> tuple[Answer, ...]:
    """The bands that lie wholly inside the range, bounds inclusive.

    "300 이하" keeps the bands up to 299: the band that only begins at 300 reaches further.
    """
    return tuple(
        band
        for band in field.listed
        if (bounds.min is None or (band.min is not None and band.min >= bounds.min))
        and (bounds.max is None or (band.max is not None and band.max <= bounds.max))
    )


def placed_conditions(query: Filter) -> Iterator[tuple[Part, int, Condition]]:
    """Every condition with its part and, in `either`, the number of its group (else 0)."""
    yield from (("where", 0, condition) for condition in query.where)
    yield from (("not", 0, condition) for condition in query.negated)
    for number, group in enumerate(query.either):
        yield from (("either", number, condition) for condition in group)


def conditions_at(query: Filter, part: Part, group: int) -> Conditions:
    """The conditions of a part or, in `either`, of one of its groups; none of a group that is not
    there.
    """
    if part == "either":
        return query.either[group] if 0 <= group < len(query.either) else ()
    return query.where if part == "where" else query.negated


def with_conditions(query: Filter, part: Part, group: int, conditions: Conditions) -> Filter:
    """The filter with these in place of those there; a group left empty goes."""
    if part == "where":
        return replace(query, where=conditions)
    if part == "not":
        return replace(query, negated=conditions)
    groups = (*query.either[:group], conditions, *query.either[group + 1 :])
    return replace(query, either=tuple(filter(None, groups)))


def _canonical_constraint(constraint: Constraint, field: PanelField) -> Constraint:
    if isinstance(constraint, Range):
        if field.kind is not Kind.BAND:
            return constraint
        inside = tuple(band.value for band in bands_within(constraint, field))
        # A range that holds no band stays a range: it asks for nobody, an empty list says nothing.
        return Values(inside) if inside else Range(0, -1)
    if field.kind is Kind.TEXT:
        return Values(tuple(sorted({normalise(v) for v in constraint.values})))
    order = list(field.by_value)
    values = tuple(sorted(set(constraint.values), key=order.index))
    return Values(values, every=constraint.every and len(values) > 1)


def _conditions_as_json(conditions: Conditions) -> dict[str, Any]:
    return {c.field: constraint_as_json(c.constraint) for c in conditions}


def constraint_as_json(constraint: Constraint) -> dict[str, Any] | list[str]:
    """One condition's right side as the contract spells it."""
    if isinstance(constraint, Range):
        bounds = {"min": constraint.min, "max": constraint.max}
        return {name: bound for name, bound in bounds.items() if bound is not None}
    values = list(constraint.values)
    return {"all": values} if constraint.every else values


def _object(raw: object, where: str, known: Sequence[str] | None = None) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise InvalidFilter(f"{where}: expected an object, got {_shown(raw)}")
    if known is not None:
        for key in raw:
            if key not in known:
                raise InvalidFilter(
                    f"{where}: unknown part {_shown(key)}; known: {', '.join(known)}"
                )
    return raw


def _array(raw: object, where: str) -> Sequence[Any]:
    if not isinstance(raw, list | tuple):
        raise InvalidFilter(f"{where}: expected a list, got {_shown(raw)}")
    return raw


def _number(raw: object, where: str, low: int, high: int) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or not low <= raw <= high:
        raise InvalidFilter(
            f"{where}: expected a whole number from {low} to {high}, got {_shown(raw)}"
        )
    return raw


def _groups(raw: object, catalogue: Catalogue) -> tuple[Conditions, ...]:
    groups = _array(raw, "either")
    if len(groups) > GROUPS_MAX:
        raise InvalidFilter(f"either: {len(groups)} groups, at most {GROUPS_MAX} are allowed")
    parsed = []
    for number, group in enumerate(groups):
        conditions = _conditions(group, f"either[{number}]", catalogue)
        if not conditions:
            raise InvalidFilter(f"either[{number}]: an empty group would mean everyone")
        parsed.append(conditions)
    return tuple(parsed)


def _breakdown(raw: object, catalogue: Catalogue) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(_field(name, "by", catalogue).name for name in _array(raw, "by")))
    if len(names) > BY_MAX:
        raise InvalidFilter(f"by: {len(names)} fields, at most {BY_MAX} are allowed")
    return names


def _conditions(raw: object, where: str, catalogue: Catalogue) -> Conditions:
    entries = _object(raw, where)
    conditions = []
    for name, constraint in entries.items():
        field = _field(name, where, catalogue)
        conditions.append(Condition(field.name, _constraint(constraint, f"{where}.{name}", field)))
    return tuple(sorted(conditions, key=lambda c: catalogue.position(c.field)))


def _field(name: object, where: str, catalogue: Catalogue) -> PanelField:
    field = catalogue.by_name.get(name) if isinstance(name, str) else None
    if field is None:
        raise InvalidFilter(
            f"{where}: no field {_shown(name)}{_closest(name, list(catalogue.by_name))}"
        )
    return field


def _constraint(raw: object, where: str, field: PanelField) -> Constraint:
    if isinstance(raw, Mapping):
        if "all" in raw:
            return _every(raw, where, field)
        return _range(raw, where, field)
    if field.kind is Kind.NUMBER:
        raise InvalidFilter(f'{where}: expected {{"min", "max"}}, got {_shown(raw)}')
    return Values(_values(raw, where, field))


def _every(raw: Mapping[str, Any], where: str, field: PanelField) -> Values:
    if field.kind is not Kind.MULTI:
        raise InvalidFilter(f'{where}: "all" needs a field with several answers')
    _object(raw, where, known=("all",))
    return Values(_values(raw["all"], f"{where}.all", field), every=True)


def _range(raw: Mapping[str, Any], where: str, field: PanelField) -> Range:
    if not field.takes_range:
        raise InvalidFilter(f"{where}: expected a list of answers, got {_shown(raw)}")
    bounds = _object(raw, where, known=("min", "max"))
    given = {
        name: _number(bound, f"{where}.{name}", 0, NUMBER_MAX)
        for name, bound in bounds.items()
        if bound is not None
    }
    if not given:
        raise InvalidFilter(f"{where}: a range needs min or max")
    return Range(given.get("min"), given.get("max"))


def _values(raw: object, where: str, field: PanelField) -> tuple[str, ...]:
    values = _array(raw, where)
    most = TEXTS_MAX if field.kind is Kind.TEXT else len(field.listed)
    if not 0 < len(values) <= most:
        raise InvalidFilter(f"{where}: expected 1 to {most} answers, got {len(values)}")
    check = _text if field.kind is Kind.TEXT else _answer
    return tuple(dict.fromkeys(check(value, where, field) for value in values))


def _text(raw: object, where: str, _field: PanelField) -> str:
    value = raw.strip() if isinstance(raw, str) else ""
    forbidden = FORBIDDEN_IN_VALUES.search(value) or _HALF_PAIR.search(value)
    if not value or len(value) > TEXT_LENGTH_MAX or forbidden:
        raise InvalidFilter(
            f"{where}: expected a text of 1 to {TEXT_LENGTH_MAX} characters, got {_shown(raw)}"
        )
    return value


def _answer(raw: object, where: str, field: PanelField) -> str:
    answer = field.by_value.get(raw) if isinstance(raw, str) else None
    if answer is None:
        values = [a.value for a in field.listed]
        raise InvalidFilter(f"{where}: no answer {_shown(raw)}{_closest(raw, values)}")
    if answer.missing:
        raise InvalidFilter(f"{where}: {_shown(raw)} counts as no answer and cannot be asked for")
    return answer.value


def _closest(raw: object, names: Sequence[str]) -> str:
    """The names most like a wrong one, as the end of a sentence."""
    if not isinstance(raw, str):
        return ""
    found = [name for name, score, _ in process.extract(raw[:120], names, limit=3) if score >= 60]
    return f"; did you mean {', '.join(found)}?" if found else ""


def _shown(raw: object) -> str:
    """What was sent, cut short; data nested too deeply for `repr` is cut too."""
    text = _SHORT.repr(raw)
    return text if len(text) <= 80 else f"{text[:77]}..."
