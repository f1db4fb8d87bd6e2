"""Finds how many respondents a question asks for: 100명, "give me 75", n=30."""

import re
from collections.abc import Iterable, Iterator, Sequence

from server.filter import LIMIT_MAX
from server.interpret.phrase import Match, Meaning, overlap
from server.interpret.ranges import BEFORE_DIGITS
from server.numerals import ENGLISH_NUMBERS, HANGUL_NUMBER, HANGUL_NUMBERS

# Some write "열 다섯 명".
_TENS = "(?:[이삼사오육칠팔구]?[십백]|열|스물|서른|마흔|쉰|예순|일흔|여든|아흔)"
_NATIVE_NUMBER = "[한두세네다섯여일곱덟아홉열스무물서른마흔쉰예순든]+"
# Three people or more are a bound, and people of a family no count of respondents.
_BOUND = (
    r"(?!\s*(?:이상|이하|미만|초과|넘|가족|가구|식구|자녀|아이|으로 구성"
    r"|이?\s?(?:같이\s|함께\s)?(?:사는|살고 있는|거주하는)\s(?:집|가구|가정)))"
)
_DIGITS = r"(?P<n>\d{1,3}(?:,\d{3})+|\d+)"
# What is done with things and in minutes.
_DOES = re.compile(r"\s(?:있|쓰|사용하|이용하|피우|피|마시|보|하)는(?!\w)")
_AT_HOME = r"(?<!home\swith\s)(?<!homes\swith\s)(?<!home\sof\s)(?<!homes\sof\s)"
_ONLY = r"(?:만|씩|쯤|\s?정도)?(?:[을를이은는의요]|으로)?(?!\w)"
_COUNTS = (
    re.compile(BEFORE_DIGITS + rf"{_DIGITS}\s*(?P<counter>명|분|개){_ONLY}{_BOUND}"),
    re.compile(BEFORE_DIGITS + rf"(?P<n>\d+)\s*(?P<place>[백천만])\s*명{_ONLY}{_BOUND}"),
    re.compile(rf"(?<!\w)(?P<place>만)\s*명{_ONLY}{_BOUND}"),
    # 4050인 are people of two decades, and 1인 is how many live together.
    re.compile(BEFORE_DIGITS + rf"(?P<n>[2-9]|\d{{2,3}})\s*인{_ONLY}{_BOUND}"),
    re.compile(rf"(?<!\w)(?P<nh>(?:{_TENS}\s)?{HANGUL_NUMBER})\s*명{_ONLY}{_BOUND}"),
    re.compile(rf"(?<!\w)(?P<nh>(?:{_TENS}\s)?{_NATIVE_NUMBER})\s*분{_ONLY}{_BOUND}"),
    re.compile(
        rf"(?<![\w,.]){_AT_HOME}{_DIGITS}\s+(?:people|persons|respondents|panelists|panel members"
        r"|participants|users|ppl|folks|individuals|customers|consumers)(?!\w)",
        re.IGNORECASE,
    ),
    # Right behind what is asked for a number is a count: "need 75 …", "looking for 60 …".
    re.compile(
        r"(?:give me|show me|find(?: me)?|get(?: me)?|i need|we need|^need|looking for|pull|recruit(?:ing)?)"
        r"\s+(?:about\s+|around\s+|up to\s+)?(?P<n>\d[\d,]*)(?=\s+(?!or\b|to\b|and\b|year|million|%|won\b|kids|children|persons?\b|members?\b)[A-Za-z])",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<!\w)(?P<word>{'|'.join(sorted(ENGLISH_NUMBERS, key=len, reverse=True))})\s+(?:people"
        r"|persons|respondents|panelists|panel members|participants|users|ppl|folks|individuals"
        r"|customers|consumers|households|anyone|of them)(?!\w)",
        re.IGNORECASE,
    ),
    re.compile(r"(?:limit|\blist)\s+(?P<n>\d[\d,]*)(?![\w])", re.IGNORECASE),
    re.compile(r"(?<!\w)n\s?=\s?(?P<n>\d[\d,]*)(?!\w)", re.IGNORECASE),
)
_PLACES = {"": 1, "백": 100, "천": 1_000, "만": 10_000}
# A number before these may be a model's: iPhone 16 users.
_USERS = re.compile(r"\busers$", re.IGNORECASE)


def wanted(question: str, beside: Sequence[Match]) -> Iterator[Match]:
    """The counts of respondents, apart from the phrases found already; "16 users" right behind a
    phone's name is a model, and two of "TV 2개" are sets.
    """
    for pattern in _COUNTS:
        for match in pattern.finditer(question):
            slots = match.groupdict()
            if "word" in slots:
                n: int | None = ENGLISH_NUMBERS[slots["word"].lower()]
            elif "nh" in slots:
                n = HANGUL_NUMBERS.get(slots["nh"].replace(" ", ""))
            else:
                n = int(slots.get("n", "1").replace(",", "")) * _PLACES[slots.get("place", "")]
            found = Match((Meaning((f"#{n}",)),), match.start(), match.end())
            if not n or n > LIMIT_MAX or any(overlap(found, other) for other in beside):
                continue
            if slots.get("counter") in ("개", "분") and _is_of_things(question, match, beside):
                continue
            if not (_USERS.search(match[0]) and _follows(question, found, beside)):
                yield found


def _is_of_things(question: str, count: re.Match[str], beside: Sequence[Match]) -> bool:
    """Whether it counts things, or minutes: "TV 2개", "10개 피우는", "30분 걷기"."""
    if _DOES.match(question, count.end()):
        return True
    if count["counter"] == "개":
        return any(
            m.names and m.end <= count.start() and not question[m.end : count.start()].strip()
            for m in beside
        )
    return any(
        m.names and count.end() <= m.start and not question[count.end() : m.start].strip()
        for m in beside
    )


def _follows(question: str, match: Match, before: Iterable[Match]) -> bool:
    """Whether nothing but a space stands between it and one of those before: "iPhone 16 users"."""
    return any(m.end < match.start and not question[m.end : match.start].strip() for m in before)
