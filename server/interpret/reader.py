"""Reads questions: one worker owns the model, a bounded queue stands before it."""

import asyncio
import math
import threading
import time
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from server.catalogue import Catalogue
from server.errors import InvalidQuestion, Language, TooBusy
from server.filter import Filter, placed_conditions
from server.interpret.contradictions import contradicts
from server.interpret.hints import Hints
from server.interpret.interpretation import Caution, Interpretation, ReadCondition
from server.interpret.lines import Line
from server.interpret.model import LanguageModel, Token, Written
from server.interpret.names import Mention
from server.interpret.prompt import build_prompt, tidy
from server.interpret.signs import Signs
from server.interpret.words import Vocabulary
from server.phrases import Phrases
from server.spelling import PHRASE_LENGTH_MAX, Reading, read, spell_condition

DOUBTFUL_BELOW = 0.8


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """Limits of one reader: longest question in characters, most questions waiting."""

    question_length: int
    queue_length: int
    reference_year: int


class Reader:
    """Turns questions into interpretations; safe to call from many tasks of one event loop."""

    def __init__(
        self,
        model: LanguageModel,
        catalogue: Catalogue,
        phrases: Phrases,
        settings: ReaderSettings,
    ) -> None:
        self._model = model
        self._catalogue = catalogue
        self._settings = settings
        self._hints = Hints(catalogue, phrases)
        self._signs = Signs(catalogue)
        self._vocabulary = Vocabulary(catalogue, phrases)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")
        self._waiting = 0

    async def read(self, question: str) -> Interpretation:
        """The interpretation; InvalidQuestion, or TooBusy at once when the queue is full."""
        tidied = check_question(question, self._settings.question_length)
        if self._waiting > self._settings.queue_length:
            raise TooBusy(f"{self._waiting} questions are waiting for the model")
        gone = threading.Event()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._worker, self._read, tidied, gone
            )
        except asyncio.CancelledError:
            gone.set()
            raise
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the question at work finish, then free the model."""
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._model.close()

    def _read(self, question: str, gone: threading.Event) -> Interpretation:
        started = time.perf_counter()
        mentions = self._hints.find(question)
        reading = _nothing(question)
        confidences: tuple[float, ...] = ()
        if is_readable(question):
            written = self._model.write(build_prompt(question, mentions), cancelled=gone.is_set)
            reading, confidences = self._understand(question, written, mentions)
        return self._interpretation(question, mentions, reading, confidences, started)

    def _understand(
        self, question: str, written: Written, mentions: tuple[Mention, ...]
    ) -> tuple[Reading, tuple[float, ...]]:
        if not written.finished:
            raise InvalidQuestion("the question holds more conditions than can be read at once")
        lines = self._signs.keep(tuple(_lines(written.tokens)), question, mentions)
        lines = self._hints.ranges.keep(lines, mentions)
        ordered = sorted(lines, key=lambda line: _part(line.text))
        reading = read("".join(f"{line.text}\n" for line in ordered), self._catalogue)
        unsupported = tuple(p for p in dict.fromkeys(reading.unsupported) if p in question)
        probabilities = {line.text: line.probability for line in ordered}
        return Reading(reading.filter, unsupported), tuple(
            _confidences(reading.filter, probabilities)
        )

    def _interpretation(
        self,
        question: str,
        mentions: tuple[Mention, ...],
        reading: Reading,
        confidences: tuple[float, ...],
        started: float,
    ) -> Interpretation:
        query = reading.filter
        shared = self._vocabulary.attribute(question, query, mentions, reading.unsupported)
        if shared.unused and not query.restricts and not query.by:
            query, reading = Filter(), _nothing(question)
            shared = self._vocabulary.attribute(question, query, mentions, reading.unsupported)
        conditions = tuple(
            ReadCondition(part, group, condition, confidence, words)
            for (part, group, condition), confidence, words in zip(
                placed_conditions(query), confidences, shared.words, strict=False
            )
        )
        return Interpretation(
            question=question,
            language=language_of(question),
            filter=query,
            conditions=conditions,
            unsupported=reading.unsupported,
            unused=shared.unused,
            warnings=tuple(self._warnings(reading, conditions)),
            model=self._model.name,
            milliseconds=(time.perf_counter() - started) * 1000,
        )

    def _warnings(
        self, reading: Reading, conditions: tuple[ReadCondition, ...]
    ) -> Iterator[Caution]:
        if reading.asks_for_nobody:
            yield "nothing-understood"
        if contradicts(reading.filter, self._catalogue, self._settings.reference_year):
            yield "contradiction"
        if any(condition.confidence < DOUBTFUL_BELOW for condition in conditions):
            yield "doubtful"


def check_question(question: str, longest: int) -> str:
    """The question on one line; InvalidQuestion when it is empty or too long."""
    if len(question) > longest:
        raise InvalidQuestion(f"{len(question):,} characters; at most {longest:,} can be read")
    tidied = tidy(question)
    if not tidied:
        raise InvalidQuestion("the question is empty")
    return tidied


def language_of(question: str) -> Language:
    """Korean when any Hangul is in it."""
    return "ko" if any("HANGUL" in unicodedata.name(c, "") for c in question) else "en"


def is_readable(question: str) -> bool:
    """Whether it holds words or numbers in Korean or English, and mostly those."""
    letters = [c for c in question if c.isalpha()]
    known = [c for c in letters if c.isascii() or "HANGUL" in unicodedata.name(c, "")]
    if not letters:
        return any(c.isdecimal() for c in question)
    return len(known) * 2 > len(letters)


def _nothing(question: str) -> Reading:
    return Reading(Filter(), (question[:PHRASE_LENGTH_MAX].strip(),))


def _part(line: str) -> int:
    """Where lines of this mark stand; the lines of `either` keep their order."""
    order = {"-": 1, "/": 2, "&": 2, ">": 3, "#": 4, "?": 5}
    return order.get(line[:1], 0)


def _lines(tokens: tuple[Token, ...]) -> Iterator[Line]:
    """The lines that were written, each with the product of its tokens' probabilities."""
    line, total = b"", 0.0
    for token in tokens:
        line += token.piece
        total += math.log(max(token.probability, 1e-12))
        if line.endswith(b"\n"):
            yield Line(line[:-1].decode("utf-8"), math.exp(total))
            line, total = b"", 0.0


def _confidences(query: Filter, probabilities: dict[str, float]) -> Iterator[float]:
    """How likely each condition was, in the filter's order."""
    begun: set[int] = set()
    for part, group, condition in placed_conditions(query):
        mark = {"where": "", "not": "-", "either": "&" if group in begun else "/"}[part]
        if part == "either":
            begun.add(group)
        yield probabilities.get(spell_condition(condition, mark), 0.0)
