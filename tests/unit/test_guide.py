"""The codebook's guide: every field has words and questions, and the questions ask for the field."""

from collections.abc import Mapping

import pytest

from server.accuracy.gold import read_gold
from server.catalogue import Catalogue, find_catalogue
from server.errors import LANGUAGES, Language
from server.filter import load_catalogue
from server.guide import EXAMPLES_MOST, FieldGuide, make_guide
from server.interpret.lexicon import Lexicon
from server.phrases import Phrases, read_phrases
from tests.strategies import small_catalogue

FOLDER = find_catalogue("welcome").parent


@pytest.fixture(scope="module")
def panel() -> Catalogue:
    return load_catalogue("welcome")


@pytest.fixture(scope="module")
def phrases(panel: Catalogue) -> Phrases:
    return read_phrases(FOLDER, panel)


@pytest.fixture(scope="module", params=LANGUAGES)
def guide(
    request: pytest.FixtureRequest, panel: Catalogue, phrases: Phrases
) -> Mapping[str, FieldGuide]:
    return make_guide(
        panel, phrases, read_gold(FOLDER / "gold.jsonl", panel).questions, request.param
    )


def test_every_field_has_words_and_questions(
    guide: Mapping[str, FieldGuide], panel: Catalogue
) -> None:
    assert set(guide) == set(panel.by_name)
    for name, field in guide.items():
        assert field.names, name
        assert 1 <= len(field.examples) <= EXAMPLES_MOST, name
        assert len(set(field.examples)) == len(field.examples), name
        assert not any("{" in text for text in field.examples), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_made_of_phrases_is_read_word_for_word(
    language: Language, panel: Catalogue, phrases: Phrases
) -> None:
    """Without the model: a click on an example leads to people who gave an answer to its field."""
    lexicon = Lexicon(panel, phrases)
    guide = make_guide(panel, phrases, (), language)
    astray = {
        (name, example)
        for name, field in guide.items()
        for example in field.examples
        if name not in lexicon.read(example).reading.filter.fields
    }
    assert astray == set()


def test_labelled_questions_come_first(panel: Catalogue, phrases: Phrases) -> None:
    gold = read_gold(FOLDER / "gold.jsonl", panel).questions
    guide = make_guide(panel, phrases, gold, "ko")
    assert guide["age"].examples[0] in {q.question for q in gold}


def test_a_panel_without_phrases_is_asked_with_its_own_words() -> None:
    small = small_catalogue()
    guide = make_guide(small, read_phrases(FOLDER.parent / "nowhere", small), (), "ko")
    assert all(field.examples for field in guide.values())
