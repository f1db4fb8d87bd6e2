"""The readers that are compared: ours, its lexicon alone, and llama_cpp's own completion."""

import asyncio
import ctypes
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any, cast
from unittest.mock import patch

import llama_cpp
import psutil
from llama_cpp.llama_grammar import LlamaGrammar
from rich.console import Console

from server.bench.figures import ReadTime, Spread
from server.catalogue import Catalogue, find_catalogue
from server.errors import InvalidFilter, InvalidQuestion
from server.filter import Filter, load_catalogue
from server.grammar import build_grammar
from server.interpret.hints import Hints
from server.interpret.kernels import model_parameters
from server.interpret.lexicon import Lexicon
from server.interpret.prompt import build_prompt, tidy
from server.interpret.reader import language_of
from server.model.manifest import Decoding
from server.phrases import Phrases, read_phrases
from server.product import open_reader
from server.settings import Settings
from server.spelling import Reading, read, spell
from server.training.questions import generate
from server.training.wording import with_slips

# The examples of a few-shot prompt: generated ones, so that no measured question is among them.
EXAMPLES = 8
_EXAMPLES_SEED = 8
_EXAMPLE_LENGTH_MAX = 60
_ROOT = re.compile(r"^root\s*::=", re.MULTILINE)
# Some slips find nothing to change: a question without spaces has none to lose.
_TRIES = 20

# The binding takes llama.cpp's warnings for errors and prints them, verbose or not.
_unheard = llama_cpp.llama_log_callback(lambda _level, _text, _data: None)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one reader read, question by question, how long each took, and what it took in all.

    `slipped` are its readings of the same questions with a slip of the pen, if it was asked.
    """

    readings: tuple[Reading, ...]
    milliseconds: tuple[float, ...]
    time: ReadTime
    slipped: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Weights:
    """A model's file, how it is decoded, and whether `merged_model` made it."""

    file: Path
    decoding: Decoding
    is_merged: bool = False


def read_with_ours(name: str, settings: Settings, questions: Sequence[str]) -> Taken:
    """The product's own reader."""
    catalogue = load_catalogue(name)
    reader = open_reader(catalogue, settings, Console(stderr=True))
    written: list[int] = []

    def counting(write: Callable[..., Any], prompt: str, **options: Any) -> Any:
        done = write(prompt, **options)
        written.append(len(done.tokens))
        return done

    for worker in reader._workers:  # whichever of them reads
        worker.model.write = partial(counting, worker.model.write)  # type: ignore[method-assign]

    def one(question: str) -> Reading:
        try:
            reading = asyncio.run(reader.read(question))
        except InvalidQuestion:
            return _nothing(question)
        return Reading(reading.filter, reading.unsupported)

    taken = _timed(one, questions, written)
    slipped = tuple(one(with_slip(question)) for question in questions)
    reader.close()
    return replace(taken, slipped=slipped)


def read_with_rules(name: str, questions: Sequence[str]) -> Taken:
    """The lexicon alone: what the phrases in a question say, whatever else stands there."""
    catalogue = load_catalogue(name)
    lexicon = Lexicon(catalogue, _phrases(catalogue))

    def one(question: str) -> Reading:
        return lexicon.read(tidy(question)).reading

    taken = _timed(one, questions, [])
    return replace(taken, slipped=tuple(one(with_slip(question)) for question in questions))


def read_with_binding(
    name: str, threads: int, weights: Weights, questions: Sequence[str], *, few_shot: bool
) -> Taken:
    """llama_cpp.Llama.create_completion with the same grammar, as the binding's README shows it.

    The prompt is the one that the adapter was tuned to, or a few examples for a model without one.
    """
    catalogue = load_catalogue(name)
    phrases = _phrases(catalogue)
    prompt_of = _few_shot(catalogue, phrases) if few_shot else _tuned(catalogue, phrases)
    llama_cpp.llama_log_set(_unheard, ctypes.c_void_p(0))
    # The binding has no option for the kernels that end the process on some processors.
    parameters = partial(model_parameters, is_merged=weights.is_merged)
    with patch.object(llama_cpp.llama_cpp, "llama_model_default_params", parameters):
        model = llama_cpp.Llama(
            str(weights.file),
            n_ctx=weights.decoding.context_tokens,
            n_threads=threads,
            n_threads_batch=threads,
            verbose=False,
        )
    text = build_grammar(catalogue)
    grammar = LlamaGrammar.from_string(ended(text) if few_shot else text, verbose=False)
    written: list[int] = []

    def one(question: str) -> Reading:
        done = cast(
            "llama_cpp.CreateCompletionResponse",
            model.create_completion(
                prompt_of(question),
                max_tokens=weights.decoding.output_tokens_max,
                temperature=0.0,
                grammar=grammar,
            ),
        )
        written.append(done["usage"]["completion_tokens"])
        try:
            return read(f"{done['choices'][0]['text'].strip()}\n".lstrip(), catalogue)
        except InvalidFilter:  # it ran out of room inside a line
            return _nothing(question)

    return _timed(one, questions, written)


def with_slip(question: str) -> str:
    """The question with a typing or spacing error or two, the same every time."""
    rng = random.Random(question)  # noqa: S311  (reproducible, not secret)
    slipped = question
    for _ in range(_TRIES):
        slipped = with_slips(question, rng, language=language_of(question))
        if slipped != question:
            break
    return slipped


def _phrases(catalogue: Catalogue) -> Phrases:
    return read_phrases(find_catalogue(catalogue.name).parent, catalogue)


def _nothing(question: str) -> Reading:
    return Reading(Filter(), (question,))


def _tuned(catalogue: Catalogue, phrases: Phrases) -> Callable[[str], str]:
    hints = Hints(catalogue, phrases)
    return lambda question: build_prompt(question, hints.find(tidy(question)))


def _few_shot(catalogue: Catalogue, phrases: Phrases) -> Callable[[str], str]:
    examples = (
        f"Question: {example.question}\nAnswer:\n{spell(example.reading)}\n"
        for example in generate(catalogue, phrases, seed=_EXAMPLES_SEED)
        if len(example.question) < _EXAMPLE_LENGTH_MAX and "slip" not in example.tags
    )
    shown = "".join(islice(examples, EXAMPLES))
    return lambda question: f"{shown}Question: {tidy(question)}\nAnswer:\n"


def ended(grammar: str) -> str:
    """The grammar with a blank line at the end, as the examples show it: a plain model stops so."""
    return _ROOT.sub("answer ::=", grammar) + '\nroot ::= answer "\\n"\n'


def _timed(one: Callable[[str], Reading], questions: Sequence[str], written: list[int]) -> Taken:
    """Every question once, after one that is not counted: it touches every page of the weights."""
    one(questions[0])
    written.clear()
    process = psutil.Process()
    before = process.cpu_times()
    readings, took = [], []
    for question in questions:
        began = perf_counter()
        readings.append(one(question))
        took.append((perf_counter() - began) * 1000)
    after = process.cpu_times()
    processor_seconds = after.user + after.system - before.user - before.system
    memory = process.memory_info().rss
    return Taken(tuple(readings), tuple(took), _read_time(took, written, processor_seconds, memory))


def _read_time(
    took: Sequence[float], written: Iterable[int], processor_seconds: float, memory: int
) -> ReadTime:
    seconds = sum(took) / 1000
    tokens = sum(written)
    return ReadTime(
        milliseconds=Spread.of(took),
        tokens=tokens,
        tokens_per_second=round(tokens / seconds, 1),
        questions_per_second=round(len(took) / seconds, 3),
        processor_seconds_per_question=round(processor_seconds / len(took), 3),
        memory_bytes=memory,
    )
