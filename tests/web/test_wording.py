"""Every text has its Korean, and the caller's language is found."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from server.catalogue import Kind, PanelField, Source, Text
from server.filter import Condition, Range, Values, load_catalogue, parse_filter
from server.resources import folder
from server.web.phrasing import cell_in_words, condition_in_words, filter_in_words
from server.web.wording import choose_language, load_wordings

WORDINGS = load_wordings(folder("web") / "messages")
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def used() -> Iterator[tuple[str, ...]]:
    """Every message that code and templates say, in its forms."""
    in_code: dict[str, Any] = {"say": None, "say_many": (1, 2)}
    in_templates: dict[str, Any] = {"_": None, "ngettext": (1, 2)}
    python = folder("web").parent / "server" / "web"
    for path in sorted(python.glob("*.py")):
        for _, message, _, _ in extract_from_file("python", path, keywords=in_code):
            yield (message,) if isinstance(message, str) else tuple(message)
    for path in sorted((folder("web") / "templates").glob("*.html")):
        found = extract_from_file("jinja2.ext:babel_extract", path, keywords=in_templates)
        for _, message, _, _ in found:
            yield (message,) if isinstance(message, str) else tuple(message)


def test_every_message_is_translated_and_none_is_left_over() -> None:
    path = folder("web") / "messages" / "ko" / "LC_MESSAGES" / "panelens.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale="ko", abort_invalid=True)
    translated = {}
    for message in catalogue:
        if message.id:
            forms = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            text = message.string if isinstance(message.string, str) else str(message.string)
            translated[forms] = text
            assert text and not message.fuzzy
            assert set(PLACEHOLDER.findall(text)) <= set(PLACEHOLDER.findall(forms[-1]))
    assert set(translated) == set(used())


@pytest.mark.parametrize(
    ("wanted", "accept", "language"),
    [
        ((None, None), "", "ko"),
        ((None, None), "en-US,en;q=0.9", "en"),
        ((None, None), "ja, en;q=0.2, ko;q=0.8", "ko"),
        ((None, None), "ko;q=0, en;q=0.1", "en"),
        ((None, None), ";;;q=,en;q=x", "ko"),
        ((None, "en"), "ko", "en"),
        (("ko", "en"), "en", "ko"),
        (("xx", "en"), "ko", "en"),
    ],
)
def test_the_language_is_the_address_then_the_cookie_then_the_browser(
    wanted: tuple[str | None, ...], accept: str, language: str
) -> None:
    assert choose_language(wanted, accept) == language


@pytest.mark.parametrize(
    ("condition", "korean", "english"),
    [
        (Condition("age", Range(30, 39)), "30–39세", "30–39 years"),
        (Condition("age", Range(60, None)), "60세 이상", "60 years or more"),
        (Condition("age", Range(None, 1)), "1세 이하", "1 year or less"),
        (Condition("children", Range(1, 1)), "1명", "1 child"),
        (Condition("children", Range(1, None)), "1명 이상", "1 child or more"),
        (Condition("children", Range(0, 1)), "0–1명", "0–1 children"),
        (Condition("birth_year", Range(1980, 1980)), "1980년", "1980"),
        (Condition("region", Values(("서울", "경기"))), "서울 · 경기", "Seoul · Gyeonggi"),
    ],
)
def test_conditions_are_said_as_people_say_them(
    condition: Condition, korean: str, english: str
) -> None:
    field = load_catalogue("welcome").field(condition.field)
    assert condition_in_words(condition, field, WORDINGS["ko"]) == korean
    assert condition_in_words(condition, field, WORDINGS["en"]) == english


def test_a_filter_is_said_whole_with_its_alternatives_told_apart() -> None:
    catalogue = load_catalogue("welcome")
    query = parse_filter(
        {
            "where": {"marital_status": ["기혼"]},
            "not": {"smoking": ["일반 담배"]},
            "either": [{"gender": ["여성"], "region": ["서울"]}, {"region": ["부산"]}],
            "by": ["job"],
            "limit": 100,
        },
        catalogue,
    )
    assert filter_in_words(query, catalogue, WORDINGS["ko"]) == (
        "결혼 여부: 기혼; 흡연 경험: 일반 담배 아님;"
        " 성별: 여성 + 지역: 서울 또는 지역: 부산; 직업 기준; 100명 요청"
    )
    assert filter_in_words(query, catalogue, WORDINGS["en"]).endswith(
        "Gender: female + Region: Seoul or Region: Busan; by Job; 100 wanted"
    )
    assert filter_in_words(parse_filter({}, catalogue), catalogue, WORDINGS["en"]) == ""


def test_a_breakdown_by_gender_is_said_in_korean() -> None:
    """직업별 is how people say it, but the label is 성별 already."""
    catalogue = load_catalogue("welcome")
    query = parse_filter({"by": ["gender"]}, catalogue)
    assert filter_in_words(query, catalogue, WORDINGS["ko"]) == "성별 기준"


def test_what_is_known_of_a_person_is_one_child_or_several() -> None:
    field = load_catalogue("welcome").field("children")
    said = [cell_in_words(number, field, WORDINGS["en"]) for number in (0, 1, 2)]
    assert said == ["0 children", "1 child", "2 children"]


def test_all_of_several_answers_is_told_from_any() -> None:
    field = PanelField(
        name="pets",
        kind=Kind.MULTI,
        label=Text(ko="동물", en="Pets"),
        question=Text(ko="?", en="?"),
        source=Source(file="f", code="Q1"),
    )
    both = Condition("pets", Values(("고양이", "개"), every=True))
    assert condition_in_words(both, field, WORDINGS["ko"]) == "고양이 + 개 모두"
    assert condition_in_words(both, field, WORDINGS["en"]) == "all of: 고양이 + 개"


def test_a_rate_that_is_not_whole_is_never_rounded_to_it() -> None:
    assert WORDINGS["en"].whole_percent(0.9999) == "99%"
    assert WORDINGS["en"].whole_percent(1) == "100%"


@pytest.mark.parametrize(
    ("hour", "korean", "english"),
    [(9, "오전 9:05", "9:05\u202fAM"), (21, "오후 9:05", "9:05\u202fPM")],
)
def test_the_halves_of_the_day_have_their_korean_names(
    hour: int, korean: str, english: str
) -> None:
    at = datetime(2026, 3, 14, hour, 5).astimezone()
    assert WORDINGS["ko"].moment(at) == f"26. 3. 14. {korean}"
    assert WORDINGS["en"].moment(at) == f"3/14/26, {english}"
