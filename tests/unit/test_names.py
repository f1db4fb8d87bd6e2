"""Names of the catalogue are found in questions as people write them."""

import unicodedata

import pytest

from server.filter import load_catalogue
from server.interpret.names import Names, panel_names
from server.interpret.prompt import build_prompt, tidy
from tests.strategies import small_catalogue

NAMES = panel_names(load_catalogue("welcome"))


def found(question: str, names: Names = NAMES, *, fuzzy: bool = True) -> list[tuple[str, str, str]]:
    """Field, value, and the piece of the question they were found in."""
    return [
        (m.field, m.value, question[m.start : m.end]) for m in names.find(question, fuzzy=fuzzy)
    ]


@pytest.mark.parametrize(
    ("question", "field", "value", "piece"),
    [
        ("강남구", "district", "강남구", "강남구"),
        ("GANGNAM residents", "district", "강남구", "GANGNAM"),
        ("강남 구 사람", "district", "강남구", "강남 구"),
        ("K5 오너", "car_model", "K5", "K5"),
        ("삼성전자 좋아하는", "phone_brand", "삼성전자", "삼성전자"),
    ],
)
def test_a_name_is_found_whatever_its_case_and_spacing(
    question: str, field: str, value: str, piece: str
) -> None:
    assert (field, value, piece) in found(question)


@pytest.mark.parametrize(
    "question",
    [
        "강남구에 사는 사람",
        "강남구에서는",
        "강남구의",
        "강남구 주민",
        "강남구랑 친한",
        "나는 강남구도",
    ],
)
def test_particles_attached_to_a_name_are_no_part_of_it(question: str) -> None:
    assert found(question) == [("district", "강남구", "강남구")]


@pytest.mark.parametrize(
    ("question", "value", "piece"),
    [
        ("F 25-34, Seoul", "여성", "F"),
        ("60+, F", "여성", "F"),
        ("M, Busan", "남성", "M"),
        ("a screener (M) for", "남성", "M"),
        ("30대女", "여성", "女"),
        ("미혼男만", "남성", "男"),
    ],
)
def test_a_code_of_one_letter_and_a_sign_that_is_a_word_are_names(
    question: str, value: str, piece: str
) -> None:
    assert ("gender", value, piece) in found(question)


@pytest.mark.parametrize(
    "question", ["5 M won", "M/F", "F&B industry", "in f minor", "M.D.", "B-M", "iPhone15F", "R&M"]
)
def test_a_letter_that_belongs_to_something_else_is_no_name(question: str) -> None:
    assert not any(field == "gender" for field, _, _ in found(question))


def test_a_letter_that_is_an_english_word_is_no_name() -> None:
    gender = load_catalogue("welcome").by_name["gender"]
    graded = gender.answers[0].model_copy(update={"code": "A"})
    names = Names([gender.model_copy(update={"answers": (graded,)})])
    assert found("A person who knows", names) == []


def test_what_is_not_done_is_no_part_of_a_name() -> None:
    assert found("건조기 아직 안 산 사람", fuzzy=False) == [("appliances", "건조기", "건조기")]
    assert ("district", "안산시", "안산") in found("안산 사람")


def test_a_noun_that_attaches_to_a_name_is_no_part_of_it() -> None:
    assert [value for _, value, _ in found("강남구민들")] == ["강남구"]


@pytest.mark.parametrize(
    ("question", "value"),
    [("소나타 타는", "쏘나타"), ("벤츠 e클래스", "E-Class"), ("산타페를", "싼타페")],
)
def test_an_alias_stands_for_its_answer(question: str, value: str) -> None:
    assert value in [value for _, value, _ in found(question)]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("펠리세이드 타는 사람", "팰리세이드"),
        ("그렌저", "그랜저"),
        ("팰리세히드 오너", "팰리세이드"),
    ],
)
def test_a_misspelt_long_name_is_recognised(question: str, value: str) -> None:
    assert value in [value for _, value, _ in found(question)]


def test_misspellings_are_only_taken_when_asked_for() -> None:
    assert found("팰리세히드", fuzzy=True) != []
    assert found("팰리세히드", fuzzy=False) == []


@pytest.mark.parametrize(
    "question",
    ["모닝콜", "중구난방", "K55", "gangnamstyle", "레이디", "강남구강남구", "300만 원 미만인 사람"],
)
def test_a_name_inside_another_word_is_no_mention(question: str) -> None:
    assert found(question) == []


def test_the_longest_name_wins() -> None:
    assert found("갤럭시 Z 플립 쓰는 사람")[0][1:] == ("갤럭시 Z Filp 시리즈", "갤럭시 Z 플립")
    assert [value for _, value, _ in found("BMW 3시리즈")] == ["3-Series"]


def test_names_come_in_reading_order_each_in_its_place() -> None:
    assert [piece for _, _, piece in found("서초구와 강남구")] == ["서초구", "강남구"]


def test_the_name_of_another_answer_is_no_misspelling() -> None:
    """Every answer's name is known, so it is what it says, however like a long name it looks."""
    catalogue = load_catalogue("welcome")
    for field in catalogue.fields:
        if field.is_long:
            continue
        for answer in field.listed:
            for _, value, piece in found(answer.value):
                if piece == answer.value:
                    exact = found(answer.value, fuzzy=False)
                    assert value in [value for _, value, _ in exact], (field.name, answer.value)


def test_short_words_and_numbers_are_never_misspellings() -> None:
    assert found("12 345 ab 가나") == []


def test_a_panel_without_long_lists_has_names_too() -> None:
    names = panel_names(small_catalogue())
    assert found("서울에 사는 남성", names) == [
        ("region", "서울", "서울"),
        ("gender", "남성", "남성"),
    ]
    assert found("", names) == []


def test_a_name_survives_decomposed_hangul_and_wide_letters() -> None:
    assert found(tidy(unicodedata.normalize("NFD", "강남구"))) == found("강남구")
    assert found("Ｋ５ 오너")[0][:2] == ("car_model", "K5")


def test_the_prompt_hands_each_name_to_the_model_once() -> None:
    question = "강남구 사람과 강남구 직장"
    hints = [h for h in build_prompt(question, NAMES.find(question)).split("\n") if h[:1] == "@"]
    assert len(hints) == len(set(hints))
    assert [h for h in hints if "강남구" in h] == ["@district=강남구"]


def test_the_prompt_is_one_line_of_question_then_hints_then_the_mark() -> None:
    assert build_prompt(" 서울\n\t 사람 \u200b\ud800 ", ()) == "서울 사람\n=\n"


def test_of_equally_near_names_the_same_is_taken_in_every_process() -> None:
    """Sets of texts are ordered anew in each process."""
    spelled_out = panel_names(load_catalogue("welcome"))._spelled_out
    assert list(spelled_out) == sorted(spelled_out)
