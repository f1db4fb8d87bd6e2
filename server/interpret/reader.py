"""Reads questions: a worker for each model, a bounded queue before them."""

import asyncio
import threading
import time
import unicodedata
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from server.catalogue import Catalogue
from server.errors import InvalidQuestion, Language, TooBusy
from server.filter import Filter, placed_conditions
from server.interpret.asked import Asked
from server.interpret.calibration import Calibration
from server.interpret.certain import grouped, left_out, settled, unfounded
from server.interpret.contradictions import contradicts
from server.interpret.expected import Expected, Forced
from server.interpret.hints import Hints
from server.interpret.interpretation import (
    DOUBTFUL_BELOW,
    Caution,
    Interpretation,
    ReadCondition,
)
from server.interpret.lexicon import Lexicon, LexiconReading, words_of
from server.interpret.model import LanguageModel
from server.interpret.names import Mention
from server.interpret.others import other_readings
from server.interpret.prompt import build_prompt, tidy
from server.interpret.retracted import without_retracted
from server.interpret.slips import Righted, Slips
from server.interpret.words import Attribution, Vocabulary
from server.interpret.written import Line, alternatives, lines_of, understood
from server.phrases import Phrases
from server.settings import Settings
from server.spelling import EITHER, PHRASE_LENGTH_MAX, Reading, condition_lines, part_of, spell

# Below this a condition is more often wrong than right: what a phrase says of its field stands in
# for it, or else it must have a word of its own.
UNFOUNDED_BELOW = 0.5
# Below this a condition goes, whatever its words: they are then said not to be understood.
DROPPED_BELOW = 0.4


@dataclass(frozen=True, slots=True)
class _Read:
    """A reading, how sure it is, and the lines of its conditions, in the filter's order, as probable
    as such conditions are right.
    """

    reading: Reading
    confidence: float
    lines: tuple[Line, ...]
    shared: Attribution


class _Worker:
    """A model and the one thread that writes with it."""

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")


class Reader:
    """Turns questions into interpretations; safe to call from many tasks of one event loop."""

    def __init__(
        self,
        models: Sequence[LanguageModel],
        catalogue: Catalogue,
        phrases: Phrases,
        settings: Settings,
        *,
        calibration: Calibration,
    ) -> None:
        self._workers = tuple(map(_Worker, models))
        # The last one used is taken first: another thread would wake another team of llama.cpp's
        # while the first still spins, and a question alone took a third longer.
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        for worker in self._workers:
            self._idle.put_nowait(worker)
        self._catalogue = catalogue
        self._settings = settings
        self._calibration = calibration
        # What is recorded to measure a calibration must hold the doubtful conditions too.
        self._unfounded_below = UNFOUNDED_BELOW if calibration.is_measured else 0.0
        self._dropped_below = DROPPED_BELOW if calibration.is_measured else 0.0
        self._hints = Hints(catalogue, phrases)
        self._lexicon = Lexicon(catalogue, phrases)
        self._asked = Asked(catalogue, phrases)
        self._slips = Slips(catalogue, phrases, is_common=self._workers[0].model.has_word)
        self._forced = Forced(catalogue)
        self._vocabulary = Vocabulary(catalogue, phrases)
        self._waiting = 0

    async def read(self, question: str) -> Interpretation:
        """The interpretation; InvalidQuestion, or TooBusy: at once when the queue is full, else
        for whoever has waited too long for the model to begin.

        What the panel's phrases say word for word waits for no model.
        """
        tidied = check_question(question, self._settings.question_length)
        started = time.perf_counter()
        if not is_readable(tidied):
            return self._interpretation(Righted(tidied, tidied), self._nothing(tidied), started)
        righted, said = await asyncio.to_thread(self._said, tidied)
        text = righted.text
        found = self._certain(text, said) if said.complete else await self._ask(text, said)
        return self._interpretation(righted, found, started)

    def _said(self, question: str) -> tuple[Righted, LexiconReading]:
        """The question with its slips put right and what it takes back left out, and what its phrases
        say.
        """
        righted = without_retracted(self._slips.right(question), self._lexicon)
        said = self._lexicon.read(righted.text)
        return righted, said if righted.is_sure else replace(said, complete=False)

    async def _ask(self, question: str, said: LexiconReading) -> _Read:
        if self._waiting >= self._settings.queue_length + len(self._workers):
            raise TooBusy(f"{self._waiting} questions are waiting for the model")
        self._waiting += 1
        try:
            worker = await self._idle_worker()
            gone = threading.Event()
            work = worker.thread.submit(self._read, worker.model, question, said, gone)
            try:
                return await asyncio.wrap_future(work)
            finally:
                gone.set()  # who asked may have gone before the end
                self._idle.put_nowait(worker)
        finally:
            self._waiting -= 1

    async def _idle_worker(self) -> _Worker:
        try:
            async with asyncio.timeout(self._settings.queue_seconds):
                return await self._idle.get()
        except TimeoutError as error:
            seconds = self._settings.queue_seconds
            raise TooBusy(f"the model did not begin in {seconds} seconds") from error

    def close(self) -> None:
        """Let the questions at work finish, then free the models."""
        for worker in self._workers:
            worker.thread.shutdown(wait=True, cancel_futures=True)
            worker.model.close()

    def _read(
        self, model: LanguageModel, question: str, said: LexiconReading, gone: threading.Event
    ) -> _Read:
        """What the model makes of a question that the lexicon could not read alone."""
        mentions = self._hints.find(question)
        expected = Expected(question, spell(said.reading).splitlines(), self._forced)
        prompt = build_prompt(question, mentions)
        written = model.write(prompt, expect=expected, cancelled=gone.is_set)
        other = Expected(question, (), self._forced)
        lines = lines_of(written, model, doubtful=self._is_doubtful, expect=other)
        lines = grouped(lines, said)
        lines = settled(lines, said, wrong=self._is_wrong)
        lines = self._asked.keep(question, lines, said)
        found = self._found(question, lines, mentions, written.probability)
        fields = set(found.reading.filter.fields)
        extra = left_out(question, said, fields=fields, unused=found.shared.unused)
        if extra:
            lines = (*lines, *(Line(text, 1.0) for text in extra))
            found = self._found(question, lines, mentions, written.probability)
        dropped = self._unfounded(said, found)
        if dropped:
            lines = tuple(line for line in lines if line.text not in dropped)
            found = self._found(question, lines, mentions, written.probability)
        query = found.reading.filter
        if found.shared.unused and not query.restricts and not query.by:
            return self._nothing(question, mentions, written.probability, limit=query.limit)
        return found

    def _found(
        self,
        question: str,
        lines: Sequence[Line],
        mentions: tuple[Mention, ...],
        written: float,
    ) -> _Read:
        """What lines say that were written with a probability, and which words led to what."""
        reading, own = understood(question, lines, self._catalogue)
        return _Read(
            reading,
            self._calibration.whole(written, [line.probability for line in own]),
            tuple(
                replace(line, probability=self._calibration.conditions(line.probability))
                for line in own
            ),
            self._shared(question, reading, mentions),
        )

    def _unfounded(self, said: LexiconReading, found: _Read) -> set[str]:
        """The conditions that are almost surely wrong, or that no words of their own stand for; none
        of them is one that a phrase says.
        """
        places = unfounded(
            found.shared.words,
            [line.probability for line in found.lines],
            below=self._unfounded_below,
            always_below=self._dropped_below,
        )
        dropped = {found.lines[place].text for place in places}
        said_lines = {line for m in said.matches if m.is_plain for line in m.lines}
        return {line for line in dropped - said_lines if part_of(line) < EITHER}

    def _certain(self, question: str, said: LexiconReading) -> _Read:
        """What the lexicon read: every word is accounted for."""
        sure = self._calibration.lexicon
        lines = tuple(Line(text, sure) for text in condition_lines(said.reading.filter))
        return _Read(said.reading, sure, lines, Attribution(words_of(question, said), ()))

    def _nothing(
        self,
        question: str,
        mentions: tuple[Mention, ...] = (),
        written: float = 1.0,
        limit: int | None = None,
    ) -> _Read:
        reading = Reading(Filter(limit=limit), (question[:PHRASE_LENGTH_MAX].strip(),))
        confidence = self._calibration.whole(written, ())
        return _Read(reading, confidence, (), self._shared(question, reading, mentions))

    def _shared(
        self, question: str, reading: Reading, mentions: tuple[Mention, ...]
    ) -> Attribution:
        return self._vocabulary.attribute(question, reading.filter, mentions, reading.unsupported)

    def _is_doubtful(self, probability: float) -> bool:
        return self._calibration.conditions(probability) < DOUBTFUL_BELOW

    def _is_wrong(self, probability: float) -> bool:
        return self._calibration.conditions(probability) < self._unfounded_below

    def _interpretation(self, righted: Righted, found: _Read, started: float) -> Interpretation:
        reading, question = found.reading, righted.question
        conditions = tuple(
            ReadCondition(
                part,
                group,
                condition,
                line.probability,
                righted.typed(words),
                alternatives(line, self._catalogue),
            )
            for (part, group, condition), line, words in zip(
                placed_conditions(reading.filter), found.lines, found.shared.words, strict=True
            )
        )
        return Interpretation(
            question=question,
            language=language_of(question),
            filter=reading.filter,
            conditions=conditions,
            unsupported=righted.typed(reading.unsupported),
            unused=righted.typed(found.shared.unused),
            warnings=tuple(self._warnings(reading, found.confidence)),
            model=self._workers[0].model.name,
            milliseconds=(time.perf_counter() - started) * 1000,
            confidence=found.confidence,
            others=other_readings(
                reading.filter, conditions, self._catalogue, doubtful_below=DOUBTFUL_BELOW
            ),
            read_as=righted.corrections,
        )

    def _warnings(self, reading: Reading, confidence: float) -> Iterator[Caution]:
        if reading.asks_for_nobody:
            yield "nothing-understood"
        if contradicts(reading.filter, self._catalogue, self._settings.reference_year):
            yield "contradiction"
        if confidence < DOUBTFUL_BELOW:
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
