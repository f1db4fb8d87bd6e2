"""What the model wrote, as a reading: its lines, their confidence, what it nearly wrote."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from server.catalogue import Catalogue
from server.errors import InvalidFilter, InvalidQuestion
from server.filter import Condition
from server.interpret.model import Expect, LanguageModel, Token, Written
from server.spelling import Reading, condition_lines, is_condition, part_of, read

ALTERNATIVES_MAX = 2
# A token this likely is not worth writing the line anew for.
_WORTH_ASKING_BELOW = 0.9


@dataclass(frozen=True, slots=True)
class Line:
    """One line the model wrote, without its line feed, and the probability of all its tokens.

    `instead` are lines that it nearly wrote in this one's place.
    """

    text: str
    probability: float
    instead: tuple[str, ...] = ()


def understood(
    question: str, lines: Sequence[Line], catalogue: Catalogue
) -> tuple[Reading, tuple[Line, ...]]:
    """The lines as a reading, and those of its conditions, in the filter's order; phrases the model
    made up fall away.
    """
    ordered = sorted(lines, key=lambda line: part_of(line.text))
    reading = read("".join(f"{line.text}\n" for line in ordered), catalogue)
    unsupported = tuple(
        p for p in dict.fromkeys(reading.unsupported) if p.strip() and p in question
    )
    by_text = {line.text: line for line in ordered}
    own = (by_text.get(text, Line(text, 0.0)) for text in condition_lines(reading.filter))
    return Reading(reading.filter, unsupported), tuple(own)


def alternatives(line: Line, catalogue: Catalogue) -> tuple[Condition, ...]:
    """The conditions that the model nearly wrote in the line's place, whatever their mark."""
    own = _condition(line.text, catalogue)
    others = dict.fromkeys(_condition(text, catalogue) for text in line.instead)
    kept = [other for other in others if other is not None and other != own]
    return tuple(kept[:ALTERNATIVES_MAX])


def _condition(text: str, catalogue: Catalogue) -> Condition | None:
    try:
        where = read(f"{text.lstrip('-/&')}\n", catalogue).filter.where
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
        asked = doubtful(line.probability) and is_condition(line.text)
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
