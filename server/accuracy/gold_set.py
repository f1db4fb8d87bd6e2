"""The gold set: the labelled questions that ship with a catalogue, and those that grew on a panel."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from server.accuracy.gold import GoldFile, GoldQuestion, read_gold
from server.catalogue import Catalogue
from server.errors import BrokenFile, InvalidFilter
from server.filter import as_json, parse_filter
from server.postgres.statements import Connection, all_rows, only_row, template
from server.spelling import Reading

NAME = "gold set"


@dataclass(frozen=True, slots=True)
class ExportedGold:
    """The questions that were accepted or imported here, as JSON Lines.

    `outdated` of them have a filter that the catalogue no longer allows, and are as they are stored.
    """

    text: str
    questions: int
    outdated: int


@dataclass(frozen=True, slots=True)
class _GoldRow:
    question: str
    filter: Mapping[str, Any]
    unsupported: list[str]
    tags: list[str]


@dataclass(frozen=True, slots=True)
class _Added:
    added: int


async def list_gold(conn: Connection, catalogue: Catalogue) -> tuple[GoldQuestion, ...]:
    """The questions that were accepted or imported here, in the order they came.

    One whose filter the catalogue no longer allows is left out: it cannot be asked any more.
    """
    grown = await _grown(conn, catalogue)
    return tuple(question for _, question in grown if question is not None)


async def count_outdated(conn: Connection, catalogue: Catalogue) -> int:
    """How many questions were accepted or imported here that the catalogue no longer allows."""
    return sum(question is None for _, question in await _grown(conn, catalogue))


async def export_gold(conn: Connection, catalogue: Catalogue) -> ExportedGold:
    """All questions that were accepted or imported here, in the order they came."""
    grown = await _grown(conn, catalogue)
    lines = [asdict(row) if q is None else gold_as_json(q) for row, q in grown]
    return ExportedGold(_as_lines(lines), len(lines), sum(q is None for _, q in grown))


async def add_gold(
    conn: Connection, catalogue: Catalogue, questions: Iterable[GoldQuestion], *, person: str
) -> int:
    """Take questions into the gold set; how many said something new."""
    rows = [gold_as_json(question) for question in questions]
    parameters = {"panel": catalogue.name, "person": person, "questions": Jsonb(rows)}
    return (await only_row(conn, _Added, template("add_gold"), parameters)).added


async def gold_set(conn: Connection, catalogue: Catalogue, shipped: Path) -> GoldFile:
    """All labelled questions of a panel; what was accepted here wins over what shipped.

    BrokenFile when there are none.
    """
    grown = await list_gold(conn, catalogue)
    known = {question.question for question in grown}
    base = _shipped(shipped, catalogue)
    questions = (*(q for q in base if q.question not in known), *grown)
    if not questions:
        raise BrokenFile("the gold set holds no question: import some, or accept a correction")
    digest = hashlib.sha256(written_gold(questions).encode()).hexdigest()
    return GoldFile(NAME, digest, questions)


def written_gold(questions: Iterable[GoldQuestion]) -> str:
    """The questions as JSON Lines, which `read_gold` reads."""
    return _as_lines(map(gold_as_json, questions))


def gold_as_json(question: GoldQuestion) -> dict[str, Any]:
    """One labelled question as a gold file spells it."""
    return {
        "question": question.question,
        "filter": as_json(question.reading.filter),
        "unsupported": list(question.reading.unsupported),
        "tags": list(question.tags),
    }


def _shipped(file: Path, catalogue: Catalogue) -> tuple[GoldQuestion, ...]:
    return read_gold(file, catalogue).questions if file.is_file() else ()


async def _grown(
    conn: Connection, catalogue: Catalogue
) -> list[tuple[_GoldRow, GoldQuestion | None]]:
    """What is stored, each with the question that it is, or None where it cannot be asked."""
    rows = await all_rows(conn, _GoldRow, template("list_gold"), {"panel": catalogue.name})
    return [(row, _question(row, catalogue)) for row in rows]


def _as_lines(objects: Iterable[Mapping[str, Any]]) -> str:
    return "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in objects)


def _question(row: _GoldRow, catalogue: Catalogue) -> GoldQuestion | None:
    try:
        query = parse_filter(row.filter, catalogue)
    except InvalidFilter:
        return None
    return GoldQuestion(row.question, Reading(query, tuple(row.unsupported)), tuple(row.tags))
