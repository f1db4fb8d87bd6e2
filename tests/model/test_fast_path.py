"""The fast path writes what llama.cpp's own grammar would have it write, token by token."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import llama_cpp
import numpy as np
import pytest
from numpy.typing import NDArray

from server.accuracy.gold import GoldQuestion, read_gold
from server.catalogue import Catalogue, find_catalogue
from server.grammar import build_grammar
from server.interpret.expected import Expected, Forced
from server.interpret.hints import Hints
from server.interpret.lexicon import Lexicon
from server.interpret.model import SURE, LanguageModel, Logits, Token, compile_grammar
from server.interpret.prompt import build_prompt, tidy
from server.phrases import read_phrases
from server.spelling import spell

WALKS = 40
# Every so many of the gold questions; the slow test reads all.
STEP = 24
# How much further the fast path's batches may move the logits than one batch of all tokens does, at
# the worst place and over all: other batches are other sums. Over 627 tokens it was 0.87 and 0.92
# times as far; one token of the prompt left out moves them 3 to 19 times as far.
FURTHER_AT_WORST, FURTHER_IN_ALL = 3, 2


class Authority:
    """llama.cpp's grammar, asked about every token of the vocabulary at every step."""

    def __init__(self, model: LanguageModel, grammar: str) -> None:
        self._model = model
        self._sampler = compile_grammar(model._vocabulary, grammar)
        self._candidates = (llama_cpp.llama_token_data * model._size)()
        self._view = np.ctypeslib.as_array(self._candidates).view(
            np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        )

    def close(self) -> None:
        llama_cpp.llama_sampler_free(self._sampler)

    def begin(self, tokens: list[int]) -> None:
        llama_cpp.llama_sampler_reset(self._sampler)
        for token in tokens:
            self.accept(token)

    def accept(self, token: int) -> None:
        llama_cpp.llama_sampler_accept(self._sampler, token)

    def shares(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """The probability of each token among those the grammar allows."""
        self._view["id"] = np.arange(len(logits))
        self._view["logit"] = logits
        array = llama_cpp.llama_token_data_array(self._candidates, len(logits), -1, False)
        llama_cpp.llama_sampler_apply(self._sampler, array)
        masked = self._view["logit"].astype(np.float64)
        likelihood = np.exp(masked - masked.max())
        return np.asarray(likelihood / likelihood.sum(), dtype=np.float64)


@pytest.fixture(scope="module")
def authority(model: LanguageModel, panel: Catalogue) -> Iterator[Authority]:
    opened = Authority(model, build_grammar(panel))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def gold(panel: Catalogue) -> tuple[GoldQuestion, ...]:
    return read_gold(find_catalogue(panel.name).with_name("gold.jsonl"), panel).questions


@contextmanager
def after(model: LanguageModel, tokens: list[int]) -> Iterator[None]:
    """The model's grammar as it is once these tokens were written."""
    llama_cpp.llama_sampler_reset(model._grammar)
    for token in tokens:
        llama_cpp.llama_sampler_accept(model._grammar, token)
    yield
    llama_cpp.llama_sampler_reset(model._grammar)


@pytest.mark.parametrize("seed", range(WALKS))
def test_wherever_a_filter_is_begun_the_likeliest_allowed_token_is_chosen(
    model: LanguageModel, authority: Authority, gold: tuple[GoldQuestion, ...], seed: int
) -> None:
    """Whatever the model thinks: of all alike, of one forbidden token, or sure of some."""
    rng = random.Random(seed)
    tokens = model.tokenize(spell(rng.choice(gold).reading))
    begun = tokens[: rng.randrange(len(tokens) + 1)]
    logits = np.random.default_rng(seed).normal(0, rng.choice((0.1, 3, 12)), model._size)
    logits[rng.randrange(model._size)] += rng.choice((0, 20, 60))
    logits = logits.astype(np.float32)
    with after(model, begun):
        chosen = model._choose(logits)
    authority.begin(begun)
    shares = authority.shares(logits)
    assert chosen.id == int(shares.argmax())
    assert chosen.probability == pytest.approx(float(shares.max()), abs=1 - SURE + 0.002)
    if chosen.other is not None:
        shares[chosen.id] = 0
        assert chosen.other == int(shares.argmax())


def test_a_sample_of_the_gold_questions_is_written_as_one_token_at_a_time_would(
    model: LanguageModel, panel: Catalogue, authority: Authority, gold: tuple[GoldQuestion, ...]
) -> None:
    written_alike(model, panel, authority, gold[::STEP])


@pytest.mark.slow
def test_every_gold_question_is_written_as_one_token_at_a_time_would(
    model: LanguageModel, panel: Catalogue, authority: Authority, gold: tuple[GoldQuestion, ...]
) -> None:
    written_alike(model, panel, authority, gold)


def written_alike(
    model: LanguageModel, panel: Catalogue, authority: Authority, asked: tuple[GoldQuestion, ...]
) -> None:
    """The fast path chooses what the grammar would, from logits that are as good as any.

    From the very logits it saw, llama.cpp's grammar chooses the same tokens: all of them, with no
    tolerance. Those logits are evaluated in batches, and the kernels for many tokens round
    differently from those for one, on every processor by another amount. That amount is therefore
    measured here, on llama.cpp's own: all tokens in one batch, beside one token at a time. The fast
    path moves the logits no further, so it parts from the plainest greedy decoding only where the
    two best tokens are within that rounding of each other.
    """
    phrases = read_phrases(find_catalogue(panel.name).parent, panel)
    lexicon, hints, forced = Lexicon(panel, phrases), Hints(panel, phrases), Forced(panel)
    moved: list[float] = []
    rounded: list[float] = []
    for each in asked:
        question = tidy(each.question)
        said = spell(lexicon.read(question).reading).splitlines()
        prompt = build_prompt(question, hints.find(question))
        with logits_seen(model) as seen:
            written = model.write(prompt, expect=Expected(question, said, forced))
        tokens = [token.id for token in written.tokens]
        assert written.finished
        assert chosen_by(authority, seen) == tokens, question
        together = evaluated(model, prompt, tokens, at_once=True)
        alone = evaluated(model, prompt, tokens, at_once=False)
        moved += map(apart, seen, alone)
        rounded += map(apart, together, alone)
    assert max(moved) <= FURTHER_AT_WORST * max(rounded)
    assert np.linalg.norm(moved) <= FURTHER_IN_ALL * np.linalg.norm(rounded)


@contextmanager
def logits_seen(model: LanguageModel) -> Iterator[list[Logits]]:
    """The logits that each token was chosen from."""
    seen: list[Logits] = []
    choose = model._choose

    def choosing(logits: Logits) -> Token:
        seen.append(logits.copy())
        return choose(logits)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "_choose", choosing)
        yield seen


def chosen_by(authority: Authority, rows: list[Logits]) -> list[int]:
    """The likeliest tokens that the grammar allows, one after another."""
    tokens: list[int] = []
    authority.begin([])
    for logits in rows:
        tokens.append(int(authority.shares(logits).argmax()))
        authority.accept(tokens[-1])
    return tokens


def evaluated(
    model: LanguageModel, prompt: str, tokens: list[int], *, at_once: bool
) -> list[Logits]:
    """The logits each of the tokens is chosen from, all in one batch or a token at a time."""
    model._forget(0)
    pending = [model._begin, *model.tokenize(prompt)]
    if at_once:
        return [logits.copy() for logits in model._evaluate(pending, tokens[:-1])]
    rows = []
    for token in tokens:
        rows += [logits.copy() for logits in model._evaluate(pending, ())]
        model._kept += len(pending)
        pending = [token]
    return rows


def apart(one: Logits, other: Logits) -> float:
    """How far the logits of all tokens are from each other; what all share changes no choice."""
    return float((one - other).std())
