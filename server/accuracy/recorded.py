"""Recorded evaluations: readings measured elsewhere, compared on the panel that is loaded here."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server.accuracy.cases import Case, Evaluation
from server.accuracy.lines import Line, read_lines
from server.accuracy.matches import has_respondents
from server.accuracy.runs import Run, has_evaluation, store_evaluation
from server.catalogue import Catalogue
from server.errors import BrokenFile
from server.filter import as_json, placed_conditions
from server.postgres.pool import explained
from server.postgres.statements import Connection
from server.spelling import Reading

HEAD = ("model", "adapter_sha256", "catalogue_version", "file")
CASE = (
    "question", "gold", "predicted", "unsupported", "predicted_unsupported",
    "confidence", "conditions", "milliseconds", "tags",
)  # fmt: skip
MILLISECONDS_MAX = 1e9
_LOCK = "select pg_advisory_xact_lock(hashtextextended(%s, 2))"


def read_recorded(path: Path, catalogue: Catalogue) -> Evaluation:
    """Read and check a recorded evaluation; BrokenFile names the line and the field."""
    sha256, lines = read_lines(path)
    if len(lines) < 2:
        raise BrokenFile(f"{path}: expected a head line and at least one question")
    head, *cases = lines
    head.refuse_others(HEAD)
    return Evaluation(
        file=head.text("file"),
        file_sha256=sha256,
        model=head.text("model", ""),
        adapter=head.text("adapter_sha256", ""),
        catalogue_version=head.whole_number("catalogue_version"),
        started_at=datetime.now(UTC),
        cases=tuple(_case(line, catalogue) for line in cases),
        recorded=True,
    )


def write_recorded(path: Path, evaluation: Evaluation) -> None:
    """Write an evaluation's readings as a file that `read_recorded` reads."""
    lines = (json.dumps(entries, ensure_ascii=False) for entries in _entries(evaluation))
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


async def store_recorded(conn: Connection, catalogue: Catalogue, path: Path) -> Run | None:
    """Store the readings as a run on this panel; None when that would say nothing new.

    That is so when questions were evaluated here since real people took the place of synthetic
    ones, when this file was stored since the panel was last loaded, or when nobody is in the panel
    yet. Of two processes at once, the second waits.
    """
    evaluation = read_recorded(path, catalogue)
    with explained():
        async with conn.transaction():
            await conn.execute(_LOCK, [catalogue.name])
            if await has_evaluation(conn, catalogue, evaluation.file_sha256):
                return None
            if not await has_respondents(conn, catalogue):
                return None
            return await store_evaluation(conn, catalogue, evaluation)


def _case(line: Line, catalogue: Catalogue) -> Case:
    line.refuse_others(CASE)
    refused = line.entries.get("confidence") is None
    predicted = line.filter("predicted", catalogue)
    conditions = line.numbers_within("conditions", 0, 1)
    if len(conditions) != len(list(placed_conditions(predicted))):
        line.refuse("conditions", "expected one confidence for each condition of predicted")
    return Case(
        question=line.text("question"),
        gold=Reading(line.filter("gold", catalogue), line.texts("unsupported")),
        predicted=Reading(predicted, line.texts("predicted_unsupported")),
        tags=line.texts("tags"),
        confidence=None if refused else line.number_within("confidence", 0, 1),
        milliseconds=line.number_within("milliseconds", 0, MILLISECONDS_MAX),
        conditions=conditions,
    )


def _entries(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    yield {
        "model": evaluation.model,
        "adapter_sha256": evaluation.adapter,
        "catalogue_version": evaluation.catalogue_version,
        "file": evaluation.file,
    }
    for case in evaluation.cases:
        yield {
            "question": case.question,
            "gold": as_json(case.gold.filter),
            "predicted": as_json(case.predicted.filter),
            "unsupported": list(case.gold.unsupported),
            "predicted_unsupported": list(case.predicted.unsupported),
            "confidence": case.confidence,
            "conditions": list(case.conditions),
            "milliseconds": round(case.milliseconds, 3),
            "tags": list(case.tags),
        }
