"""The answer: who satisfies a filter, how many, and what each condition costs."""

from dataclasses import dataclass
from typing import Any

from server.filter import Condition, Part

Cell = str | int | list[str] | None


@dataclass(frozen=True, slots=True)
class CountedCondition:
    """One condition with how many satisfy it by itself, and how many if it were dropped."""

    part: Part
    group: int
    condition: Condition
    alone: int
    without: int


@dataclass(frozen=True, slots=True)
class BreakdownRow:
    """One line of a breakdown: a value for each field of `by` (None: no answer) and its count.

    `share` is of those who match, with its 95 % interval; `lift` says how many times the share in
    the whole panel that is (None where it would tell of too few people).
    """

    values: tuple[str | None, ...]
    count: int
    share: float
    share_low: float
    share_high: float
    lift: float | None


@dataclass(frozen=True, slots=True)
class Respondent:
    """One person: the id (empty for who may not see it) and every field, keyed by field name."""

    id: str
    fields: dict[str, Cell]


@dataclass(frozen=True, slots=True)
class Found:
    """What one search statement brought back. Counts are of the whole panel's respondents.

    `total` satisfy the filter; `offered` of them are on all pages together, which end at the
    filter's limit; `returned` are on this page. `breakdown` holds the largest lines when there are
    very many; `breakdown_left_off` says how many more there are.
    """

    population: int
    total: int
    returned: int
    shortfall: int
    conditions: tuple[CountedCondition, ...]
    respondents: tuple[Respondent, ...]
    breakdown: tuple[BreakdownRow, ...]
    reference_year: int
    synthetic: bool
    sql: str
    milliseconds: float
    offered: int = 0
    breakdown_left_off: int = 0


@dataclass(frozen=True, slots=True)
class NearRespondent:
    """One person whom exactly one condition keeps from being found, and where that one stands.

    When several groups of `either` lack one condition each, it is the first of them.
    """

    respondent: Respondent
    part: Part
    group: int
    condition: Condition


def respondent_as_json(respondent: Respondent, id_key: str) -> dict[str, Any]:
    """One respondent as a flat object: the catalogue's own id key first, when it may be seen."""
    return {**({id_key: respondent.id} if respondent.id else {}), **respondent.fields}
