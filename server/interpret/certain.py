"""Corrects what the model wrote by what the panel's phrases say for certain."""

from collections.abc import Callable, Sequence, Set

from server.interpret.lexicon import LexiconReading
from server.interpret.written import Line
from server.spelling import EITHER, field_of, is_condition, part_of, spell

# As probable as tokens of a doubtful condition are.
_STANDS_IN = 0.5


def grouped(lines: Sequence[Line], said: LexiconReading) -> tuple[Line, ...]:
    """The lines with the groups that phrases compare or choose between, in place of others on the
    same fields.
    """
    if not said.groups:
        return tuple(lines)
    fields = {field_of(text) for text in said.groups}
    others = [
        line
        for line in lines
        if not is_condition(line.text)
        or (part_of(line.text) < EITHER and field_of(line.text) not in fields)
    ]
    return (*others, *(Line(text, 1.0) for text in said.groups))


def left_out(
    question: str, said: LexiconReading, *, fields: Set[str], unused: Sequence[str]
) -> tuple[str, ...]:
    """The conditions of phrases that a reading left out: plain ones, on fields it does not speak of.

    Only phrases with a word among `unused` count: the others led to something already.
    """
    found: dict[str, set[str]] = {}
    for match in said.matches:
        words = question[match.start : match.end]
        if len(match.meanings) == 1 and any(word in words or words in word for word in unused):
            for line in match.lines:
                if is_condition(line) and field_of(line) not in fields:
                    found.setdefault(field_of(line), set()).add(line)
    return tuple(line for lines in found.values() if len(lines) == 1 for line in lines)


def settled(
    lines: Sequence[Line], said: LexiconReading, *, wrong: Callable[[float], bool]
) -> tuple[Line, ...]:
    """The lines, those that are most probably wrong replaced by what phrases say of their field.

    Groups, breakdowns and counts stay as they are. What stands in is doubtful too: of ten such
    phrases seven were right.
    """
    doubtful = {
        field_of(line.text): line
        for line in lines
        if part_of(line.text) < EITHER and wrong(line.probability)
    }
    sure = {field_of(line.text) for line in lines if line not in doubtful.values()}
    stands_in = {
        name: Line(text, _STANDS_IN, (doubtful[name].text,))
        for text in spell(said.reading).splitlines()
        if (name := field_of(text)) in doubtful and name not in sure and part_of(text) < EITHER
    }
    kept = [line for line in lines if field_of(line.text) not in stands_in]
    return (*kept, *stands_in.values())


def unfounded(
    words: Sequence[Sequence[str]],
    confidences: Sequence[float],
    *,
    below: float,
    always_below: float,
) -> frozenset[int]:
    """Which conditions stand on nothing: they are less sure than `below`, and every word they have,
    if any, a surer condition has too; or less sure than `always_below`, whatever their words.
    """
    sure = {
        word
        for own, confidence in zip(words, confidences, strict=True)
        for word in own
        if confidence >= below
    }
    return frozenset(
        place
        for place, (own, confidence) in enumerate(zip(words, confidences, strict=True))
        if confidence < always_below or (confidence < below and sure.issuperset(own))
    )
