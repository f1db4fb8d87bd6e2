"""Numbers, particles and slips of the pen, as people write them."""

import random
import re
import unicodedata

from server.errors import Language
from server.korean import has_final, particle, toward
from server.numerals import native_korean, sino_korean
from server.phrases import Forms

_NATIVE_MAX = 99
_EOK = 10_000
_LAST_HANGUL = 0xD7A3
_FIRST_HANGUL = 0xAC00


def hangul_number(number: int, rng: random.Random) -> str:
    """A number in Hangul: native up to 99, else Sino-Korean."""
    return (
        native_korean(number)
        if number <= _NATIVE_MAX and rng.random() < 0.7
        else sino_korean(number)
    )


def korean_money(tens_of_thousands: int, rng: random.Random) -> str:
    """An amount in 만원 as people write it: 300만원, 3백만 원, 삼백만원, 월 300."""
    amount = tens_of_thousands
    if amount >= _EOK:
        return _eok(amount, rng)
    spellings = [f"{amount}만원"] * 6 + [f"{amount}만 원", f"{amount}만원", f"{amount}만"]
    if amount % 100 == 0 and amount < 1000:
        spellings += [f"{amount // 100}백만원", f"{sino_korean(amount)}만원"]
    if amount % 1000 == 0:
        spellings += [
            f"{amount // 1000}천만원",
            f"{sino_korean(amount // 1000)}천만원".replace("일천", "천"),
        ]
    if amount >= 1000:
        spellings += [f"{amount:,}만원"]
    return rng.choice(spellings)


def _eok(amount: int, rng: random.Random) -> str:
    """From 10,000만원 on people count in 억: 1억원, 1억 2천만원."""
    eok, rest = divmod(amount, _EOK)
    if not rest:
        return rng.choice((f"{eok}억원", f"{eok}억 원", f"{eok}억", f"{amount:,}만원"))
    tail = f"{rest // 1000}천" if rest % 1000 == 0 else str(rest)
    return rng.choice((f"{eok}억 {tail}만원", f"{eok}억{tail}만원", f"{amount:,}만원"))


# "무슨 운동을 하나요?" → "무슨 운동을 하는지": the ending of a question inside another sentence.
_INDIRECT = (
    (re.compile(r"(?:뭐야|뭔가요|무엇인가요)$"), "뭔지"),
    (re.compile(r"인가요?$"), "인지"),
    (re.compile(r"나요?$"), "는지"),
)


def asked_for(question: str, rng: random.Random) -> str:
    """A question as it stands, or as what somebody wants to be told: "…하는지 보여줘"."""
    plain = question.rstrip("?")
    for ending, indirect in _INDIRECT:
        if ending.search(plain) and rng.random() < 0.5:
            wish = rng.choice(
                (" 알려줘", " 보여줘", " 궁금해", " 궁금합니다", " 비교해줘", "", " 조사")
            )
            return ending.sub(indirect, plain) + wish
    return question if rng.random() < 0.7 else plain


def labelled(name: str, value: str, language: Language) -> Forms:
    """A field's name beside an answer: "직업: 사무직", "직업이 사무직인", "whose job is …"."""
    pairs = (f"{name}: {value}", f"{name} {value}", f"{name}={value}")
    if language == "en":
        post = (
            f"whose {name} is {value}",
            f"who said {value} for {name}",
            f"who chose {value} for {name}",
        )
        return Forms(post=(*post, f"({name}: {value})"), kw=pairs)
    subject, chosen = particle(name, "이가"), particle(value, "을를")
    answered = f"{value}{'이라' if has_final(value) else '라'}고"
    mod = (
        f"{name}{subject} {value}인",
        f"{name}{particle(name, '은는')} {value}인",
        f"{name}{toward(name)} {value}{chosen} 고른",
        f"{name}{toward(name)} {value}{chosen} 꼽은",
        f"{name}에 {answered} 답한",
        f"{name}{particle(name, '을를')} {answered} 한",
    )
    return Forms(mod=mod, kw=(*pairs, f"{name}{particle(name, '은는')} {value}"))


def english_money(tens_of_thousands: int, rng: random.Random) -> str:
    """An amount in 10,000 KRW in English: 3 million won, 3M KRW, 3,000,000 won."""
    millions = tens_of_thousands / 100
    short = f"{millions:g}"
    return rng.choice(
        [f"{short} million won"] * 3
        + [
            f"{short}M KRW",
            f"{short}m won",
            f"{tens_of_thousands * 10_000:,} won",
            f"KRW {short} million",
        ]
    )


def with_slips(text: str, rng: random.Random, *, language: str) -> str:
    """The text with one or two typing or spacing errors; digits are left alone."""
    for _ in range(rng.choice((1, 1, 1, 2))):
        slip = rng.choice(_KOREAN_SLIPS if language == "ko" else _ENGLISH_SLIPS)
        text = slip(text, rng)
    return text


def _drop_space(text: str, rng: random.Random) -> str:
    spaces = [i for i, c in enumerate(text) if c == " " and not text[i - 1 : i].isdigit()]
    if not spaces:
        return text
    place = rng.choice(spaces)
    return text[:place] + text[place + 1 :]


def _add_space(text: str, rng: random.Random) -> str:
    places = [i for i in range(1, len(text)) if text[i].isalpha() and text[i - 1].isalpha()]
    if not places:
        return text
    place = rng.choice(places)
    return f"{text[:place]} {text[place:]}"


def _swap_letters(text: str, rng: random.Random) -> str:
    places = [i for i in range(1, len(text) - 1) if text[i].isalpha() and text[i + 1].isalpha()]
    if not places:
        return text
    i = rng.choice(places)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def _drop_letter(text: str, rng: random.Random) -> str:
    places = [i for i in range(1, len(text)) if text[i].isalpha() and not _joins(text, i)]
    if not places:
        return text
    i = rng.choice(places)
    return text[:i] + text[i + 1 :]


def _joins(text: str, place: int) -> bool:
    """Whether two numbers would become one without the letter at `place`."""
    return text[place - 1].isdigit() and text[place + 1 : place + 2].isdigit()


# Vowels and finals that are neighbours in sound or on the keyboard, as jamo of decomposed syllables.
_SOUNDS = [
    ("ᅢ", "ᅦ"),
    ("ᅥ", "ᅡ"),
    ("ᅩ", "ᅮ"),
    ("ᅬ", "ᅫ"),
    ("ᅧ", "ᅣ"),
    ("ᅵ", "ᅡ"),
    ("ᄌ", "ᄍ"),
    ("ᄀ", "ᄁ"),
    ("ᄃ", "ᄄ"),
    ("ᄉ", "ᄊ"),
    ("ᆫ", "ᆼ"),
    ("ᆻ", "ᆺ"),
    ("ᆨ", "ᆩ"),
    ("ᆷ", "ᆫ"),
]
_NEIGHBOURS = {one: other for pair in _SOUNDS for one, other in (pair, pair[::-1])}


def _change_jamo(text: str, rng: random.Random) -> str:
    places = [i for i, c in enumerate(text) if _FIRST_HANGUL <= ord(c) <= _LAST_HANGUL]
    rng.shuffle(places)
    for i in places[:6]:
        jamo = list(unicodedata.normalize("NFD", text[i]))
        options = [k for k, j in enumerate(jamo) if j in _NEIGHBOURS]
        if options:
            k = rng.choice(options)
            jamo[k] = _NEIGHBOURS[jamo[k]]
            return text[:i] + unicodedata.normalize("NFC", "".join(jamo)) + text[i + 1 :]
    return text


_KOREAN_SLIPS = (_drop_space, _drop_space, _add_space, _change_jamo, _change_jamo)
_ENGLISH_SLIPS = (_swap_letters, _drop_letter, _drop_space)
