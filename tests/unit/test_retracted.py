"""What a question takes back is not read, and is shown as a correction."""

import pytest

from server.catalogue import find_catalogue
from server.filter import load_catalogue
from server.interpret.interpretation import ReadAs
from server.interpret.lexicon import Lexicon
from server.interpret.retracted import without_retracted
from server.interpret.slips import Righted
from server.phrases import read_phrases


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    panel = load_catalogue("welcome")
    return Lexicon(panel, read_phrases(find_catalogue("welcome").parent, panel))


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("서울 남자 아니 여자로 100명", "서울 여자로 100명"),
        ("갤럭시 쓰는 40대, 아니 50대 남자", "갤럭시 쓰는 50대 남자"),
        ("20대 여성 100명, 아니다 50명만", "20대 여성 50명만"),
        ("서울... 아 아니, 경기 사는 주부", "경기 사는 주부"),
        ("20대 women in Busan, scratch that, Daegu", "20대 women Daegu"),
        ("Incheon, no wait, Daejeon, 30 women", "Daejeon, 30 women"),
        ("서울, 아니 부산, 아니 대구 사는 남자", "대구 사는 남자"),
    ],
)
def test_the_later_of_two_is_read(lexicon: Lexicon, question: str, read: str) -> None:
    assert without_retracted(Righted(question, question), lexicon).text == read


@pytest.mark.parametrize(
    "question",
    [
        "서울이 아닌 곳에 사는 여자",
        "서울 사는 여자, 아니 30대",
        "아이폰 아니면 갤럭시 쓰는 사람",
        "an air fryer, no robot vacuum",
        "서울 말고 부산 사는 사람",
    ],
)
def test_what_is_not_taken_back_stays(lexicon: Lexicon, question: str) -> None:
    """Another field, a choice and an exclusion take nothing back."""
    righted = Righted(question, question)
    assert without_retracted(righted, lexicon) is righted


def test_what_was_left_out_is_shown_beside_the_slips(lexicon: Lexicon) -> None:
    slip = ReadAs("여셩", "여성")
    righted = Righted(
        "서울, 아니 부산 여성",
        "서울, 아니 부산 여셩",
        (slip,),
        tuple((n, n + 1) for n in range(12)),
    )
    left = without_retracted(righted, lexicon)
    assert left.corrections == (slip, ReadAs("서울, 아니 부산", "부산"))
    assert left.typed(["여성"]) == ("여셩",)


def test_each_row_that_is_taken_back_is_shown_once_in_the_questions_order(
    lexicon: Lexicon,
) -> None:
    question = "서울, 아니 부산, 아니 대구 사는 40대, 아니 50대"
    left = without_retracted(Righted(question, question), lexicon)
    assert left.text == "대구 사는 50대"
    assert [(each.typed, each.read) for each in left.corrections] == [
        ("서울, 아니 부산, 아니 대구 사는", "대구 사는"),
        ("40대, 아니 50대", "50대"),
    ]
