"""Words around a question ask for nothing; politeness changes endings only."""

import random

import pytest

from server.training.framing import (
    framed_english,
    framed_korean,
    honoured,
    with_aside_english,
    with_aside_korean,
)


@pytest.mark.parametrize("seed", range(30))
def test_the_question_stands_whole_inside_its_frame(seed: int) -> None:
    assert "서울 여성 100명" in framed_korean("서울 여성 100명", random.Random(seed))
    assert "women in Seoul" in framed_english("women in Seoul", random.Random(seed))


@pytest.mark.parametrize("seed", range(30))
def test_an_aside_stands_beside_the_question(seed: int) -> None:
    korean = with_aside_korean("서울 여성 100명", "흡연자 제외", random.Random(seed))
    assert "서울 여성 100명" in korean and "흡연자 제외" in korean
    english = with_aside_english("women in Seoul", "no smokers", random.Random(seed))
    assert english.startswith("women in Seoul") and "no smokers" in english


@pytest.mark.parametrize(
    ("plain", "polite"),
    [
        ("아이폰 쓰는", "아이폰 쓰시는"),
        ("책 읽는", "책 읽으시는"),
        ("차 있는", "차 있으신"),
        ("기혼인", "기혼이신"),
        ("차 없는", "차 없는"),
        ("혼자 산", "혼자 산"),
    ],
)
def test_modifiers_are_said_politely_where_they_can_be(plain: str, polite: str) -> None:
    assert honoured(plain) == polite
