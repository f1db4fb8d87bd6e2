"""Searches that people made, each one's own, so that they find them again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from server.postgres.statements import all_rows, template

SEARCHES_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Search:
    """One search; `people` satisfied it then."""

    id: int
    question: str
    filter: dict[str, Any]
    people: int
    made_at: datetime


async def store_search(
    conn: AsyncConnection,
    *,
    panel: str,
    made_by: str,
    question: str,
    query: dict[str, Any],
    people: int,
) -> None:
    """Remember a search; the same one again only moves to the top."""
    await conn.execute(
        template("store_search"),
        {
            "panel": panel,
            "made_by": made_by,
            "question": question,
            "filter": Jsonb(query),
            "people": people,
            "most": SEARCHES_SHOWN,
        },
    )


async def list_searches(conn: AsyncConnection, panel: str, made_by: str) -> list[Search]:
    """The person's searches, the latest first."""
    parameters = {"panel": panel, "made_by": made_by, "most": SEARCHES_SHOWN}
    return await all_rows(conn, Search, template("list_searches"), parameters)


async def forget_searches(conn: AsyncConnection, panel: str, made_by: str) -> None:
    """Forget everything the person searched with."""
    await conn.execute(template("forget_searches"), {"panel": panel, "made_by": made_by})
