"""What the panel's phrases say for certain corrects what a model wrote."""

import pytest

from server.catalogue import Catalogue, find_catalogue
from server.filter import load_catalogue
from server.interpret.certain import grouped, left_out, unfounded
from server.interpret.lexicon import Lexicon
from server.interpret.written import Line
from server.phrases import read_phrases


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    panel: Catalogue = load_catalogue("welcome")
    return Lexicon(panel, read_phrases(find_catalogue("welcome").parent, panel))


def test_what_a_phrase_says_is_put_back_where_its_words_led_to_nothing(lexicon: Lexicon) -> None:
    question = "호남 거주 농민"
    said = lexicon.read(question)
    missing = left_out(question, said, fields={"region"}, unused=["농민"])
    assert missing == ("job=농업/임업/축산업/광업/수산업",)
    assert left_out(question, said, fields={"region"}, unused=[]) == ()


def test_compared_groups_stand_as_the_phrases_say_them(lexicon: Lexicon) -> None:
    said = lexicon.read("30대 남성과 40대 여성 비교해줘, 아무튼 궁금한 만큼")
    written = ["/age=30..39", "/gender=남성", "region=서울", ">job"]
    kept = [line.text for line in grouped([Line(text, 0.9) for text in written], said)]
    groups = ["/gender=남성", "&age=30..39", "/gender=여성", "&age=40..49"]
    assert kept == ["region=서울", ">job", *groups]


def test_without_groups_in_the_phrases_those_of_the_model_stay(lexicon: Lexicon) -> None:
    written = (Line("/region=서울", 0.9), Line("/gender=남성", 0.9))
    assert grouped(written, lexicon.read("서울 여자")) == written


def test_a_doubtful_condition_needs_a_word_of_its_own() -> None:
    words = [("배달", "음식에"), ("배달",), (), ("혼자",), ()]
    confidences = [0.9, 0.3, 0.3, 0.3, 0.9]
    assert unfounded(words, confidences, below=0.4, always_below=0.2) == {1, 2}


def test_a_condition_that_is_almost_surely_wrong_goes_whatever_its_words() -> None:
    assert unfounded([("집",), ("혼자",)], [0.1, 0.9], below=0.4, always_below=0.2) == {0}
