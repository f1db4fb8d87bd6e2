"""Corrects what the model wrote by what the panel's phrases say for certain."""

from collections.abc import Callable, Sequence, Set

from server.interpret.lexicon import LexiconReading
from server.interpret.lines import Line
from server.interpret.phrase import line_key
from server.spelling import spell

# As probable as tokens of a doubtful condition are.
_STANDS_IN = 0.5


def grouped(lines: Sequence[Line], said: LexiconReading) -> tuple[Line, ...]:
    """The lines with the groups that phrases compare or choose between, in place of others on the
    same fields.
    """
    if not said.groups:
        return tuple(lines)
    fields = {line_key(text)[1] for text in said.groups}
    others = [
        line
        for line in lines
        if line.text[:1] in ">#?" or (line.text[:1] not in "/&" and _field(line) not in fields)
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
            for line in match.meanings[0].lines:
                if line[0] not in ">#?" and line_key(line)[1] not in fields:
                    found.setdefault(line_key(line)[1], set()).add(line)
    return tuple(line for lines in found.values() if len(lines) == 1 for line in lines)


def settled(
    lines: Sequence[Line], said: LexiconReading, *, wrong: Callable[[float], bool]
) -> tuple[Line, ...]:
    """The lines, those that are most probably wrong replaced by what phrases say of their field.

    Groups, breakdowns and counts stay as they are. What stands in is doubtful too: of ten such
    phrases seven were right.
    """
    doubtful = {
        _field(line): line for line in lines if _is_condition(line.text) and wrong(line.probability)
    }
    sure = {_field(line) for line in lines if line not in doubtful.values()}
    stands_in = {
        name: Line(text, _STANDS_IN, (doubtful[name].text,))
        for text in spell(said.reading).splitlines()
        if (name := line_key(text)[1]) in doubtful and name not in sure and _is_condition(text)
    }
    kept = [line for line in lines if _field(line) not in stands_in]
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


def _is_condition(text: str) -> bool:
    return text[:1] not in ">#?/&"


def _field(line: Line) -> str:
    return line_key(line.text)[1]
