"""The grammar is the authority: llama.cpp accepts exactly the spellings of a panel's filters."""

import random
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.bench.readers import ended
from server.catalogue import Catalogue, check_catalogue
from server.errors import BrokenGrammar, InvalidFilter
from server.filter import GROUPS_MAX, Filter, Values, load_catalogue, placed_conditions
from server.grammar import build_grammar
from server.spelling import PHRASE_LENGTH_MAX, PHRASES_MAX, Reading, read, spell
from tests.grammars.acceptor import Grammar, Tokens
from tests.grammars.table import ACCEPTED, REJECTED
from tests.strategies import filters, small_catalogue

SMALL = small_catalogue()
WELCOME = load_catalogue("welcome")
WALKS = 30
ODD_VALUES = (
    '"',
    "\\",
    "\\n",
    "$fields",
    "[^a]",
    "a..b",
    "#1",
    ">",
    "=",
    "*",
    "{0,3}",
    "🙂",
    "가 나",
)


def readings(catalogue: Catalogue) -> st.SearchStrategy[Reading]:
    """Any filter, with phrases as a question may hold them; texts and phrases begin with ink."""
    rest = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=PHRASE_LENGTH_MAX - 1)
    first = st.characters(exclude_categories=["Cs"]).filter(_is_ink)
    phrases = st.lists(st.builds(str.__add__, first, rest), max_size=PHRASES_MAX)
    return st.builds(Reading, filters(catalogue).filter(_begins_with_ink), phrases.map(tuple))


def _is_ink(sign: str) -> bool:
    """Whether a text may begin with the sign: it shows, and it is not the separator."""
    category = unicodedata.category(sign)
    return category not in ("Cc", "Zs", "Zl", "Zp") and sign != "|"


def _begins_with_ink(query: Filter) -> bool:
    constraints = [condition.constraint for _, _, condition in placed_conditions(query)]
    return all(_is_ink(v[0]) for c in constraints if isinstance(c, Values) for v in c.values)


@pytest.mark.parametrize("text", [text for _, text in ACCEPTED], ids=[why for why, _ in ACCEPTED])
def test_accepted(small_grammar: Grammar, text: str) -> None:
    assert small_grammar.accepts(text)
    read(text, SMALL)


@pytest.mark.parametrize("text", [text for _, text in REJECTED], ids=[why for why, _ in REJECTED])
def test_rejected(small_grammar: Grammar, text: str) -> None:
    assert not small_grammar.accepts(text)


@given(readings(SMALL))
@settings(max_examples=100, deadline=None)
def test_every_filter_of_a_small_panel_can_be_written(
    small_grammar: Grammar, reading: Reading
) -> None:
    assert small_grammar.accepts(spell(reading))


@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of the whole catalogue
@given(readings(WELCOME))
@settings(max_examples=60, deadline=None)
def test_every_filter_of_the_welcome_panel_can_be_written(
    welcome_grammar: Grammar, reading: Reading
) -> None:
    assert welcome_grammar.accepts(spell(reading))


@pytest.mark.parametrize("seed", range(WALKS))
def test_whatever_the_small_grammar_lets_through_is_a_filter(
    small_grammar: Grammar, seed: int
) -> None:
    reads_and_spells_again(small_grammar.walk(random.Random(seed)), SMALL)


@pytest.mark.parametrize("seed", range(WALKS // 2))
def test_whatever_the_welcome_grammar_lets_through_is_a_filter(
    welcome_grammar: Grammar, seed: int
) -> None:
    reads_and_spells_again(welcome_grammar.walk(random.Random(seed)), WELCOME)


def reads_and_spells_again(text: str, catalogue: Catalogue) -> None:
    reading = read(text, catalogue)
    assert read(spell(reading), catalogue) == reading


@given(readings(SMALL), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_a_changed_spelling_that_is_still_accepted_is_a_filter(
    small_grammar: Grammar, reading: Reading, rng: random.Random
) -> None:
    text = changed(spell(reading), rng)
    if small_grammar.accepts(text):
        reads_and_spells_again(text, SMALL)
    else:
        refused_or_out_of_form(text)


def changed(text: str, rng: random.Random) -> str:
    """A line dropped, doubled or moved, or one character changed."""
    lines = text.splitlines(keepends=True)
    match rng.randrange(4):
        case 0 if lines:
            lines.pop(rng.randrange(len(lines)))
        case 1 if lines:
            lines.insert(rng.randrange(len(lines)), rng.choice(lines))
        case 2:
            rng.shuffle(lines)
        case _ if text:
            place = rng.randrange(len(text))
            return text[:place] + rng.choice("0159.|=*-/&>#?\n 가a") + text[place + 1 :]
    return "".join(lines)


def refused_or_out_of_form(text: str) -> None:
    """The reader is no stricter than the grammar, but may forgive order, length and repetition."""
    try:
        read(text, SMALL)
    except InvalidFilter as refused:
        assert refused.detail


@pytest.mark.parametrize("text", ["?¡\n", "?₿\n", "district=せたがや\n"])
def test_a_text_may_begin_with_a_sign_that_is_written_in_bytes(
    small_grammar: Grammar, text: str
) -> None:
    assert small_grammar.accepts(text)


def test_the_grammar_of_the_few_shot_peer_ends_in_a_blank_line(tokens: Tokens) -> None:
    with tokens.grammar(ended(build_grammar(SMALL))) as grammar:
        assert grammar.accepts("gender=남성\n\n")
        assert grammar.accepts("\n")
        assert not grammar.accepts("gender=남성\n")


def test_the_table_has_every_limit_of_the_filter(small_grammar: Grammar) -> None:
    assert small_grammar.accepts("/age=1..\n" * GROUPS_MAX)
    assert not small_grammar.accepts("/age=1..\n" * (GROUPS_MAX + 1))


def test_answers_may_hold_the_signs_of_the_grammar_itself(tokens: Tokens) -> None:
    words = {"ko": "이상한 것", "en": "odd"}
    field = {
        "name": "odd", "kind": "multi", "label": words, "question": words,
        "source": {"file": "f", "code": "q"}, "answers": [{"value": v} for v in ODD_VALUES],
    }  # fmt: skip
    catalogue = check_catalogue(
        {
            "name": "odd_panel",
            "title": words,
            "version": 1,
            "respondent_id": "id",
            "fields": [field],
        },
        "the odd panel",
    )
    with tokens.grammar(build_grammar(catalogue)) as grammar:
        for value in ODD_VALUES:
            assert grammar.accepts(f"odd={value}\n"), value
            assert read(f"odd={value}\n", catalogue).filter.where[0].constraint.values == (value,)  # type: ignore[union-attr]
        assert grammar.accepts(f"odd*={'|'.join(ODD_VALUES)}\n")


@pytest.mark.parametrize(
    "broken",
    [
        "",
        'start ::= "a"',
        "root ::= missing",
        'root ::= "a',
        'root ::= "a" (',
        "root ::= [a-",
        'root ::= root "a"',
        'root ::= "a"{3,',
        'root = "a"',
    ],
)
def test_a_broken_grammar_is_refused_when_it_is_compiled(tokens: Tokens, broken: str) -> None:
    with pytest.raises(BrokenGrammar, match="refuses the grammar"), tokens.grammar(broken):
        pass
