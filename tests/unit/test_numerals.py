"""Numbers and amounts are read as people write them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.numerals import HANGUL_NUMBERS, counted, native_korean, read_money, sino_korean
from server.training.wording import english_money, korean_money


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("300만원", 300), ("3백만 원", 300), ("삼백만원", 300), ("5천만원", 5000),
        ("1,200만원", 1200), ("1억", 10_000), ("1억 2천만원", 12_000), ("3000000원", 300),
        ("3 million won", 300), ("3.5M KRW", 350), ("3,000,000 won", 300), ("KRW 3 million", 300),
        ("250", 250), ("많이", None), ("5천5백만원", 5500), ("3백50만 원", 350), ("1억5천5백", 15_500),
    ],
)  # fmt: skip
def test_amounts_are_read_in_units_of_ten_thousand_won(text: str, amount: int | None) -> None:
    assert read_money(text) == amount


@given(amount=st.integers(1, 30_000), seed=st.integers(0, 99))
def test_every_korean_spelling_is_read_back(amount: int, seed: int) -> None:
    assert read_money(korean_money(amount, random.Random(seed))) == amount


@given(amount=st.integers(1, 2000), seed=st.integers(0, 99))
def test_every_english_spelling_is_read_back(amount: int, seed: int) -> None:
    assert read_money(english_money(amount, random.Random(seed))) == amount


@given(number=st.integers(1, 9999))
def test_hangul_numbers_are_read_back(number: int) -> None:
    assert HANGUL_NUMBERS[sino_korean(number)] == number
    if number < 100:
        assert HANGUL_NUMBERS[native_korean(number)] == number


@pytest.mark.parametrize(
    ("slot", "text", "number"),
    [
        ("n", "35", 35), ("yy", "85", 1985), ("yy", "03", 2003), ("yb", "1985", 1985),
        ("nh", "서른", 30), ("nc", "하나", 1), ("nw", "Two", 2), ("tens", "thirties", 30),
        ("nw", "many", None), ("nh", "많은", None),
    ],
)  # fmt: skip
def test_what_fills_a_slot_is_a_number(slot: str, text: str, number: int | None) -> None:
    assert counted(slot, text) == number
