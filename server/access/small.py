"""Results of too few people: neither counts nor rows of them are shown, on page, API or export."""

from dataclasses import replace
from typing import TypeVar

from server.errors import TooFew
from server.search.answer import BreakdownRow, CountedCondition, Found
from server.search.divisions import Division, Slice
from server.search.groups import ComparedField, Group

Line = TypeVar("Line", BreakdownRow, Slice)


def refuse_small(total: int, smallest: int) -> None:
    """TooFew when somebody, but too few, would be shown."""
    if 0 < total < smallest:
        raise TooFew()


def told(count: int, smallest: int) -> int | None:
    """A count that was kept, unless it is one of too few people: the option may be newer than it."""
    return None if 0 < count < smallest else count


def without_small(found: Found, smallest: int) -> Found:
    """The result without the counts that speak of too few people; TooFew when all of it does."""
    refuse_small(found.total, smallest)
    shown = _lines(found.breakdown, smallest)
    lines = tuple(_without_telling_lift(row, found, smallest) for row in shown)
    return replace(
        found,
        conditions=tuple(c for c in found.conditions if not _tells(c, found, smallest)),
        breakdown=lines,
        breakdown_left_off=found.breakdown_left_off + len(found.breakdown) - len(shown),
    )


def compared_without_small(compared: ComparedField, smallest: int) -> ComparedField:
    """The comparison without answers that too few of a group gave; TooFew for a small group."""
    for group in compared.groups:
        refuse_small(group.people, smallest)
    shown = tuple(
        answer
        for answer in compared.answers
        if not any(0 < share.count < smallest for share in answer.shares)
    )
    # One hidden alone could be counted back, so another joins it.
    if len(compared.answers) - len(shown) == 1:
        shown = shown[:-1]
    hidden = len(compared.answers) - len(shown)
    return replace(
        compared,
        groups=tuple(_without_telling_overlap(group, smallest) for group in compared.groups),
        answers=shown,
        left_off=compared.left_off + hidden,
    )


def divided_without_small(division: Division, smallest: int) -> Division:
    """The division without slices of too few people; TooFew when it is all of too few."""
    refuse_small(division.total, smallest)
    shown = _lines(division.slices, smallest)
    hidden = len(division.slices) - len(shown)
    return replace(division, slices=shown, left_off=division.left_off + hidden)


def _tells(counted: CountedCondition, found: Found, smallest: int) -> bool:
    """Whether a count, or how far it is from another that is shown, is of too few people."""
    told = (
        counted.alone,
        counted.without,
        abs(counted.without - found.total),
        abs(counted.alone - found.total),
    )
    return any(0 < count < smallest for count in told)


def _without_telling_lift(row: BreakdownRow, found: Found, smallest: int) -> BreakdownRow:
    """The lift says how many of the panel are in the line, and so how many of them do not match."""
    if row.lift is None:
        return row
    others = round(row.share / row.lift * found.population) - row.count
    return replace(row, lift=None) if 0 < others < smallest else row


def _without_telling_overlap(group: Group, smallest: int) -> Group:
    """Neither those who are in the last group too, nor those who are not, are too few."""
    shared = group.shared or 0
    tells = 0 < shared < smallest or 0 < group.people - shared < smallest
    return replace(group, shared=None) if tells else group


def _lines(rows: tuple[Line, ...], smallest: int) -> tuple[Line, ...]:
    """The lines that may be shown; one hidden alone could be counted back, so another joins it."""
    shown = tuple(row for row in rows if row.count >= smallest)
    return shown[:-1] if len(rows) - len(shown) == 1 else shown
