"""Corrections: what a person says of a reading, kept for good, and what is decided of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from server.catalogue import Catalogue
from server.errors import NotFound
from server.filter import as_json
from server.postgres.statements import Connection, all_rows, only_row, template
from server.spelling import Reading

WAITING_MOST = 200

Verdict = Literal["right", "wrong", "corrected"]


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person says of a reading; `original` is None when the reader could not be asked."""

    question: str
    verdict: Verdict
    original: Reading | None
    corrected: Reading | None
    model: str
    adapter: str
    person: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A correction that nobody decided on yet."""

    id: int
    question: str
    verdict: Verdict
    original: Mapping[str, Any] | None
    original_unsupported: list[str]
    corrected: Mapping[str, Any] | None
    corrected_unsupported: list[str]
    person: str
    said_at: datetime


@dataclass(frozen=True, slots=True)
class _Id:
    id: int


@dataclass(frozen=True, slots=True)
class _Count:
    waiting: int


@dataclass(frozen=True, slots=True)
class _Reviewed:
    correction_id: int


async def store_correction(conn: Connection, catalogue: Catalogue, said: Correction) -> int:
    """Keep what was said; its number."""
    parameters = {
        "panel": catalogue.name,
        "question": said.question,
        "verdict": said.verdict,
        "original": _stored(said.original),
        "original_unsupported": list(said.original.unsupported) if said.original else [],
        "corrected": _stored(said.corrected),
        "corrected_unsupported": list(said.corrected.unsupported) if said.corrected else [],
        "model": said.model,
        "adapter": said.adapter,
        "catalogue_version": catalogue.version,
        "person": said.person,
    }
    return (await only_row(conn, _Id, template("store_correction"), parameters)).id


async def list_waiting(conn: Connection, catalogue: Catalogue) -> tuple[Waiting, ...]:
    """The corrections that wait longest for a decision, oldest first."""
    parameters = {"panel": catalogue.name, "most": WAITING_MOST}
    return tuple(await all_rows(conn, Waiting, template("list_corrections"), parameters))


async def count_waiting(conn: Connection, catalogue: Catalogue) -> int:
    """How many corrections wait for a decision."""
    parameters = {"panel": catalogue.name}
    return (await only_row(conn, _Count, template("count_corrections"), parameters)).waiting


async def review(
    conn: Connection, catalogue: Catalogue, correction_id: int, *, accepted: bool, person: str
) -> None:
    """Take a correction into the gold set, or decline it.

    NotFound when it does not wait for a decision, or is a bare "wrong" that was to be accepted.
    """
    parameters = {
        "panel": catalogue.name,
        "correction_id": correction_id,
        "accepted": accepted,
        "person": person,
    }
    if not await all_rows(conn, _Reviewed, template("review_correction"), parameters):
        raise NotFound(f"no correction {correction_id} waits for that decision")


def waiting_as_json(waiting: Waiting) -> dict[str, Any]:
    """A waiting correction as tools read it."""
    return {**asdict(waiting), "said_at": waiting.said_at.isoformat()}


def _stored(reading: Reading | None) -> Jsonb | None:
    return None if reading is None else Jsonb(as_json(reading.filter))
