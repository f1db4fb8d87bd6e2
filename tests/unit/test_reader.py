"""What the reader decides before and around the model."""

import pytest

from server.errors import InvalidQuestion
from server.interpret.reader import check_question, is_readable, language_of


def test_a_question_is_put_on_one_line() -> None:
    assert check_question("  서울\n20대\t남자 \x00 ", 100) == "서울 20대 남자"


@pytest.mark.parametrize("question", ["", "   ", "\n\t", "\x00\x01", "\u200b", "\ud800"])
def test_an_empty_question_is_refused(question: str) -> None:
    with pytest.raises(InvalidQuestion, match="empty"):
        check_question(question, 100)


def test_a_question_may_be_as_long_as_the_setting_says_and_no_longer() -> None:
    assert check_question("가" * 100, 100) == "가" * 100
    with pytest.raises(InvalidQuestion, match="101 characters; at most 100"):
        check_question("가" * 101, 100)


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("서울 남자", "ko"),
        ("men in Seoul", "en"),
        ("아이폰 users", "ko"),
        ("ㅋㅋ", "ko"),
        ("123", "en"),
        ("", "en"),
    ],
)
def test_any_hangul_makes_it_korean(question: str, language: str) -> None:
    assert language_of(question) == language


@pytest.mark.parametrize(
    ("question", "readable"),
    [
        ("서울 남자", True),
        ("men in Seoul", True),
        ("30", True),
        ("서울 男子", False),
        ("서울 남자 男", True),
        ("日本の人", False),
        ("мужчины", False),
        ("!?…", False),
        ("🙂🙂", False),
        ("🙂 서울", True),
    ],
)
def test_what_is_mostly_neither_korean_nor_english_is_not_read(
    question: str, readable: bool
) -> None:
    assert is_readable(question) is readable
