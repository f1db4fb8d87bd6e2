"""Puts the product together: catalogue, database, model and reader, and what the web asks of them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import psycopg
from fastapi import FastAPI
from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool
from rich.console import Console
from rich.progress import Progress

from server.access.loads import load_audited
from server.accuracy.cases import fields_of
from server.accuracy.measured import Accuracy
from server.accuracy.recorded import read_recorded, store_recorded
from server.accuracy.runs import accuracy_of
from server.catalogue import Catalogue, find_catalogue
from server.errors import DatabaseAway, ModelAway, PanelensError, SetupError
from server.filter import Filter
from server.grammar import build_grammar
from server.interpret.calibration import Calibration, read_calibration
from server.interpret.interpretation import Interpretation
from server.interpret.model import LanguageModel, Weights
from server.interpret.reader import Reader
from server.model.download import download
from server.model.manifest import read_manifest
from server.model.merge import merged_model
from server.origin import Origin
from server.panel.answer_counts import ensure_answer_counts
from server.panel.demo import write_demo
from server.panel.schema import ensure_panel, table
from server.phrases import read_phrases
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.migrate import migrate
from server.postgres.pool import (
    connected,
    conninfo,
    explained,
    open_pool,
    read_again,
    reading,
    writing,
)
from server.search.answer import Found, Respondent
from server.search.people import PeoplePage, Window, list_people
from server.search.queries import get_respondent, search
from server.services import Readiness
from server.settings import Settings

log = logging.getLogger(__name__)

# How many questions are read at once, where as many threads are allowed: each takes 20 to 35 MiB.
MODELS_MOST = 4
READY_SECONDS = 2
REVIVE_SECONDS = 3

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Database:
    """Where the panel is: its address, and the embedded server when it is ours to keep alive."""

    url: str
    embedded: EmbeddedPostgres | None = None


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The database that was set, or an embedded one for as long as this lasts."""
    if settings.database_url is not None:
        yield Database(settings.database_url)
        return
    with EmbeddedPostgres(settings.data_folder) as embedded:
        yield Database(embedded.conninfo, embedded)


@dataclass(frozen=True, slots=True)
class Prepared:
    """How many respondents are there, and the settings, with the reference year of the panel."""

    people: int
    settings: Settings


def prepare_panel(
    database: Database, catalogue: Catalogue, settings: Settings, *, serves: bool = False
) -> Prepared:
    """Bring the schema up to date.

    Only who serves changes the panel's reference year, and only to one that was set: SetupError
    when another command's environment sets another one.
    """
    is_set = "reference_year" in settings.model_fields_set
    with explained():
        migrate(database.url)
        with psycopg.connect(conninfo(database.url), autocommit=True) as connection:
            year = ensure_panel(
                connection,
                catalogue,
                reference_year=settings.reference_year,
                changes_year=serves and is_set,
            )
            ensure_answer_counts(connection, catalogue)
            count = sql.SQL("select count(*) from {}").format(table(catalogue))
            row = connection.execute(count).fetchone()
    if is_set and year != settings.reference_year:
        raise SetupError(
            f"PANELENS_REFERENCE_YEAR is {settings.reference_year}, but panel {catalogue.name!r} "
            f"counts ages to {year}: unset it, or change the panel's year with panelens serve"
        )
    return Prepared(int(row[0]) if row else 0, settings.model_copy(update={"reference_year": year}))


def load_demo(
    database: Database, catalogue: Catalogue, settings: Settings, console: Console
) -> None:
    """Draw the synthetic panel of the catalogue and load it, with progress.

    Real people who came while it was drawn are whom to ask: nobody is made up beside them.
    """
    file = settings.data_folder / f"demo-{catalogue.name}" / "result.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    with Progress(console=console) as progress:
        drawing = progress.add_task("Drawing the synthetic demo panel", total=None)
        summary = write_demo(
            catalogue,
            file,
            progress=lambda done, total: progress.update(drawing, completed=done, total=total),
        )
        loading = progress.add_task("Loading it into PostgreSQL", total=summary.rows)
        try:
            load_audited(
                database.url,
                catalogue,
                [file],
                reference_year=settings.reference_year,
                synthetic=True,
                progress=lambda _, rows: progress.update(loading, completed=rows),
            )
        except SetupError:
            if not prepare_panel(database, catalogue, settings).people:
                raise
        progress.update(loading, completed=summary.rows)


async def bring_recorded(
    database: Database, catalogue: Catalogue, origin: Origin, console: Console
) -> None:
    """Store the evaluation that came along; not one of another adapter than reads here, which is said."""
    if not origin.recorded.exists():
        return
    if read_recorded(origin.recorded, catalogue).adapter != origin.adapter:
        console.print(
            f"{origin.recorded} was recorded with another adapter than reads here, and is left out: "
            "evaluate with --record, in its place.",
            markup=False,
            style="yellow",
        )
        return
    async with await connected(database.url) as connection:
        await store_recorded(connection, catalogue, origin.recorded)


def open_models(
    catalogue: Catalogue, settings: Settings, console: Console, *, count: int = 1
) -> tuple[LanguageModel, ...]:
    """So many over one copy of the settings' model with the catalogue's adapter, fetched if absent."""
    manifest = read_manifest()
    entry = manifest.model(settings.model)
    if entry.decoding is None:
        raise ModelAway(f"{settings.model!r} is only there to make other models from")
    file = download(settings.model, settings=settings, console=console, manifest=manifest)
    adapter = manifest.adapter(entry, catalogue.name)
    try:
        merged = file if adapter is None else merged_model(file, adapter, console.print)
    except (OSError, BrokenExecutor) as error:
        # A full disk or a folder that is read only; a child that was killed for its memory.
        raise ModelAway(f"the adapter cannot be merged into {file}: {error}") from error
    weights = Weights(merged, threads=settings.model_threads, is_merged=adapter is not None)
    grammar = build_grammar(catalogue)
    return tuple(
        LanguageModel(
            weights,
            grammar=grammar,
            context_tokens=entry.decoding.context_tokens,
            output_tokens_max=entry.decoding.output_tokens_max,
        )
        for _ in range(count)
    )


def open_reader(catalogue: Catalogue, settings: Settings, console: Console) -> Reader:
    """The model with all that reads a question around it."""
    phrases = read_phrases(find_catalogue(settings.catalogue).parent, catalogue)
    count = min(settings.model_threads, MODELS_MOST)
    models = open_models(catalogue, settings, console, count=count)
    return Reader(
        models, catalogue, phrases, settings, calibration=_calibration(catalogue, settings)
    )


def _calibration(catalogue: Catalogue, settings: Settings) -> Calibration:
    """What was measured of the adapter's confidence; the model's own where nothing was."""
    manifest = read_manifest()
    path = manifest.calibration(manifest.model(settings.model), catalogue.name)
    return Calibration() if path is None else read_calibration(path)


@dataclass(slots=True)
class Product:
    """The services of one running server. `reader` and `pool` are there between start and stop."""

    settings: Settings
    catalogue: Catalogue
    database: Database
    console: Console
    reader: Reader | None = None
    pool: AsyncConnectionPool | None = None
    model_problem: str = "still loading"
    _loading: asyncio.Task[None] | None = None
    _reviving: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def running(self, _app: FastAPI | None = None) -> AsyncIterator[None]:
        """Open the pool, load the model beside it, and close both."""
        self.pool = await open_pool(self.database.url, self.settings)
        self._loading = asyncio.create_task(self._load_model())
        try:
            yield
        finally:
            try:
                await self._loading
            finally:
                # Also when Ctrl-C has cancelled the loading with whoever waited for it.
                if self.reader is not None:
                    await asyncio.to_thread(self.reader.close)
                await self.pool.close()

    async def loaded(self) -> None:
        """Wait until the model is there, or has failed to load."""
        if self._loading is not None:
            await self._loading

    async def interpret(self, question: str) -> Interpretation:
        """Read a question; raises InvalidQuestion, ModelAway or TooBusy."""
        if self.reader is None:
            raise ModelAway(self.model_problem)
        return await self.reader.read(question)

    async def search(self, query: Filter, *, page_size: int, offset: int) -> Found:
        """Who satisfies the filter; raises DatabaseAway, TooBusy or TooHeavy."""

        async def run(connection: AsyncConnection) -> Found:
            return await search(
                connection, self.catalogue, query, page_size=page_size, offset=offset
            )

        return await self.read(run)

    async def people(self, query: Filter, window: Window, *, enough: int = 0) -> PeoplePage:
        """One page of who satisfies the filter; raises DatabaseAway, TooBusy or TooHeavy."""

        async def run(connection: AsyncConnection) -> PeoplePage:
            return await list_people(connection, self.catalogue, query, window, enough=enough)

        return await self.read(run)

    async def respondent(self, respondent_id: str) -> Respondent | None:
        """One person by id; raises DatabaseAway."""

        async def run(connection: AsyncConnection) -> Respondent | None:
            return await get_respondent(connection, self.catalogue, respondent_id)

        return await self.read(run)

    async def accuracy(self, query: Filter) -> Accuracy | None:
        """What was measured on questions with the filter's fields; None when nothing was."""
        fields = fields_of(query, self.catalogue)

        async def run(connection: AsyncConnection) -> Accuracy | None:
            return await accuracy_of(connection, self.catalogue, fields)

        return await self.read(run)

    async def ready(self) -> Readiness:
        """Whether model and database can work now; never raises."""
        details = {} if self.reader is not None else {"model": self.model_problem}
        database = True
        try:
            await asyncio.wait_for(self.read(_answers), READY_SECONDS)
        except (PanelensError, TimeoutError):
            database = False
            details["database"] = "PostgreSQL does not answer"
        return Readiness(self.reader is not None, database, details)

    async def read(self, query: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        """What a query brings back, run in one read-only transaction; raises DatabaseAway."""
        pool = self.pool
        if pool is None:
            raise DatabaseAway("the server is stopping")

        async def once() -> Result:
            async with reading(pool, self.settings.statement_timeout_ms) as connection:
                return await query(connection)

        try:
            return await read_again(once)
        except DatabaseAway:
            self._revive_soon()
            raise

    async def write(
        self,
        act: Callable[[AsyncConnection], Awaitable[Result]],
        *,
        statement_timeout_ms: int | None = None,
    ) -> Result:
        """What an act brings back, run in one transaction that may write; raises DatabaseAway.

        It is not tried again: whether a lost connection had committed cannot be known. A statement
        may take as long as the settings say, or as the act needs.
        """
        if self.pool is None:
            raise DatabaseAway("the server is stopping")
        try:
            limit = statement_timeout_ms or self.settings.statement_timeout_ms
            async with writing(self.pool, limit) as connection:
                return await act(connection)
        except DatabaseAway:
            self._revive_soon()
            raise

    async def _load_model(self) -> None:
        try:
            self.reader = await asyncio.to_thread(
                open_reader, self.catalogue, self.settings, self.console
            )
        except PanelensError as error:
            self.model_problem = error.detail
            log.exception("the model cannot be loaded")

    def _revive_soon(self) -> None:
        """Start the embedded server again, once at a time, while the caller already answers."""
        if self.database.embedded is not None and not self._reviving.locked():
            _keep(asyncio.create_task(self._revive(self.database.embedded)))

    async def _revive(self, embedded: EmbeddedPostgres) -> None:
        async with self._reviving:
            try:
                await asyncio.to_thread(embedded.revive)
            except PanelensError:
                log.exception("the embedded PostgreSQL cannot be started again")
            await asyncio.sleep(REVIVE_SECONDS)


_background: set[asyncio.Task[None]] = set()


def _keep(task: asyncio.Task[None]) -> None:
    """A task that nobody holds may be collected before it ran."""
    _background.add(task)
    task.add_done_callback(_background.discard)


async def _answers(connection: AsyncConnection) -> None:
    await connection.execute("select 1")
