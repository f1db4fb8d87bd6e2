"""Ranges of numbers are read by their patterns, and groups keep their sign."""

import pytest

from server.catalogue import find_catalogue
from server.filter import load_catalogue
from server.interpret.lines import Line
from server.interpret.names import Mention, Named, panel_names
from server.interpret.ranges import Ranges
from server.interpret.signs import Signs
from server.phrases import read_phrases

CATALOGUE = load_catalogue("welcome")
RANGES = Ranges(CATALOGUE, read_phrases(find_catalogue("welcome").parent, CATALOGUE))
NAMES = panel_names(CATALOGUE)
SIGNS = Signs(CATALOGUE)


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("서울 20대 남자 100명", ["age=20..29"]),
        ("경기 30~40대 남자", ["age=30..49"]),
        ("30대 초반 여성", ["age=30..33"]),
        ("40대 이상 흡연자", ["age=40.."]),
        ("65세 미만", ["age=..64"]),
        ("1980년생이고 20대", ["birth_year=1980..1980", "age=20..29"]),
        ("85년생", ["birth_year=1985..1985"]),
        ("women in their 30s", ["age=30..39"]),
        ("Netflix viewers under 35", ["age=..34"]),
        ("월급 500만원 이상", []),
        ("아이폰 15 쓰는 사람", []),
        ("우울한20대", ["age=20..29"]),
        ("A20대", []),
        ("in their late 20s", ["age=27..29"]),
    ],
)
def test_a_range_is_read_as_the_conventions_say(question: str, lines: list[str]) -> None:
    assert [mention.named.line for mention in RANGES.find(question)] == lines


def test_the_one_range_that_was_said_wins_over_the_range_that_was_written() -> None:
    mentions = RANGES.find("서울 30대 여성")
    kept = RANGES.keep([Line("age=30..33", 0.5), Line("region=서울", 0.9)], mentions)
    assert [line.text for line in kept] == ["age=30..39", "region=서울"]


def test_two_ranges_of_one_field_are_left_to_the_model() -> None:
    mentions = RANGES.find("30대 남성과 40대 여성 비교")
    written = [Line("/age=30..39", 0.9), Line("/age=40..49", 0.9)]
    assert RANGES.keep(written, mentions) == tuple(written)


def test_a_breakdown_by_the_field_is_no_range() -> None:
    mentions = RANGES.find("30대 연령대별")
    assert [line.text for line in RANGES.keep([Line(">age", 0.9)], mentions)] == [">age"]


@pytest.mark.parametrize(
    ("question", "written", "kept"),
    [
        ("경기 흡연자", "smoking=담배를 피워본 적이 없다", "-smoking=담배를 피워본 적이 없다"),
        ("경기 비흡연자", "-smoking=담배를 피워본 적이 없다", "smoking=담배를 피워본 적이 없다"),
        ("수도권이 아닌 곳", "-region=서울|경기|인천", "-region=서울|경기|인천"),
        ("아이폰 안 쓰는", "-phone_brand=애플", "-phone_brand=애플"),
    ],
)
def test_a_group_keeps_its_sign_unless_it_is_denied(question: str, written: str, kept: str) -> None:
    lines = SIGNS.keep([Line(written, 0.6)], question, NAMES.find(question))
    assert [line.text for line in lines] == [kept]


def test_a_sign_is_not_turned_onto_a_field_that_is_taken() -> None:
    mention = Mention(Named("smoking", "담배를 피워본 적이 없다", "-"), 0, 3)
    lines = [Line("smoking=담배를 피워본 적이 없다", 0.6), Line("-smoking=일반 담배", 0.6)]
    assert SIGNS.keep(lines, "흡연자", [mention]) == tuple(lines)
