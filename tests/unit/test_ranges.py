"""Ranges of numbers are read by their patterns."""

import pytest

from server.catalogue import find_catalogue
from server.filter import load_catalogue
from server.interpret.ranges import Ranges
from server.phrases import read_phrases

CATALOGUE = load_catalogue("welcome")
RANGES = Ranges(CATALOGUE, read_phrases(find_catalogue("welcome").parent, CATALOGUE))


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
        ("50대↑ 미혼", ["age=50.."]),
        ("40대↓", ["age=..49"]),
        ("30대女", ["age=30..39"]),
        ("92~95년생 여자", ["birth_year=1992..1995"]),
        ("1992~1995년생", ["birth_year=1992..1995"]),
        ("2034 여성", ["age=20..34"]),
        ("TV를 보는 2049", ["age=20..49"]),
        ("1985년생", ["birth_year=1985..1985"]),
        ("45+, Busan", ["age=45.."]),
        ("BMW 오너 35~50, 서울", ["age=35..50"]),
        ("women 27–35, Seoul", ["age=27..35"]),
        ("25-34 원주 여성", ["age=25..34"]),
    ],
)
def test_a_range_is_read_as_the_conventions_say(question: str, lines: list[str]) -> None:
    assert [mention.line for mention in RANGES.find(question)] == lines


@pytest.mark.parametrize(
    "question",
    [
        "a household of 5+",
        "3+ streaming services",
        "2-3 of them",
        "more than 2 to 4",
        "over 3 apps",
    ],
)
def test_a_small_number_without_a_unit_is_no_age(question: str) -> None:
    assert RANGES.find(question) == ()


def test_beyond_a_decade_is_not_early_in_it() -> None:
    assert [m.line for m in RANGES.find("40대 초과")] == ["age=40..49"]
    assert [m.line for m in RANGES.find("40대 초와")] == ["age=40..43"]


@pytest.mark.parametrize(
    "question", ["스킨케어에 30-50만원 쓰는", "월 30~50 만원", "30-40명", "10+개", "30-50%"]
)
def test_a_number_of_something_else_is_no_age(question: str) -> None:
    assert RANGES.find(question) == ()
