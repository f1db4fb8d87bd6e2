"""What the panel's phrases say for certain corrects what a model wrote."""

import pytest

from server.catalogue import Catalogue, find_catalogue
from server.filter import load_catalogue
from server.interpret.certain import corrected, left_out, unfounded
from server.interpret.lexicon import Lexicon
from server.interpret.lines import Line
from server.phrases import read_phrases


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    panel: Catalogue = load_catalogue("welcome")
    return Lexicon(panel, read_phrases(find_catalogue("welcome").parent, panel))


def read(lexicon: Lexicon, question: str, written: list[str]) -> list[str]:
    """What stays of the lines that a model wrote."""
    lines = [Line(text, 0.9) for text in written]
    panel = load_catalogue("welcome")
    return [line.text for line in corrected(question, lines, lexicon.read(question), panel)]


@pytest.mark.parametrize(
    ("question", "written", "kept"),
    [
        ("차는 없고 혼자 사는 판매직", ["-family_size=1명"], ["family_size=1명"]),
        ("혼자 사는 사람 말고 판매직", ["-family_size=1명"], ["-family_size=1명"]),
        ("판매직이 아닌 여성", ["-job=판매직"], ["-job=판매직"]),
        ("people who live alone", ["-family_size=1명"], ["family_size=1명"]),
        ("everyone except those who live alone", ["-family_size=1명"], ["-family_size=1명"]),
        (
            "술 마시고 여행을 즉흥으로 떠나는 사람",
            ["drinking=최근 1년 이내 술을 마시지 않음"],
            ["-drinking=최근 1년 이내 술을 마시지 않음"],
        ),
    ],
)
def test_a_condition_is_negated_only_where_a_word_turns_it(
    lexicon: Lexicon, question: str, written: list[str], kept: list[str]
) -> None:
    assert read(lexicon, question, written) == kept


@pytest.mark.parametrize(
    ("question", "written", "kept"),
    [
        (
            "OTT 보거나 아이폰 쓰는 주부",
            ["/ott_count=이용하지 않는다", "/phone_brand=애플"],
            ["/ott_count=1개|2개|3개|4개 이상", "/phone_brand=애플"],
        ),
        (
            "OTT 안 보거나 아이폰 쓰는 주부",
            ["/ott_count=이용하지 않는다", "/phone_brand=애플"],
            ["/ott_count=이용하지 않는다", "/phone_brand=애플"],
        ),
    ],
)
def test_a_group_does_not_ask_for_what_a_phrase_denies(
    lexicon: Lexicon, question: str, written: list[str], kept: list[str]
) -> None:
    assert read(lexicon, question, written) == kept


def test_a_sign_stays_where_the_other_is_written_too(lexicon: Lexicon) -> None:
    written = ["family_size=1명", "-family_size=1명"]
    assert read(lexicon, "혼자 사는 판매직", written) == written


@pytest.mark.parametrize(
    ("question", "written", "kept"),
    [
        ("서울의 30대 중에 맥주 마시는 사람", ["#30"], []),
        ("서울의 30대 30명", ["#30"], ["#30"]),
        ("30 이하로 보여줘", ["#30"], ["#30"]),
        ("2000년에 태어난 사람", ["#200"], []),
        ("55세 이상 다섯 분만", [], ["#5"]),
    ],
)
def test_the_digits_of_a_range_are_no_count(
    lexicon: Lexicon, question: str, written: list[str], kept: list[str]
) -> None:
    assert read(lexicon, question, written) == kept


@pytest.mark.parametrize(
    ("question", "written", "kept"),
    [
        ("이중 인증을 걸어둔 분 열다섯 명만", ["#50"], ["#15"]),
        ("봉고 있는 분 다섯 분만", ["#50"], ["#5"]),
        ("need 75 folks in Seoul", [], ["#75"]),
        ("렉서스 타는 남성 n=60", [], ["#60"]),
        ("서울 사는 분 80명을 모집합니다", ["#8"], ["#80"]),
        ("친구가 3명 이상인 사람", [], []),
        ("30명씩 50명", ["#50"], ["#50"]),
    ],
)
def test_a_count_stands_as_it_is_said(
    lexicon: Lexicon, question: str, written: list[str], kept: list[str]
) -> None:
    assert read(lexicon, question, written) == kept


def test_what_a_phrase_says_is_no_unknown_phrase(lexicon: Lexicon) -> None:
    question = "호남 거주 농민"
    assert read(lexicon, question, ["region=광주|전북|전남", "?농민"]) == ["region=광주|전북|전남"]
    said = lexicon.read(question)
    missing = left_out(question, said, fields={"region"}, unused=["농민"])
    assert missing == ("job=농업/임업/축산업/광업/수산업",)


def test_what_the_panel_lacks_stays_unknown(lexicon: Lexicon) -> None:
    assert read(lexicon, "비트코인을 하는 여성", ["?비트코인을 하는"]) == ["?비트코인을 하는"]


def test_compared_groups_stand_as_the_phrases_say_them(lexicon: Lexicon) -> None:
    kept = read(
        lexicon,
        "30대 남성과 40대 여성 비교해줘, 아무튼 궁금한 만큼",
        ["/age=30..39", "/gender=남성", "region=서울", ">job"],
    )
    groups = ["/gender=남성", "&age=30..39", "/gender=여성", "&age=40..49"]
    assert kept == ["region=서울", ">job", *groups]


def test_a_doubtful_condition_needs_a_word_of_its_own() -> None:
    words = [("배달", "음식에"), ("배달",), (), ("혼자",), ()]
    confidences = [0.9, 0.3, 0.3, 0.3, 0.9]
    assert unfounded(words, confidences, below=0.4, always_below=0.2) == {1, 2}


def test_a_condition_that_is_almost_surely_wrong_goes_whatever_its_words() -> None:
    assert unfounded([("집",), ("혼자",)], [0.1, 0.9], below=0.4, always_below=0.2) == {0}


@pytest.mark.parametrize(
    ("question", "written", "kept"),
    [
        (
            "테슬라를 타거나 아이폰 쓰는 서울 사람",
            ["region=서울", "car_maker=테슬라", "phone_brand=애플"],
            ["region=서울", "/car_maker=테슬라", "/phone_brand=애플"],
        ),
        ("서울이나 부산 사는 여성", ["region=서울|부산"], ["region=서울|부산"]),
        (
            "테슬라를 타고 아이폰 쓰는 사람",
            ["car_maker=테슬라", "phone_brand=애플"],
            ["car_maker=테슬라", "phone_brand=애플"],
        ),
    ],
)
def test_phrases_of_two_fields_with_or_between_them_are_alternatives(
    lexicon: Lexicon, question: str, written: list[str], kept: list[str]
) -> None:
    assert read(lexicon, question, written) == kept
