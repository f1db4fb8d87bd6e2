"""Results of too few people: neither counts nor rows of them are shown, on page, API or export."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeVar

from server.errors import TooFew
from server.panel.answer_counts import AnswerCounts
from server.search.answer import BreakdownRow, CountedCondition, Found
from server.search.divisions import Division, Slice
from server.search.groups import ComparedField

Line = TypeVar("Line", BreakdownRow, Slice)


def refuse_small(total: int, smallest: int, *, restricted: bool = False) -> None:
    """TooFew when somebody, but too few, would be shown; with conditions, also when nobody would.

    Else one more condition on too few people would tell whether it holds for none of them.
    """
    if total < smallest and (total or restricted):
        raise TooFew(f"< {smallest}")


def told(count: int, population: int, smallest: int) -> int | None:
    """A count that was kept, unless it is of too few people, or of all but too few.

    The option may be newer than the count.
    """
    return None if count < smallest or 0 < population - count < smallest else count


def without_small(found: Found, smallest: int) -> Found:
    """The result without the counts that speak of too few people.

    TooFew when all of it does: too few match, or all but too few do.
    """
    refuse_small(found.total, smallest)
    refuse_small(found.population - found.total, smallest)
    shown = _lines(found.breakdown, found.total, smallest)
    return replace(
        found,
        conditions=_conditions(found, smallest),
        breakdown=_without_telling_lifts(shown, found, smallest),
        breakdown_left_off=found.breakdown_left_off + len(found.breakdown) - len(shown),
    )


def compared_without_small(compared: ComparedField, smallest: int) -> ComparedField:
    """The comparison without answers that too few of a group gave; TooFew for a small group.

    Where too few did not answer, it is left out how many people the groups have.
    """
    sides = tuple(_sides(compared))
    hidden: set[int] = set()
    for side in sides:
        refuse_small(side.people, smallest)
        refuse_small(side.answered, smallest)
        hidden |= _hidden(side.counts, side.answered, smallest)
    silent = any(0 < side.people - side.answered < smallest for side in sides)
    groups = tuple(
        replace(
            group,
            people=None if silent else group.people,
            shared=None
            if silent or any(0 < n < smallest for n in _told_by_overlap(compared, place))
            else group.shared,
        )
        for place, group in enumerate(compared.groups)
    )
    return replace(
        compared,
        groups=groups,
        answers=tuple(a for n, a in enumerate(compared.answers) if n not in hidden),
        left_off=compared.left_off + len(hidden),
    )


def all_compared_without_small(
    fields: Sequence[ComparedField], smallest: int
) -> tuple[ComparedField, ...]:
    """The fields of one comparison: how many people the groups have, all leave out if one does.

    TooFew where one that everybody of a group answered says it nevertheless.
    """
    shown = [compared_without_small(field, smallest) for field in fields]
    for sides in zip(*map(_sides, fields), strict=True):
        silent = [side.people - side.answered for side in sides]
        if 0 in silent and any(0 < n < smallest for n in silent):
            raise TooFew(f"< {smallest}")
    if any(group.people is None for field in shown for group in field.groups):
        shown = [
            replace(
                field,
                groups=tuple(replace(group, people=None, shared=None) for group in field.groups),
            )
            for field in shown
        ]
    return tuple(shown)


def divided_without_small(division: Division, smallest: int) -> Division:
    """The division without slices of too few people; TooFew when it is all of too few."""
    refuse_small(division.total, smallest)
    shown = _lines(division.slices, division.total, smallest)
    hidden = len(division.slices) - len(shown)
    return replace(division, slices=shown, left_off=division.left_off + hidden)


def answers_without_small(given: AnswerCounts, smallest: int) -> dict[tuple[str, str], int]:
    """How many gave each answer, by field and value, without what speaks of too few people.

    Every search tells how many there are, and so how many are missing from a field.
    """
    by_field: dict[str, dict[str, int]] = {}
    for (field, value), count in given.people.items():
        by_field.setdefault(field, {})[value] = count
    shown = {}
    for field, counts in by_field.items():
        hidden = _hidden(tuple(counts.values()), given.population, smallest)
        for place, (value, count) in enumerate(counts.items()):
            if place not in hidden:
                shown[field, value] = count
    return shown


def _hidden(counts: Sequence[int], total: int, smallest: int) -> set[int]:
    """The places of those counts that are not to be shown beside their total.

    They are of too few people, or of all but too few. What is hidden can be counted back together,
    so the smallest of the others join it until it is not too few. Counts that people are in twice
    add up to more than the total, and nothing can be counted back from them.
    """
    hidden = {
        place
        for place, count in enumerate(counts)
        if 0 < count < smallest or 0 < total - count < smallest
    }
    if sum(counts) > total:
        return hidden
    others = sorted(
        (place for place, count in enumerate(counts) if count and place not in hidden),
        key=lambda place: counts[place],
        reverse=True,
    )
    while others and 0 < total - sum(counts[place] for place in others) < smallest:
        hidden.add(others.pop())
    return hidden


def _lines(rows: tuple[Line, ...], total: int, smallest: int) -> tuple[Line, ...]:
    """The lines of a breakdown of so many people that may be shown."""
    hidden = _hidden([row.count for row in rows], total, smallest)
    return tuple(row for place, row in enumerate(rows) if place not in hidden)


def _without_telling_lifts(
    rows: tuple[BreakdownRow, ...], found: Found, smallest: int
) -> tuple[BreakdownRow, ...]:
    """A lift says how many of the panel are in the line, and so how many of them do not match."""
    others = {
        place: round(row.share / row.lift * found.population) - row.count
        for place, row in enumerate(rows)
        if row.lift is not None
    }
    hidden = _hidden(tuple(others.values()), found.population - found.total, smallest)
    telling = {place for n, place in enumerate(others) if n in hidden}
    return tuple(
        replace(row, lift=None) if place in telling else row for place, row in enumerate(rows)
    )


def _conditions(found: Found, smallest: int) -> tuple[CountedCondition, ...]:
    """As many of the conditions as tell of no few people, neither each nor together."""
    shown: list[CountedCondition] = []
    for counted in found.conditions:
        told = (*_told_by(counted, found), *_told_together((*shown, counted), found))
        if not any(0 < count < smallest for count in told):
            shown.append(counted)
    return tuple(shown)


def _told_by(counted: CountedCondition, found: Found) -> tuple[int, ...]:
    """The counts of one condition, and what they leave of each other, of the total and the panel.

    Whom it costs do not satisfy it; whom it brings, as one of several ways in, do.
    """
    alone, without, gain = counted.alone, counted.without, counted.without - found.total
    others = found.population - alone
    return (
        *(alone, without, others, found.population - without),
        *(abs(gain), abs(alone - found.total)),
        others - gain if gain > 0 else alone + gain,
    )


def _told_together(conditions: Sequence[CountedCondition], found: Found) -> Iterator[int]:
    """What the counts of several conditions tell that must all hold.

    Who is not found misses one of them only, or something else, or several; each condition divides
    the latter in those who satisfy it and those who do not.
    """
    required = [c for c in conditions if c.part != "either"]
    gains = [c.without - found.total for c in required]
    rest = found.population - found.total - sum(gains)
    satisfy = [
        c.alone - found.total - sum(gains) + gain for c, gain in zip(required, gains, strict=True)
    ]
    yield rest
    for count in satisfy:
        yield count
        yield rest - count
    if len(found.conditions) == len(required) == 3:
        yield rest - sum(satisfy)  # they miss all three: with more, nobody can tell


@dataclass(frozen=True, slots=True)
class _Side:
    """Of a compared group, or of what it has more than another: people, answers, lines."""

    people: int
    answered: int
    counts: tuple[int, ...]


def _sides(compared: ComparedField) -> Iterator[_Side]:
    """Every group, and what it has more than others that lie in it: anybody can subtract.

    Several that share nobody can be subtracted together.
    """
    sides = [
        _Side(
            group.people or 0,
            group.answered,
            tuple(answer.shares[place].count for answer in compared.answers),
        )
        for place, group in enumerate(compared.groups)
    ]
    shared = compared.overlaps
    for place, side in enumerate(sides):
        inner = _inner(compared, place)
        for size in range(len(inner) + 1):
            for some in combinations(inner, size):
                if not any(shared[one][other] for one, other in combinations(some, 2)):
                    yield _rest(side, [sides[other] for other in some])


def _inner(compared: ComparedField, place: int) -> list[int]:
    """The groups that lie wholly in that one."""
    return [
        other
        for other, shared in enumerate(compared.overlaps[place])
        if other != place and shared == compared.groups[other].people
    ]


def _told_by_overlap(compared: ComparedField, place: int) -> Iterator[int]:
    """Whom a group shares with the last one, whom not, and both without those of a group in it."""
    people = [group.people or 0 for group in compared.groups]
    shared = [each[-1] for each in compared.overlaps]
    yield people[-1] - shared[place]
    inside = [(people[other], shared[other]) for other in _inner(compared, place)]
    for inner_people, inner_shared in ((0, 0), *inside):
        more = shared[place] - inner_shared
        yield more
        yield people[place] - inner_people - more


def _rest(side: _Side, others: Sequence[_Side]) -> _Side:
    return _Side(
        side.people - sum(other.people for other in others),
        side.answered - sum(other.answered for other in others),
        tuple(
            count - sum(given)
            for count, *given in zip(side.counts, *(o.counts for o in others), strict=True)
        ),
    )
