"""Finds filters that nobody can satisfy, so that an answer of nobody says why."""

from server.catalogue import Catalogue
from server.filter import Condition, Conditions, Filter, Range

Bounds = tuple[float, float]
_ANY: Bounds = (float("-inf"), float("inf"))


def contradicts(query: Filter, catalogue: Catalogue, reference_year: int) -> bool:
    """Whether two conditions exclude each other whatever the data: "born in 1980 and in their 20s"."""
    if any(_is_empty(_bounds(condition)) for condition in query.where):
        return True
    if _same(query.where, query.negated):
        return True
    bounds = {c.field: _bounds(c) for c in query.where if isinstance(c.constraint, Range)}
    for field in catalogue.fields:
        if field.derived_from in bounds and field.name in bounds:
            low, high = bounds[field.name]
            base = bounds[field.derived_from]
            if _is_empty(_overlap(base, (reference_year - high, reference_year - low))):
                return True
    return False


def _same(where: Conditions, negated: Conditions) -> bool:
    return any(condition in negated for condition in where)


def _bounds(condition: Condition) -> Bounds:
    constraint = condition.constraint
    if not isinstance(constraint, Range):
        return _ANY
    low = _ANY[0] if constraint.min is None else float(constraint.min)
    high = _ANY[1] if constraint.max is None else float(constraint.max)
    return low, high


def _overlap(one: Bounds, other: Bounds) -> Bounds:
    return max(one[0], other[0]), min(one[1], other[1])


def _is_empty(bounds: Bounds) -> bool:
    return bounds[0] > bounds[1]
