"""Verbs go on, and groups are said, the way people say them."""

import random

import pytest

from server.training.alternatives import english_clauses, korean_modifiers, korean_names
from server.training.verbs import and_then, or_else, though


def said(make: object, *args: object, **options: object) -> set[str]:
    """Everything that comes out over many draws."""
    assert callable(make)
    return {make(*args, random.Random(seed), **options) for seed in range(80)}


@pytest.mark.parametrize(
    ("modifier", "next_one", "other"),
    [
        ("차 있는", "차 있으면서", "차 있거나"),
        ("스트레스를 푸는", "스트레스를 풀고", "스트레스를 풀든지"),
        ("기혼인", "기혼이면서", "기혼이거나"),
        ("서울에 사는", "서울에 살며", "서울에 살거나"),
    ],
)
def test_a_modifier_goes_on_or_is_one_of_two(modifier: str, next_one: str, other: str) -> None:
    assert next_one in said(and_then, modifier)
    assert other in said(or_else, modifier)


def test_a_modifier_that_ends_in_no_such_verb_stays() -> None:
    assert said(and_then, "졸업한") == {"졸업한"}
    assert said(or_else, "졸업한") == said(though, "졸업한") == {None}


def test_what_is_done_although() -> None:
    assert {"맥주를 마시지만", "맥주를 마셔도", "맥주를 마시는데"} <= said(though, "맥주를 마시는")


def test_groups_are_linked_by_what_fits_the_sound_before() -> None:
    names = said(korean_names, ["주부", "대학생", "서울"])
    assert "주부나 대학생이나 서울" in names
    assert "주부 또는 대학생 또는 서울" in names


def test_groups_before_a_noun_end_in_geona_or_stand_whole() -> None:
    parts = said(korean_modifiers, ["테슬라를 모는", "아이폰을 쓰는"], sizes=[1, 1])
    assert "테슬라를 몰거나 아이폰을 쓰는" in parts
    assert "테슬라를 모는 사람 또는 아이폰을 쓰는" in parts


def test_groups_of_several_conditions_are_held_apart() -> None:
    groups = ["차 있고 서울에 사는", "미혼이면서 아이폰을 쓰는"]
    parts = said(korean_modifiers, groups, sizes=[2, 2])
    assert "차 있고 서울에 살거나, 미혼이면서 아이폰을 쓰는" in parts
    assert all("거나, " in part or "든" in part or " 사람" in part for part in parts)
    assert all(" 사람" in part for part in said(korean_modifiers, groups, sizes=[2, 1]))


def test_two_english_clauses_share_their_who() -> None:
    clauses = said(english_clauses, ["who swim", "who hike"], after_others=False)
    assert {"who swim or hike", "who either swim or hike", "who swim or who hike"} <= clauses
    assert all("who who" not in clause for clause in clauses)


def test_english_alternatives_after_other_conditions_say_where_they_begin() -> None:
    clauses = said(english_clauses, ["who swim", "with a pet"], after_others=True)
    assert clauses and all("either" in clause for clause in clauses)
