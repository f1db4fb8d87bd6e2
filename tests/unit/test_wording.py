"""Numbers, amounts and slips are written as people write them."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.numerals import native_korean, sino_korean
from server.training.wording import (
    english_money,
    hangul_number,
    korean_money,
    with_slips,
)

SPELLINGS = 60


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "일"), (10, "십"), (11, "십일"), (20, "이십"), (100, "백"), (105, "백오"),
        (350, "삼백오십"), (1000, "천"), (2010, "이천십"), (9999, "구천구백구십구"),
    ],
)  # fmt: skip
def test_numbers_in_sino_korean(number: int, words: str) -> None:
    assert sino_korean(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "한"),
        (2, "두"),
        (10, "열"),
        (20, "스무"),
        (21, "스물한"),
        (35, "서른다섯"),
        (99, "아흔아홉"),
    ],
)
def test_numbers_as_counted_things_take_them(number: int, words: str) -> None:
    assert native_korean(number) == words


@given(st.integers(1, 9999), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_a_number_in_hangul_has_no_digits(number: int, rng: random.Random) -> None:
    words = hangul_number(number, rng)
    assert words
    assert not re.search(r"[0-9]", words)


def won_in_korean(text: str) -> int:
    """What an amount that people wrote comes to, in 만원."""
    digits = dict(zip("일이삼사오육칠팔구", range(1, 10), strict=True))
    total = 0
    number = 0
    section = 0
    for sign in re.sub(r"[,\s원]", "", text):
        if sign.isdecimal():
            number = number * 10 + int(sign)
        elif sign in digits:
            number = digits[sign]
        elif sign in "십백천":
            section += (number or 1) * {"십": 10, "백": 100, "천": 1000}[sign]
            number = 0
        else:
            total += (section + number) * {"만": 1, "억": 10_000}[sign]
            section = number = 0
    assert not section + number, text
    return total


@pytest.mark.parametrize(
    "amount", [50, 100, 250, 300, 1000, 1200, 3000, 9600, 10_000, 12_000, 12_500]
)
def test_every_spelling_of_an_amount_says_that_amount(amount: int) -> None:
    spellings = {korean_money(amount, random.Random(seed)) for seed in range(SPELLINGS)}
    assert len(spellings) > 2
    assert {won_in_korean(spelling) for spelling in spellings} == {amount}


def test_from_a_hundred_million_on_people_count_in_eok() -> None:
    spellings = {korean_money(12_000, random.Random(seed)) for seed in range(SPELLINGS)}
    assert "1억 2천만원" in spellings
    assert not [s for s in spellings if "12천" in s or "십이천" in s]


@pytest.mark.parametrize("amount", [50, 100, 350, 1000, 12_000])
def test_every_english_spelling_of_an_amount_says_that_amount(amount: int) -> None:
    for seed in range(SPELLINGS):
        spelling = english_money(amount, random.Random(seed)).replace(",", "")
        (number,) = re.findall(r"[0-9.]+", spelling)
        in_millions = re.search(r"million|\d[Mm] ", spelling)
        assert float(number) * (1_000_000 if in_millions else 1) == amount * 10_000, spelling


@given(
    st.text(st.sampled_from("서울경기남자 20대 30명abc가각"), max_size=30),
    st.sampled_from(["ko", "en"]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=100)
def test_slips_leave_digits_alone(text: str, language: str, rng: random.Random) -> None:
    slipped = with_slips(text, rng, language=language)
    assert re.findall(r"[0-9]+", slipped) == re.findall(r"[0-9]+", text)
    assert abs(len(slipped) - len(text)) <= 2


def test_slips_change_a_sentence_now_and_then() -> None:
    sentence = "서울에 사는 삼십대 여성"
    slipped = [with_slips(sentence, random.Random(seed), language="ko") for seed in range(20)]
    assert sum(text != sentence for text in slipped) > 15
    assert [
        with_slips(sentence, random.Random(seed), language="ko") for seed in range(20)
    ] == slipped
