"""The language model: the one owner of llama.cpp, greedy and bound by the grammar."""

import ctypes
import logging
import math
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from server.errors import BrokenGrammar, InvalidQuestion, ModelAway, TooBusy
from server.interpret.kernels import model_parameters

logger = logging.getLogger(__name__)

_GGML_LOG_ERROR = 4
REJECTED = float("-inf")
# Below this share of all probability the grammar's own share is worth computing (it costs a pass
# over the whole vocabulary).
SURE = 0.98
# How many of the likeliest tokens the grammar is asked about, one number after the other, and how
# much of the probability may lie outside of them.
FEW = (64, 1024)
NEGLIGIBLE = 1e-3

_EVALUATED_AT_ONCE = 256

Logits = NDArray[np.float32]
Sampler = Any  # llama_sampler*, which the binding types for checkers only


@dataclass(frozen=True, slots=True)
class Token:
    """One token the model chose: its text and its probability among those the grammar allowed.

    `other` is the next likeliest that was allowed; none where the choice was nearly certain.
    """

    piece: bytes
    probability: float
    id: int = -1
    other: int | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What the model wrote. `finished` is false when it ran out of room."""

    tokens: tuple[Token, ...]
    finished: bool

    @property
    def text(self) -> str:
        """The whole text."""
        return b"".join(token.piece for token in self.tokens).decode("utf-8", "replace")

    @property
    def probability(self) -> float:
        """How probable the text was among all that the grammar allowed: its tokens' product."""
        return math.prod(token.probability for token in self.tokens)


def _nothing(_written: str) -> str:
    return ""


# What will probably be written after a text: guessed, never trusted.
Expect = Callable[[str], str]


class Tokenizer:
    """A model's vocabulary: the tokens of a text, and the marks that begin and end one."""

    def __init__(self, model: Path) -> None:
        """Read the vocabulary alone; ModelAway when the file cannot be read."""
        _quiet()
        parameters = model_parameters()
        parameters.vocab_only = True
        self._model = _load(model, parameters)
        self.vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self.begin = llama_cpp.llama_vocab_bos(self.vocabulary)
        self.end = llama_cpp.llama_vocab_eos(self.vocabulary)

    def encode(self, text: str) -> list[int]:
        """The text's tokens, without marks."""
        return tokenize(self.vocabulary, text)


class Threads:
    """Processor threads, shared by the models that write at the moment."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._writing = 0
        self._lock = threading.Lock()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """As long as this lasts there is one more to share with."""
        with self._lock:
            self._writing += 1
        try:
            yield
        finally:
            with self._lock:
                self._writing -= 1

    @property
    def share(self) -> int:
        """How many each has now, at least one: all of them for one that writes alone."""
        return max(1, self._count // max(1, self._writing))


class Weights:
    """A model's file in memory. Any number of models write with it; the last to go frees it."""

    def __init__(self, model: Path, *, threads: int, is_merged: bool = False) -> None:
        """Load the file, `is_merged` if `merged_model` made it; ModelAway when it cannot be read."""
        _quiet()
        self.name = model.stem
        self.threads = Threads(threads)
        self.loaded = _load(model, model_parameters(is_merged=is_merged))
        self.vocabulary = llama_cpp.llama_model_get_vocab(self.loaded)
        weakref.finalize(self, llama_cpp.llama_model_free, self.loaded).atexit = False


class LanguageModel:
    """Weights with a context and a grammar. Not thread-safe: one worker at a time has it."""

    def __init__(
        self, weights: Weights, *, grammar: str, context_tokens: int, output_tokens_max: int
    ) -> None:
        """Make room to write in; ModelAway or BrokenGrammar says why it cannot be."""
        self.name = weights.name
        self._weights: Weights | None = weights
        self._threads = weights.threads
        self._output_tokens_max = output_tokens_max
        self._vocabulary = weights.vocabulary
        self._size = llama_cpp.llama_vocab_n_tokens(self._vocabulary)
        self._end = llama_cpp.llama_vocab_eos(self._vocabulary)
        self._begin = llama_cpp.llama_vocab_bos(self._vocabulary)
        self._context_tokens = context_tokens
        self._grammar = compile_grammar(self._vocabulary, grammar)
        self._context = _open_context(weights.loaded, context_tokens)
        self._candidates = (llama_cpp.llama_token_data * self._size)()
        self._batch = llama_cpp.llama_batch_init(context_tokens, 0, 1)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._prompt: list[int] = []
        self._kept = 0

    def close(self) -> None:
        """Free what llama.cpp holds for it and let go of the weights; safe to call twice."""
        if self._weights is not None:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_sampler_free(self._grammar)
            llama_cpp.llama_free(self._context)
            self._weights = None

    def tokenize(self, text: str) -> list[int]:
        """The text's tokens, without marks."""
        return tokenize(self._vocabulary, text)

    def has_word(self, text: str) -> bool:
        """Whether the text is a word of its own in the model's vocabulary: then it is a common one."""
        return len(self.tokenize(f" {text}")) == 1

    def write(
        self,
        prompt: str,
        *,
        expect: Expect = _nothing,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Written:
        """Continue the prompt greedily within the grammar until it ends.

        What `expect` guesses is evaluated in one batch and kept as far as the model writes the
        same: a guess changes how long it takes, never what is written.
        InvalidQuestion when the prompt does not fit, TooBusy when cancelled.
        """
        self._prompt = [self._begin, *self.tokenize(prompt)]
        if self._room < 1:
            raise InvalidQuestion(
                f"the question takes {len(self._prompt):,} tokens; the model reads fewer than "
                f"{self._context_tokens:,}"
            )
        self._forget(0)
        llama_cpp.llama_sampler_reset(self._grammar)
        with self._threads.writing():
            return self._continue([], self._prompt, expect, cancelled, until=None)

    @property
    def _room(self) -> int:
        """How many tokens may be written after the prompt."""
        return min(self._output_tokens_max, self._context_tokens - len(self._prompt) - 1)

    def rewrite(self, written: Written, place: int, *, expect: Expect = _nothing) -> str:
        """The text from `place` to the line's end, had the model chosen the token's `other`.

        Only right after `write`, and from the last place to the first: what comes after a place
        is forgotten. The text is cut short where the room ends.
        """
        before = written.tokens[:place]
        other = written.tokens[place].other
        if other is None:
            return ""
        self._forget(len(self._prompt) + place)
        llama_cpp.llama_sampler_reset(self._grammar)
        for token in (*(t.id for t in before), other):
            llama_cpp.llama_sampler_accept(self._grammar, token)
        started = [*before, Token(self._piece(other), 0.0, other)]
        if other == self._end or started[-1].piece.endswith(b"\n"):
            rest = started
        else:
            with self._threads.writing():
                whole = self._continue(started, [other], expect, lambda: False, until=b"\n")
            rest = list(whole.tokens)
        return b"".join(token.piece for token in rest[place:]).decode("utf-8", "replace")

    def _continue(
        self,
        chosen: list[Token],
        pending: Sequence[int],
        expect: Expect,
        cancelled: Callable[[], bool],
        *,
        until: bytes | None,
    ) -> Written:
        """Write on after `chosen`; `pending` are the tokens not evaluated yet."""
        chosen = list(chosen)
        room = self._room
        while len(chosen) < room:
            if cancelled():
                raise TooBusy("the question was cancelled")
            guess = self._guess(chosen, expect, room)
            rows = self._evaluate(pending, guess)
            self._kept += len(pending)
            for number, logits in enumerate(rows):
                token = self._choose(logits)
                llama_cpp.llama_sampler_accept(self._grammar, token.id)
                chosen.append(token)
                if token.id == self._end or (until and token.piece.endswith(until)):
                    return Written(tuple(chosen), finished=True)
                if number == len(guess) or token.id != guess[number] or len(chosen) == room:
                    break
                self._kept += 1
            self._forget(self._kept)
            pending = [chosen[-1].id]
        return Written(tuple(chosen), finished=False)

    def _guess(self, chosen: Sequence[Token], expect: Expect, room: int) -> list[int]:
        text = b"".join(token.piece for token in chosen).decode("utf-8", "ignore")
        return self.tokenize(expect(text))[: max(0, room - len(chosen) - 1)]

    def _forget(self, kept: int) -> None:
        """Keep what was evaluated of the first tokens only."""
        llama_cpp.llama_memory_seq_rm(self._memory, 0, kept, -1)
        self._kept = kept

    def _evaluate(self, pending: Sequence[int], guess: Sequence[int]) -> Iterator[Logits]:
        """Logits (vocabulary,) after the last pending token and after each guessed one."""
        batch = self._batch
        batch.n_tokens = len(pending) + len(guess)
        for number, token in enumerate((*pending, *guess)):
            batch.token[number] = token
            batch.pos[number] = self._kept + number
            batch.n_seq_id[number] = 1
            batch.seq_id[number][0] = 0
            batch.logits[number] = number >= len(pending) - 1
        threads = self._threads.share
        llama_cpp.llama_set_n_threads(self._context, threads, threads)
        if llama_cpp.llama_decode(self._context, batch) != 0:
            raise ModelAway("llama.cpp could not evaluate the question")
        first = len(pending) - 1
        return (self._logits_at(first + number) for number in range(len(guess) + 1))

    def _logits_at(self, number: int) -> Logits:
        pointer = llama_cpp.llama_get_logits_ith(self._context, number)
        return np.ctypeslib.as_array(pointer, shape=(self._size,))

    def _choose(self, logits: Logits) -> Token:
        """The likeliest token the grammar allows, with its probability among the allowed.

        Nearly always that is the likeliest of all, and asking the grammar about one token costs a
        thousandth of asking it about all of them. Else it is asked about the likeliest few, and
        about all only when those say too little.
        """
        best = int(logits.argmax())
        total = float(np.exp(logits - logits[best]).sum(dtype=np.float64))
        if 1.0 / total >= SURE and self._allows(best, float(logits[best])):
            return self._token(best, 1.0 / total, None)
        for few in (*FEW, self._size):
            asked = np.argpartition(logits, -few)[-few:]
            allowed = asked[self._masked(logits, asked) != REJECTED]
            if not len(allowed):
                continue
            ranked = allowed[np.argsort(logits[allowed])[::-1][:2]]
            # Beside the likeliest of all, what is allowed can underflow to nothing; and no token
            # that was not asked about is likelier than one that was.
            beside = np.exp(np.minimum(logits - logits[ranked[0]], 0))
            inside = float(beside[allowed].sum(dtype=np.float64))
            beside[asked] = 0
            if float(beside.sum(dtype=np.float64)) <= NEGLIGIBLE * inside:
                break
        if not len(allowed):
            raise BrokenGrammar("the grammar allows no token here")
        other = int(ranked[1]) if len(ranked) > 1 else None
        return self._token(int(ranked[0]), 1.0 / inside, other)

    def _token(self, token: int, probability: float, other: int | None) -> Token:
        piece = b"" if token == self._end else self._piece(token)
        return Token(piece, probability, token, other)

    def _allows(self, token: int, logit: float) -> bool:
        one = (llama_cpp.llama_token_data * 1)(llama_cpp.llama_token_data(token, logit, 0.0))
        self._apply(one, 1)
        return bool(one[0].logit != REJECTED)

    def _masked(self, logits: Logits, tokens: NDArray[np.int64]) -> Logits:
        """The tokens' logits with -inf wherever the grammar forbids the token."""
        view = np.ctypeslib.as_array(self._candidates).view(
            np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        )[: len(tokens)]
        view["id"] = tokens
        view["logit"] = logits[tokens]
        self._apply(self._candidates, len(tokens))
        return np.array(view["logit"])

    def _apply(self, candidates: ctypes.Array[llama_cpp.llama_token_data], size: int) -> None:
        array = llama_cpp.llama_token_data_array(candidates, size, -1, False)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(array))

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(128)
        length = llama_cpp.llama_token_to_piece(self._vocabulary, token, buffer, 128, 0, False)
        return buffer.raw[: max(0, length)]


def tokenize(vocabulary: llama_cpp.llama_vocab_p, text: str) -> list[int]:
    """The text's tokens, without a beginning mark; nothing in it is taken for a control token."""
    data = text.encode("utf-8")
    room = len(data) + 8
    tokens = (llama_cpp.llama_token * room)()
    count = llama_cpp.llama_tokenize(vocabulary, data, len(data), tokens, room, False, False)
    return list(tokens[:count])


def compile_grammar(vocabulary: llama_cpp.llama_vocab_p, grammar: str) -> Sampler:
    """The grammar as llama.cpp's sampler. A mistake gives NULL, which would crash at first use."""
    if not grammar:
        raise BrokenGrammar("llama.cpp refuses the grammar: it is empty, which would allow all")
    sampler = llama_cpp.llama_sampler_init_grammar(vocabulary, grammar.encode("utf-8"), b"root")
    if not sampler:
        raise BrokenGrammar("llama.cpp refuses the grammar; its reason is in the log")
    return sampler


def _load(model: Path, parameters: llama_cpp.llama_model_params) -> llama_cpp.llama_model_p:
    loaded = llama_cpp.llama_model_load_from_file(str(model).encode(), parameters)
    if not loaded:
        raise ModelAway(f"{model}: llama.cpp cannot load the file")
    return cast("llama_cpp.llama_model_p", loaded)


def _open_context(model: llama_cpp.llama_model_p, context_tokens: int) -> llama_cpp.llama_context_p:
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx = context_tokens
    parameters.n_batch = context_tokens
    parameters.n_ubatch = min(_EVALUATED_AT_ONCE, context_tokens)
    # Most layers look back 512 tokens only: their keys and values are kept for so many and a batch.
    parameters.swa_full = False
    context = llama_cpp.llama_init_from_model(model, parameters)
    if not context:
        raise ModelAway("llama.cpp cannot make a context: too little memory?")
    return cast("llama_cpp.llama_context_p", context)


def _log(level: int, text: bytes, _data: ctypes.c_void_p) -> None:
    """llama.cpp tells its errors nowhere else; its chatter stays out of the log."""
    if level == _GGML_LOG_ERROR:
        logger.error("llama.cpp: %s", text.decode("utf-8", "replace").strip())


# The callback must live as long as llama.cpp may call it.
_logged = llama_cpp.llama_log_callback(_log)
_quieted = threading.Event()


def _quiet() -> None:
    if not _quieted.is_set():
        llama_cpp.llama_log_set(_logged, ctypes.c_void_p(0))
        _quieted.set()
