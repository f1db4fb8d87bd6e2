"""Finds the alternatives among the phrases of a question: 차가 있거나 아이폰을 쓰는 30대."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from server.interpret.compared import Sides
from server.interpret.phrase import Match
from server.spelling import field_of

# What stands between two phrases, the particles of the first one included.
_OR = re.compile(
    r"(?:(?:이?거나|이?든지|이?든가)\s*,?\s*(?:아니면|또는|혹은)?|(?:(?:인 )?(?:사람|분)(?:이나)?|인)?\s*(?:또는|혹은|아니면|or)|사람이나)",
    re.IGNORECASE,
)
BOTH = re.compile(
    r"(?<!\w)both(?!\w)|둘\s?다(?:\s(?:있는|쓰는|가진|갖춘|가지고 있는|보유한|하는|이용하는|써본))?",
    re.IGNORECASE,
)
# Between answers of one field these mean any of them, unless a word says that all must hold.
_LISTED = re.compile(r"(?=.)(?:이?나|이?랑|와|과|하고|및|또는|혹은|or)?\s*[,/·]?", re.IGNORECASE)
_ALL = re.compile(
    r"(?<!\w)(?:(?:둘|셋|넷)\s?다|다|모두|전부|각각|both|all|each)(?!\w)", re.IGNORECASE
)
_AND = re.compile(r"and|이?랑|와|과|하고", re.IGNORECASE)
# The particles of a phrase that make it an alternative, or one of a list.
JOINS_ALTERNATIVES = re.compile(r"(?:이나|나|거나|든|든지|든가|도)$")
LISTS = ("와", "과", "이랑", "랑", "하고")
# What parts the phrases that all share from those of the groups behind them.
_PARTS = re.compile(
    r"(?:중|중에|중에서|중에선|가운데|인데|이면서|이고)[,\s]*$|:\s*$|\bwho(?:\seither)?\s$|\beither\s$"
)
VERB_OR = re.compile(r"(?:거나|든지|든가)$")
# What stands behind these is said of all groups.
_FOR_ALL = re.compile(r"[.;]|중|가운데")
_CLOSED = re.compile(r"사람|(?<!\w)분")
_GOES_ON = re.compile(r"(?:고|며|면서)[,\s]*$")


def alternatives(question: str, matches: Sequence[Match]) -> Sides:
    """Where the alternatives lie among the matches.

    Each says one thing of a field that nothing else in the question speaks of, or as many of the
    same fields as the other (부산 사는 30대거나 대구 사는 40대); what all share stands behind them or
    is parted from them. Nothing without them, or where there is more than one such row: then it is
    not for a list of phrases to say what belongs together.
    """
    linked = [
        _is_choice(question, one, other) and not _of_one_field(one, other)
        for one, other in pairwise(matches)
    ]
    groups = _parallel(question, matches, [n for n, is_or in enumerate(linked, 1) if is_or])
    place = only_row(linked)
    if groups or place is None:
        return groups
    first, last = place
    row = matches[first:last]
    if not _stand_alone(question, matches, first, last):
        return ()
    names = [name for match in row for name in _names(match)]
    return () if len(set(names)) < len(names) else tuple((n, n + 1) for n in range(first, last))


def only_row(linked: Sequence[bool]) -> tuple[int, int] | None:
    """Where the one row of linked phrases lies, as [first, last), given for each phrase but the last
    whether it is linked to the next; None without a row, or with more than one.
    """
    if True not in linked:
        return None
    first = linked.index(True)
    last = linked.index(False, first) if False in linked[first:] else len(linked)
    return None if any(linked[last:]) else (first, last + 1)


def _parallel(question: str, matches: Sequence[Match], links: Sequence[int]) -> Sides:
    """Groups between the links, each of as many matches, that speak of the same two fields or more,
    each once; `links` are the places of the matches behind them.
    """
    if not links:
        return ()
    most = min(links[0], len(matches) - links[-1])
    for size in range(most, 1, -1):
        first, last = links[0] - size, links[-1] + size
        if [*range(first + size, last, size)] != [*links]:
            continue
        sides = tuple((n, n + size) for n in range(first, last, size))
        names = [{name for m in matches[a:b] for name in _names(m)} for a, b in sides]
        one_thing = all(match.says_one_thing for match in matches[first:last])
        alike = one_thing and all(each == names[0] for each in names) and len(names[0]) == size
        if alike and _stand_alone(question, matches, first, last):
            return sides
    return ()


def _stand_alone(question: str, matches: Sequence[Match], first: int, last: int) -> bool:
    """Whether each of these says what must hold, of fields that the others do not speak of, and
    stands apart from those before and behind it: not where a verb goes on to the next ("차 있거나
    미혼이고 서울 사는"), nor where a noun closes a group, and another was begun before it ("여성이고 차
    있는 사람 또는 …") or goes on behind them.
    """
    row = matches[first:last]
    if not all(match.says_what_holds for match in row):
        return False
    others = [name for m in (*matches[:first], *matches[last:]) for name in _names(m)]
    if not {name for match in row for name in _names(match)}.isdisjoint(others):
        return False
    after = [m for m in matches[last:] if _names(m)]
    closed = _CLOSED.search(question[row[0].end : row[-1].start])
    if after:
        on = question[row[-1].start : after[0].start]
        if _GOES_ON.search(on) or (closed and not _FOR_ALL.search(on)):
            return False
    before = [m for m in matches[:first] if _names(m)]
    if not before:
        return True
    said = question[before[-1].start : row[0].start]
    return _PARTS.search(said) is not None and not (_GOES_ON.search(said) and closed)


def values(question: str, matches: Sequence[Match]) -> Iterator[tuple[str, int, int]]:
    """Fields of which answers are alternatives, and where two of these touch: "안마의자 or 비데".

    All that stand side by side must be: "soju, beer and wine" asks for each.
    """
    touching = [field_of(one.line) for one, other in pairwise(matches) if _of_one_field(one, other)]
    found = [*_pairs(question, matches)]
    linked = [name for name, _, _ in found]
    yield from (pair for pair in found if touching.count(pair[0]) == linked.count(pair[0]))


def _pairs(question: str, matches: Sequence[Match]) -> Iterator[tuple[str, int, int]]:
    """The fields of two matches that are alternatives, and where these touch."""
    may_list = not _ALL.search(question)
    for one, other in pairwise(matches):
        goes_on = _GOES_ON.search(question[one.start : one.end])  # TV 있고, 안마의자까지 있는
        is_listed = may_list and not goes_on and _LISTED.fullmatch(link(question, one, other))
        if _of_one_field(one, other) and (is_listed or _is_choice(question, one, other)):
            if VERB_OR.search(one.tail) and _GOES_ON.search(question[other.start : other.end]):
                continue  # 전북에 살거나 전남에 살면서 농사짓는: who of them farms?
            yield field_of(one.line), one.end, other.start


def every(question: str, matches: Sequence[Match]) -> Iterator[str]:
    """Fields of which two answers are said to hold both: "both beer and wine"."""
    if BOTH.search(question):
        for one, other in pairwise(matches):
            between = one.tail + question[one.end : other.start].strip()
            if _of_one_field(one, other) and _AND.fullmatch(between):
                yield field_of(one.line)


def _of_one_field(one: Match, other: Match) -> bool:
    says = one.says_one_thing and other.says_one_thing
    return says and one.names == other.names


def _is_choice(question: str, one: Match, other: Match) -> bool:
    return _OR.fullmatch(link(question, one, other)) is not None


def link(question: str, one: Match, other: Match) -> str:
    """The words between two phrases, behind the particles of the first one."""
    return f"{one.tail} {question[one.end : other.start].strip()}".strip()


def _names(match: Match) -> list[str]:
    """The fields that a match speaks of, in any of its meanings."""
    return [name for meaning in match.meanings for name in meaning.names]
