"""Stored evaluations and what they say: of a whole run, and of questions with certain fields."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from server.accuracy.cases import Case, Evaluation, fields_of
from server.accuracy.matches import FilterSet, compile_filters, refuse_empty_panel
from server.accuracy.measured import Accuracy
from server.catalogue import Catalogue
from server.filter import as_json, canonical
from server.panel.schema import table
from server.postgres.statements import Connection, Present, all_rows, only_row, template
from server.search.queries import get_panel

Figures = Mapping[str, Any]

# Enough that the ends of an interval settle in the second digit.
RESAMPLES = 1000
# Measured: 500 questions over a million respondents take under three.
MINUTES_MAX = 30


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one run: in total, for each tag, field and operator."""

    total: Figures
    by_tag: Mapping[str, Figures]
    by_field: Mapping[str, Figures]
    by_operator: Mapping[str, Figures]


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


def run_as_json(run: Run) -> dict[str, Any]:
    """The run as tools read it: what was evaluated, then the figures."""
    evaluation = run.evaluation
    return {
        "run": run.id,
        "panel": run.panel,
        "file": evaluation.file,
        "file_sha256": evaluation.file_sha256,
        "model": evaluation.model,
        "model_sha256": evaluation.model_sha256,
        "adapter": evaluation.adapter,
        "catalogue_version": evaluation.catalogue_version,
        "reference_year": run.reference_year,
        "recorded": evaluation.recorded,
        "started_at": evaluation.started_at.isoformat(),
        "finished_at": run.finished_at.isoformat(),
        **summary_as_json(run.summary),
    }


def summary_as_json(summary: Summary) -> dict[str, Any]:
    """The figures as tools read them."""
    return {
        **summary.total,
        "by_tag": dict(summary.by_tag),
        "by_field": dict(summary.by_field),
        "by_operator": dict(summary.by_operator),
    }


async def store_evaluation(
    conn: Connection, catalogue: Catalogue, evaluation: Evaluation, *, person: str = ""
) -> Run:
    """Compare whom the filters find in this panel, keep every case and sum up: all or nothing.

    SetupError when the panel is empty: any two filters would agree there.
    """
    async with conn.transaction():
        await refuse_empty_panel(conn, catalogue)
        reference_year = (await get_panel(conn, catalogue)).reference_year
        # A plan of hundreds of cheap scans looks dear enough to be compiled; that takes longer.
        await conn.execute("set local jit = off")
        await conn.execute(f"set local statement_timeout = '{MINUTES_MAX}min'")
        statement, parameters = compose_run(evaluation, catalogue, reference_year, person=person)
        stored = await only_row(conn, _StoredRow, statement, parameters)
        summary = await summarise_evaluation(conn, stored.id)
    return Run(
        id=stored.id,
        panel=catalogue.name,
        reference_year=reference_year,
        finished_at=stored.finished_at,
        evaluation=evaluation,
        summary=summary,
    )


def compose_run(
    evaluation: Evaluation, catalogue: Catalogue, reference_year: int, *, person: str = ""
) -> tuple[sql.Composed, Mapping[str, Any]]:
    """The one statement of an evaluation, and its values."""
    readings = [r for case in evaluation.cases for r in (case.gold, case.predicted)]
    filters = compile_filters(readings, catalogue, reference_year)
    cases = [
        {"number": number, **_asked(case, filters)}
        for number, case in enumerate(evaluation.cases, start=1)
    ]
    parameters = {
        **filters.parameters,
        "cases": Jsonb(cases),
        "resamples": RESAMPLES,
        "panel": catalogue.name,
        "file": evaluation.file,
        "file_sha256": evaluation.file_sha256,
        "model": evaluation.model,
        "model_sha256": evaluation.model_sha256,
        "adapter": evaluation.adapter,
        "catalogue_version": evaluation.catalogue_version,
        "catalogue_sha256": catalogue_sha256(catalogue),
        "code_version": version("panelens"),
        "reference_year": reference_year,
        "recorded": evaluation.recorded,
        "person": person,
        "started_at": evaluation.started_at,
        "questions": len(cases),
    }
    return template("evaluate_run").format(
        respondent=table(catalogue), finding=filters.sql
    ), parameters


def written_run(
    conn: psycopg.Connection[Any], evaluation: Evaluation, catalogue: Catalogue, reference_year: int
) -> str:
    """The one statement of an evaluation with its values filled in, to be run alone, as in psql."""
    statement, parameters = compose_run(evaluation, catalogue, reference_year)
    return f"{psycopg.ClientCursor(conn).mogrify(statement, parameters)};\n"


def catalogue_sha256(catalogue: Catalogue) -> str:
    """Says whether two runs were read with the very same catalogue."""
    return hashlib.sha256(catalogue.model_dump_json().encode()).hexdigest()


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

    A run from before real people took the place of synthetic ones counts as none.
    Every such question counts once. The fields that come back are those it could measure.
    """
    parameters = {"panel": catalogue.name, "fields": list(fields)}
    return next(iter(await all_rows(conn, Accuracy, template("get_accuracy"), parameters)), None)


def _asked(case: Case, filters: FilterSet) -> dict[str, Any]:
    """A case as the statement takes it."""
    catalogue = filters.catalogue
    gold, predicted = (
        as_json(canonical(reading.filter, catalogue)) for reading in (case.gold, case.predicted)
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
        "gold_filter": filters.number_of(case.gold),
        "predicted_filter": filters.number_of(case.predicted),
    }
