"""Particles follow the sound before them."""

import pytest

from server.korean import particle, toward


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
