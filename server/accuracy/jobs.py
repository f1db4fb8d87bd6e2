"""Evaluations that run beside the server's other work, one at a time, and how far they are."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from psycopg import AsyncConnection

from server.accuracy.evaluate import Interpret, read_gold_questions
from server.accuracy.gold import GoldFile
from server.accuracy.gold_set import gold_set
from server.accuracy.matches import refuse_empty_panel
from server.accuracy.runs import MINUTES_MAX, Run, store_evaluation
from server.catalogue import Catalogue
from server.errors import NotFound, PanelensError, TooBusy
from server.interpret.interpretation import Interpretation
from server.origin import Origin
from server.services import Services

KEPT_MOST = 20

State = Literal["running", "finished", "failed"]
Result = TypeVar("Result")
Act = Callable[[AsyncConnection], Awaitable[Result]]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """One evaluation under way: how many questions were read, and what became of it."""

    id: int
    questions: int
    read: int = 0
    state: State = "running"
    run: int | None = None
    problem: PanelensError | None = None


@dataclass(slots=True)
class Evaluations:
    """The evaluations of this server since its start."""

    jobs: dict[int, Job] = field(default_factory=dict)
    _task: asyncio.Task[None] | None = None

    @property
    def running(self) -> Job | None:
        """The evaluation under way, if there is one."""
        return next((job for job in self.jobs.values() if job.state == "running"), None)

    def job(self, number: int) -> Job:
        """An evaluation of this server; NotFound when there is none of that number."""
        if number not in self.jobs:
            raise NotFound(f"no evaluation was started under the number {number}")
        return self.jobs[number]

    async def start(
        self, services: Services, origin: Origin, *, person: str, gold: GoldFile | None = None
    ) -> Job:
        """Begin to evaluate the given questions, or the panel's gold set; TooBusy while one runs.

        BrokenFile when there is no question, SetupError when there are no respondents.
        """
        questions = (
            gold if gold is not None else await services.read(_gold_of(services.catalogue, origin))
        )
        await services.read(_refuse_empty(services.catalogue))
        # Nothing is awaited from here on: of two people at once, the second is refused.
        if self.running is not None:
            raise TooBusy(f"evaluation {self.running.id} is still running")
        job = Job(id=max(self.jobs, default=0) + 1, questions=len(questions.questions))
        self.jobs[job.id] = job
        self.jobs.pop(job.id - KEPT_MOST, None)
        self._task = asyncio.create_task(_run(job, questions, services, origin, person=person))
        return job


async def _run(
    job: Job, gold: GoldFile, services: Services, origin: Origin, *, person: str
) -> None:
    try:
        job.run = (await _evaluated(job, gold, services, origin, person=person)).id
        job.state = "finished"
    except PanelensError as error:
        job.problem = error
        job.state = "failed"
    except Exception:
        log.exception("evaluation %s failed", job.id)
        job.problem = PanelensError()
        job.state = "failed"


async def _evaluated(
    job: Job, gold: GoldFile, services: Services, origin: Origin, *, person: str
) -> Run:
    def heard(read: int, _: int) -> None:
        job.read = read

    evaluation = await read_gold_questions(
        gold,
        _patient(services.interpret),
        services.catalogue,
        adapter=origin.adapter,
        model_sha256=origin.model_sha256,
        progress=heard,
    )

    async def store(connection: AsyncConnection) -> Run:
        return await store_evaluation(connection, services.catalogue, evaluation, person=person)

    return await services.write(store, statement_timeout_ms=MINUTES_MAX * 60_000)


def _patient(interpret: Interpret) -> Interpret:
    """People who ask come first: while the queue is full, an evaluation waits."""

    async def read(question: str) -> Interpretation:
        while True:
            try:
                return await interpret(question)
            except TooBusy as error:
                await asyncio.sleep(error.retry_after_seconds or 1)

    return read


def _gold_of(catalogue: Catalogue, origin: Origin) -> Act[GoldFile]:
    async def read(connection: AsyncConnection) -> GoldFile:
        return await gold_set(connection, catalogue, origin.gold)

    return read


def _refuse_empty(catalogue: Catalogue) -> Act[None]:
    async def refuse(connection: AsyncConnection) -> None:
        await refuse_empty_panel(connection, catalogue)

    return refuse
