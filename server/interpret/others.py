"""Whole readings to choose from where a question is doubtful: the same with its least sure part otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from server.catalogue import Catalogue
from server.filter import Condition, Conditions, Filter, canonical, conditions_at, with_conditions
from server.interpret.interpretation import ReadCondition

OTHERS_MAX = 2


def other_readings(
    query: Filter, read: Sequence[ReadCondition], catalogue: Catalogue, *, doubtful_below: float
) -> tuple[Filter, ...]:
    """What else the question may mean as a whole, the likeliest first; nothing where it is sure.

    The least sure condition is read another way, then the next; then it is left out altogether.
    """
    doubtful = sorted(
        (each for each in read if each.confidence < doubtful_below),
        key=lambda each: each.confidence,
    )
    known = [canonical(query, catalogue)]
    others = []
    for changed in _changed(query, doubtful):
        other = _ordered(changed, catalogue)
        form = canonical(other, catalogue)
        if other.restricts and form not in known:
            known.append(form)
            others.append(other)
    return tuple(others[:OTHERS_MAX])


def _changed(query: Filter, doubtful: Sequence[ReadCondition]) -> Iterator[Filter]:
    for read in doubtful:
        beside = _beside(query, read)
        for other in read.alternatives:
            if other.field not in {c.field for c in beside}:
                yield with_conditions(query, read.part, read.group, (*beside, other))
    yield from (
        with_conditions(query, read.part, read.group, _beside(query, read)) for read in doubtful
    )


def _beside(query: Filter, read: ReadCondition) -> Conditions:
    """The other conditions of the part, or the group, that the condition stands in."""
    there = conditions_at(query, read.part, read.group)
    return tuple(c for c in there if c != read.condition)


def _ordered(query: Filter, catalogue: Catalogue) -> Filter:
    """The conditions in the catalogue's order, as everywhere else."""

    def place(condition: Condition) -> int:
        return catalogue.position(condition.field)

    return replace(
        query,
        where=tuple(sorted(query.where, key=place)),
        negated=tuple(sorted(query.negated, key=place)),
        either=tuple(tuple(sorted(group, key=place)) for group in query.either),
    )
