"""A breakdown that nobody asked for is not shown."""

import pytest

from server.catalogue import find_catalogue
from server.filter import load_catalogue
from server.interpret.asked import Asked
from server.interpret.lexicon import Lexicon
from server.interpret.written import Line
from server.phrases import read_phrases

WELCOME = load_catalogue("welcome")
PHRASES = read_phrases(find_catalogue("welcome").parent, WELCOME)


@pytest.fixture(scope="module")
def asked() -> Asked:
    return Asked(WELCOME, PHRASES)


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(WELCOME, PHRASES)


@pytest.mark.parametrize(
    ("question", "written", "kept"),
    [
        ("서울 사는 사람이 얼마나 있을까요?", [">job"], []),
        ("서울 사는 사람들 직업", [">job"], [">job"]),
        ("서울 사는 사람들은 무슨 일을 해?", [">job"], [">job"]),
        ("how many women live in Busan", [">region"], []),
        ("what do women in Busan drive", [">car_maker"], [">car_maker"]),
        ("30대 여성 지역별로 보여줘", [">region", ">children"], [">region"]),
        ("서울 여성", ["gender=여성", "region=서울"], ["gender=여성", "region=서울"]),
    ],
)
def test_a_breakdown_stays_where_its_field_is_named_or_a_word_asks(
    asked: Asked, lexicon: Lexicon, question: str, written: list[str], kept: list[str]
) -> None:
    lines = [Line(text, 0.9) for text in written]
    said = lexicon.read(question)
    assert [line.text for line in asked.keep(question, lines, said)] == kept
