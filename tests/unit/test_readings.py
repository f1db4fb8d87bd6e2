"""What is left of a reading once its filter was edited."""

import pytest

from server.filter import Filter, parse_filter, placed_conditions
from server.interpret.interpretation import Interpretation, ReadCondition
from server.web.phrasing import mark_question
from server.web.readings import Readings
from tests.strategies import small_catalogue

CATALOGUE = small_catalogue()
WORDS = {"gender": "여성", "region": "서울"}
READ = {"where": {"gender": ["여성"], "region": ["서울"]}}


def reading(question: str = "서울 우울한 여성") -> Interpretation:
    query = parse_filter(READ, CATALOGUE)
    return Interpretation(
        question=question,
        language="ko",
        filter=query,
        conditions=tuple(
            ReadCondition(part, group, condition, 0.9, (WORDS[condition.field],))
            for part, group, condition in placed_conditions(query)
        ),
        unsupported=("우울한",),
        unused=(),
        warnings=(),
        model="m",
        milliseconds=1.0,
        confidence=0.9,
    )


def marked(query: dict[str, object]) -> dict[str, str]:
    readings = Readings()
    readings.remember(reading())
    left = readings.edited("서울 우울한 여성", parse_filter(query, CATALOGUE))
    assert left is not None
    return {s.text: s.mark for s in mark_question(left) if s.mark != "plain"}


@pytest.mark.parametrize(
    ("query", "women", "seoul"),
    [
        (READ, "understood", "understood"),
        ({**READ, "limit": 5, "by": ["age"]}, "understood", "understood"),
        ({"where": {"gender": ["여성"]}}, "understood", "unused"),
        ({"where": {"gender": ["여성"], "region": ["부산"]}}, "understood", "unused"),
        ({"not": {"gender": ["여성"]}, "where": {"region": ["서울"]}}, "unused", "understood"),
        ({}, "unused", "unused"),
    ],
)
def test_words_are_understood_while_their_condition_is_there(
    query: dict[str, object], women: str, seoul: str
) -> None:
    assert marked(query) == {"여성": women, "서울": seoul, "우울한": "unsupported"}


def test_a_question_that_was_not_read_here_has_no_marks() -> None:
    assert Readings().edited("서울 여성", Filter()) is None
    assert Readings().edited(None, Filter()) is None


def test_the_oldest_readings_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.readings.READINGS_MOST", 2)
    readings = Readings()
    for question in ("a", "b", "a", "c"):
        readings.remember(reading(question))
    assert list(readings.by_question) == ["a", "c"]
