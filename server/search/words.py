"""Stored codes → words: respondents and breakdowns as a reader sees them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from server.catalogue import Catalogue, Kind, PanelField
from server.search.answer import BreakdownRow, Cell, Respondent
from server.search.plan import group_width

Stored = str | int | list[int] | None
Answers = Mapping[str, Stored]
Line = Sequence[Any]


def respondents_in_words(
    rows: Sequence[Answers],
    catalogue: Catalogue,
    reference_year: int,
    fields: Sequence[PanelField] | None = None,
) -> tuple[Respondent, ...]:
    """Respondents from their stored answers, keyed by column; derived fields are computed.

    With `fields` only these are told.
    """
    told = catalogue.fields if fields is None else fields
    cells = [(f.name, f.column, _cell(f, reference_year)) for f in told]

    def in_words(row: Answers) -> dict[str, Cell]:
        return {
            name: None if (stored := row[column]) is None else cell(stored)
            for name, column, cell in cells
        }

    return tuple(Respondent(str(row["respondent_id"]), in_words(row)) for row in rows)


def _cell(field: PanelField, reference_year: int) -> Callable[[Any], Cell]:
    """How a stored answer to the field is said; chosen once, for it is asked of every cell."""
    if field.derived_from is not None:
        return lambda stored: reference_year - stored
    if not field.has_listed_answers:
        return lambda stored: stored
    named = _named(field)
    if field.kind is Kind.MULTI:
        return lambda stored: [named[code] for code in stored]
    return lambda stored: named[stored]


def breakdown_in_words(
    lines: Sequence[Line], by: Sequence[str], catalogue: Catalogue, total: int
) -> tuple[BreakdownRow, ...]:
    """The lines of a breakdown in the answers' order.

    A line is its stored groups, then their count, the ends of its share's interval and its lift.
    """
    return tuple(
        BreakdownRow(words, count, count / total, low, high, lift)
        for words, (count, low, high, lift) in lines_in_words(lines, by, catalogue)
    )


def lines_in_words(
    lines: Sequence[Line], by: Sequence[str], catalogue: Catalogue
) -> Iterator[tuple[tuple[str | None, ...], Line]]:
    """The groups that each line begins with in words, and the rest of it; in the answers' order."""
    fields = [catalogue.field(name) for name in by]
    named = [_named(field) for field in fields]
    order = [{code: place for place, code in enumerate(names)} for names in named]

    def rank(line: Line) -> list[tuple[bool, int, str]]:
        return [_rank(group, places) for group, places in zip(line, order, strict=False)]

    for line in sorted(lines, key=rank):
        words = tuple(
            _group(group, field, names)
            for group, field, names in zip(line, fields, named, strict=False)
        )
        yield words, line[len(by) :]


def groups_in_words(
    groups: Sequence[str | int], field: PanelField
) -> tuple[tuple[str | int, str], ...]:
    """The stored groups of one field beside their words, in the answers' order."""
    named = _named(field)
    places = {code: place for place, code in enumerate(named)}
    ordered = sorted(groups, key=lambda group: _rank(group, places))
    return tuple((group, _group(group, field, named) or "") for group in ordered)


def _named(field: PanelField) -> Mapping[int, str]:
    return {code: value for value, code in field.stored.items()}


def _rank(group: str | int | None, places: Mapping[int, int]) -> tuple[bool, int, str]:
    """Listed answers as the catalogue lists them, numbers by size, texts by name, unknown last."""
    if group is None:
        return (True, 0, "")
    if isinstance(group, str):
        return (False, 0, group)
    return (False, places.get(group, group), "")


def _group(group: str | int | None, field: PanelField, named: Mapping[int, str]) -> str | None:
    if group is None or isinstance(group, str):
        return group
    if field.kind is not Kind.NUMBER:
        return named[group]
    width = group_width(field)
    return str(group) if width == 1 else f"{group}–{group + width - 1}"
