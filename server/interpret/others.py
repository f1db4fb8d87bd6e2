"""Whole readings to choose from where a question is doubtful: the same with its least sure part otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from server.catalogue import Catalogue
from server.filter import Condition, Conditions, Filter, canonical
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
        for other in read.alternatives:
            taken = {c.field for c in _beside(query, read) if c != read.condition}
            if other.field not in taken:
                yield _with(query, read, (other,))
    yield from (_with(query, read, ()) for read in doubtful)


def _beside(query: Filter, read: ReadCondition) -> Conditions:
    """The conditions of the part, or the group, that the condition stands in."""
    if read.part == "either":
        return query.either[read.group]
    return query.where if read.part == "where" else query.negated


def _with(query: Filter, read: ReadCondition, instead: Conditions) -> Filter:
    """The filter with other conditions in that one's place; a group left empty goes."""
    changed = (*(c for c in _beside(query, read) if c != read.condition), *instead)
    if read.part == "where":
        return replace(query, where=changed)
    if read.part == "not":
        return replace(query, negated=changed)
    groups = [*query.either[: read.group], changed, *query.either[read.group + 1 :]]
    return replace(query, either=tuple(group for group in groups if group))


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
