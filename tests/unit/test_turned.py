"""Things said turned into their opposite, and only where that is sure to be what is meant."""

import pytest

from server.phrases import Forms
from server.training.turned import neither, turned


@pytest.mark.parametrize(
    ("modifier", "opposite"),
    [
        ("산에 다니는", ["산에 다니지 않는", "산에 안 다니는"]),
        ("차가 있는", ["차가 없는"]),
        ("요가를 배우고 있는", ["요가를 배우고 있지 않은"]),
        ("수영하는", ["수영하지 않는", "수영 안 하는", "수영을 안 하는"]),
        ("빙수를 좋아하는", ["빙수를 좋아하지 않는", "빙수를 안 좋아하는"]),
        ("스트레스를 푸는", ["스트레스를 안 푸는"]),
        ("용돈을 버는", ["용돈을 안 버는"]),
        ("점수를 주는", ["점수를 주지 않는", "점수를 안 주는"]),
        ("기혼인", ["기혼이 아닌"]),
        ("주부인", ["주부가 아닌"]),
    ],
)
def test_a_korean_modifier_is_turned_at_its_verb(modifier: str, opposite: list[str]) -> None:
    assert list(turned(Forms(mod=(modifier,)), "ko").mod) == opposite


@pytest.mark.parametrize(
    "modifier", ["뛰거나 걷는", "술을 안 마시는", "차가 없는", "밖에 나가지 않는"]
)
def test_two_verbs_and_what_is_turned_already_are_left_alone(modifier: str) -> None:
    assert not turned(Forms(mod=(modifier,)), "ko")


@pytest.mark.parametrize("modifier", ["수박이 최고라는", "같이 가자는", "갤러리에 사진이 쌓인"])
def test_what_only_ends_like_a_verb_or_a_noun_is_not_turned_as_one(modifier: str) -> None:
    assert not turned(Forms(mod=(modifier,)), "ko").mod


def test_a_verb_that_goes_on_is_turned_as_a_whole() -> None:
    assert turned(Forms(mod=("집에 들어가 있는",)), "ko").mod == ("집에 들어가 있지 않은",)


def test_a_korean_name_is_left_out() -> None:
    said = turned(Forms(kw=("서울",)), "ko")
    assert {"서울 제외", "서울 빼고", "서울 말고", "서울 아닌"} <= set(said.kw)
    assert said.mod == ("서울이 아닌",)


@pytest.mark.parametrize(
    ("clause", "opposite"),
    [
        ("who swim", "who do not swim"),
        ("who are retired", "who are not retired"),
        ("who can drive", "who can not drive"),
        ("with a dishwasher", "without a dishwasher"),
        ("who have a pet", "except those who have a pet"),
        ("who run or walk", "except those who run or walk"),
    ],
)
def test_an_english_clause_is_turned_or_excepted_as_a_whole(clause: str, opposite: str) -> None:
    assert opposite in turned(Forms(post=(clause,)), "en").post


@pytest.mark.parametrize("clause", ["who never exercise", "who don't cook", "without a car"])
def test_an_english_clause_that_is_turned_already_is_left_alone(clause: str) -> None:
    assert not turned(Forms(post=(clause,)), "en")


def test_two_things_that_both_are_not_so_are_said_together() -> None:
    swimming = Forms(mod=("수영을 하는",), kw=("수영",))
    hiking = Forms(mod=("산에 다니는",), kw=("등산",))
    said = neither(swimming, hiking, "ko")
    assert "수영 안 하고 산에도 안 다니는" not in said.mod
    assert "수영도 안 하고 산에도 안 다니는" in said.mod
    assert "수영도 등산도 아닌" in said.mod
    assert "수영과 등산 제외" in said.kw
    assert neither(Forms(mod=("안 하는",)), hiking, "ko") == Forms()


def test_an_ending_that_is_no_particle_stays_before_also() -> None:
    children, cars = Forms(mod=("아이 있는",)), Forms(mod=("차가 있는",))
    assert neither(children, cars, "ko").mod == ("아이도 없고 차도 없는",)


def test_two_english_clauses_that_begin_alike_are_joined_by_nor() -> None:
    tv, fridge = Forms(post=("who have a TV",)), Forms(post=("who have a fridge",))
    assert neither(tv, fridge, "en").post == (
        "who have neither a TV nor a fridge",
        "who do not have a TV or a fridge",
    )
    assert neither(tv, Forms(post=("who swim",)), "en") == Forms()
