"""Hints name what the panel knows in a question, and nothing for words that say nothing."""

import pytest

from server.catalogue import find_catalogue
from server.filter import load_catalogue
from server.interpret.hints import Hints
from server.phrases import read_phrases

PANEL = load_catalogue("welcome")
HINTS = Hints(PANEL, read_phrases(find_catalogue("welcome").parent, PANEL))


def hinted(question: str) -> list[str]:
    return [mention.line for mention in HINTS.find(question)]


def test_names_and_ranges_are_given_in_reading_order() -> None:
    assert hinted("아이폰 쓰는 30대 부산 사람") == ["phone_brand=애플", "age=30..39", "region=부산"]


@pytest.mark.parametrize("question", ["Is there anybody in Busan", "people in Busan who is there"])
def test_a_plain_word_that_is_a_name_too_gives_no_hint(question: str) -> None:
    assert hinted(question) == ["region=부산"]


@pytest.mark.parametrize(
    ("question", "hint"),
    [
        ("is it more men than women in Busan", "gender=남성"),
        ("a class project about Busan", "region=부산"),
        ("Good morning, anybody in Busan", "region=부산"),
        ("Minji here, Busan please", "region=부산"),
        ("Busan, over 90 kilos", "region=부산"),
    ],
)
def test_a_word_of_every_day_is_no_name_and_no_age(question: str, hint: str) -> None:
    fields = {line.partition("=")[0] for line in hinted(question)}
    assert hint in hinted(question)
    assert fields <= {"gender", "region"}


def test_a_name_written_as_the_catalogue_writes_it_gives_one() -> None:
    assert hinted("IS 타는 사람") == ["car_model=IS"]
