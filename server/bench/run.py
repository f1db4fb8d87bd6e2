"""Runs what was asked for, one measurement after the other, in a scratch database."""

import asyncio
from dataclasses import replace

from rich.console import Console

from server.bench.figures import Bench, Machine
from server.bench.load import measure_load
from server.bench.read import measure_read
from server.bench.scratch import scratch_database
from server.bench.search import measure_search
from server.errors import SetupError
from server.filter import load_catalogue
from server.settings import Settings

WHATS = ("load", "search", "read", "all")
# The filters that are measured are those of the panel that the product comes with.
CATALOGUE = "welcome"


def measure(
    what: str, settings: Settings, console: Console, *, people: int, runs: int, questions: int
) -> Bench:
    """The figures that were asked for; a search is measured over a panel that is loaded first."""
    if what not in WHATS:
        raise SetupError(f"there is no {what!r} to measure; say {', '.join(WHATS)}")
    catalogue = load_catalogue(CATALOGUE)
    data = (
        f"{people:,} synthetic respondents of the {CATALOGUE} demo panel, in an embedded PostgreSQL"
    )
    bench = Bench(Machine.this(), data)
    if what != "read":
        with scratch_database(settings) as address:
            console.print(f"loading {people:,} respondents", style="dim")
            loaded = measure_load(
                address, catalogue, people=people, reference_year=settings.reference_year
            )
            bench = replace(bench, load=loaded)
            if what != "load":
                console.print("searching", style="dim")
                searched = asyncio.run(measure_search(address, catalogue, settings, runs=runs))
                bench = replace(bench, search=searched)
    if what in ("read", "all"):
        console.print(f"reading {questions} questions", style="dim")
        bench = replace(bench, read=measure_read(catalogue, settings, console, questions=questions))
    return bench
