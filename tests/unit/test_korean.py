"""Particles follow the sound before them."""

import pytest

from server.korean import in_speech, particle, toward, verb_stem, with_ending


@pytest.mark.parametrize(
    ("word", "said"), [("술", "술을"), ("차", "차를"), ("OTT", "OTT를"), ("3", "3를")]
)
def test_an_object_takes_the_particle_that_fits(word: str, said: str) -> None:
    assert word + particle(word, "을를") == said


@pytest.mark.parametrize(
    ("word", "said"),
    [("직업", "직업으로"), ("나이", "나이로"), ("서울", "서울로"), ("OTT", "OTT로")],
)
def test_a_final_rieul_counts_as_a_vowel_before_ro(word: str, said: str) -> None:
    assert word + toward(word) == said


@pytest.mark.parametrize(
    ("modifier", "stem"),
    [
        ("차 있는", "차 있"),
        ("스트레스를 푸는", "스트레스를 풀"),
        ("쏘렌토를 모는", "쏘렌토를 몰"),
        ("서울에 사는", "서울에 살"),
        ("앱에 오래 머무는", "앱에 오래 머물"),
        ("우산을 사는", "우산을 사"),
        ("요리를 배우는", "요리를 배우"),
        ("기혼인", None),
        ("는", None),
    ],
)
def test_a_verb_before_a_noun_has_a_stem_that_may_end_in_rieul(
    modifier: str, stem: str | None
) -> None:
    assert verb_stem(modifier) == stem


@pytest.mark.parametrize(
    ("stem", "ending", "said"),
    [
        ("있", "면서", "있으면서"),
        ("살", "면서", "살면서"),
        ("쓰", "며", "쓰며"),
        ("있", "거나", "있거나"),
        ("먹", "시는", "먹으시는"),
        ("살", "시는", "사시는"),
        ("살", "는데", "사는데"),
        ("살", "고", "살고"),
    ],
)
def test_an_ending_takes_eu_behind_a_final_consonant_and_no_rieul_before_nieun(
    stem: str, ending: str, said: str
) -> None:
    assert with_ending(stem, ending) == said


@pytest.mark.parametrize(
    ("stem", "said"),
    [
        ("수영하", "수영해"),
        ("마시", "마셔"),
        ("쓰", "써"),
        ("모으", "모아"),
        ("있", "있어"),
        ("받", "받아"),
        ("타", "타"),
        ("보", "봐"),
        ("배우", "배워"),
        ("보내", "보내"),
        ("듣", None),
        ("고르", None),
    ],
)
def test_a_stem_as_it_is_spoken(stem: str, said: str | None) -> None:
    assert in_speech(stem) == said
