"""What the model will probably write next is guessed from the lexicon's lines and forced text."""

import pytest

from server.catalogue import Catalogue
from server.filter import load_catalogue
from server.interpret.expected import Expected, Forced

LINES = ["gender=여성", "region=서울|경기", "-smoking=일반 담배", ">job", ">age", "#30"]


@pytest.fixture(scope="module")
def panel() -> Catalogue:
    return load_catalogue("welcome")


@pytest.fixture(scope="module")
def expected(panel: Catalogue) -> Expected:
    return Expected("서울 우울한 사람 1,500명, 소득 700 이상", LINES, Forced(panel))


@pytest.mark.parametrize(
    ("written", "guess"),
    [
        ("", "".join(f"{line}\n" for line in LINES)),
        ("gender=여", "성\n"),
        ("gender=여성\n", "region=서울|경기\n"),
        ("gender=여성\nage=30..39\n", "region=서울|경기\n"),
        ("region=부산\n", "-smoking=일반 담배\n"),
        ("-smoking=일반 담배\n>job\n", ">age\n"),
        (">job\n>age\n", "#30\n"),
        ("#50\n", ""),
        ("#30\n", ""),
        ("?우울", "한"),
        ("?우울한", " 사람"),
        ("?행복", ""),
        ("#15", "00\n"),
        ("#9", ""),
        ("personal_income=7", "00.."),
        ("personal_income=..7", "00\n"),
        ("personal_income=700..", "\n"),
        ("personal_income=", ""),
    ],
)
def test_the_lines_ahead_follow_what_is_written(
    expected: Expected, written: str, guess: str
) -> None:
    assert expected(written) == guess


def test_the_rest_of_a_name_or_value_is_forced_once_it_is_unique(panel: Catalogue) -> None:
    forced = Forced(panel)
    for field in panel.fields:
        others = [f.name for f in panel.fields if f.name != field.name]
        for length in range(1, len(field.name) + 1):
            begun = field.name[:length]
            rest = forced.after(begun)
            assert all(not o.startswith(begun + rest) for o in others) or not rest.endswith("=")
            assert (
                (field.name + "=").startswith(begun + rest)
                or any((o + "=").startswith(begun + rest) for o in others)
                or begun + rest == f"{field.name}*="
            )


def test_nothing_is_forced_where_there_is_a_choice_or_no_way(panel: Catalogue) -> None:
    forced = Forced(panel)
    assert forced.after("zzz") == ""
    assert forced.after("region=") == ""
    assert forced.after("region=뷁") == ""
    assert forced.after("#1") == forced.after("?서") == ""


def test_a_value_that_no_other_continues_is_taken_for_the_last(panel: Catalogue) -> None:
    forced = Forced(panel)
    assert forced.after("region=서") == "울\n"
    assert forced.after("region=서울") == "\n"
    assert forced.after("-region=부산|서") == "울\n"
    assert forced.after("region=뷁|서") == "울\n"
