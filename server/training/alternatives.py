"""Groups of which one must hold, in words: "테슬라를 타거나 아이폰을 쓰는", "who drive a Tesla or use an
iPhone".
"""

import random
from collections.abc import Sequence

from server.korean import has_final
from server.training.verbs import or_else

_WHO = "who "
# Between two names, "이나" and "나" by the sound before them.
_OR_KO = (" 또는 ", " 또는 ", " 혹은 ", " 아니면 ", "이거나 ", "(이)나 ", "(이)나 ", " or ")
_OR_WHOLE_KO = (" 사람 또는 ", " 사람이나 ", " 또는 ", " 혹은 ", " 아니면 ", " 사람 아니면 ")
_OR_PEOPLE_KO = (" 사람 또는 ", " 사람이나 ", " 사람이거나 ", " 사람 아니면 ", " 사람, 또는 ")
# Now and then people go on: "…이거나 … 둘 중 하나라도 해당하는".
_ANY_OF_KO = (" 중 하나인", " 중 하나라도 해당되는", " 중 하나라도 해당하는", " 둘 중 하나인")


def korean_names(names: Sequence[str], rng: random.Random) -> str:
    """Groups said as names: "테슬라 차주 또는 아이폰 유저"."""
    link = rng.choice(_OR_KO)
    joined = names[0]
    for name in names[1:]:
        particle = "이나 " if has_final(joined) else "나 "
        joined += (particle if link == "(이)나 " else link) + name
    return joined + (rng.choice(_ANY_OF_KO) if rng.random() < 0.1 else "")


def korean_modifiers(parts: Sequence[str], rng: random.Random, *, sizes: Sequence[int]) -> str:
    """Groups that stand before a noun: "테슬라를 타거나 아이폰을 쓰는", "미혼인 사람 또는 자녀 없는".

    `sizes` are how many conditions each has: groups of several are held apart by a noun or a comma,
    and by a noun where only the first has them ("여성이고 차 있거나 미혼인" says something else).
    """
    *firsts, last = parts
    verbs = [or_else(part, rng) for part in firsts]
    are_plain = set(sizes) == {1}
    share = 0.75 if are_plain else 0.5 if sizes[-1] > 1 else 0
    if None not in verbs and rng.random() < share:
        comma = "" if are_plain else ","
        return " ".join([*(f"{(verb or '').removesuffix(',')}{comma}" for verb in verbs), last])
    return rng.choice(_OR_WHOLE_KO if are_plain else _OR_PEOPLE_KO).join(parts)


def english_clauses(parts: Sequence[str], rng: random.Random, *, after_others: bool) -> str:
    """Groups that follow a noun: "either with a pet or in Seoul", "who swim or hike".

    "either" says where they begin, always where other conditions stand before them.
    """
    either = after_others or rng.random() < 0.35
    if all(part.startswith(_WHO) for part in parts) and rng.random() < 0.65:
        bare = " or ".join(part.removeprefix(_WHO) for part in parts)
        return f"{_WHO}{'either ' if either else ''}{bare}"
    link = rng.choice((" or ", " or ", " or ", ", or ", " and/or "))
    return ("either " if either else "") + link.join(parts)
