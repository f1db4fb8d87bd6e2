"""The product's own model and reader, loaded once for all tests of this folder."""

from collections.abc import Iterator

import pytest
from rich.console import Console

from server.catalogue import Catalogue
from server.filter import load_catalogue
from server.grammar import build_grammar
from server.interpret.model import LanguageModel
from server.interpret.reader import Reader
from server.product import open_models, open_reader
from server.settings import Settings
from tests.grammars.acceptor import Grammar, Tokens, model_file

QUEUE = 2


@pytest.fixture(scope="session")
def panel_settings() -> Settings:
    """A queue that is soon full, and one thread: two wait for each other on a busy machine."""
    return Settings(catalogue="welcome", queue_length=QUEUE, queue_seconds=300, model_threads=1)


@pytest.fixture(scope="session")
def panel(panel_settings: Settings) -> Catalogue:
    return load_catalogue(panel_settings.catalogue)


@pytest.fixture(scope="session")
def model(panel: Catalogue, panel_settings: Settings) -> Iterator[LanguageModel]:
    (opened,) = open_models(panel, panel_settings, Console(stderr=True))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def reader(panel: Catalogue, panel_settings: Settings) -> Iterator[Reader]:
    opened = open_reader(panel, panel_settings, Console(stderr=True))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def panel_grammar(panel: Catalogue) -> Iterator[Grammar]:
    with Tokens(model_file()).grammar(build_grammar(panel)) as grammar:
        yield grammar
