"""How right and how fast questions are read: ours beside other readers, one table from one run."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import llama_cpp
from psycopg import AsyncConnection
from rich.console import Console

from server.accuracy.cases import Case, Evaluation
from server.accuracy.gold import GoldFile, GoldQuestion, read_gold
from server.accuracy.runs import store_evaluation
from server.bench.figures import ReaderFigures, Readers
from server.bench.readers import (
    Taken,
    Weights,
    read_with_binding,
    read_with_ours,
    read_with_rules,
)
from server.catalogue import Catalogue, find_catalogue
from server.child import in_child
from server.errors import SetupError
from server.filter import equal
from server.model.download import download
from server.model.manifest import read_manifest
from server.model.merge import merged_model
from server.settings import Settings

OURS = "panelens"
# Eight examples, the question and an answer fit into these whatever the vocabulary.
_EXAMPLES_TOKENS = 4096
_BINDING = f"llama_cpp {llama_cpp.__version__}, create_completion"


@dataclass(frozen=True, slots=True)
class _Reader:
    """A reader to be measured."""

    name: str
    weights: str
    read: Callable[[], Taken]


async def measure_readers(
    database_url: str,
    catalogue: Catalogue,
    settings: Settings,
    console: Console,
    *,
    questions: int,
    beside: Sequence[Path] = (),
) -> Readers:
    """Every reader over the same gold questions; the people are those of the loaded panel.

    `beside` are GGUF files of other models, which are asked with examples.
    """
    gold = read_gold(find_catalogue(catalogue.name).with_name("gold.jsonl"), catalogue)
    sample = _spread(gold.questions, questions)
    measured = []
    asked = [each.question for each in sample]
    for reader in _readers(catalogue, settings, console, asked, beside):
        console.print(f"reading with {reader.name}, {reader.weights}", style="dim")
        measured.append(await _measured(database_url, catalogue, gold, sample, reader))
    return Readers(
        file=gold.name,
        questions=len(sample),
        of=len(gold.questions),
        threads=settings.model_threads,
        readers=tuple(_compared(measured)),
    )


def _spread(questions: Sequence[GoldQuestion], count: int) -> Sequence[GoldQuestion]:
    """So many of the questions, evenly over the file: its kinds stand beside each other."""
    count = min(count, len(questions))
    return [questions[number * len(questions) // count] for number in range(count)]


def _readers(
    catalogue: Catalogue,
    settings: Settings,
    console: Console,
    asked: Sequence[str],
    beside: Sequence[Path],
) -> Iterator[_Reader]:
    manifest = read_manifest()
    entry = manifest.model(settings.model)
    if entry.decoding is None:
        raise SetupError(f"{settings.model!r} is only there to make other models from")
    file = download(settings.model, settings=settings, console=console, manifest=manifest)
    adapter = manifest.adapter(entry, catalogue.name)
    merged = (
        Weights(file, entry.decoding)
        if adapter is None
        else Weights(merged_model(file, adapter, console.print), entry.decoding, is_merged=True)
    )
    name, threads = catalogue.name, settings.model_threads
    yield _Reader(OURS, merged.file.name, partial(in_child, read_with_ours, name, settings, asked))
    yield _Reader("lexicon alone", "none", partial(in_child, read_with_rules, name, asked))

    def binding(weights: Weights, *, few_shot: bool) -> Callable[[], Taken]:
        return partial(
            in_child, read_with_binding, name, threads, weights, asked, few_shot=few_shot
        )

    yield _Reader(f"{_BINDING}, same prompt", merged.file.name, binding(merged, few_shot=False))
    others = list(beside)
    if entry.made_from is not None:
        plain = download(entry.made_from, settings=settings, console=console, manifest=manifest)
        others.insert(0, plain)
    room = entry.decoding.model_copy(update={"context_tokens": _EXAMPLES_TOKENS})
    for other in others:
        few_shot = binding(Weights(other, room), few_shot=True)
        yield _Reader(f"{_BINDING}, few-shot", other.name, few_shot)


async def _measured(
    database_url: str,
    catalogue: Catalogue,
    gold: GoldFile,
    sample: Sequence[GoldQuestion],
    reader: _Reader,
) -> ReaderFigures:
    taken = reader.read()
    cases = tuple(
        Case(each.question, each.reading, reading, each.tags, None, took)
        for each, reading, took in zip(sample, taken.readings, taken.milliseconds, strict=True)
    )
    evaluation = Evaluation(
        file=gold.name,
        file_sha256=gold.sha256,
        model=reader.weights,
        adapter="",
        catalogue_version=catalogue.version,
        started_at=datetime.now(UTC),
        cases=cases,
    )
    async with await AsyncConnection.connect(database_url, autocommit=True) as connection:
        run = await store_evaluation(connection, catalogue, evaluation)
    return ReaderFigures(
        reader=reader.name,
        weights=reader.weights,
        exact=sum(case.is_exact(catalogue) for case in cases),
        f1=run.summary.total["f1"],
        slipped=_same(taken, catalogue) if taken.slipped else None,
        time=taken.time,
    )


def _same(taken: Taken, catalogue: Catalogue) -> int:
    """How many filters a slip of the pen leaves as they are."""
    pairs = zip(taken.readings, taken.slipped, strict=True)
    return sum(equal(one.filter, other.filter, catalogue) for one, other in pairs)


def _compared(measured: Sequence[ReaderFigures]) -> Iterable[ReaderFigures]:
    """The figures with their ratios to ours."""
    ours = next(each.time for each in measured if each.reader == OURS)
    for each in measured:
        yield replace(
            each,
            ratio=_ratio(each.time.milliseconds.p50, ours.milliseconds.p50),
            processor_ratio=_ratio(
                each.time.processor_seconds_per_question, ours.processor_seconds_per_question
            ),
        )


def _ratio(theirs: float, ours: float) -> float | None:
    """How many times ours; None where ours is too small to be measured: no question met the model."""
    return round(theirs / ours, 2) if ours else None
