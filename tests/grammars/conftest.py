"""The vocabulary of the product's model and the grammars of two panels, compiled once."""

from collections.abc import Iterator

import pytest

from server.filter import load_catalogue
from server.grammar import build_grammar
from tests.grammars.acceptor import Grammar, Tokens, model_file
from tests.strategies import small_catalogue


@pytest.fixture(scope="session")
def tokens() -> Tokens:
    return Tokens(model_file())


@pytest.fixture(scope="session")
def small_grammar(tokens: Tokens) -> Iterator[Grammar]:
    with tokens.grammar(build_grammar(small_catalogue())) as grammar:
        yield grammar


@pytest.fixture(scope="session")
def welcome_grammar(tokens: Tokens) -> Iterator[Grammar]:
    with tokens.grammar(build_grammar(load_catalogue("welcome"))) as grammar:
        yield grammar
