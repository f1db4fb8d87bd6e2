"""Query files → rows: one file a statement, one dataclass a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from psycopg import AsyncConnection, sql
from psycopg.rows import class_row

_SQL = Path(__file__).resolve().parents[1] / "sql"

Connection = AsyncConnection[Any]
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Present:
    """The answer of a query that asks whether something is there."""

    present: bool


@cache
def template(name: str) -> sql.SQL:
    """The text of a query file, names still to be composed in if it has any."""
    return sql.SQL((_SQL / f"{name}.sql").read_text("utf-8"))


async def all_rows(
    conn: Connection,
    row: type[Row],
    statement: sql.SQL | sql.Composed,
    parameters: Mapping[str, object],
) -> list[Row]:
    """Every row of a statement."""
    async with conn.cursor(row_factory=class_row(row)) as cursor:
        # Not prepared: a plan made for any value would know nothing of how rare these values are.
        await cursor.execute(statement, parameters, prepare=False)
        return await cursor.fetchall()


async def only_row(
    conn: Connection,
    row: type[Row],
    statement: sql.SQL | sql.Composed,
    parameters: Mapping[str, object],
) -> Row:
    """The one row of a statement that always has one."""
    (only,) = await all_rows(conn, row, statement, parameters)
    return only
