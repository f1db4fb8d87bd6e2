"""Finds the alternatives among the phrases of a question: 차가 있거나 아이폰을 쓰는 30대."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from server.interpret.phrase import Match, line_key

# What stands between two phrases, the particles of the first one included.
_OR = re.compile(
    r"(?:(?:이?거나|이?든지|이?든가)\s*,?|(?:(?:인 )?(?:사람|분)(?:이나)?|인)?\s*(?:또는|혹은|아니면|or)|사람이나)",
    re.IGNORECASE,
)
# What parts the phrases that all share from those of the groups behind them.
_PARTS = re.compile(r"(?:중|중에|중에서|중에선|가운데|인데|이면서|이고)[,\s]*$|:\s*$")


def alternatives(question: str, matches: Sequence[Match]) -> tuple[int, int] | None:
    """Where the alternatives lie among the matches, as [first, last).

    Each says one thing of a field that nothing else in the question speaks of, and what all share
    stands behind them or is parted from them. None without them, or where there is more than one
    such row: then it is not for a list of phrases to say what belongs together.
    """
    linked = [
        _is_choice(question, one, other) and not _of_one_field(one, other)
        for one, other in pairwise(matches)
    ]
    if not any(linked):
        return None
    first = linked.index(True)
    last = first + 1
    while last < len(matches) and linked[last - 1]:
        last += 1
    row = matches[first:last]
    if any(linked[last:]) or not all(match.says_one_thing for match in row):
        return None
    names = [line_key(match.meanings[0].lines[0])[1] for match in row]
    others = [name for m in (*matches[:first], *matches[last:]) for name in _names(m)]
    if len(set(names)) < len(names) or not set(names).isdisjoint(others):
        return None
    before = [m for m in matches[:first] if _names(m)]
    if before:
        link = before[-1].tail + question[before[-1].end : row[0].start]
        if not _PARTS.search(link):
            return None
    return first, last


def values(question: str, matches: Sequence[Match]) -> Iterator[tuple[str, int, int]]:
    """Fields of which two answers are alternatives, and where these touch: "안마의자 or 비데"."""
    for one, other in pairwise(matches):
        if _of_one_field(one, other) and _is_choice(question, one, other):
            yield line_key(one.meanings[0].lines[0])[1], one.end, other.start


def _of_one_field(one: Match, other: Match) -> bool:
    says = one.says_one_thing and other.says_one_thing
    return says and one.meanings[0].names == other.meanings[0].names


def _is_choice(question: str, one: Match, other: Match) -> bool:
    between = f"{one.tail} {question[one.end : other.start].strip()}".strip()
    return _OR.fullmatch(between) is not None


def _names(match: Match) -> list[str]:
    """The fields of conditions that a match speaks of, in any of its meanings."""
    return [
        line_key(line)[1]
        for meaning in match.meanings
        for line in meaning.lines
        if line[0] not in "#?"
    ]
