"""What is measured: frozen figures, each named with its unit."""

import math
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the figures come from; `load` is how many processes wanted a core beforehand."""

    cpu: str
    cores: int
    memory_bytes: int
    system: str
    python: str
    load: float

    @classmethod
    def this(cls) -> Self:
        """This machine, now."""
        return cls(
            cpu=_cpu(),
            cores=psutil.cpu_count() or 1,
            memory_bytes=psutil.virtual_memory().total,
            system=f"{platform.system()} {platform.release()}",
            python=platform.python_version(),
            load=round(psutil.getloadavg()[0], 2),
        )


@dataclass(frozen=True, slots=True)
class Spread:
    """Milliseconds over several runs."""

    p50: float
    p95: float
    runs: int

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Self:
        """The median and the 95th percentile, both values that were really measured."""
        ranked = sorted(milliseconds)
        p50, p95 = (ranked[math.ceil(share * len(ranked)) - 1] for share in (0.5, 0.95))
        return cls(round(p50, 2), round(p95, 2), len(ranked))


@dataclass(frozen=True, slots=True)
class Loading:
    """One file loaded into an empty panel by a process of its own."""

    rows: int
    file_bytes: int
    seconds: float
    rows_per_second: float
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True)
class SearchTime:
    """One filter's whole answer: counts, what each condition costs, a page of people."""

    name: str
    found: int
    milliseconds: Spread


@dataclass(frozen=True, slots=True)
class CountTime:
    """The same count over one way of keeping the panel; `ratio` is to ours."""

    kept_as: str
    found: int
    milliseconds: Spread
    ratio: float


@dataclass(frozen=True, slots=True)
class Searching:
    """Every filter, and one count over ours and its peers."""

    respondents: int
    filters: tuple[SearchTime, ...]
    counts: tuple[CountTime, ...]


@dataclass(frozen=True, slots=True)
class ReadTime:
    """What a reader took over the questions, in a process of its own."""

    milliseconds: Spread
    tokens: int
    tokens_per_second: float
    questions_per_second: float
    processor_seconds_per_question: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class ReaderFigures:
    """One reader over the sample: how right, how fast.

    `exact` filters are the right ones, `f1` is of the people found; `slipped` filters stay the same
    when the question has a typing or spacing error. The ratios are to ours, of the median time and
    of the processor's.
    """

    reader: str
    weights: str
    exact: int
    f1: float | None
    slipped: int | None
    time: ReadTime
    ratio: float | None = None
    processor_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Readers:
    """Every reader over the same questions: so many, spread evenly over a gold file."""

    file: str
    questions: int
    of: int
    threads: int
    readers: tuple[ReaderFigures, ...]


@dataclass(frozen=True, slots=True)
class MemoryAt:
    """The process's memory after so many questions."""

    questions: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Soak:
    """Many questions read by one process; `refused` of them were too long to finish.

    `growth` is the memory at the end to that after the first tenth.
    """

    questions: int
    refused: int
    seconds: float
    growth: float
    memory: tuple[MemoryAt, ...]


@dataclass(frozen=True, slots=True)
class Bench:
    """All that one run measured."""

    machine: Machine
    data: str
    load: Loading | None = None
    search: Searching | None = None
    reader: Readers | None = None
    soak: Soak | None = None


def _cpu() -> str:
    """The processor's name; Python's own answer is often only its kind."""
    told = Path("/proc/cpuinfo")
    if told.exists():
        for line in told.read_text("utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
