"""Slips of the pen are put right where there is one way to, and nothing else is touched."""

import random
import re
from itertools import islice

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from server.accuracy.gold import read_gold
from server.catalogue import Catalogue, find_catalogue
from server.filter import load_catalogue
from server.interpret.fixed import fixed_phrases
from server.interpret.forms import said_forms
from server.interpret.interpretation import ReadAs
from server.interpret.known import KnownWords, word_key
from server.interpret.prompt import tidy
from server.interpret.reader import language_of
from server.interpret.slips import Slips
from server.interpret.words import WORD
from server.phrases import Phrases, read_phrases
from server.training.questions import generate
from server.training.wording import with_slips

# What a vocabulary beyond the panel's may know.
COMMON = {"online", "friend", "mother"}


def load() -> tuple[Catalogue, Phrases, Slips]:
    panel = load_catalogue("welcome")
    phrases = read_phrases(find_catalogue("welcome").parent, panel)
    return panel, phrases, Slips(panel, phrases, is_common=COMMON.__contains__)


PANEL, PHRASES, SLIPS = load()
SAID = sorted({text for text, _ in fixed_phrases(PANEL, PHRASES)})
OUTSIDE = sorted(
    {
        *(text for forms in (PHRASES.outside.ko, PHRASES.outside.en) for text in said_forms(forms)),
        *PHRASES.outside.ko.by,
        *PHRASES.outside.en.by,
        *PHRASES.outside.nonsense,
    }
)
GOLD = [
    tidy(each.question)
    for each in read_gold(find_catalogue("welcome").with_name("gold.jsonl"), PANEL).questions
]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("여셩", "여성"),
        ("서울 사는 남쟈", "서울 사는 남자"),
        ("아이펀 쓰는 사람", "아이폰 쓰는 사람"),
        ("서울사는30대여자", "서울 사는 30대 여자"),
        ("부산여성", "부산 여성"),
        ("30대기혼 남셩 100명", "30대 기혼 남성 100명"),
        ("술 안마시는 남자", "술 안 마시는 남자"),
        ("여 셩", "여성"),
        ("30세 이 상 여성", "30세 이상 여성"),
        ("2000년 이 후 출생한 여성", "2000년 이후 출생한 여성"),
        ("세종시공 무원", "세종시 공무원"),
        ("걷기 말고 수영하는사람", "걷기 말고 수영하는 사람"),
        ("서울 사는 30데", "서울 사는 30대"),
        ("서울울 여성", "서울 여성"),
        ("maried women", "married women"),
        ("marrried woman", "married woman"),
        ("people who live in Buasn", "people who live in busan"),
        ("women whodrink wine", "women who drink wine"),
    ],
)
def test_a_slip_is_read_as_the_word_that_was_meant(typed: str, read: str) -> None:
    righted = SLIPS.right(typed)
    assert righted.text == read
    assert righted.question == typed


def test_what_was_read_instead_is_said_word_by_word() -> None:
    assert SLIPS.right("서울 사는 여셩, 아이펀쓰는사람, 30대기혼").corrections == (
        ReadAs("여셩", "여성"),
        ReadAs("30대기혼", "30대 기혼"),
    )


@pytest.mark.parametrize(
    "question",
    [
        "여상",  # is it 여성, or a school's name?
        "40대 두 명",  # two words, that stand apart
        "시장 3개월에 한 번 가는 남성",
        "300만 원 미 만",  # nobody lives in 원미구
        "서울 점원",  # a word of its own, one slip from 전원
        "men who shop online",
        "my friend",
        "타깃: 서울",
        "people in their seventies",
        "30대이면서 미혼인 여성",
        "미혼이지만 직장인이라서 여성이어서 서울이라도",
        "서울 여성 2만명, 부산 남성 3천명",
        "bloggers",
        "Seoulites",
        "여자 이백명, 남자 열다섯명만",
        "땀 흘려야 풀리는 30대",
        "mother",
        "ㅁㄴㅇㄹ ㅋㅋㅋ",
        "asdf qwer",
        "30 40 1990",
        "",
    ],
)
def test_what_is_not_clearly_a_slip_stays(question: str) -> None:
    assert SLIPS.right(question).text == question


def test_what_the_panel_does_not_hold_stays_as_it_is() -> None:
    assert [phrase for phrase in OUTSIDE if SLIPS.right(tidy(phrase)).corrections] == []


@pytest.mark.parametrize(
    ("typed", "read", "words"),
    [
        ("서울 사는 여셩", "여성", "여셩"),
        ("서울사는30대여자", "30대 여자", "30대여자"),
        ("여 셩", "여성", "여 셩"),
        ("여셩과 여셩", "서울", "서울"),
    ],
)
def test_words_are_found_again_as_they_were_typed(typed: str, read: str, words: str) -> None:
    assert SLIPS.right(typed).typed([read]) == (words,)


@pytest.mark.parametrize(
    ("typed", "is_sure"),
    [
        ("bakers in Seoul", False),  # no bankers
        ("commuters in Seoul", False),
        ("women whodrink wine", True),
        ("people who live in Buasn", True),  # letters swapped, none changed
        ("maried women", True),
        ("서울 사는 여셩", True),
        ("women in Seoul", True),
    ],
)
def test_no_word_is_surely_another_english_word(typed: str, is_sure: bool) -> None:
    assert SLIPS.right(typed).is_sure == is_sure


questions = st.one_of(
    st.sampled_from(GOLD),
    st.lists(st.sampled_from(SAID), min_size=1, max_size=4).map(" ".join).map(tidy),
)


@settings(deadline=None)
@given(questions, st.randoms(use_true_random=False))
def test_a_question_put_right_stays_as_it_is(question: str, rng: random.Random) -> None:
    slipped = tidy(with_slips(question, rng, language=language_of(question)))
    read = SLIPS.right(slipped).text
    assert SLIPS.right(read).text == read


@settings(deadline=None)
@given(st.lists(st.sampled_from(SAID), min_size=1, max_size=5).map(" ".join).map(tidy))
def test_a_question_of_known_words_is_unchanged(question: str) -> None:
    assert SLIPS.right(question).text == question


@settings(deadline=None)
@given(questions, st.randoms(use_true_random=False))
def test_digits_are_never_changed_and_every_word_was_typed(
    question: str, rng: random.Random
) -> None:
    slipped = tidy(with_slips(question, rng, language=language_of(question)))
    righted = SLIPS.right(slipped)
    assert re.findall(r"\d", righted.text) == re.findall(r"\d", slipped)
    assert all(typed in slipped for typed in righted.typed(WORD.findall(righted.text)))


@settings(deadline=None)
@given(st.text(max_size=60).map(tidy))
@example("²대 여셩")
@example("³대 여셩 ①명")
def test_any_text_can_be_put_right(text: str) -> None:
    righted = SLIPS.right(text)
    assert len(righted.places) in {0, len(righted.text)}
    assert not righted.corrections or righted.text != text


def test_what_people_write_without_a_slip_keeps_its_words() -> None:
    """Blanks apart: "안쓰는" may be read as "안 쓰는". Some have wrong particles, and gold a slip."""
    written = [
        tidy(each.question)
        for each in islice(generate(PANEL, PHRASES, seed=5), 600)
        if "slip" not in each.tags
    ]
    changed = {
        question: read
        for question in (*GOLD, *written)
        if (read := SLIPS.right(question).text).replace(" ", "") != question.replace(" ", "")
    }
    assert len(changed) <= (len(GOLD) + len(written)) // 50, changed


def test_the_verbs_of_phrases_are_known_with_the_endings_that_people_write() -> None:
    known = KnownWords(PANEL, PHRASES)
    for word in (
        "있으며",
        "받으면서",
        "않으면서",
        "찾으시는",
        "쓰면서",
        "살면서",
        "사시는",
        "사거나",
    ):
        assert known.has(word), word
    assert not known.has("있면서") and not known.has("있시는") and not known.has("살시는")


def test_numbers_are_looked_up_alike() -> None:
    assert word_key("1,000명") == word_key("30명") == "0명"
