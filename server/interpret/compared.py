"""Finds the groups of a comparison among the phrases of a question: 30대 남성과 40대 여성 비교."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from server.interpret.phrase import Match, between

# Groups among the matches of a question, each as [first, last).
Sides = tuple[tuple[int, int], ...]
_FEWEST = 2
# Conditions of a group. All sizes of a list of hundreds would take seconds to try.
_MOST = 8

COMPARES = re.compile(
    r"(?:비교|차이(?=[를가는점]|\W|$))(?:해\s*줘(?:요)?|해\s*주세요|해서|를|을|가|는)?|(?<!\w)(?:vs\.?|versus|compar\w*|differences?)(?!\w)",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"\W*(?:들|분들|인|사람|사람들|people)?\W*"
    r"(?:와|과|이랑|랑|하고|대|및|vs\.?|versus|with|and|to)?\W*",
    re.IGNORECASE,
)
# A verb that goes on to what else holds: 소주 마시고 맥주 마시는.
VERB_GOES_ON = ("고", "며", "면서", "지만", "는데", "인데")
# A linking word, a comma or a stroke, or both.
_LISTED = re.compile(
    r"(?=.)(?:이?랑|와|과|하고|이?나|또는|혹은|or|and|vs|대)?(?:[,/]|$)", re.IGNORECASE
)

_DECADE = re.compile(r"\d0\s?(?:대|s)")
# Two decades in one phrase.
_TWO_DECADES = re.compile(
    r"\d0\s?(?:대|s)(?:[^\d~-]*(?:와|과|랑|하고|대|,|vs\.?|versus|and|with))?\s*\d0\s?(?:대|s)"
)
_AGAINST = re.compile(r"(?:대|vs\.?|versus)", re.IGNORECASE)
_LISTS = re.compile(r"(?:와|과|이?랑|하고|대|and|,|,\s?and)", re.IGNORECASE)


def decades_apart(question: str, matches: Iterable[Match]) -> list[Match]:
    """The matches, without those of two decades where each is to be compared: "20s, 30s and 40s".

    Together such are one range, and are where the question parts some more than others: "20대 30대와
    40대 50대".
    """
    decades = [*_DECADE.finditer(question)] if COMPARES.search(question) else []
    links = [question[one.end() : other.start()].strip() for one, other in pairwise(decades)]
    are_alike = len({link and bool(_LISTS.fullmatch(link)) for link in links}) == 1
    are_pairs = len(links) > _FEWEST and set(links[::2]).isdisjoint(links[1::2])
    if not are_alike or are_pairs:
        return [*matches]
    return [m for m in matches if not _TWO_DECADES.search(question[m.start : m.end])]


def compared_groups(question: str, matches: Sequence[Match]) -> Sides:
    """Where the groups lie among the matches.

    They speak of the same fields, each once, and a word that links stands between them. The longest
    such groups count; none without two, or where the question speaks of these fields elsewhere too.
    Two that speak of one field each are groups only where the question compares something: "서울과
    부산" is a list, "서울 남성과 부산 여성" are two groups.
    """
    compares = COMPARES.search(question) is not None
    for size in range(min(_MOST, len(matches) // 2), 0 if compares else 1, -1):
        for first in range(len(matches) - 2 * size + 1):
            sides = _sides(question, matches, first, size)
            if len(sides) < _FEWEST:
                continue
            last = sides[-1][1]
            names = {name for m in matches[first:last] for name in m.names}
            others = [m for m in (*matches[:first], *matches[last:]) if not m.names_breakdown]
            is_whole = not any(names & m.names for m in others)
            if is_whole and not any(_lists(question, matches, n) for n in (first, last)):
                return sides
    return ()


def may_compare(question: str, matches: Sequence[Match]) -> bool:
    """Whether answers of one field stand in a question that compares something."""
    names = [name for m in matches if m.says_one_thing for name in m.names]
    return len({*names}) < len(names) and COMPARES.search(question) is not None


def may_be_lists(question: str, matches: Sequence[Match], sides: Sides) -> bool:
    """Whether single answers stand against each other in only some places: "서울·경기 vs 부산·대구"."""
    if not sides or any(last - first > 1 for first, last in sides):
        return False
    firsts = [matches[first] for first, _ in sides]
    against = {
        _AGAINST.fullmatch(between(question, *pair).strip()) is not None
        for pair in pairwise(firsts)
    }
    return len(against) > 1


def _sides(question: str, matches: Sequence[Match], first: int, size: int) -> Sides:
    """Groups of so many matches each, one linked to the next, from the first one on."""
    sides = [(first, first + size)]
    for start in range(first + size, len(matches) - size + 1, size):
        one, other = matches[start - size : start], matches[start : start + size]
        if not _are_groups(question, one, other):
            break
        sides.append((start, start + size))
    return tuple(sides)


def _lists(question: str, matches: Sequence[Match], place: int) -> bool:
    """Whether the match at a place is linked to the one before it: then a pair is cut out of more."""
    if not 0 < place < len(matches):
        return False
    one, other = matches[place - 1], matches[place]
    if other.names_breakdown:
        return False
    return _LISTED.match(one.tail + question[one.end : other.start].strip()) is not None


def _are_groups(question: str, one: Sequence[Match], other: Sequence[Match]) -> bool:
    if not all(match.says_one_thing for match in (*one, *other)):
        return False
    fields = [{name for match in side for name in match.names} for side in (one, other)]
    if fields[0] != fields[1] or len(fields[0]) != len(one):
        return False
    lines = [{match.line for match in side} for side in (one, other)]
    last = one[-1]
    if question[last.start : last.end - len(last.tail)].endswith(VERB_GOES_ON):
        return False
    return lines[0] != lines[1] and _LINK.fullmatch(between(question, last, other[0])) is not None
