"""The command line: one command for each thing a person does with the product."""

import asyncio
import json
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import psycopg
import typer
import uvicorn
from fastapi import FastAPI
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from server.access.audit import Act, at_terminal, write_audit
from server.access.commands import token_app, user_app
from server.access.entry import open_entry
from server.access.loads import load_audited
from server.access.person import LOCAL
from server.access.start import refuse_without_people
from server.accuracy.evaluate import evaluate as evaluate_gold
from server.accuracy.gold import GoldFile, read_gold
from server.accuracy.gold_set import (
    add_gold,
    count_outdated,
    export_gold,
    gold_set,
    written_gold,
)
from server.accuracy.history import (
    ALL_RUNS,
    Comparison,
    StoredRun,
    compare_runs,
    comparison_as_json,
    list_runs,
    stored_run_as_json,
)
from server.accuracy.recorded import write_recorded
from server.accuracy.runs import Run, run_as_json, written_run
from server.answering import Answer, answer_as_json, answer_question
from server.bench.run import measure
from server.bench.tables import print_bench
from server.catalogue import Catalogue, find_catalogue
from server.errors import PanelensError, SetupError
from server.figures import figures_served
from server.filter import load_catalogue
from server.grammar import build_grammar
from server.interpret.hints import Hints
from server.interpret.prompt import build_prompt, tidy
from server.listening import host_of, listening_socket, shown
from server.logs import set_up_logs
from server.model.download import download as download_model
from server.origin import origin_of
from server.phrases import read_phrases
from server.postgres.check import check_database
from server.postgres.pool import connected, conninfo
from server.postgres.statements import Connection
from server.product import (
    Database,
    Product,
    bring_recorded,
    load_demo,
    open_database,
    prepare_panel,
)
from server.settings import Settings, read_settings
from server.terminal import (
    print_answer,
    print_comparison,
    print_connection,
    print_evaluation,
    print_report,
    print_runs,
)
from server.training.calibrate import calibrate as calibrate_confidence
from server.training.questions import HELD_OUT, HELD_OUT_SEED, generate, labelled
from server.web.app import create_app
from server.web.impatience import KEEP_ALIVE_SECONDS, Impatient

if TYPE_CHECKING:
    from server.training.tune import Progress as TrainingProgress

app = typer.Typer(
    name="panelens",
    help="Ask a survey panel a question in plain Korean or English.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
catalogue_app = typer.Typer(help="Check and show the catalogue of a panel.", no_args_is_help=True)
app.add_typer(catalogue_app, name="catalogue")
evaluations_app = typer.Typer(help="List and compare evaluations.", no_args_is_help=True)
app.add_typer(evaluations_app, name="evaluations")
gold_app = typer.Typer(help="Export and import labelled questions.", no_args_is_help=True)
app.add_typer(gold_app, name="gold")
database_app = typer.Typer(help="Look at the database's connection.", no_args_is_help=True)
app.add_typer(database_app, name="database")
app.add_typer(user_app, name="user")
app.add_typer(token_app, name="token")
console = Console(stderr=True)

Result = TypeVar("Result")


def _writable(file: Path | None) -> Path | None:
    """Refuse before the work what could not be written after it."""
    if file is not None and not file.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {file.parent}")
    return file


_TO_WRITE: dict[str, Any] = {"dir_okay": False, "writable": True, "callback": _writable}


def main() -> None:
    """Run the command; an error we can explain ends it with a sentence, not a trace."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except PanelensError as error:
        console.print(f"[bold red]{error.sentences['en']}[/] ", end="")
        console.print(error.detail, markup=False, highlight=False)
        console.print(error.hints["en"], style="dim")
        sys.exit(1)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on; 0 takes a free one")] = None,
) -> None:
    """Fetch what is missing, start the database and serve page and API."""
    settings = read_settings(host=host, port=port)
    catalogue = load_catalogue(settings.catalogue)
    signal.signal(signal.SIGTERM, _stop)
    set_up_logs(settings)
    with listening_socket(settings) as listening:
        download_model(settings.model, settings=settings, console=console)
        with open_database(settings) as database:
            product = Product(settings, catalogue, database, console)
            entry = open_entry(settings, product, host=host_of(listening))
            if entry.required:
                refuse_without_people(database.url)
            # Not before: a database that nobody may enter stays free for a dump to be restored.
            settings = product.settings = _prepare(database, settings, serves=True)
            console.print(f"Panelens: [bold]{shown(listening)}[/]  (stop: Ctrl-C)")
            web = create_app(settings, product, entry=entry, lifespan=product.running)
            with figures_served(settings, web.state.figures, product):
                _serve(web, listening, settings.stop_seconds)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help='for example "서울 20대 남자 100명"')],
    as_json: Annotated[bool, typer.Option("--json", help="print the API's answer")] = False,
) -> None:
    """Answer one question in the terminal."""
    settings = read_settings()
    catalogue = load_catalogue(settings.catalogue)
    # Not where it is loaded: there Ctrl-C would wait for the whole of it.
    download_model(settings.model, settings=settings, console=console)
    with open_database(settings) as database:
        settings = _prepare(database, settings)
        product = Product(settings, catalogue, database, console)
        answer = asyncio.run(_answer(product, question))
    if as_json:
        body = answer_as_json(answer, product.catalogue, settings.reference_year)
        typer.echo(json.dumps(body, ensure_ascii=False, indent=2))
    else:
        print_answer(answer, product.catalogue, Console())


@app.command()
def load(
    files: Annotated[list[Path], typer.Argument(help="result.json, JSON Lines, CSV or XLSX")],
    catalogue: Annotated[str | None, typer.Option(help="catalogue name or file")] = None,
    synthetic: Annotated[bool, typer.Option(help="mark these people as made up")] = False,
) -> None:
    """Load files into the panel: all or nothing; what is refused is reported."""
    settings = read_settings(catalogue=catalogue)
    panel = load_catalogue(settings.catalogue)
    with open_database(settings) as database:
        settings = prepare_panel(database, panel, settings).settings
        with _rows_progress() as progress:
            task = progress.add_task("rows", total=None)
            report = load_audited(
                database.url,
                panel,
                files,
                reference_year=settings.reference_year,
                synthetic=synthetic,
                progress=lambda file, rows: progress.update(
                    task, completed=rows, description=Path(file).name
                ),
            )
    print_report(report, Console())


@app.command()
def download(
    model: Annotated[str | None, typer.Argument(help="a name in models/manifest.toml")] = None,
    from_file: Annotated[
        Path | None, typer.Option("--from", help="take the model from this file, without network")
    ] = None,
) -> None:
    """Fetch a model, check it and put it where the server looks."""
    settings = read_settings()
    path = download_model(
        model or settings.model, settings=settings, from_file=from_file, console=console
    )
    console.print(f"{path} is there and its checksum is right.")


@app.command()
def evaluate(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="gold questions, JSON Lines; without it those of the panel, accepted ones included"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print every figure as JSON")] = False,
    record: Annotated[
        Path | None,
        typer.Option(
            help="write the readings here, to be shipped with the adapter",
            **_TO_WRITE,
        ),
    ] = None,
    sql: Annotated[
        Path | None,
        typer.Option(
            help="write the run's one SQL statement here, which psql runs alone",
            **_TO_WRITE,
        ),
    ] = None,
) -> None:
    """Read labelled questions and measure how right filters and respondents are."""
    settings = read_settings()
    catalogue = load_catalogue(settings.catalogue)
    gold = None if file is None else read_gold(file, catalogue)
    download_model(settings.model, settings=settings, console=console)
    with open_database(settings) as database:
        settings = _prepare(database, settings)
        run = asyncio.run(_evaluate(gold, Product(settings, catalogue, database, console)))
        if record is not None:
            write_recorded(record, run.evaluation)
        if sql is not None:
            with psycopg.connect(conninfo(database.url)) as connection:
                statement = written_run(connection, run.evaluation, catalogue, run.reference_year)
            sql.write_text(statement, "utf-8")
    figures = run_as_json(run)
    if as_json:
        typer.echo(json.dumps(figures, ensure_ascii=False, indent=2))
    else:
        print_evaluation(figures, Console())


@app.command()
def tune(
    steps: Annotated[int, typer.Option(min=1, help="training steps of 16 questions each")] = 3000,
    folder: Annotated[
        Path | None, typer.Option(help="where checkpoints are kept; an interrupted run goes on")
    ] = None,
    start: Annotated[
        Path | None, typer.Option("--from", help="an adapter to go on from, in place of none")
    ] = None,
    gold: Annotated[
        list[Path] | None, typer.Option(help="labelled questions that must not be trained on")
    ] = None,
) -> None:
    """Train the adapter for the catalogue on this machine (needs the extra "tune")."""
    settings = read_settings()
    catalogue = load_catalogue(settings.catalogue)
    try:
        from server.training.command import tune_adapter  # noqa: PLC0415  (PyTorch is optional)
    except ImportError as error:
        raise SetupError(f"{error}: install the extra first: uv sync --extra tune") from error
    checkpoints = folder or settings.data_folder / "tune" / catalogue.name
    reached = 0
    with _rows_progress() as progress:
        task = progress.add_task("steps", total=steps)

        def report(now: "TrainingProgress") -> None:
            nonlocal reached
            reached = now.step
            progress.update(task, completed=reached, description=f"loss {now.loss:.3f}")

        adapter = tune_adapter(
            settings,
            catalogue,
            steps=steps,
            folder=checkpoints,
            start=start,
            gold=gold or [],
            console=console,
            report=report,
        )
    if not reached:
        console.print(
            f"Nothing was trained: the run in {checkpoints} has {steps} steps or more behind it. "
            "Give more --steps, or another --folder to begin anew.",
            markup=False,
            style="yellow",
        )
    console.print(f"{adapter}: pin its size and SHA-256 in models/manifest.toml to use it.")


@app.command()
def calibrate(
    recorded: Annotated[Path, typer.Argument(help="what `evaluate --record` wrote, uncalibrated")],
    target: Annotated[
        Path,
        typer.Argument(
            help="the calibration to write, to ship beside the adapter",
            **_TO_WRITE,
        ),
    ],
) -> None:
    """Fit confidence to how often readings were right (needs the extra "tune")."""
    catalogue = load_catalogue(read_settings().catalogue)
    try:
        count = calibrate_confidence(recorded, catalogue, target)
    except ImportError as error:
        raise SetupError(f"{error}: install the extra first: uv sync --extra tune") from error
    console.print(f"{target}: fitted to {count} questions.")


@app.command()
def bench(  # noqa: PLR0917  (each is an option of its own)
    what: Annotated[str, typer.Argument(help="load, search, reader, soak or all")] = "all",
    rows: Annotated[int, typer.Option(min=1, help="synthetic people to load")] = 35_000,
    runs: Annotated[int, typer.Option(min=1, help="times each search is made")] = 20,
    questions: Annotated[
        int | None, typer.Option(min=1, help="questions to read: 20, of a soak 20,000")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="of the model, in place of the setting")
    ] = None,
    beside: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="GGUF file of another model, to read the same questions with examples; repeatable",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print every figure as JSON")] = False,
) -> None:
    """Measure speed and memory here, in a scratch database, beside peers."""
    settings = read_settings()
    if threads is not None:
        settings = settings.model_copy(update={"model_threads": threads})
    count = questions or (20_000 if what == "soak" else 20)
    figures = measure(
        what,
        settings,
        console,
        people=rows,
        runs=runs,
        questions=count,
        beside=beside or (),
    )
    if as_json:
        typer.echo(json.dumps(asdict(figures), ensure_ascii=False, indent=2))
    else:
        print_bench(figures, Console())


@catalogue_app.command("check")
def check_catalogue(
    name: Annotated[str | None, typer.Argument(help="catalogue name or file")] = None,
) -> None:
    """Read a catalogue and say what is wrong with it, or what it holds."""
    settings = read_settings(catalogue=name)
    panel = load_catalogue(settings.catalogue)
    read_phrases(find_catalogue(settings.catalogue).parent, panel)
    answers = sum(len(field.answers) for field in panel.fields)
    console.print(f"{panel.title.en}: {len(panel.fields)} fields, {answers} answers, no mistakes.")


@catalogue_app.command("show")
def show_catalogue(
    what: Annotated[str, typer.Argument(help="grammar or prompt")],
    question: Annotated[
        str, typer.Option(help="the question of the prompt, taken as it is")
    ] = "서울 20대 남자 100명",
    name: Annotated[str | None, typer.Option("--catalogue", help="catalogue name or file")] = None,
) -> None:
    """Print the grammar made from a catalogue, or the prompt of a question."""
    settings = read_settings(catalogue=name)
    panel = load_catalogue(settings.catalogue)
    if what == "grammar":
        typer.echo(build_grammar(panel))
    elif what == "prompt":
        phrases = read_phrases(find_catalogue(settings.catalogue).parent, panel)
        typed = tidy(question)
        typer.echo(build_prompt(typed, Hints(panel, phrases).find(typed)))
    else:
        raise SetupError(f"there is no {what!r} to show; say grammar or prompt")


@catalogue_app.command("questions")
def write_questions(
    count: Annotated[int, typer.Option(min=1, help="how many")] = HELD_OUT,
    seed: Annotated[
        int,
        typer.Option(
            help=f"the stream; the first {HELD_OUT:,} of the default are never trained on"
        ),
    ] = HELD_OUT_SEED,
    name: Annotated[str | None, typer.Option("--catalogue", help="catalogue name or file")] = None,
) -> None:
    """Print generated questions with their right filters, as `panelens evaluate` reads them."""
    settings = read_settings(catalogue=name)
    panel = load_catalogue(settings.catalogue)
    phrases = read_phrases(find_catalogue(settings.catalogue).parent, panel)
    examples = generate(panel, phrases, seed=seed)
    typer.echo(written_gold(labelled(islice(examples, count))), nl=False)


@evaluations_app.command("list")
def list_evaluations(
    as_json: Annotated[bool, typer.Option("--json", help="print every figure as JSON")] = False,
) -> None:
    """List the panel's evaluations with their main figures."""

    async def listed(connection: Connection, catalogue: Catalogue) -> tuple[StoredRun, ...]:
        return await list_runs(connection, catalogue, most=ALL_RUNS)

    runs = _with_panel(listed)
    if as_json:
        body = [stored_run_as_json(run) for run in runs]
        typer.echo(json.dumps(body, ensure_ascii=False, indent=2))
    else:
        print_runs(runs, Console())


@evaluations_app.command("compare")
def compare_evaluations(
    before: Annotated[int, typer.Argument(help="number of the earlier evaluation")],
    after: Annotated[int, typer.Argument(help="number of the later one")],
    as_json: Annotated[bool, typer.Option("--json", help="print every figure as JSON")] = False,
) -> None:
    """Compare two evaluations question by question: what got better, what broke."""

    async def compared(connection: Connection, catalogue: Catalogue) -> Comparison:
        return await compare_runs(connection, catalogue, before=before, after=after)

    both = _with_panel(compared)
    if as_json:
        typer.echo(json.dumps(comparison_as_json(both), ensure_ascii=False, indent=2))
    else:
        print_comparison(both, Console())


@gold_app.command("export")
def write_gold(
    file: Annotated[
        Path | None,
        typer.Argument(
            help="file to write; without it, print",
            **_TO_WRITE,
        ),
    ] = None,
) -> None:
    """Write the questions that were accepted or imported here as JSON Lines."""

    exported = _with_panel(export_gold)
    if file is None:
        typer.echo(exported.text, nl=False)
    else:
        file.write_text(exported.text, "utf-8")
        console.print(f"{exported.questions} questions: {file}")
    _tell_outdated(exported.outdated, "written as they are stored")


@gold_app.command("import")
def import_gold(
    file: Annotated[Path, typer.Argument(help="gold questions, JSON Lines")],
) -> None:
    """Take labelled questions into the gold set: all or nothing; nothing is overwritten."""

    async def imported(connection: Connection, catalogue: Catalogue) -> int:
        gold = read_gold(file, catalogue)
        async with connection.transaction():
            added = await add_gold(connection, catalogue, gold.questions, person=LOCAL.name)
            about = f"gold import {file.name} ({added} new)"
            await write_audit(connection, Act(at_terminal(), "change", about, "", done=True))
        return added

    console.print(f"{_with_panel(imported)} questions are new.")


def _tell_outdated(questions: int, what: str) -> None:
    if questions:
        console.print(
            f"Questions with a filter that the catalogue no longer allows: {questions}, {what}."
        )


def _with_panel(act: Callable[[Connection, Catalogue], Awaitable[Result]]) -> Result:
    """What an act brings back, done in the prepared panel's database."""
    settings = read_settings()
    catalogue = load_catalogue(settings.catalogue)

    async def done(database: Database) -> Result:
        async with await connected(database.url) as connection:
            return await act(connection, catalogue)

    with open_database(settings) as database:
        prepare_panel(database, catalogue, settings)
        return asyncio.run(done(database))


@database_app.command("check")
def check_connection(
    as_json: Annotated[bool, typer.Option("--json", help="print every figure as JSON")] = False,
) -> None:
    """Say whether the database is reached, as whom, over TLS, how fast; print the psql line."""
    with open_database(read_settings()) as database:
        checked = check_database(database.url)
    if as_json:
        typer.echo(json.dumps(asdict(checked), ensure_ascii=False, indent=2))
    else:
        print_connection(checked, Console())


def _stop(_signal: int, _frame: FrameType | None) -> None:
    """End on SIGTERM as on Ctrl-C: by way of everything that is open, the database's last."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(0)


def _serve(web: FastAPI, listening: socket.socket, stop_seconds: int) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            web,
            http=Impatient,
            # Else uvicorn logs by itself, past what is careful about an error's own words.
            log_config=None,
            log_level="warning",
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=stop_seconds,
            # The longest filter, in Hangul, and a question beside it.
            h11_max_incomplete_event_size=200_000,
        )
    )
    with suppress(KeyboardInterrupt):
        server.run([listening])
    if not server.started:
        sys.exit(1)


def _prepare(database: Database, settings: Settings, *, serves: bool = False) -> Settings:
    """Make the panel ready to be asked: schema, demo people when there are none, measurements.

    Brings back the settings with the panel's reference year.
    """
    catalogue = load_catalogue(settings.catalogue)
    prepared = prepare_panel(database, catalogue, settings, serves=serves)
    if prepared.people == 0:
        load_demo(database, catalogue, prepared.settings, console)
    asyncio.run(bring_recorded(database, catalogue, origin_of(settings, catalogue), console))
    return prepared.settings


async def _answer(product: Product, question: str) -> Answer:
    async with product.running():
        await product.loaded()
        usual = product.settings.page_size
        return await answer_question(product, question, page_size=None, offset=0, usual=usual)


async def _evaluate(gold: GoldFile | None, product: Product) -> Run:
    async with product.running():
        await product.loaded()
        origin = origin_of(product.settings, product.catalogue)
        async with await connected(product.database.url) as connection:
            if gold is None:
                _tell_outdated(await count_outdated(connection, product.catalogue), "left out")
                gold = await gold_set(connection, product.catalogue, origin.gold)
            with _rows_progress() as progress:
                task = progress.add_task("questions", total=len(gold.questions))
                return await evaluate_gold(
                    gold,
                    product.interpret,
                    connection,
                    product.catalogue,
                    adapter=origin.adapter,
                    model_sha256=origin.model_sha256,
                    person=LOCAL.name,
                    progress=lambda done, _: progress.update(task, completed=done),
                )


@contextmanager
def _rows_progress() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        yield progress
