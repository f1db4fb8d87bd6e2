"""Leaves out what a question takes back: "40대, 아니 50대" asks for people in their fifties."""

import re
from dataclasses import replace
from itertools import pairwise

from server.interpret.interpretation import ReadAs
from server.interpret.lexicon import Lexicon
from server.interpret.phrase import Match, between, line_key
from server.interpret.slips import Righted

# What stands between what is taken back and what is said instead.
_TAKES_BACK = re.compile(
    r"\s*(?:으?로)?[\s.…,!~—-]*(?:(?:아|어|음|앗)[\s,.…]*)?(?:아니다?|아니지|아니요|아니아니|정정)[\s,.…!]+"
    r"|[\s,.…—-]+(?:(?:no|oh|oops|hmm)[\s,.]+)?"
    r"(?:scratch that|no,? wait|wait,? no|i mean(?:t)?|make that|sorry|correction)"
    r"[\s,.:…—-]+(?:(?:make (?:it|that)|i mean)\s+)?(?:(?:in|for)\s+)?",
    re.IGNORECASE,
)


def without_retracted(righted: Righted, lexicon: Lexicon) -> Righted:
    """The question without phrases that are taken back for another of the same field.

    What was left out is shown as a correction, like a slip of the pen.
    """
    if not _TAKES_BACK.search(righted.text):
        return righted
    matches = lexicon.find(righted.text)
    for one, other in pairwise(matches):
        if _is_instead(one, other) and _TAKES_BACK.fullmatch(between(righted.text, one, other)):
            return without_retracted(_cut(righted, one, other), lexicon)
    return righted


def _is_instead(one: Match, other: Match) -> bool:
    """Whether both say one thing, and of the same: a condition, a breakdown or a count."""
    if not (one.is_plain and other.is_plain):
        return False
    said, instead = one.meanings[0].lines, other.meanings[0].lines
    if len(said) != 1 or len(instead) != 1 or said == instead:
        return False
    return _subject(said[0]) == _subject(instead[0])


def _subject(line: str) -> tuple[str, str]:
    return (line[0], "") if line[0] in "#>" else line_key(line)


def _cut(righted: Righted, one: Match, other: Match) -> Righted:
    text, start, stop = righted.text, one.start, other.start
    places = righted.places or tuple((n, n + 1) for n in range(len(text)))
    (typed,) = righted.typed((text[start : other.end],))
    return replace(
        righted,
        text=text[:start] + text[stop:],
        corrections=(*righted.corrections, ReadAs(typed, text[stop : other.end])),
        places=places[:start] + places[stop:],
    )
