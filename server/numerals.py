"""Numbers and amounts of money as people write them in Korean and English."""

import re

_UNITS = ("", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")
_NATIVE = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_EOK = 10_000

MONEY_KOREAN = (
    r"(?:\d[\d,]*\s*억\s*)?(?:\d[\d,]*\s*[천백]?|[일이삼사오육칠팔구십백천]+)\s*만(?:\s*원)?"
    r"|\d[\d,]*\s*억(?:\s*원)?"
)
MONEY_ENGLISH = r"(?:KRW\s*)?\d[\d,]*(?:\.\d+)?\s*(?:million|m)?\s*(?:won|KRW)?"
_KOREAN = re.compile(r"(?:(\d+)억)?(?:(\d+)([천백]?)|([일이삼사오육칠팔구십백천]+))?만?원?")
_ENGLISH = re.compile(r"(?:krw)?(\d+(?:\.\d+)?)(million|m)?(?:won|krw)?")
_PLACES = {"": 1, "백": 100, "천": 1000}


def sino_korean(number: int) -> str:
    """A number up to 9,999 in Sino-Korean: 350 → 삼백오십."""
    words = ""
    for place, name in ((1000, "천"), (100, "백"), (10, "십"), (1, "")):
        digit = number // place % 10
        if digit:
            words += ("" if digit == 1 and name else _UNITS[digit]) + name
    return words


def native_korean(number: int) -> str:
    """A number from 1 to 99 as counted things take it: 20 → 스무, 35 → 서른다섯."""
    if number == 20:
        return "스무"
    return _NATIVE_TENS[number // 10] + _NATIVE[number % 10]


# Numbers in words, up to 9,999 in Sino-Korean and 99 in native Korean.
HANGUL_NUMBERS = {sino_korean(n): n for n in range(1, 10_000)} | {
    native_korean(n): n for n in range(1, 100)
}


def read_money(text: str) -> int | None:
    """An amount in units of 10,000 KRW: 3백만원 → 300, 1억 2천만원 → 12000, 3.5 million won → 350.

    A bare number counts as such units, as people say "월급 300"; None when it is no amount.
    """
    key = re.sub(r"[\s,]", "", text).lower()
    korean = _KOREAN.fullmatch(key)
    if korean and key:
        eok, digits, place, words = korean.groups()
        rest = int(digits) * _PLACES[place] if digits else HANGUL_NUMBERS.get(words or "", 0)
        whole_won = digits and not eok and "만" not in key and key.endswith("원")
        return rest // _EOK if whole_won else int(eok or 0) * _EOK + rest
    english = _ENGLISH.fullmatch(key)
    if english is None:
        return None
    amount = float(english[1])
    return round(amount * 100) if english[2] else int(amount) // _EOK
