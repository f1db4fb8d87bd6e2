"""The demo panel: synthetic respondents in the shape of a raw `result.json`."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from server.catalogue import Catalogue, Kind, PanelField
from server.panel.demo_draw import NONE, Ints, People, draw_people
from server.panel.demo_recipe import Recipe, check_recipe, find_recipe, read_recipe
from server.panel.dirt import Row, Soiler, raw_key

__all__ = ["DemoSummary", "read_recipe", "write_demo"]

ID_DIGITS = 8
MULTI_SPELLINGS = 3


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What was written: people, rows (with repeats and headers), unclean rows by shape.

    `synthetic` is always true, and is to be shown wherever these people are.
    """

    path: Path
    seed: int
    reference_year: int
    respondents: int
    rows: int
    dirty: Mapping[str, int]
    asked: Mapping[str, int]
    synthetic: bool = True


def write_demo(
    catalogue: Catalogue,
    path: Path,
    *,
    size: int | None = None,
    seed: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> DemoSummary:
    """Draw the demo panel of a catalogue into `path`: the same seed gives the same bytes.

    People are drawn and written in blocks, so memory does not grow with `size`; polls grow with
    it. `progress` hears of people written and people in all.
    """
    recipe = read_recipe(find_recipe(catalogue))
    check_recipe(catalogue, recipe)
    size = recipe.size if size is None else size
    seed = recipe.seed if seed is None else seed
    dirty: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    rows = 0
    torn = path.with_name(f"{path.name}.part")
    with torn.open("w", encoding="utf-8", newline="\n") as file:
        for start in range(0, size, recipe.block):
            stop = min(start + recipe.block, size)
            people = draw_people(catalogue, recipe, seed=seed, start=start, stop=stop)
            asked.update({name: len(who) for name, who in people.asked.items()})
            for row in _soiled(
                _raw_rows(catalogue, recipe, people), catalogue, recipe, people, dirty
            ):
                file.write(",\n" if rows else "[\n")
                file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
                rows += 1
            if progress is not None:
                progress(stop, size)
        file.write("\n]\n" if rows else "[]\n")
    torn.replace(path)
    return DemoSummary(path, seed, recipe.reference_year, size, rows, dict(dirty), dict(asked))


def _soiled(
    rows: list[Row], catalogue: Catalogue, recipe: Recipe, people: People, dirty: Counter[str]
) -> Iterator[Row]:
    """The rows, the recipe's share of them unclean, counted by shape."""
    soiler = Soiler(catalogue, recipe.dirt, reference_year=recipe.reference_year, rng=people.rng)
    wanted = round(recipe.dirt.share * len(rows))
    unlucky = set(people.rng.choice(len(rows), wanted, replace=False).tolist())
    for i, row in enumerate(rows):
        soiled = soiler.soil(row) if i in unlucky else None
        if soiled is None:
            yield row
        else:
            dirty[soiled[0]] += 1
            yield from soiled[1]


def _raw_rows(catalogue: Catalogue, recipe: Recipe, people: People) -> list[Row]:
    """One row a person, keys in the catalogue's order, "" where an asked person gave no answer."""
    rows: list[Row] = [
        {catalogue.respondent_id: f"{recipe.id_prefix}{number:0{ID_DIGITS}d}"}
        for number in range(people.start + 1, people.stop + 1)
    ]
    kept = {
        name: people.rng.random(people.number) >= file.lost / 100
        for name, file in recipe.files.items()
    }
    for field in catalogue.fields:
        if field.source is None:
            continue
        who = people.asked[field.name]
        if field.source.file in kept:
            who = who[kept[field.source.file][who]]
        key = raw_key(field)
        for i, raw in zip(who.tolist(), _raw_answers(field, people, who), strict=True):
            rows[i][key] = raw
    return rows


def _raw_answers(field: PanelField, people: People, who: Ints) -> Iterator[object]:
    """The answers of those people as an export writes them."""
    stored = people.columns[field.name][who].tolist()
    if field.kind is Kind.MULTI:
        spellings = people.rng.integers(MULTI_SPELLINGS, size=len(who)).tolist()
        spelled = lru_cache(maxsize=10_000)(lambda *of: _spell_several(field, *of))
        return (spelled(*of) for of in zip(stored, spellings, strict=True))
    if field.kind is Kind.NUMBER:
        return ("" if number == NONE else number for number in stored)
    codes = [*(a.code for a in field.answers), ""]
    return (codes[position] for position in stored)


def _spell_several(field: PanelField, chosen: int, spelling: int) -> object:
    """A set of answers as one slot a code (",,,,5"), as a list ("1, 4, 8"), or as an array."""
    if chosen == NONE:
        return ""
    codes = sorted(
        (a.code for i, a in enumerate(field.answers) if chosen >> i & 1),
        key=lambda code: (len(code), code),
    )
    if spelling == 0:
        slots = sorted((a.code for a in field.answers), key=lambda code: (len(code), code))
        return ",".join(code if code in codes else "" for code in slots).rstrip(",")
    if spelling == 1:
        return ", ".join(codes)
    return [int(code) if code.isdecimal() else code for code in codes]
