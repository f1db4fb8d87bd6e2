"""What the model wrote, as a reading: its lines checked, their confidence, what it nearly wrote."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from server.catalogue import Catalogue
from server.errors import InvalidFilter, InvalidQuestion
from server.filter import Condition, Filter, Part, placed_conditions
from server.interpret.lines import Line
from server.interpret.model import Expect, LanguageModel, Token, Written
from server.spelling import Reading, read, spell_condition

ALTERNATIVES_MAX = 2
# A token this likely is not worth writing the line anew for.
_WORTH_ASKING_BELOW = 0.9


@dataclass(frozen=True, slots=True)
class Understood:
    """A reading with each condition's probability and alternatives, in the filter's order."""

    reading: Reading
    probabilities: tuple[float, ...]
    alternatives: tuple[tuple[Condition, ...], ...]


class Understanding:
    """Makes readings of what the model wrote."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def of(self, question: str, lines: Sequence[Line]) -> Understood:
        """The lines as a reading; phrases the model made up fall away."""
        ordered = sorted(lines, key=lambda line: _part(line.text))
        reading = read("".join(f"{line.text}\n" for line in ordered), self._catalogue)
        unsupported = tuple(
            p for p in dict.fromkeys(reading.unsupported) if p.strip() and p in question
        )
        by_text = {line.text: line for line in ordered}
        found = [
            by_text.get(spell_condition(c, mark)) for mark, c in marked_conditions(reading.filter)
        ]
        return Understood(
            Reading(reading.filter, unsupported),
            tuple(0.0 if line is None else line.probability for line in found),
            tuple(() if line is None else self._alternatives(line) for line in found),
        )

    def _alternatives(self, line: Line) -> tuple[Condition, ...]:
        own = self._condition(line.text)
        others = dict.fromkeys(map(self._condition, line.instead))
        kept = [other for other in others if other is not None and other != own]
        return tuple(kept[:ALTERNATIVES_MAX])

    def _condition(self, text: str) -> Condition | None:
        """The condition of a line by itself, whatever its mark."""
        try:
            where = read(f"{text.lstrip('-/&')}\n", self._catalogue).filter.where
        except InvalidFilter:
            return None
        return where[0] if len(where) == 1 else None


def lines_of(
    written: Written, model: LanguageModel, *, doubtful: Callable[[float], bool], expect: Expect
) -> tuple[Line, ...]:
    """The lines that were written; for doubtful ones also what the model nearly wrote.

    `expect` guesses how another line goes on, once it has begun.

    InvalidQuestion when the model ran out of room.
    """
    if not written.finished:
        raise InvalidQuestion("the question holds more conditions than can be read at once")
    placed = list(_lines(written.tokens))
    lines = []
    # The model takes back what it wrote from a place on, so the last line comes first.
    for first, line in reversed(placed):
        asked = doubtful(line.probability) and line.text[:1] not in ">#?"
        lines.append(_with_others(first, line, written, model, expect) if asked else line)
    return tuple(reversed(lines))


def _with_others(
    first: int, line: Line, written: Written, model: LanguageModel, expect: Expect
) -> Line:
    """The line with what it would be had its least likely tokens been the next likeliest."""
    tokens = written.tokens[first : first + len(line.text.encode()) + 1]
    count = next(
        (n + 1 for n, token in enumerate(tokens) if token.piece.endswith(b"\n")), len(tokens)
    )
    unsure = sorted(
        (n for n in range(count) if tokens[n].other is not None),
        key=lambda n: tokens[n].probability,
    )[:ALTERNATIVES_MAX]
    worth = [n for n in unsure if tokens[n].probability < _WORTH_ASKING_BELOW]
    others = {}
    for n in sorted(worth, reverse=True):
        begun = b"".join(token.piece for token in tokens[:n]).decode("utf-8", "replace")
        others[n] = (begun + model.rewrite(written, first + n, expect=expect)).rstrip("\n")
    return replace(line, instead=tuple(others[n] for n in worth))


def _lines(tokens: Sequence[Token]) -> Iterator[tuple[int, Line]]:
    """Where each line begins, and the line with the product of its tokens' probabilities."""
    first, line, total = 0, b"", 0.0
    for place, token in enumerate(tokens):
        line += token.piece
        total += math.log(max(token.probability, 1e-12))
        if line.endswith(b"\n"):
            yield first, Line(line[:-1].decode("utf-8"), math.exp(total))
            first, line, total = place + 1, b"", 0.0


def _part(line: str) -> int:
    """Where lines of this mark stand; the lines of `either` keep their order."""
    order = {"-": 1, "/": 2, "&": 2, ">": 3, "#": 4, "?": 5}
    return order.get(line[:1], 0)


def marked_conditions(query: Filter) -> Iterator[tuple[str, Condition]]:
    """Every condition with the mark its line begins with, in the filter's order."""
    begun: set[int] = set()
    for part, group, condition in placed_conditions(query):
        yield _mark(part, first=group not in begun), condition
        if part == "either":
            begun.add(group)


def _mark(part: Part, *, first: bool) -> str:
    return {"where": "", "not": "-", "either": "/" if first else "&"}[part]
