"""Evaluates: reads every labelled question, then has PostgreSQL compare what is found."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

from server.accuracy.cases import Case, Evaluation
from server.accuracy.gold import GoldFile, GoldQuestion
from server.accuracy.matches import refuse_empty_panel
from server.accuracy.runs import Run, store_evaluation
from server.catalogue import Catalogue
from server.errors import InvalidQuestion
from server.filter import Filter
from server.interpret.interpretation import Interpretation
from server.postgres.pool import explained
from server.postgres.statements import Connection
from server.spelling import Reading

Interpret = Callable[[str], Awaitable[Interpretation]]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Read:
    """A case and the name of the model that read it, empty when the question was refused."""

    case: Case
    model: str = ""


async def evaluate(
    gold: GoldFile,
    interpret: Interpret,
    conn: Connection,
    catalogue: Catalogue,
    *,
    adapter: str = "",
    model_sha256: str = "",
    person: str = "",
    progress: Progress | None = None,
) -> Run:
    """Read the questions one after another, compare, store and sum up.

    `progress` hears how many were read, and of how many. Nothing is stored unless all were read;
    no transaction is open while the model works.
    """
    with explained():
        async with conn.transaction():
            await refuse_empty_panel(conn, catalogue)
    evaluation = await read_gold_questions(
        gold,
        interpret,
        catalogue,
        adapter=adapter,
        model_sha256=model_sha256,
        progress=progress,
    )
    with explained():
        return await store_evaluation(conn, catalogue, evaluation, person=person)


async def read_gold_questions(
    gold: GoldFile,
    interpret: Interpret,
    catalogue: Catalogue,
    *,
    adapter: str,
    model_sha256: str,
    progress: Progress | None = None,
) -> Evaluation:
    """Every question as the model reads it, beside its right reading; nothing is stored yet."""
    started_at = datetime.now(UTC)
    reads = []
    for question in gold.questions:
        reads.append(await _read(question, interpret))
        if progress is not None:
            progress(len(reads), len(gold.questions))
    return Evaluation(
        file=gold.name,
        file_sha256=gold.sha256,
        model=next((read.model for read in reads if read.model), ""),
        adapter=adapter,
        model_sha256=model_sha256,
        catalogue_version=catalogue.version,
        started_at=started_at,
        cases=tuple(read.case for read in reads),
    )


async def _read(gold: GoldQuestion, interpret: Interpret) -> _Read:
    began = perf_counter()
    try:
        reading = await interpret(gold.question)
    except InvalidQuestion:
        elapsed = (perf_counter() - began) * 1000
        nothing = Reading(Filter(), (gold.question,))
        return _Read(_case(gold, nothing, None, elapsed))
    conditions = tuple(each.confidence for each in reading.conditions)
    case = _case(gold, _predicted(reading), reading.confidence, reading.milliseconds, conditions)
    return _Read(case, reading.model)


def _predicted(reading: Interpretation) -> Reading:
    """The reading; where nothing was understood it must find nobody, so it names what was not."""
    unsupported = reading.unsupported
    if not reading.understood and not unsupported:
        unsupported = (reading.question,)
    return Reading(reading.filter, unsupported)


def _case(
    gold: GoldQuestion,
    predicted: Reading,
    confidence: float | None,
    milliseconds: float,
    conditions: tuple[float, ...] = (),
) -> Case:
    return Case(
        question=gold.question,
        gold=gold.reading,
        predicted=predicted,
        tags=gold.tags,
        confidence=confidence,
        milliseconds=milliseconds,
        conditions=conditions,
    )
