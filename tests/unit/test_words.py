"""Every word of a question is accounted for: by a condition, as a plain word, or as unused."""

from typing import Any

import pytest

from server.catalogue import find_catalogue
from server.filter import load_catalogue, parse_filter
from server.interpret.names import panel_names
from server.interpret.words import Attribution, Vocabulary, read_plain_words
from server.phrases import read_phrases

CATALOGUE = load_catalogue("welcome")
VOCABULARY = Vocabulary(CATALOGUE, read_phrases(find_catalogue("welcome").parent, CATALOGUE))
NAMES = panel_names(CATALOGUE)


def attribute(question: str, raw: dict[str, Any], *unsupported: str) -> Attribution:
    query = parse_filter(raw, CATALOGUE)
    return VOCABULARY.attribute(question, query, NAMES.find(question), unsupported)


def test_each_word_goes_to_the_condition_it_led_to() -> None:
    raw = {
        "where": {"gender": ["남성"], "age": {"min": 20, "max": 29}, "region": ["서울"]},
        "limit": 100,
    }
    shared = attribute("서울 20대 남자 100명", raw)
    assert shared == Attribution((("남자",), ("20대",), ("서울",)), ())


def test_english_words_too() -> None:
    raw = {"where": {"gender": ["여성"], "region": ["서울"]}, "limit": 30}
    shared = attribute("show me 30 women living in Seoul", raw)
    assert shared == Attribution((("women",), ("Seoul",)), ())


def test_a_word_nothing_accounts_for_is_unused() -> None:
    raw = {"where": {"gender": ["여성"], "region": ["서울"]}}
    assert attribute("서울 왼손잡이 여성", raw).unused == ("왼손잡이",)
    assert attribute("서울 왼손잡이 여성 왼손잡이", raw).unused == ("왼손잡이",)


def test_a_condition_left_out_leaves_its_words_unused() -> None:
    assert attribute("서울 20대 남자", {"where": {"gender": ["남성"]}}).unused == ("서울", "20대")


def test_words_of_an_unsupported_phrase_are_not_unused() -> None:
    shared = attribute("우울한 서울 여성", {"where": {"region": ["서울"]}}, "우울한")
    assert "우울한" not in shared.unused


def test_two_names_of_one_field_are_both_its_words() -> None:
    raw = {"where": {"car_model": ["그랜저", "스포티지"]}}
    shared = attribute("스포티쥐 그렌저", raw)
    assert shared == Attribution((("스포티쥐", "그렌저"),), ())


@pytest.mark.parametrize(
    ("question", "limit"),
    [
        ("여성 1,000명", 1000),
        ("여성 1000 명", 1000),
        ("여성 100명만", 100),
        ("여성 스무명", 20),
        ("여성 백명", 100),
    ],
)
def test_a_count_is_accounted_for_by_the_limit(question: str, limit: int) -> None:
    assert attribute(question, {"where": {"gender": ["여성"]}, "limit": limit}).unused == ()


def test_a_number_that_only_holds_the_limits_digits_is_unused() -> None:
    raw = {"where": {"gender": ["여성"]}, "limit": 1}
    assert attribute("2010년생 여성 1명", raw).unused == ("2010년생",)


def test_another_count_than_the_limit_is_unused() -> None:
    raw = {"where": {"gender": ["여성"]}, "limit": 10}
    assert attribute("유명 여성 50명 10명", raw).unused == ("유명", "50명")


def test_words_of_a_breakdown_are_accounted_for() -> None:
    assert attribute("직업별 분포", {"by": ["job"]}) == Attribution((), ())


def test_everyone_needs_no_word_of_its_own() -> None:
    assert attribute("모든 사람 보여줘", {}).unused == ()
    assert "사람" in read_plain_words()
