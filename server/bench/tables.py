"""The figures as tables for a terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from server.bench.figures import Bench, Loading, Machine, ReaderFigures, Readers, Searching, Soak

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
    if bench.reader is not None:
        yield _readers(bench.reader)
    if bench.soak is not None:
        yield _soak(bench.soak)


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


def _readers(measured: Readers) -> Table:
    table = _table(
        f"reader: {measured.questions} of the {measured.of} questions in {measured.file}, "
        f"threads: {measured.threads}",
        "reader",
        *("exact", "f1", "slips", "p50 ms", "p95 ms", "cpu s", "tok/s", "MiB", "times ours", "cpu"),
        caption="f1: of the people found; slips: filters that a typing or spacing error leaves as they"
        " are; cpu s: processor seconds a question; times ours: of the"
        " median, and of the processor",
    )
    for one in measured.readers:
        table.add_row(f"{one.reader}\n{one.weights}", *_figures(one, measured.questions))
    return table


def _figures(one: ReaderFigures, questions: int) -> tuple[str, ...]:
    time = one.time
    return (
        f"{one.exact / questions:.0%}",
        "" if one.f1 is None else f"{one.f1:.2f}",
        "" if one.slipped is None else f"{one.slipped / questions:.0%}",
        f"{time.milliseconds.p50:,.0f}",
        f"{time.milliseconds.p95:,.0f}",
        f"{time.processor_seconds_per_question:.3f}",
        f"{time.tokens_per_second:.0f}" if time.tokens else "",
        f"{time.memory_bytes / MIB:,.0f}",
        f"{one.ratio:.1f}" if one.ratio is not None else "",
        f"{one.processor_ratio:.1f}" if one.processor_ratio is not None else "",
    )


def _soak(soak: Soak) -> Table:
    table = _table(
        f"soak: {soak.questions:,} questions in {soak.seconds:,.0f} s",
        "after",
        "memory MiB",
        caption=f"{soak.growth:+.1%} since the first tenth; {soak.refused:,} questions were too long",
    )
    for each in soak.memory:
        table.add_row(f"{each.questions:,}", _mib(each.memory_bytes))
    return table


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
