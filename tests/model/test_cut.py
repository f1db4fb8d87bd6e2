"""Text falls into the same tokens after the vocabulary's cut, wherever all of them survive it."""

from collections.abc import Iterator
from functools import cache
from itertools import islice

import pytest

from server.catalogue import Catalogue, find_catalogue
from server.phrases import read_phrases
from server.training.questions import generate
from tests.grammars.acceptor import Tokens, model_file

SENTENCES = 10_000
SEED = 11


def sentences(panel: Catalogue) -> Iterator[str]:
    """What a codebook says and what people ask: the catalogue's texts, then generated questions."""
    for field in panel.fields:
        for words in (field.label, field.question):
            yield from (words.ko, words.en)
        for answer in field.answers:
            yield from filter(None, (answer.value, answer.label, answer.en, *answer.aliases))
    phrases = read_phrases(find_catalogue(panel.name).parent, panel)
    yield from (example.question for example in generate(panel, phrases, seed=SEED))


def without_repetition(texts: Iterator[str]) -> Iterator[str]:
    """Each text once, of a stream that never ends."""
    seen: set[str] = set()
    for text in texts:
        if text not in seen:
            seen.add(text)
            yield text


@pytest.mark.slow
def test_ten_thousand_sentences_are_cut_into_the_same_tokens_as_before(panel: Catalogue) -> None:
    whole, cut = Tokens(model_file("gemma-3-270m")), Tokens(model_file())
    before, after = cache(whole.piece), cache(cut.piece)
    kept = {after(token) for token in range(cut.size)}
    asked = list(islice(without_repetition(sentences(panel)), SENTENCES))
    compared = 0
    for text in asked:
        pieces = [before(token) for token in whole.of(text)]
        pieces_after = [after(token) for token in cut.of(text)]
        if kept.issuperset(pieces):
            compared += 1
            assert pieces_after == pieces, text
        assert b"".join(pieces_after).decode("utf-8") == text
    assert compared > 0.9 * SENTENCES
