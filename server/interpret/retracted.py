"""Leaves out what a question takes back: "40대, 아니 50대" asks for people in their fifties."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from server.interpret.interpretation import ReadAs
from server.interpret.lexicon import Lexicon
from server.interpret.phrase import Match, between
from server.interpret.slips import Righted
from server.spelling import is_condition, key_of

_KOREAN = r"(?:아니다?|아니지|아니요|아니아니|정정)"
_ENGLISH = r"(?:scratch that|no,? wait|wait,? no|i mean(?:t)?|make that|sorry|correction)"
_SAYS_SO = re.compile(rf"{_KOREAN}|{_ENGLISH}", re.IGNORECASE)
# What stands between what is taken back and what is said instead.
_TAKES_BACK = re.compile(
    rf"\s*(?:으?로)?[\s.…,!~—-]*(?:(?:아|어|음|앗)[\s,.…]*)?{_KOREAN}[\s,.…!]+"
    rf"|[\s,.…—-]+(?:(?:no|oh|oops|hmm)[\s,.]+)?{_ENGLISH}"
    r"[\s,.:…—-]+(?:(?:make (?:it|that)|i mean)\s+)?(?:(?:in|for)\s+)?",
    re.IGNORECASE,
)


def without_retracted(righted: Righted, lexicon: Lexicon) -> Righted:
    """The question without phrases that are taken back for another of the same field.

    What was left out is shown as a correction, like a slip of the pen.
    """
    text = righted.text
    rows = _rows(text, lexicon.find(text)) if _SAYS_SO.search(text) else []
    if not rows:
        return righted
    left_out = [
        ReadAs(typed, text[last.start : last.end])
        for first, last in rows
        for typed in righted.typed((text[first.start : last.end],))
    ]
    places = righted.places or tuple((n, n + 1) for n in range(len(text)))
    for first, last in reversed(rows):
        text = text[: first.start] + text[last.start :]
        places = places[: first.start] + places[last.start :]
    corrections = (*righted.corrections, *left_out)
    return replace(righted, text=text, places=places, corrections=corrections)


def _rows(text: str, matches: Sequence[Match]) -> list[tuple[Match, Match]]:
    """The first and the last of each row of phrases in which each takes back the one before."""
    rows: list[tuple[Match, Match]] = []
    for one, other in pairwise(matches):
        if _is_instead(one, other) and _TAKES_BACK.fullmatch(between(text, one, other)):
            goes_on = bool(rows) and rows[-1][1] == one
            rows.append((rows.pop()[0] if goes_on else one, other))
    return rows


def _is_instead(one: Match, other: Match) -> bool:
    """Whether both say one thing, and of the same: a condition, a breakdown or a count."""
    if not (one.is_plain and other.is_plain):
        return False
    if len(one.lines) != 1 or len(other.lines) != 1 or one.lines == other.lines:
        return False
    return _subject(one.line) == _subject(other.line)


def _subject(line: str) -> tuple[str, str]:
    return key_of(line) if is_condition(line) else (line[0], "")
