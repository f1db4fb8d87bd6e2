"""Whether a question leaves open whose a condition is, or what it denies: no list of phrases can tell."""

import re
from collections.abc import Sequence
from itertools import pairwise

from server.interpret.compared import VERB_GOES_ON
from server.interpret.phrase import Match, between, without
from server.spelling import key_of

# Who wants a thing does not have it.
_WISH = re.compile(
    r"(?<!\w)(?:(?:who|that|and)\s(?:[a-z]+\s){0,2}(?:want|need|would like|are looking)"
    r"|interested in|willing to|in need of|(?:people|persons|women|men|those|anyone) looking for)"
    r"(?!\w)|싶어\s?하",
    re.IGNORECASE,
)
# Nor does who looks for it, where that is said of people: not "looking for 30 women", "찾는 중".
_SEEKS = re.compile(r"\slooking for(?!\w)", re.IGNORECASE)
_SEEKING = re.compile(r"(?<!\w)(?:찾는|구하는)\s(?!(?:중|거|건|게|것|데))")
# What others do is not what the respondent does.
_OTHERS = re.compile(r"(?<!\w)(?:애들|친구들)[이은]\s")
_KIN = re.compile(
    r"(?:자녀|아이(?=[가는를들도\s])|아들|딸|부모|남편|아내|배우자|형제|자매)"
    r"|(?:children|child|kids?|sons?|daughters?|parents?|mothers?|fathers?|moms?|dads?"
    r"|husbands?|wife|wives)\b",
    re.IGNORECASE,
)
# Those of whom the panel knows nothing.
_OTHER_KIN = re.compile(r"형제|자매|(?:남자|여자)\s?친구|남친|여친")
_HAS_KIN = re.compile(
    r"(?:자녀|아이|아들|딸|남편|아내|배우자)(?P<particle>[이가을를]?)\s?(?:있|둔|두)"
)
_PARENTS = ("엄마", "아빠", "어머니", "아버지", "부모")
_SUBJECT = ("이", "가", "은", "는")
_POSSESSIVE = ("'", "’", "'s", "’s")
# Whose child it is goes to school: 대학생 엄마.
_PUPIL = "학생"
# What a condition ends in that goes on to another one, or to a noun, of the same person.
_OF_ONE_PERSON = (*VERB_GOES_ON, "는", "거나", "은데")
_LIVES = "사는"
# Two of a list: "맥주와 와인을 안 마시는", "don't drink beer or wine".
_IN_A_LIST = re.compile(
    r"\s*(?:와|과|이?랑|이?나|하고|및|or|and)?\s*[,/·]?\s*(?:or|and)?\s*(?:an? )?", re.IGNORECASE
)
# Who drinks is whoever is not without a drink: said without a word that denies.
_DENIES = re.compile(
    r"안|않|없|못|아닌|n't|\b(?:no|not|never|without|neither|nor)\b", re.IGNORECASE
)


def in_doubt(question: str, matches: Sequence[Match]) -> bool:
    """Whether a condition may be another's, or only wished for, or a denial that of two."""
    return _is_wish_or_of_others(question, matches) or any(
        _is_of_kin(question, *pair) or _may_share_a_denial(question, *pair)
        for pair in pairwise(matches)
    )


def _is_wish_or_of_others(question: str, matches: Sequence[Match]) -> bool:
    rest = without(question, matches)
    if _WISH.search(rest) or _OTHERS.search(rest):
        return True
    ends = [match.end for match in matches if match.names]
    seeking = _SEEKING.search(rest, min(ends, default=len(rest)))
    return seeking is not None or any(_SEEKS.match(rest, end) for end in ends)


def _is_of_kin(question: str, one: Match, other: Match) -> bool:
    """Whether a condition may be that of the respondent's family: 성인 자녀 있는, parents of smokers."""
    if not one.names or other.names_breakdown:
        return False
    said = question[one.start : one.end]
    link = between(question, one, other).strip().lower()
    if not link and _is_of_whom_one_has(question, said, other):
        return True
    if not other.names:
        return False
    if link.partition(" ")[0] in _SUBJECT:
        return said.startswith(_PARENTS)
    return not one.tail and _belongs_to_kin(question, said, link, other)


def _belongs_to_kin(question: str, said: str, link: str, other: Match) -> bool:
    """Whether it is right before a word for kin, or linked to one: students' mothers, 대학생 엄마."""
    is_kin = _KIN.match(question, other.start) is not None
    if not link:
        is_parent = said.endswith(_PUPIL) and question.startswith(_PARENTS, other.start)
        return is_parent or said in _PARENTS or (is_kin and not said.endswith(_OF_ONE_PERSON))
    if link in ("to", "to a", "to an"):
        return said.lower().endswith("married")
    if link in _POSSESSIVE:
        return is_kin
    return link in ("of", "with") and _KIN.match(said) is not None


def _is_of_whom_one_has(question: str, said: str, other: Match) -> bool:
    """Whether it may describe someone whom the respondent has: 담배 피우는 남편 있는, 20대 여자친구 있는.

    But who has children lives where it is said that one lives: 서울 사는 자녀 있는 여성.
    """
    if said.endswith(VERB_GOES_ON):
        return False
    if _OTHER_KIN.match(question, other.start):
        return True
    has = _HAS_KIN.match(question, other.start)
    return has is not None and (bool(has["particle"]) or not said.endswith(_LIVES))


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
        not said.endswith((*VERB_GOES_ON, "는", "어도", "아도", "해도"))
        and _DENIES.search(denial) is not None
        and _IN_A_LIST.fullmatch(between(question, one, other)) is not None
    )
