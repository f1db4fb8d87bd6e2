"""Particles and endings of Korean, which change with the sound before them."""

import unicodedata

_FIRST_HANGUL = ord("가")
_SYLLABLES = 11_172
_FINALS = 28
_RIEUL = 8
_RIEUL_JAMO = "ᆯ"
# What a stem in ㄹ ends in before 는, which drops it: 푸는 of 풀다, 만드는 of 만들다.
WITHOUT_RIEUL = tuple("사푸드노모여거떠터미아파느버무")
_OBJECT_BEFORE_VERB = ("을", "를", "은", "는", "도", "만")
# Stems whose last consonant or vowel changes before 아 and 어: 듣다, 돕다, 짓다, 고르다, 푸다.
_IRREGULAR = tuple("듣걷묻싣돕눕굽덥춥맵렵깝겁붓짓낫긋르푸")
_BRIGHT = ("ᅡ", "ᅩ", "ᅣ")
# Where the vowel of the stem and 아 or 어 become one.
_CONTRACTED = {"ᅵ": "ᅧ", "ᅮ": "ᅯ", "ᅩ": "ᅪ", "ᅬ": "ᅫ", "ᅡ": "ᅡ", "ᅥ": "ᅥ", "ᅢ": "ᅢ", "ᅦ": "ᅦ", "ᅧ": "ᅧ"}  # fmt: skip


def particle(word: str, pair: str) -> str:
    """을 of "을를" after a final consonant, 를 after a vowel and letters, read as in OTT."""
    return pair[0] if _final(word) else pair[1]


def toward(word: str) -> str:
    """으로 after a final consonant but ㄹ, else 로."""
    return "으로" if _final(word) not in (0, _RIEUL) else "로"


def has_final(word: str) -> bool:
    """Whether the word ends in a syllable with a final consonant."""
    return _final(word) > 0


def is_open(word: str) -> bool:
    """Whether the word ends in a syllable without a final consonant."""
    return "가" <= word[-1] <= "힣" and not has_final(word)


def verb_stem(modifier: str) -> str | None:
    """The stem of the verb that ends a modifier, its ㄹ put back: "차를 모는" → "차를 몰".

    None where it ends in no verb. 사는 is of 사다 behind an object, else of 살다.
    """
    stem = modifier[:-1]
    if not modifier.endswith("는") or not stem or not "가" <= stem[-1] <= "힣":
        return None
    if not stem.endswith(WITHOUT_RIEUL):
        return stem
    before = stem[:-1].rstrip()
    if stem.endswith("사") and before.endswith(_OBJECT_BEFORE_VERB):
        return stem
    return unicodedata.normalize("NFC", stem + _RIEUL_JAMO)


def with_ending(stem: str, ending: str) -> str:
    """A stem and an ending, 으 between them where 면서, 며 or 시는 need it: 있으면서, 살면서.

    A ㄹ goes before ㄴ and 시: 사는데, 사시는 of 살.
    """
    if ending[0] in "는나네시" and _final(stem) == _RIEUL:
        stem = stem[:-1] + chr(ord(stem[-1]) - _RIEUL)
    joins = ending[0] in "면며시" and _final(stem) not in (0, _RIEUL)
    return f"{stem}{'으' if joins else ''}{ending}"


def in_speech(stem: str) -> str | None:
    """The stem with 아 or 어, before 도, 서 and the like: 하 → 해, 마시 → 마셔, 있 → 있어.

    None where the stem is irregular.
    """
    if stem.endswith("하"):
        return f"{stem[:-1]}해"
    if stem.endswith(_IRREGULAR):
        return None
    jamo = unicodedata.normalize("NFD", stem)
    vowel = jamo[-2] if has_final(stem) else jamo[-1]
    if has_final(stem):
        return stem + ("아" if vowel in _BRIGHT else "어")
    if vowel == "ᅳ":
        before = unicodedata.normalize("NFD", stem[:-1])
        bright = len(stem) > 1 and is_open(stem[:-1]) and before[-1] in _BRIGHT
        return unicodedata.normalize("NFC", jamo[:-1] + ("ᅡ" if bright else "ᅥ"))
    if vowel not in _CONTRACTED:
        return None
    return unicodedata.normalize("NFC", jamo[:-1] + _CONTRACTED[vowel])


def _final(word: str) -> int:
    """The final consonant of the last syllable as Unicode counts them; 0 where there is none."""
    syllable = ord(word[-1]) - _FIRST_HANGUL
    return syllable % _FINALS if 0 <= syllable < _SYLLABLES else 0
