"""Ranges of one field that stand in a row: "20대, 30대" is one range, "20대나 50대" are two groups."""

import re
from collections.abc import Sequence
from itertools import pairwise

from server.interpret.choices import link, only_row
from server.interpret.compared import Sides
from server.interpret.phrase import Match, Meaning
from server.spelling import range_in, with_values

_LISTS = re.compile(
    r"(?:이?거나|이?나|이?랑|와|과|하고|및|or|and)?\s*[,/·]?\s*(?:또는|혹은|아니면|or|and)?",
    re.IGNORECASE,
)
_ENDLESS = 10**9


def joined(question: str, matches: Sequence[Match]) -> tuple[Match, ...]:
    """The matches, listed ranges that touch put into one."""
    kept = list(matches)
    place = 0
    while place + 1 < len(kept):
        one, other = kept[place : place + 2]
        if _are_listed(question, one, other) and _touch(one, other):
            whole = Meaning((_around(one, other),))
            kept[place : place + 2] = [Match((whole,), one.start, other.end, other.tail)]
            place = 0  # what now stands here may touch what is before it
        else:
            place += 1
    return tuple(kept)


def apart(question: str, matches: Sequence[Match]) -> Sides:
    """Where the listed ranges lie that do not touch: each is a group of its own.

    None where there is more than one such row, or where the field is spoken of elsewhere too.
    """
    row = only_row([_are_listed(question, one, other) for one, other in pairwise(matches)])
    if row is None:
        return ()
    first, last = row
    names = matches[first].names
    others = [m for m in (*matches[:first], *matches[last:]) if m.names & names]
    return () if others else tuple((n, n + 1) for n in range(first, last))


def _are_listed(question: str, one: Match, other: Match) -> bool:
    """Whether two ranges of one field with nothing in common stand in a list; without a word
    between them ("20대 50대") where both have two ends.
    """
    if not (one.says_one_thing and other.says_one_thing):
        return False
    spans = _spans(one, other)
    if len(spans) < len((one, other)) or one.names != other.names:
        return False
    (low, high), (next_low, next_high) = spans
    if high >= next_low:
        return False
    words = link(question, one, other)
    if not words:
        return low > -_ENDLESS and next_high < _ENDLESS
    return _LISTS.fullmatch(words) is not None


def is_within(line: str, other: str) -> bool:
    """Whether a line's range is a part of another's."""
    inner, outer = _span(line), _span(other)
    if inner is None or outer is None or inner == outer:
        return False
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _touch(one: Match, other: Match) -> bool:
    (_, high), (low, _) = _spans(one, other)
    return high + 1 == low


def _around(one: Match, other: Match) -> str:
    """The line of the range that two touching ones make."""
    (low, _), (_, high) = _spans(one, other)
    bounds = (str(n) if abs(n) < _ENDLESS else "" for n in (low, high))
    return with_values(one.line, ("..".join(bounds),))


def _spans(one: Match, other: Match) -> list[tuple[int, int]]:
    """The ends of both ranges, the lower first; fewer where one says none."""
    spans = (_span(match.line) for match in (one, other))
    return sorted(span for span in spans if span is not None)


def _span(line: str) -> tuple[int, int] | None:
    """The ends of a line's range; None where it says none."""
    bounds = range_in(line)
    if bounds is None:
        return None
    return (
        -_ENDLESS if bounds.min is None else bounds.min,
        _ENDLESS if bounds.max is None else bounds.max,
    )
