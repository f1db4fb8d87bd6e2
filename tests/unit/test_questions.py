"""Generated questions: reproducible, readable back, and of every operator there is."""

import random
import unicodedata
from collections.abc import Iterator
from itertools import islice

import pytest

from server.catalogue import Catalogue, find_catalogue
from server.filter import BY_MAX, Range, Values, load_catalogue, placed_conditions
from server.interpret.prompt import tidy
from server.numerals import ENGLISH_NUMBERS
from server.phrases import read_phrases
from server.spelling import PHRASE_LENGTH_MAX, PHRASES_MAX, read, spell
from server.training.pieces import Pieces
from server.training.questions import Example, generate
from tests.strategies import small_catalogue

WELCOME = load_catalogue("welcome")
COUNT = 1500


def stream(catalogue: Catalogue, seed: int) -> Iterator[Example]:
    phrases = read_phrases(find_catalogue("welcome").parent, catalogue)
    return generate(catalogue, phrases, seed=seed)


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return list(islice(stream(WELCOME, seed=7), COUNT))


def test_the_same_seed_gives_the_same_stream(examples: list[Example]) -> None:
    assert list(islice(stream(WELCOME, seed=7), 100)) == examples[:100]
    assert list(islice(stream(WELCOME, seed=8), 100)) != examples[:100]


def test_every_reading_is_spelled_and_read_back(examples: list[Example]) -> None:
    for example in examples:
        assert read(spell(example.reading), WELCOME) == example.reading, example.question


def test_every_phrase_the_panel_cannot_answer_is_in_its_question(examples: list[Example]) -> None:
    for example in examples:
        phrases = example.reading.unsupported
        assert len(phrases) <= PHRASES_MAX
        for phrase in phrases:
            assert phrase in example.question
            assert 0 < len(phrase) <= PHRASE_LENGTH_MAX
            assert phrase == phrase.strip()


def test_every_question_is_tidy_and_says_something(examples: list[Example]) -> None:
    for example in examples:
        assert example.question == tidy(example.question) != ""
        # "{}" alone is nonsense that people do type; anywhere else it is a slot left unfilled.
        assert "{" not in example.question or "nonsense" in example.tags, example


def test_questions_are_in_the_language_they_say(examples: list[Example]) -> None:
    korean = [e for e in examples if e.language == "ko" and "nonsense" not in e.tags]
    hangul = [e for e in korean if any("HANGUL" in unicodedata.name(c, "") for c in e.question)]
    assert len(hangul) > 0.97 * len(korean)
    english = [e for e in examples if e.language == "en" and "nonsense" not in e.tags]
    assert 0.15 * COUNT < len(english) < 0.3 * COUNT


def test_every_operator_occurs(examples: list[Example]) -> None:
    found: set[tuple[str, str]] = set()
    for example in examples:
        query = example.reading.filter
        for part, _, condition in placed_conditions(query):
            match condition.constraint:
                case Range(min=low, max=high):
                    found.add((part, f"range{'>' if high is None else '<' if low is None else ''}"))
                case Values(values=values, every=every):
                    found.add((part, "all" if every else "any" if len(values) > 1 else "one"))
        found |= {("by", f"{len(query.by)}")} if query.by else set()
        found |= {("limit", "")} if query.limit else set()
        found |= {("unsupported", "")} if example.reading.unsupported else set()
        assert len(query.by) <= BY_MAX
    assert found >= {
        ("where", "one"), ("where", "any"), ("where", "all"),
        ("where", "range"), ("where", "range>"), ("where", "range<"),
        ("not", "one"), ("either", "one"), ("by", "1"), ("by", "2"), ("limit", ""), ("unsupported", ""),
    }  # fmt: skip


def test_nearly_every_field_is_asked_about(examples: list[Example]) -> None:
    asked = {c.field for e in examples for _, _, c in placed_conditions(e.reading.filter)}
    assert len(asked) >= len(WELCOME.fields) - 3


def test_nonsense_asks_for_nothing_and_is_unsupported_as_a_whole(examples: list[Example]) -> None:
    nonsense = [e for e in examples if "nonsense" in e.tags]
    assert nonsense
    for example in nonsense:
        assert not example.reading.filter.restricts
        assert example.question.startswith(example.reading.unsupported)


def test_a_catalogue_without_phrases_gives_questions_too() -> None:
    catalogue = small_catalogue()
    phrases = read_phrases(find_catalogue("welcome").parent / "no-such-folder", catalogue)
    drawn = list(islice(generate(catalogue, phrases, seed=3), 300))
    assert {c.field for e in drawn for _, _, c in placed_conditions(e.reading.filter)} >= {
        "gender", "region", "education", "income", "appliances",
    }  # fmt: skip
    for example in drawn:
        assert read(spell(example.reading), catalogue) == example.reading


def test_an_age_that_is_asked_for_itself_is_no_year_of_birth() -> None:
    asked = WELCOME.field("age").model_copy(
        update={"derived_from": None, "source": WELCOME.field("birth_year").source}
    )
    others = (f for f in WELCOME.fields if f.name not in ("age", "birth_year"))
    catalogue = Catalogue(**{**WELCOME.model_dump(), "fields": (asked, *others)})
    phrases = read_phrases(find_catalogue("welcome").parent, WELCOME)
    rng = random.Random(3)
    drawn = [Pieces(catalogue, phrases).draw_of("age", rng, "ko") for _ in range(500)]
    ranges = [p for p in drawn if p and p.tag.startswith("range")]
    assert {p.tag for p in ranges} >= {"range-decade", "range-decade_early", "range-exact"}
    for piece in ranges:
        assert all(5 < bound < 120 for bound in piece.filter["where"]["age"].values()), piece


def test_a_count_is_said_beside_a_breakdown_too(examples: list[Example]) -> None:
    both = [e for e in examples if e.reading.filter.limit and e.reading.filter.by]
    assert both
    for example in both:
        said = example.question.replace(",", "")
        limit = example.reading.filter.limit
        english = [word for word, number in ENGLISH_NUMBERS.items() if number == limit]
        assert "slip" in example.tags or any(
            word in said for word in (str(limit), "명", "분", *english)
        ), example.question


def test_an_answer_is_not_called_by_words_that_mean_more_answers() -> None:
    pieces = Pieces(WELCOME, read_phrases(find_catalogue("welcome").parent, WELCOME))
    rng = random.Random(3)
    drawn = [pieces.draw_of("traditional_market_freq", rng, "ko") for _ in range(2000)]
    monthly = [p for p in drawn if p and any("한달에 1회 이상" in words for words in p.forms.kw)]
    assert monthly
    for piece in monthly:
        (part,) = piece.filter.values()
        assert "일주일에 1회 이상" in part["traditional_market_freq"], piece


def test_a_place_for_free_text_in_an_official_wording_is_not_said() -> None:
    pieces = Pieces(WELCOME, read_phrases(find_catalogue("welcome").parent, WELCOME))
    rng = random.Random(3)
    with_places = [f.name for f in WELCOME.fields if any("[" in a.label for a in f.answers)]
    assert with_places
    for name in with_places:
        # Few draws name the field beside its answer, and few of those that answer.
        for piece in (pieces.draw_of(name, rng, "ko") for _ in range(3000)):
            assert piece is None or not any("[" in words for words in piece.forms.kw), piece
