"""Phrases that a word beside them turns into what must not be: "서울 제외", "걷기 말고", "except Seoul"."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from server.interpret.phrase import Match, Meaning, between
from server.spelling import BY, EITHER, LIMIT, key_of, opposite, part_of

# Behind a phrase in Korean, a word for people perhaps between them.
_BEHIND = re.compile(
    r"(?:\s*(?:중?인\s)?(?:사람|분|응답자)들?)?(?:[은는을를이가만]|까지|도)?\s*"
    r"(?:(?:다|모두|전부)\s)?(?:제외(?:하고|한|해줘|해|하여|됨|요)?|빼고요?|빼\s?(?:줘요?|주세요)|뺀|말고요?|아닌)(?![가-힣])"
    r"(?:\s(?:다른\s)?(?:데|곳|지역)(?:에서?)?(?:\s(?:사는|거주하는|살고\s있는))?)?"
)
# Before one in English.
_BEFORE = re.compile(
    r"(?<!\w)(?:except(?: for| those| people)?|excluding(?: people| those)?|but not|other than|apart from"
    r"|minus|no|(?:not|non|never|(?:(?:who|that|and|but) )?(?:do(?:es)? not|do(?:es)?n['’]?t|ha(?:s|ve) never))"
    r"(?: (?:us|own|hav|drink|eat|do|watch|driv|go|play)(?:e|es|s|ing)?| (?:has|used))?)"
    r"[\s-]+(?:in |on |from |the |a |an |any |who are )?$",
    re.IGNORECASE,
)
_NEITHER = re.compile(r"(?<!\w)neither\s+$", re.IGNORECASE)
_NOR = re.compile(r"s?\s+nor\s+(?:in |a |an |any )?", re.IGNORECASE)
# What parts a phrase from what stands before it.
_PARTS = re.compile(
    r"[,.;:(\[]\s*(?:단,?\s*|근데\s*)?$|(?:중|중에|중에서|가운데|인데|는데|지만|에서|단|근데)\s*$"
)
_LISTS = re.compile(
    r"\s*(?:와|과|이?랑|이?나|하고|,|/|및|또는|or|and|nor)\s*(?:in |from )?", re.IGNORECASE
)

# A phrase that says itself what is left out.
_ENDS_LEFT_OUT = re.compile(r"(?:제외|빼고|말고)[가-힣]*$")
_BEGINS_LEFT_OUT = re.compile(r"(?:except|excluding|other than|outside of)\b", re.IGNORECASE)
_MODIFIERS = ("는", "한", "인", "은", "된")


def with_exclusions(question: str, matches: Sequence[Match]) -> tuple[Match, ...]:
    """The matches, those that are said to be left out with their conditions turned.

    Only where nothing else can be meant: the phrase begins the question or stands apart from what
    comes before it, or, in English, ends the question.
    """
    kept = _with_neither(question, matches)
    for number, match in enumerate(matches):
        if not _can_turn(match):
            continue
        behind = _BEHIND.match(question, match.end - len(match.tail))
        if behind:
            first = _begins(question, matches, number)
            if first is not None:
                for place in range(first, number + 1):
                    kept[place] = _turned(matches[place])
                kept[number] = replace(kept[number], end=max(behind.end(), match.end), tail="")
            continue
        before = _BEFORE.search(question, 0, match.start)
        if before and (number == 0 or before.start() >= matches[number - 1].end):
            last = _ends(question, matches, number)
            if last is not None:
                for place in range(number, last + 1):
                    kept[place] = _turned(matches[place])
                kept[number] = replace(kept[number], start=before.start())
    return tuple(kept)


def may_leave_out_less(question: str, matches: Sequence[Match]) -> bool:
    """Whether what a phrase leaves out may be but a part of it: right behind a modifier ("서울 사는
    여성 빼고"), or before more ("except women in Seoul").
    """
    for number, (one, other) in enumerate(pairwise(matches), 1):
        said, then = question[one.start : one.end], question[other.start : other.end]
        is_modified = said.endswith(_MODIFIERS) and not question[one.end : other.start].strip()
        if is_modified and _ENDS_LEFT_OUT.search(then):
            return True
        if _BEGINS_LEFT_OUT.match(said) and _says_more(matches[number:]):
            return True
    return False


def _with_neither(question: str, matches: Sequence[Match]) -> list[Match]:
    """The matches, "헬스도" turned in "헬스도 수영도 안 하는", both in "neither smokes nor drinks"."""
    kept = list(matches)
    for place, (one, other) in enumerate(pairwise(matches)):
        before = _NEITHER.search(question, 0, one.start)
        is_row = before and _NOR.fullmatch(between(question, one, other)) is not None
        if before and is_row and _can_turn(one) and _can_turn(other):
            kept[place] = replace(_turned(one), start=before.start(), end=other.start, tail="")
            kept[place + 1] = _turned(other)
            if place and _is_verb_of(question, matches[place - 1], one, before.start()):
                kept[place - 1] = replace(matches[place - 1], meanings=(Meaning(()),))
    for place in range(len(kept) - 2, -1, -1):
        one, other = kept[place], kept[place + 1]
        if not (one.says_one_thing and one.tail == "도" and _can_turn(other)):
            continue
        is_denied = key_of(other.line) == ("-", *one.names)
        if is_denied and not question[one.end : other.start].strip():
            kept[place] = replace(_turned(one), tail="")
    return kept


def _is_verb_of(question: str, verb: Match, one: Match, end: int) -> bool:
    """Whether a phrase that ends at a place only says how the answers behind it are had: "who drink
    neither soju nor beer" does not say that they drink.
    """
    if not _can_turn(verb) or question[verb.end : end].strip():
        return False
    return key_of(verb.line) == ("-", *one.names)


def _begins(question: str, matches: Sequence[Match], last: int) -> int | None:
    """Where the row of one field's answers begins that ends with the match; None unless it stands
    apart from what is before it.
    """
    first = last
    while first and _are_listed(question, matches[first - 1], matches[first]):
        first -= 1
    if not first:
        return first
    before = question[matches[first - 1].start : matches[first].start]
    return first if _PARTS.search(before) else None


def _ends(question: str, matches: Sequence[Match], first: int) -> int | None:
    """Where the row of one field's answers ends; None unless the conditions of the question do."""
    last = first
    while last + 1 < len(matches) and _are_listed(question, matches[last], matches[last + 1]):
        last += 1
    return None if _says_more(matches[last + 1 :]) else last


def _says_more(matches: Sequence[Match]) -> bool:
    """Whether they say more than how many and by what."""
    return any(part_of(line) not in (BY, LIMIT) for m in matches for line in m.lines)


def _are_listed(question: str, one: Match, other: Match) -> bool:
    return (
        _can_turn(one)
        and _can_turn(other)
        and key_of(one.line) == key_of(other.line)
        and _LISTS.fullmatch(between(question, one, other)) is not None
    )


def _can_turn(match: Match) -> bool:
    """Whether it says one condition and nothing else."""
    return match.is_plain and len(match.lines) == 1 and part_of(match.line) < EITHER


def _turned(match: Match) -> Match:
    return replace(match, meanings=(Meaning((opposite(match.line),)),))
