"""Numbers and amounts of money as people write them in Korean and English."""

import re

_UNITS = ("", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구")
_NATIVE = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_NATIVE_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_EOK = 10_000

MONEY_KOREAN = (
    r"(?:\d[\d,]*\s*억\s*)?(?:(?:\d\s*천\s*)?(?:\d\s*백\s*)?\d[\d,]*\s*[천백]?|[일이삼사오육칠팔구십백천]+)\s*만(?:\s*원)?"
    r"|\d[\d,]*\s*억(?:\s*원)?"
)
MONEY_ENGLISH = r"(?:KRW\s*)?\d[\d,]*(?:\.\d+)?\s*(?:million|m)?\s*(?:won|KRW)?"
_KOREAN = re.compile(
    r"(?:(\d+)억)?(?:([일이삼사오육칠팔구십백천]+)|(?:(\d+)천)?(?:(\d+)백)?(\d+)?)만?원?"
)
_ENGLISH = re.compile(r"(?:krw)?(\d+(?:\.\d+)?)(million|m)?(?:won|krw)?")


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
# What such a number is written with.
HANGUL_NUMBER = "[한두세네다섯여일곱덟아홉열스무물서른마흔쉰예순든이삼사오육칠팔구십백천]+"

# Decades and small counts as words that stand alone: in their thirties, one child, 아이 하나.
ENGLISH_DECADES = {
    word: 10 * number
    for number, word in enumerate(
        ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties"), start=2
    )
}
ENGLISH_COUNTS = {
    word: number for number, word in enumerate(("one", "two", "three", "four", "five"), start=1)
}
# Round numbers as people say how many they want.
ENGLISH_NUMBERS = {
    "half a dozen": 6, "ten": 10, "a dozen": 12, "twelve": 12, "fifteen": 15, "twenty": 20,
    "two dozen": 24, "twenty-five": 25, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90, "a hundred": 100, "one hundred": 100, "hundred": 100,
    "two hundred": 200, "three hundred": 300, "four hundred": 400, "five hundred": 500,
    "a thousand": 1000, "one thousand": 1000, "two thousand": 2000,
}  # fmt: skip
KOREAN_COUNTS = {
    word: number for number, word in enumerate(("하나", "둘", "셋", "넷", "다섯"), start=1)
}
# 이십 대 people are counted in Sino-Korean only.
KOREAN_DECADES = {sino_korean(number): number for number in range(10, 90, 10)}
# Two ages written in one, as advertisers do: 2049 are 20 to 49. 2030 are decades, 1985 is a year.
_AGES_IN_ONE = {"da": r"(?:1[58]|[2-6]\d)", "db": r"[3-7][1-9]"}
# The slots of phrases that are filled with such words.
COUNTED_SLOTS = {
    "tens": ENGLISH_DECADES,
    "st": KOREAN_DECADES,
    "nw": ENGLISH_COUNTS,
    "nc": KOREAN_COUNTS,
}


def counted(slot: str, text: str) -> int | None:
    """The number a slot was filled with; {yy} is a year by its last two digits, of this century up
    to 29. None where the words are no number.
    """
    if slot in COUNTED_SLOTS:
        return COUNTED_SLOTS[slot].get(text.lower())
    if slot == "nh":
        return HANGUL_NUMBERS.get(text)
    number = int(text)
    if slot not in ("yy", "ya", "yb") or number > 99:
        return number
    return 2000 + number if number < 30 else 1900 + number


def slot_pattern(slot: str) -> str | None:
    """The regular expression of a slot of words, or of certain digits; None for other slots."""
    if slot in COUNTED_SLOTS:
        return "|".join(COUNTED_SLOTS[slot])
    return _AGES_IN_ONE.get(slot)


# What the number of a slot is called where bounds are made of it.
SLOT_NUMBERS = {
    "yy": "n",
    "ya": "a",
    "yb": "b",
    "da": "a",
    "db": "b",
    "nh": "n",
    "tens": "n",
    "st": "n",
    "nw": "n",
    "nc": "n",
}


def read_money(text: str) -> int | None:
    """An amount in units of 10,000 KRW: 3백만원 → 300, 1억 2천만원 → 12000, 3.5 million won → 350.

    A bare number counts as such units, as people say "월급 300"; None when it is no amount.
    """
    key = re.sub(r"[\s,]", "", text).lower()
    korean = _KOREAN.fullmatch(key)
    if korean and key:
        eok, words, *places = korean.groups()
        rest = sum(int(n or 0) * place for n, place in zip(places, (1000, 100, 1), strict=True))
        rest += HANGUL_NUMBERS.get(words or "", 0)
        whole_won = any(places) and not eok and "만" not in key and key.endswith("원")
        return rest // _EOK if whole_won else int(eok or 0) * _EOK + rest
    english = _ENGLISH.fullmatch(key)
    if english is None:
        return None
    amount = float(english[1])
    return round(amount * 100) if english[2] else int(amount) // _EOK
