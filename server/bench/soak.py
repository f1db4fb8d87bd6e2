"""Whether the reader's memory stays as it is while it reads many questions."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from time import perf_counter

import psutil
from rich.console import Console

from server.accuracy.gold import read_gold
from server.bench.figures import MemoryAt, Soak
from server.catalogue import Catalogue, find_catalogue
from server.child import in_child
from server.errors import InvalidQuestion
from server.filter import load_catalogue
from server.phrases import read_phrases
from server.product import open_reader
from server.settings import Settings
from server.training.questions import generate
from server.training.written import WRITTEN

# Memory is looked at this often, and after a tenth of fewer questions.
EVERY = 500
SEED = 20_000


def measure_soak(catalogue: Catalogue, settings: Settings, *, questions: int) -> Soak:
    """Read so many questions in a process of its own: those that people or models wrote for the
    panel, then generated ones. They are made outside of it, so that what it holds is the reader.
    """
    texts = tuple(_questions(catalogue, questions))
    return in_child(_soak, catalogue.name, settings, texts)


def _soak(name: str, settings: Settings, texts: Sequence[str]) -> Soak:
    catalogue = load_catalogue(name)
    console = Console(stderr=True)
    reader = open_reader(catalogue, settings, console)
    process = psutil.Process()
    seen: list[MemoryAt] = []
    refused = 0
    every = max(1, min(EVERY, len(texts) // 10))
    began = perf_counter()

    async def read_all() -> None:
        nonlocal refused
        for number, question in enumerate(texts, start=1):
            try:
                await reader.read(question)
            except InvalidQuestion:
                refused += 1
            if number % every == 0 or number == len(texts):
                seen.append(MemoryAt(number, process.memory_info().rss))
                console.print(f"{number:,} questions: {seen[-1].memory_bytes / 2**20:.0f} MiB")

    asyncio.run(read_all())
    seconds = perf_counter() - began
    reader.close()
    early = next(each for each in seen if each.questions * 10 >= len(texts))
    growth = round(seen[-1].memory_bytes / early.memory_bytes - 1, 4)
    return Soak(len(texts), refused, round(seconds, 1), growth, tuple(seen))


def _questions(catalogue: Catalogue, count: int) -> Iterator[str]:
    folder = find_catalogue(catalogue.name).parent
    files = [*sorted(folder.glob("gold*.jsonl")), *sorted(folder.glob(WRITTEN))]
    labelled = chain.from_iterable(read_gold(file, catalogue).questions for file in files)
    generated = generate(catalogue, read_phrases(folder, catalogue), seed=SEED)
    texts = chain((g.question for g in labelled), (g.question for g in generated))
    return islice(texts, count)
