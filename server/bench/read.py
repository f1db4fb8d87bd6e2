"""How long the reader takes over a question, beside llama_cpp's own completion of the same prompt."""

import asyncio
import ctypes
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import llama_cpp
import psutil
from llama_cpp.llama_grammar import LlamaGrammar
from rich.console import Console

from server.accuracy.gold import read_gold
from server.bench.child import in_child
from server.bench.figures import Reading, ReadTime, Spread
from server.catalogue import Catalogue, find_catalogue
from server.errors import InvalidQuestion, SetupError
from server.filter import load_catalogue
from server.grammar import build_grammar
from server.interpret.calibration import Calibration
from server.interpret.model import LanguageModel, Written
from server.interpret.reader import Reader, ReaderSettings
from server.model.download import download
from server.model.manifest import Decoding, read_manifest
from server.model.merge import merged_model
from server.phrases import read_phrases
from server.settings import Settings

FEW = 10
OURS, PEER = "panelens reader", f"llama_cpp.Llama {llama_cpp.__version__}"


# The binding takes llama.cpp's warnings for errors and prints them, verbose or not.
_unheard = llama_cpp.llama_log_callback(lambda _level, _text, _data: None)


@dataclass(frozen=True, slots=True)
class _Weights:
    """What both readers are given."""

    file: Path
    decoding: Decoding
    threads: int


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one reader did: its prompts, the texts it wrote, and what that took."""

    prompts: tuple[str, ...]
    texts: tuple[str, ...]
    time: ReadTime


class _RecordingModel(LanguageModel):
    """The product's model, which also keeps what it was given and what it wrote."""

    def __init__(self, weights: _Weights, catalogue: Catalogue) -> None:
        super().__init__(
            weights.file,
            grammar=build_grammar(catalogue),
            context_tokens=weights.decoding.context_tokens,
            output_tokens_max=weights.decoding.output_tokens_max,
            threads=weights.threads,
        )
        self.prompts: list[str] = []
        self.written: list[Written] = []

    def write(self, prompt: str, **options: Any) -> Written:
        """Continue the prompt, and remember it."""
        written = super().write(prompt, **options)
        self.prompts.append(prompt)
        self.written.append(written)
        return written


def measure_read(
    catalogue: Catalogue, settings: Settings, console: Console, *, questions: int
) -> Reading:
    """Read the first gold questions of the catalogue, and the first few with the peer too."""
    gold = read_gold(find_catalogue(catalogue.name).with_name("gold.jsonl"), catalogue)
    asked = [each.question for each in gold.questions[:questions]]
    weights = _weights(catalogue, settings, console)
    all_of_them = in_child(_read_ours, catalogue.name, settings, weights, asked)
    few = asked[:FEW]
    ours = (
        all_of_them
        if few == asked
        else in_child(_read_ours, catalogue.name, settings, weights, few)
    )
    peer = in_child(_read_peer, catalogue.name, weights, ours.prompts)
    return Reading(
        model=weights.file.name,
        threads=weights.threads,
        ours=all_of_them.time,
        ours_on_few=ours.time,
        peer=peer.time,
        ratio=round(peer.time.milliseconds.p50 / ours.time.milliseconds.p50, 2),
        processor_ratio=round(
            peer.time.processor_seconds_per_question / ours.time.processor_seconds_per_question, 2
        ),
        same=sum(a == b for a, b in zip(ours.texts, peer.texts, strict=True)),
    )


def _weights(catalogue: Catalogue, settings: Settings, console: Console) -> _Weights:
    manifest = read_manifest()
    entry = manifest.model(settings.model)
    if entry.decoding is None:
        raise SetupError(f"{settings.model!r} is only there to make other models from")
    file = download(settings.model, settings=settings, console=console, manifest=manifest)
    adapter = manifest.adapter(entry, catalogue.name)
    return _Weights(
        file=file if adapter is None else merged_model(file, adapter, console.print),
        decoding=entry.decoding,
        threads=settings.model_threads,
    )


def _read_ours(
    name: str, settings: Settings, weights: _Weights, questions: Sequence[str]
) -> _Taken:
    catalogue = load_catalogue(name)
    phrases = read_phrases(find_catalogue(name).parent, catalogue)
    limits = ReaderSettings(
        question_length=settings.question_length,
        queue_length=settings.queue_length,
        reference_year=settings.reference_year,
    )
    model = _RecordingModel(weights, catalogue)
    reader = Reader(model, catalogue, phrases, limits, calibration=Calibration())

    def read(question: str) -> None:
        asyncio.run(_read(reader, question))

    read(questions[0])  # the first touches every page of the weights
    model.prompts.clear()
    model.written.clear()
    took, processor_seconds = _time(read, questions)
    memory = psutil.Process().memory_info().rss
    reader.close()
    time = _read_time(
        OURS, took, sum(len(w.tokens) for w in model.written), processor_seconds, memory
    )
    return _Taken(tuple(model.prompts), tuple(w.text for w in model.written), time)


async def _read(reader: Reader, question: str) -> None:
    with suppress(InvalidQuestion):  # it was read all the same, and found too long to finish
        await reader.read(question)


def _read_peer(name: str, weights: _Weights, prompts: Sequence[str]) -> _Taken:
    """The same weights, grammar and prompts, as the binding's README shows it."""
    llama_cpp.llama_log_set(_unheard, ctypes.c_void_p(0))
    model = llama_cpp.Llama(
        str(weights.file),
        n_ctx=weights.decoding.context_tokens,
        n_threads=weights.threads,
        n_threads_batch=weights.threads,
        verbose=False,
    )
    grammar = LlamaGrammar.from_string(build_grammar(load_catalogue(name)), verbose=False)
    texts: list[str] = []
    tokens: list[int] = []

    def complete(prompt: str) -> None:
        done = cast(
            "llama_cpp.CreateCompletionResponse",
            model.create_completion(
                prompt,
                max_tokens=weights.decoding.output_tokens_max,
                temperature=0.0,
                grammar=grammar,
            ),
        )
        texts.append(done["choices"][0]["text"])
        tokens.append(done["usage"]["completion_tokens"])

    complete(prompts[0])
    texts.clear()
    tokens.clear()
    took, processor_seconds = _time(complete, prompts)
    memory = psutil.Process().memory_info().rss
    time = _read_time(PEER, took, sum(tokens), processor_seconds, memory)
    return _Taken(tuple(prompts), tuple(texts), time)


def _time(read: Callable[[str], None], asked: Sequence[str]) -> tuple[list[float], float]:
    """Milliseconds of each, and the processor's seconds for all."""
    process = psutil.Process()
    before = process.cpu_times()
    took = []
    for one in asked:
        began = perf_counter()
        read(one)
        took.append((perf_counter() - began) * 1000)
    after = process.cpu_times()
    return took, after.user + after.system - before.user - before.system


def _read_time(
    reader: str, took: Sequence[float], tokens: int, processor_seconds: float, memory: int
) -> ReadTime:
    seconds = sum(took) / 1000
    return ReadTime(
        reader=reader,
        questions=len(took),
        milliseconds=Spread.of(took),
        tokens=tokens,
        tokens_per_second=round(tokens / seconds, 1),
        questions_per_second=round(len(took) / seconds, 3),
        processor_seconds_per_question=round(processor_seconds / len(took), 3),
        memory_bytes=memory,
    )
