"""What stored evaluations say, read again: the trend, one run's tables, two runs side by side."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from server.catalogue import Catalogue
from server.errors import NotFound
from server.postgres.statements import Connection, all_rows, template

RUNS_MOST = 50
ALL_RUNS = 2**31 - 1
WORST_MOST = 20

Change = Literal["better", "broken", "closer", "further", "other"]


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One evaluation of the trend; rates are 0–1, each with its 95 % interval if it has one."""

    run_id: int
    finished_at: datetime
    file: str
    model: str
    adapter: str
    catalogue_version: int
    code_version: str
    recorded: bool
    person: str
    questions: int
    exact: float
    exact_low: float
    exact_high: float
    f1: float
    f1_low: float | None
    f1_high: float | None
    jaccard: float
    jaccard_low: float | None
    jaccard_high: float | None
    ece: float | None
    ece_low: float | None
    ece_high: float | None


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a run; the empty tag stands for all questions."""

    tag: str
    measure: str
    questions: int
    value: float | None
    low: float | None
    high: float | None
    method: str | None


@dataclass(frozen=True, slots=True)
class ConditionFigure:
    """How right the conditions of one field, or of one operator, were read."""

    kind: Literal["field", "operator"]
    name: str
    questions: int
    gold: int
    predicted: int
    correct: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions that were about equally sure, and the share of them whose filter is right."""

    confidence_from: float
    confidence_to: float
    questions: int
    confidence: float
    exact: float
    exact_low: float
    exact_high: float


@dataclass(frozen=True, slots=True)
class WrongQuestion:
    """A question whose filter was not the right one.

    Sizes and `jaccard` are None where they would tell of too few people. `wrong` counts all such
    questions of the run.
    """

    number: int
    question: str
    tags: list[str]
    gold: Mapping[str, Any]
    predicted: Mapping[str, Any]
    gold_unsupported: list[str]
    predicted_unsupported: list[str]
    confidence: float | None
    gold_size: int | None
    predicted_size: int | None
    jaccard: float | None
    wrong: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One question that two runs read differently; Jaccard is None where it tells of too few."""

    question: str
    change: Change
    gold: Mapping[str, Any]
    gold_changed: bool
    predicted_before: Mapping[str, Any]
    predicted_after: Mapping[str, Any]
    exact_before: bool
    exact_after: bool
    jaccard_before: float | None
    jaccard_after: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs of one panel and the questions that did not come out the same."""

    before: StoredRun
    after: StoredRun
    differences: tuple[Difference, ...]

    def changed(self, change: Change) -> tuple[Difference, ...]:
        """The questions that changed in that way."""
        return tuple(each for each in self.differences if each.change == change)


async def list_runs(
    conn: Connection, catalogue: Catalogue, *, most: int = RUNS_MOST
) -> tuple[StoredRun, ...]:
    """The panel's latest evaluations, oldest first."""
    parameters = {"panel": catalogue.name, "run": None, "most": most}
    return tuple(await all_rows(conn, StoredRun, template("list_evaluations"), parameters))


async def get_run(conn: Connection, catalogue: Catalogue, number: int) -> StoredRun:
    """One evaluation of the panel; NotFound when it has none of that number."""
    parameters = {"panel": catalogue.name, "run": number, "most": 1}
    for run in await all_rows(conn, StoredRun, template("list_evaluations"), parameters):
        return run
    raise NotFound(f"the panel has no evaluation {number}")


async def measures(conn: Connection, run_id: int) -> tuple[Measure, ...]:
    """A run's figures, those over all questions first."""
    return tuple(await all_rows(conn, Measure, template("list_measures"), {"run_id": run_id}))


async def condition_figures(conn: Connection, run_id: int) -> tuple[ConditionFigure, ...]:
    """A run's figures by field and by operator, the worst first."""
    statement = template("list_condition_figures")
    return tuple(await all_rows(conn, ConditionFigure, statement, {"run_id": run_id}))


async def reliability(conn: Connection, run_id: int) -> tuple[Bin, ...]:
    """A run's confidence beside truth."""
    return tuple(await all_rows(conn, Bin, template("list_reliability"), {"run_id": run_id}))


async def worst_questions(
    conn: Connection, run_id: int, *, smallest: int = 0
) -> tuple[WrongQuestion, ...]:
    """The questions that a run got most wrong, without figures of fewer people than `smallest`."""
    parameters = {"run_id": run_id, "most": WORST_MOST, "smallest": smallest}
    return tuple(await all_rows(conn, WrongQuestion, template("list_worst_questions"), parameters))


async def compare_runs(
    conn: Connection, catalogue: Catalogue, *, before: int, after: int, smallest: int = 0
) -> Comparison:
    """Two runs question by question, without figures of fewer people than `smallest`.

    NotFound when the panel has no such run.
    """
    earlier = await get_run(conn, catalogue, before)
    later = await get_run(conn, catalogue, after)
    parameters = {
        "panel": catalogue.name, "before": before, "after": after, "smallest": smallest,
    }  # fmt: skip
    rows = await all_rows(conn, Difference, template("compare_evaluations"), parameters)
    return Comparison(earlier, later, tuple(rows))


def stored_run_as_json(run: StoredRun) -> dict[str, Any]:
    """A run of the trend as tools read it."""
    return {**asdict(run), "finished_at": run.finished_at.isoformat()}


def comparison_as_json(compared: Comparison) -> dict[str, Any]:
    """Two runs side by side as tools read them."""
    return {
        "before": stored_run_as_json(compared.before),
        "after": stored_run_as_json(compared.after),
        "differences": [asdict(each) for each in compared.differences],
    }
