"""Verbs that go on to something else, back in the form they have before a noun: "차있고" → "차있는"."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from server.korean import with_ending

# Endings of a verb, longest first, and of 이다 behind a noun.
_OF_VERBS = ("으면서", "으시는", "면서", "으며", "지만", "거나", "든지", "든가", "시는", "고", "며")
_OF_NOUNS = (
    "이면서",
    "이지만",
    "이거나",
    "이든지",
    "이든가",
    "이고",
    "이며",
    "인데",
    "이신",
    "이어서",
)
# The past before an ending, and before a noun: 이혼했거나, 이혼한.
_PAST = {
    "했": "한", "봤": "본", "갔": "간", "왔": "온", "샀": "산", "됐": "된", "탔": "탄", "났": "난", "셨": "신",
    "웠": "운", "졌": "진", "렸": "린", "쳤": "친", "겼": "긴", "켰": "킨", "꿨": "꾼", "썼": "쓴", "땄": "딴",
    "었": "은", "았": "은",
}  # fmt: skip
# The vowel before -어 or -아, which draws it in: 마시어 → 마셔.
_UNCONTRACTED = {"ᅧ": "ᅵ", "ᅯ": "ᅮ", "ᅪ": "ᅩ", "ᅥ": "ᅳ", "ᅢ": "ᅡ", "ᅡ": "ᅡ"}
_NOT_EN = re.compile(r"(?:who)?(?:don'?t|doesn'?t|didn'?t|donot|doesnot|didnot|never)(?=[a-z])")
_NOT = re.compile(r"(?<=.)(?:안|못)(?=[가-힣]{1,5}는$)")
_OR = ("거나", "든지", "든가")
_ANY = (*_OF_VERBS, *_OF_NOUNS, "는데")


@dataclass(frozen=True, slots=True)
class Ended:
    """A modifier as phrases have it, and the ending of choice that stood in its place, if any."""

    modifier: str
    choice: str = ""


def modifiers(word: str) -> Iterator[Ended]:
    """What a word that ends in a linking ending would be before a noun; nothing for other words."""
    if word.endswith("도") and len(word) > 2:
        yield from map(Ended, _conceded(word[:-1]))
    if not word.endswith(_ANY):
        return
    if word.endswith("는데"):
        yield Ended(word[:-1])
        yield from _past(word.removesuffix("는데"), "")
    for ending in _OF_NOUNS:
        if word.endswith(ending):
            yield Ended(f"{word.removesuffix(ending)}인", _choice(ending))
            break
    for ending in _OF_VERBS:
        stem = word.removesuffix(ending)
        if stem and stem != word:
            yield from _past(stem, _choice(ending))
            yield Ended(with_ending(stem, "는"), _choice(ending))
            return


def _past(stem: str, choice: str) -> Iterator[Ended]:
    if len(stem) > 1 and stem[-1] in _PAST:
        yield Ended(stem[:-1] + _PAST[stem[-1]], choice)


def _conceded(word: str) -> Iterator[str]:
    """The modifier of a verb that stands before 도: 마셔 → 마시는, 있어 → 있는, 써 → 쓰는."""
    if word[-1] in "어아":
        yield with_ending(word[:-1], "는")
        return
    jamo = unicodedata.normalize("NFD", word[-1])
    vowel = _UNCONTRACTED.get(jamo[1:])
    if vowel:
        yield f"{word[:-1]}{unicodedata.normalize('NFC', jamo[0] + vowel)}는"


def affirmed(word: str) -> Iterator[str]:
    """What would say yes where the word says no: "수영안하는" → "수영하는", "don'tswim" → "whoswim"."""
    denial = _NOT_EN.match(word)
    if denial:
        yield f"who{word[denial.end() :]}"
    elif word.endswith("지않는") and word != "지않는":
        yield with_ending(word.removesuffix("지않는"), "는")
    elif word.endswith("없는"):
        yield f"{word.removesuffix('없는')}있는"
    elif word.endswith(("이아닌", "가아닌")):
        yield f"{word[:-3]}인"
    else:
        for found in _NOT.finditer(word):
            yield word[: found.start()] + word[found.end() :]


def _choice(ending: str) -> str:
    return ending if ending.endswith(_OR) else ""
