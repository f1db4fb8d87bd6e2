"""The match: the distinct filters of an evaluation, each compiled once to whom it finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql

from server.catalogue import Catalogue
from server.errors import SetupError
from server.filter import Filter, as_json, canonical
from server.panel.schema import table
from server.postgres.statements import Connection, Present, only_row, template
from server.search.plan import FALSE, plan
from server.spelling import Reading

_FINDS = sql.SQL("case when {matches} then {number} end")


@dataclass(frozen=True, slots=True)
class FilterSet:
    """The distinct filters of some readings as SQL, their values, and which reading has which.

    The SQL is a list: for each filter its number if it finds the respondent, else null.
    """

    sql: sql.Composable
    parameters: Mapping[str, Any]
    numbers: Mapping[str, int]
    catalogue: Catalogue

    def number_of(self, reading: Reading) -> int:
        """The number of the reading's filter in the set."""
        return self.numbers[_key(reading, self.catalogue)]


async def refuse_empty_panel(conn: Connection, catalogue: Catalogue) -> None:
    """SetupError when nobody is in the panel."""
    if not await has_respondents(conn, catalogue):
        raise SetupError(f"panel {catalogue.name!r} holds nobody: load its respondents first")


async def has_respondents(conn: Connection, catalogue: Catalogue) -> bool:
    """Whether anybody is in the panel."""
    statement = template("has_respondents").format(respondent=table(catalogue))
    return (await only_row(conn, Present, statement, {})).present


def compile_filters(
    readings: Sequence[Reading], catalogue: Catalogue, reference_year: int
) -> FilterSet:
    """Compile each distinct filter once: whom it finds, its limit and breakdown aside."""
    numbers: dict[str, int] = {}
    finding: list[sql.Composable] = []
    parameters: dict[str, Any] = {}
    for reading in readings:
        key = _key(reading, catalogue)
        if key in numbers:
            continue
        numbers[key] = len(numbers) + 1
        planned = plan(reading.filter, catalogue, reference_year, prefix=f"f{numbers[key]}_")
        parameters |= planned.parameters
        finding.append(
            _FINDS.format(
                number=sql.Literal(numbers[key]),
                matches=FALSE if reading.asks_for_nobody else planned.matches,
            )
        )
    return FilterSet(sql.SQL(",\n        ").join(finding), parameters, numbers, catalogue)


def _key(reading: Reading, catalogue: Catalogue) -> str:
    """The same for two readings that find the same people by the same conditions."""
    people = canonical(reading.filter, catalogue)
    people = Filter(where=people.where, negated=people.negated, either=people.either)
    return f"{reading.asks_for_nobody} {as_json(people)}"
