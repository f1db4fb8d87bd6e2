"""Stored evaluations and what they say: of a whole run, and of questions with certain fields."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from server.accuracy.cases import Case, Evaluation, fields_of
from server.accuracy.matches import Sizes, count_matches, refuse_empty_panel
from server.accuracy.measured import Accuracy
from server.accuracy.statements import Connection, Present, all_rows, only_row, template
from server.catalogue import Catalogue
from server.filter import as_json, canonical
from server.search.queries import get_panel

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one run: in total, for each tag, for each field."""

    total: Figures
    by_tag: Mapping[str, Figures]
    by_field: Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class Run:
    """A stored evaluation and what it says."""

    id: int
    panel: str
    reference_year: int
    finished_at: datetime
    evaluation: Evaluation
    summary: Summary


@dataclass(frozen=True, slots=True)
class _StoredRow:
    id: int
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class _AccuracyRow:
    questions: int
    exact: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    jaccard: float | None
    fields: list[str]


def run_as_json(run: Run) -> dict[str, Any]:
    """The run as tools read it: what was evaluated, then the figures."""
    evaluation = run.evaluation
    return {
        "run": run.id,
        "panel": run.panel,
        "file": evaluation.file,
        "file_sha256": evaluation.file_sha256,
        "model": evaluation.model,
        "adapter": evaluation.adapter,
        "catalogue_version": evaluation.catalogue_version,
        "reference_year": run.reference_year,
        "recorded": evaluation.recorded,
        "started_at": evaluation.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat(),
        **run.summary.total,
        "by_tag": dict(run.summary.by_tag),
        "by_field": dict(run.summary.by_field),
    }


async def store_evaluation(conn: Connection, catalogue: Catalogue, evaluation: Evaluation) -> Run:
    """Count whom the filters find in this panel, keep every case and sum up: all or nothing.

    SetupError when the panel is empty: any two filters would agree there.
    """
    async with conn.transaction():
        await refuse_empty_panel(conn, catalogue)
        reference_year = (await get_panel(conn, catalogue)).reference_year
        sizes = [
            await count_matches(conn, catalogue, case.gold, case.predicted, reference_year)
            for case in evaluation.cases
        ]
        stored = await _store_run(conn, catalogue, evaluation, reference_year)
        await _store_cases(conn, catalogue, stored.id, zip(evaluation.cases, sizes, strict=True))
        summary = await summarise_evaluation(conn, stored.id)
    return Run(
        id=stored.id,
        panel=catalogue.name,
        reference_year=reference_year,
        finished_at=stored.finished_at,
        evaluation=evaluation,
        summary=summary,
    )


async def has_evaluation(conn: Connection, catalogue: Catalogue, file_sha256: str) -> bool:
    """Whether that recorded evaluation has nothing to add to what is known of the panel."""
    parameters = {"panel": catalogue.name, "file_sha256": file_sha256}
    return (await only_row(conn, Present, template("has_evaluation"), parameters)).present


async def summarise_evaluation(conn: Connection, run_id: int) -> Summary:
    """The figures over a run's stored cases."""
    return await only_row(conn, Summary, template("summarise_evaluation"), {"run_id": run_id})


async def accuracy_of(
    conn: Connection, catalogue: Catalogue, fields: Sequence[str]
) -> Accuracy | None:
    """What the panel's latest run says of questions that use any of the fields; None without one.

    Every such question counts once. The fields that come back are those it could measure.
    """
    parameters = {"panel": catalogue.name, "fields": list(fields)}
    rows = await all_rows(conn, _AccuracyRow, template("get_accuracy"), parameters)
    if not rows:
        return None
    (row,) = rows
    return Accuracy(
        questions=row.questions,
        exact=row.exact,
        precision=row.precision,
        recall=row.recall,
        f1=row.f1,
        jaccard=row.jaccard,
        fields=tuple(row.fields),
    )


async def _store_run(
    conn: Connection, catalogue: Catalogue, evaluation: Evaluation, reference_year: int
) -> _StoredRow:
    parameters = {
        "panel": catalogue.name,
        "file": evaluation.file,
        "file_sha256": evaluation.file_sha256,
        "model": evaluation.model,
        "adapter": evaluation.adapter,
        "catalogue_version": evaluation.catalogue_version,
        "reference_year": reference_year,
        "recorded": evaluation.recorded,
        "started_at": evaluation.started_at,
        "questions": len(evaluation.cases),
    }
    return await only_row(conn, _StoredRow, template("store_evaluation_run"), parameters)


async def _store_cases(
    conn: Connection, catalogue: Catalogue, run_id: int, cases: Iterable[tuple[Case, Sizes]]
) -> None:
    rows = [
        {"run_id": run_id, "number": number, **_stored(case, sizes, catalogue)}
        for number, (case, sizes) in enumerate(cases, start=1)
    ]
    async with conn.cursor() as cursor:
        await cursor.executemany(template("store_evaluation_case"), rows)


def _stored(case: Case, sizes: Sizes, catalogue: Catalogue) -> dict[str, Any]:
    """A case as its row spells it."""
    gold, predicted = (
        Jsonb(as_json(canonical(reading.filter, catalogue)))
        for reading in (case.gold, case.predicted)
    )
    return {
        "question": case.question,
        "tags": list(case.tags),
        "fields": list(fields_of(case.gold.filter, catalogue)),
        "gold": gold,
        "predicted": predicted,
        "gold_unsupported": list(case.gold.unsupported),
        "predicted_unsupported": list(case.predicted.unsupported),
        "exact": case.is_exact(catalogue),
        "unsupported_correct": case.unsupported_is_correct,
        "limit_correct": case.limit_is_correct,
        "confidence": case.confidence,
        "milliseconds": case.milliseconds,
        "gold_size": sizes.gold_size,
        "predicted_size": sizes.predicted_size,
        "common_size": sizes.common_size,
    }
