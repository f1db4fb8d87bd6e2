"""Segments: filters that were given a name, kept in PostgreSQL for all who use the panel."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from server.access.person import Person, Role
from server.errors import TooManySegments
from server.postgres.statements import all_rows, template

SEGMENTS_MOST = 200


@dataclass(frozen=True, slots=True)
class Segment:
    """One named filter; `people` satisfied it when it was kept."""

    id: int
    name: str
    note: str
    question: str
    filter: dict[str, Any]
    people: int
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class _Number:
    id: int


async def store_segment(
    conn: AsyncConnection,
    *,
    panel: str,
    name: str,
    note: str,
    question: str,
    query: dict[str, Any],
    people: int,
    made_by: str,
) -> int:
    """Keep a filter under a name; its number. TooManySegments when the panel keeps the most."""
    parameters = {
        "panel": panel, "name": name, "note": note, "question": question,
        "filter": Jsonb(query), "people": people, "made_by": made_by, "most": SEGMENTS_MOST,
    }  # fmt: skip
    stored = await all_rows(conn, _Number, template("store_segment"), parameters)
    if not stored:
        raise TooManySegments(str(SEGMENTS_MOST))
    return stored[0].id


async def list_segments(conn: AsyncConnection, panel: str) -> list[Segment]:
    """The panel's segments, the newest first."""
    return await all_rows(conn, Segment, template("list_segments"), {"panel": panel})


async def delete_segment(conn: AsyncConnection, panel: str, number: int, person: Person) -> bool:
    """Delete a segment of the person's own, or any for an owner; whether one was there."""
    parameters = {
        "panel": panel,
        "id": number,
        "made_by": person.name,
        "any": person.may(Role.OWNER),
    }
    return bool(await all_rows(conn, _Number, template("delete_segment"), parameters))
