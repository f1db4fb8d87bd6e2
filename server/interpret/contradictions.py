"""Finds filters that nobody can satisfy, so that an answer of nobody says why."""

from server.catalogue import Catalogue
from server.filter import Condition, Conditions, Constraint, Filter, Range, canonical

Bounds = tuple[float, float]
_ANY: Bounds = (float("-inf"), float("inf"))


def contradicts(query: Filter, catalogue: Catalogue, reference_year: int) -> bool:
    """Whether two conditions exclude each other whatever the data: "born in 1980 and in their 20s"."""
    query = canonical(query, catalogue)
    if any(_is_empty(_bounds(condition)) for condition in query.where):
        return True
    if _excluded(query.where, query.negated):
        return True
    bounds = {c.field: _bounds(c) for c in query.where if isinstance(c.constraint, Range)}
    for field in catalogue.fields:
        if field.derived_from in bounds and field.name in bounds:
            low, high = bounds[field.name]
            base = bounds[field.derived_from]
            if _is_empty(_overlap(base, (reference_year - high, reference_year - low))):
                return True
    return False


def _excluded(where: Conditions, negated: Conditions) -> bool:
    refused = {condition.field: condition.constraint for condition in negated}
    return any(c.field in refused and _implies(c.constraint, refused[c.field]) for c in where)


def _implies(one: Constraint, other: Constraint) -> bool:
    """Whether whoever satisfies the one also satisfies the other."""
    if isinstance(one, Range) or isinstance(other, Range):
        return one == other or (
            isinstance(one, Range) and isinstance(other, Range) and _holds(other, one)
        )
    if other.every:
        return one.every and set(other.values) <= set(one.values)
    if one.every:
        return not set(one.values).isdisjoint(other.values)
    return set(one.values) <= set(other.values)


def _holds(wide: Range, narrow: Range) -> bool:
    (low, high), (lower, higher) = _limits(wide), _limits(narrow)
    return low <= lower and higher <= high


def _bounds(condition: Condition) -> Bounds:
    constraint = condition.constraint
    return _limits(constraint) if isinstance(constraint, Range) else _ANY


def _limits(constraint: Range) -> Bounds:
    low = _ANY[0] if constraint.min is None else float(constraint.min)
    high = _ANY[1] if constraint.max is None else float(constraint.max)
    return low, high


def _overlap(one: Bounds, other: Bounds) -> Bounds:
    return max(one[0], other[0]), min(one[1], other[1])


def _is_empty(bounds: Bounds) -> bool:
    return bounds[0] > bounds[1]
