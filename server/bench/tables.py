"""The figures as tables for a terminal."""

from collections.abc import Callable, Iterator, Mapping

from rich.console import Console
from rich.table import Table

from server.bench.figures import Bench, Loading, Machine, Reading, ReadTime, Searching

MIB = 1024 * 1024


def print_bench(bench: Bench, console: Console) -> None:
    """The machine and the data, then a table for each thing measured."""
    console.print(_machine(bench.machine), highlight=False)
    console.print(bench.data, highlight=False)
    for table in _tables(bench):
        console.print(table)


def _machine(machine: Machine) -> str:
    return (
        f"{machine.cpu}, {machine.cores} cores, {machine.memory_bytes / MIB / 1024:.1f} GiB, "
        f"{machine.system}, Python {machine.python}; load average before: {machine.load}"
    )


def _tables(bench: Bench) -> Iterator[Table]:
    if bench.load is not None:
        yield _load(bench.load)
    if bench.search is not None:
        yield _filters(bench.search)
        yield _counts(bench.search)
    if bench.read is not None:
        yield _read(bench.read)


def _load(loading: Loading) -> Table:
    table = _table("load", "rows", "file MiB", "seconds", "rows/s", "peak memory MiB")
    table.add_row(
        f"{loading.rows:,}",
        _mib(loading.file_bytes),
        f"{loading.seconds:.1f}",
        f"{loading.rows_per_second:,.0f}",
        _mib(loading.peak_memory_bytes),
    )
    return table


def _filters(searching: Searching) -> Table:
    table = _table(
        f"search: {searching.respondents:,} respondents", "filter", "found", "p50 ms", "p95 ms"
    )
    for one in searching.filters:
        table.add_row(one.name, f"{one.found:,}", *_ms(one.milliseconds.p50, one.milliseconds.p95))
    return table


def _counts(searching: Searching) -> Table:
    columns = ("kept as", "found", "p50 ms", "p95 ms", "times ours")
    table = _table("the same count of three conditions", *columns)
    for one in searching.counts:
        times = _ms(one.milliseconds.p50, one.milliseconds.p95)
        table.add_row(one.kept_as, f"{one.found:,}", *times, f"{one.ratio:.2f}")
    return table


def _read(reading: Reading) -> Table:
    """Readers side by side: a line for each figure is narrower than one for each reader."""
    readers = (reading.ours, reading.ours_on_few, reading.peer)
    model = reading.model
    table = _table(
        f"read: {model}, threads: {reading.threads}",
        "",
        *(reader.reader for reader in readers),
        caption=(
            f"peer to ours on the same {reading.peer.questions} questions: "
            f"{reading.ratio:.2f} times the median time, "
            f"{reading.processor_ratio:.2f} times the processor; {reading.same} texts are the same"
        ),
    )
    for name, show in _READ_LINES.items():
        table.add_row(name, *(show(reader) for reader in readers))
    return table


_READ_LINES: Mapping[str, Callable[[ReadTime], str]] = {
    "questions": lambda one: str(one.questions),
    "p50 ms": lambda one: f"{one.milliseconds.p50:,.0f}",
    "p95 ms": lambda one: f"{one.milliseconds.p95:,.0f}",
    "tokens": lambda one: f"{one.tokens:,}",
    "tokens/s": lambda one: f"{one.tokens_per_second:.1f}",
    "questions/s": lambda one: f"{one.questions_per_second:.2f}",
    "processor s/question": lambda one: f"{one.processor_seconds_per_question:.2f}",
    "memory MiB": lambda one: _mib(one.memory_bytes),
}


def _table(title: str, first: str, *rest: str, caption: str | None = None) -> Table:
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    table.add_column(first)
    for name in rest:
        table.add_column(name, justify="right")
    return table


def _ms(*milliseconds: float) -> tuple[str, ...]:
    return tuple(f"{each:,.1f}" for each in milliseconds)


def _mib(size: int) -> str:
    return f"{size / MIB:,.1f}"
