"""Whether the words of a question that no phrase accounts for say nothing of their own."""

import re
from collections.abc import Sequence, Set
from itertools import pairwise

from server.catalogue import normalise
from server.interpret.choices import JOINS_ALTERNATIVES, LISTS
from server.interpret.compared import VERB_GOES_ON
from server.interpret.names import PARTICLES
from server.interpret.phrase import Match, between, without
from server.interpret.words import read_words
from server.spelling import key_of

_WORD = re.compile(r"[^\s,/·()\[\]{}\"'“”‘’?!.;:+&~-]+")
_PARTICLE = re.compile(PARTICLES)
_PARTICLE_TAIL = re.compile(rf"(?:{PARTICLES})*")
# Who wants a thing does not have it; who works in a place may live in another.
_WISH = re.compile(
    r"(?<!\w)(?:(?:who|that|and)\s(?:[a-z]+\s){0,2}(?:want|need|would like|are looking)"
    r"|interested in|willing to|(?:people|persons|women|men|those|anyone) looking for)(?!\w)"
    r"|싶어\s?하",
    re.IGNORECASE,
)
_PLACE = "에서"
# Whose a condition is right before or behind these, a list of phrases cannot tell.
_KIN = re.compile(
    r"(?:자녀|아이(?=[가는를들도\s])|아들|딸|부모|남편|아내|배우자|형제|자매)"
    r"|(?:children|child|kids?|sons?|daughters?|parents?|mothers?|fathers?|moms?|dads?"
    r"|husbands?|wife|wives)\b",
    re.IGNORECASE,
)
_PARENTS, _SUBJECT = ("엄마", "아빠"), ("이", "가")
# What a condition ends in that goes on to another one, or to a noun, of the same person.
_OF_ONE_PERSON = (*VERB_GOES_ON, "는", "거나", "은데")
# What others do is not what the respondent does.
_OTHERS = re.compile(r"(?<!\w)(?:애들|친구들)[이은]\s")
# Two of a list: "맥주와 와인을 안 마시는", "don't drink beer or wine".
_IN_A_LIST = re.compile(
    r"\s*(?:와|과|이?랑|이?나|하고|및|or|and)?\s*[,/·]?\s*(?:or|and)?\s*(?:an? )?", re.IGNORECASE
)
# Who drinks is whoever is not without a drink: said without a word that denies.
_DENIES = re.compile(
    r"안|않|없|못|아닌|n't|\b(?:no|not|never|without|neither|nor)\b", re.IGNORECASE
)
_REQUEST = re.compile(
    r"(?:뽑아|추려|골라|찾아|보여|알려|구해|모아|꺼내|섭외해|추출해|검색해|조회해)[가-힣]{0,6}|뽑을[가-힣]{0,3}"
)


class Rest:
    """The words that say nothing: `plain` ones, and verbs behind a phrase."""

    def __init__(self, plain: Set[str]) -> None:
        self._plain = plain
        self._verbs = read_words("verbs")

    def says_nothing(self, question: str, matches: Sequence[Match]) -> bool:
        """Whether what no phrase accounts for are words that say nothing of their own."""
        rest = without(question, matches)
        if any(said.search(rest) for said in (_WISH, _OTHERS)) or any(
            _is_of_kin(question, *pair) or _may_share_a_denial(question, *pair)
            for pair in pairwise(matches)
        ):
            return False
        ends = {
            m.end
            for m in matches
            if m.lines
            and not m.tail.endswith((*LISTS, _PLACE))
            and not JOINS_ALTERNATIVES.search(m.tail)
        }
        for found in _WORD.finditer(rest):
            key = normalise(found[0])
            if key in self._verbs and len(question[: found.start()].rstrip()) in ends:
                continue
            if JOINS_ALTERNATIVES.search(key) or not self._is_plain(key):
                return False
        return True

    def _is_plain(self, word: str) -> bool:
        """Whether it is a particle, or a plain word, perhaps with particles behind it."""
        if word in self._plain or _PARTICLE.fullmatch(word) or _REQUEST.fullmatch(word):
            return True
        parts = ((word[:n], word[n:]) for n in range(2, len(word)))
        return any(stem in self._plain and _PARTICLE_TAIL.fullmatch(tail) for stem, tail in parts)


def _may_share_a_denial(question: str, one: Match, other: Match) -> bool:
    """Whether what is denied of the last of a list (in English of the first) may be of both."""
    if not all(m.is_plain and len(m.lines) == 1 for m in (one, other)):
        return False
    (mark, name), (other_mark, other_name) = key_of(one.line), key_of(other.line)
    is_english = question[one.start : other.end].isascii()
    if name != other_name or (mark, other_mark) != (("-", "") if is_english else ("", "-")):
        return False
    said = question[one.start : one.end - len(one.tail)]
    denial = said if is_english else question[other.start : other.end]
    return (
        not said.endswith((*VERB_GOES_ON, "는"))
        and _DENIES.search(denial) is not None
        and _IN_A_LIST.fullmatch(between(question, one, other)) is not None
    )


def _is_of_kin(question: str, one: Match, other: Match) -> bool:
    """Whether a condition may be that of the respondent's family: 성인 자녀 있는, parents of smokers."""
    if not (one.names and other.names) or other.names_breakdown:
        return False
    if one.tail:
        return one.tail in _SUBJECT and question.startswith(_PARENTS, one.start)
    link = question[one.end : other.start].strip().lower()
    said = question[one.start : one.end]
    if not link:
        return not said.endswith(_OF_ONE_PERSON) and _KIN.match(question, other.start) is not None
    if link in ("to", "to a", "to an"):
        return said.lower().endswith("married")
    return link in ("of", "with") and _KIN.match(said) is not None
