"""Runs what was asked for, one measurement after the other, in a scratch database."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from server.bench.figures import Bench, Machine
from server.bench.load import measure_load
from server.bench.read import measure_readers
from server.bench.scratch import scratch_database
from server.bench.search import measure_search
from server.bench.soak import measure_soak
from server.errors import SetupError
from server.filter import load_catalogue
from server.interpret.model import Tokenizer
from server.settings import Settings

WHATS = ("load", "search", "reader", "soak", "all")
# The filters that are measured are those of the panel that the product comes with.
CATALOGUE = "welcome"


def measure(
    what: str,
    settings: Settings,
    console: Console,
    *,
    people: int,
    runs: int,
    questions: int,
    beside: Sequence[Path] = (),
) -> Bench:
    """The figures that were asked for; what finds people is measured over a panel loaded first.

    `beside` are GGUF files of other models to read the same questions with; ModelAway when one of
    them is none.

    All of them are all but the soak, which takes an hour or more.
    """
    for file in beside:
        Tokenizer(file)  # a broken one is named before anything is loaded or measured
    if what not in WHATS:
        raise SetupError(f"there is no {what!r} to measure; say {', '.join(WHATS)}")
    catalogue = load_catalogue(CATALOGUE)
    machine = Machine.this()
    if what == "soak":
        console.print(f"reading {questions:,} questions", style="dim")
        soak = measure_soak(catalogue, settings, questions=questions)
        return Bench(machine, "nobody loaded: the reader alone", soak=soak)
    data = (
        f"{people:,} synthetic respondents of the {CATALOGUE} demo panel, in an embedded PostgreSQL"
    )
    bench = Bench(machine, data)
    with scratch_database(settings) as address:
        console.print(f"loading {people:,} respondents", style="dim")
        loaded = measure_load(
            address, catalogue, people=people, reference_year=settings.reference_year
        )
        if what != "reader":
            bench = replace(bench, load=loaded)
        if what in ("search", "all"):
            console.print("searching", style="dim")
            searched = asyncio.run(measure_search(address, catalogue, settings, runs=runs))
            bench = replace(bench, search=searched)
        if what in ("reader", "all"):
            readers = measure_readers(
                address, catalogue, settings, console, questions=questions, beside=beside
            )
            bench = replace(bench, reader=asyncio.run(readers))
    return bench
