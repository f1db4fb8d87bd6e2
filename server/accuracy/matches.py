"""The match: whom a right and a predicted reading find in the panel, counted by PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.accuracy.statements import Connection, Present, only_row, template
from server.catalogue import Catalogue
from server.errors import SetupError
from server.filter import Filter
from server.panel.schema import table
from server.search.plan import FALSE, Plan, plan
from server.spelling import Reading


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many respondents each of two filters finds, and how many both of them."""

    gold_size: int
    predicted_size: int
    common_size: int


async def refuse_empty_panel(conn: Connection, catalogue: Catalogue) -> None:
    """SetupError when nobody is in the panel."""
    if not await has_respondents(conn, catalogue):
        raise SetupError(f"panel {catalogue.name!r} holds nobody: load its respondents first")


async def has_respondents(conn: Connection, catalogue: Catalogue) -> bool:
    """Whether anybody is in the panel."""
    statement = template("has_respondents").format(respondent=table(catalogue))
    return (await only_row(conn, Present, statement, {})).present


async def count_matches(
    conn: Connection, catalogue: Catalogue, gold: Reading, predicted: Reading, reference_year: int
) -> Sizes:
    """How far two readings find the same people, their limits aside."""
    both, parameters = _plan_both(gold.filter, predicted.filter, catalogue, reference_year)
    wanted, found = (
        FALSE if reading.asks_for_nobody else planned.matches
        for reading, planned in zip((gold, predicted), both, strict=True)
    )
    statement = template("count_matches").format(
        respondent=table(catalogue), gold=wanted, predicted=found
    )
    return await only_row(conn, Sizes, statement, parameters)


def _plan_both(
    one: Filter, other: Filter, catalogue: Catalogue, reference_year: int
) -> tuple[tuple[Plan, Plan], Mapping[str, Any]]:
    """The plans of two filters whose values are bound under names of one statement.

    They are planned as one filter that holds the conditions of both, and then taken apart.
    """
    planned = plan(
        Filter(
            where=one.where + other.where,
            negated=one.negated + other.negated,
            either=one.either + other.either,
        ),
        catalogue,
        reference_year,
    )
    by_part = {
        part: [p for p in planned.predicates if p.part == part]
        for part in ("where", "not", "either")
    }
    ends = {
        "where": len(one.where),
        "not": len(one.negated),
        "either": sum(len(group) for group in one.either),
    }
    first = tuple(p for part, end in ends.items() for p in by_part[part][:end])
    second = tuple(p for part, end in ends.items() for p in by_part[part][end:])
    plans = Plan(first, planned.parameters), Plan(second, planned.parameters)
    return plans, planned.parameters
