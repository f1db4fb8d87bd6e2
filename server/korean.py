"""Particles and endings of Korean, which change with the sound before them."""

_FIRST_HANGUL = ord("가")
_SYLLABLES = 11_172
_FINALS = 28
_RIEUL = 8


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


def _final(word: str) -> int:
    """The final consonant of the last syllable as Unicode counts them; 0 where there is none."""
    syllable = ord(word[-1]) - _FIRST_HANGUL
    return syllable % _FINALS if 0 <= syllable < _SYLLABLES else 0
