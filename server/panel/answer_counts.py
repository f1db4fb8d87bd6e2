"""How many respondents gave each answer: counted when a panel is loaded, read by the codebook page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import LiteralString

from psycopg import AsyncConnection, sql

from server.catalogue import Catalogue, Kind, PanelField
from server.panel.schema import Conn, table
from server.postgres.statements import all_rows, only_row, template

_UNCOUNTED: LiteralString = (
    "select exists (select from panelens.answer left join panelens.answer_count"
    " using (panel, field, stored) where panel = %s and people is null)"
)


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """How many respondents gave each answer, by field and value, as of a load of the panel.

    `population` is how many it has, whether they answered or not.
    """

    load: int
    people: Mapping[tuple[str, str], int]
    population: int


@dataclass(frozen=True, slots=True)
class _Load:
    number: int


@dataclass(frozen=True, slots=True)
class _Row:
    field: str
    stored: int
    people: int


@dataclass(frozen=True, slots=True)
class _Size:
    people: int


def count_answers(connection: Conn, catalogue: Catalogue) -> None:
    """Count anew; a load does so in its own transaction."""
    answers = [_answers(f) for f in catalogue.stored_fields if f.has_listed_answers]
    if answers:
        statement = template("count_answers").format(
            respondent=table(catalogue), answers=sql.SQL(", ").join(answers)
        )
        connection.execute(statement, {"panel": catalogue.name})


def ensure_answer_counts(connection: Conn, catalogue: Catalogue) -> None:
    """Count where that was never done: the catalogue has new answers, or the panel is an old one."""
    if connection.execute(_UNCOUNTED, [catalogue.name]).fetchone() == (True,):
        count_answers(connection, catalogue)


async def answer_counts_after(
    conn: AsyncConnection, catalogue: Catalogue, known: AnswerCounts | None
) -> AnswerCounts:
    """The counts of now: those that are known, unless the panel was loaded since."""
    parameters = {"panel": catalogue.name}
    load = (await only_row(conn, _Load, template("get_last_load"), parameters)).number
    if known is not None and known.load == load:
        return known
    rows = await all_rows(conn, _Row, template("list_answer_counts"), parameters)
    # What was counted has a table; a panel that was never prepared has none.
    population = (await only_row(conn, _Size, _size(catalogue), {})).people if rows else 0
    values = {
        (field.name, stored): value
        for field in catalogue.stored_fields
        for value, stored in field.stored.items()
    }
    people = {
        (row.field, values[row.field, row.stored]): row.people
        for row in rows
        if (row.field, row.stored) in values
    }
    return AnswerCounts(load, people, population)


def _size(catalogue: Catalogue) -> sql.Composed:
    return sql.SQL("select count(*) as people from {}").format(table(catalogue))


def _answers(field: PanelField) -> sql.Composable:
    pattern = "({}, {})" if field.kind is Kind.MULTI else "({}, array[{}])"
    return sql.SQL(pattern).format(sql.Literal(field.name), sql.Identifier(field.name))
