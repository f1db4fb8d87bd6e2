"""The language model: the one owner of llama.cpp, greedy and bound by the grammar."""

import ctypes
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from server.errors import BrokenGrammar, InvalidQuestion, ModelAway, TooBusy

logger = logging.getLogger(__name__)

_GGML_LOG_ERROR = 4
REJECTED = float("-inf")
# Below this share of all probability the grammar's own share is worth computing (it costs a pass
# over the whole vocabulary).
SURE = 0.98

Logits = NDArray[np.float32]
Sampler = Any  # llama_sampler*, which the binding types for checkers only


@dataclass(frozen=True, slots=True)
class Token:
    """One token the model chose: its text and its probability among those the grammar allowed."""

    piece: bytes
    probability: float


@dataclass(frozen=True, slots=True)
class Written:
    """What the model wrote. `finished` is false when it ran out of room."""

    tokens: tuple[Token, ...]
    finished: bool

    @property
    def text(self) -> str:
        """The whole text."""
        return b"".join(token.piece for token in self.tokens).decode("utf-8", "replace")


class Tokenizer:
    """A model's vocabulary: the tokens of a text, and the marks that begin and end one."""

    def __init__(self, model: Path) -> None:
        """Read the vocabulary alone; ModelAway when the file cannot be read."""
        _quiet()
        parameters = llama_cpp.llama_model_default_params()
        parameters.vocab_only = True
        self._model = _load(model, parameters)
        self.vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self.begin = llama_cpp.llama_vocab_bos(self.vocabulary)
        self.end = llama_cpp.llama_vocab_eos(self.vocabulary)

    def encode(self, text: str) -> list[int]:
        """The text's tokens, without marks."""
        return tokenize(self.vocabulary, text)


class LanguageModel:
    """A loaded model with its adapter, context and grammar. Not thread-safe: one worker owns it."""

    def __init__(
        self,
        model: Path,
        *,
        grammar: str,
        adapter: Path | None,
        context_tokens: int,
        output_tokens_max: int,
        threads: int,
    ) -> None:
        """Load everything; ModelAway or BrokenGrammar says why it cannot be."""
        _quiet()
        self.name = model.stem
        self._output_tokens_max = output_tokens_max
        self._model = _load(model, llama_cpp.llama_model_default_params())
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self._size = llama_cpp.llama_vocab_n_tokens(self._vocabulary)
        self._end = llama_cpp.llama_vocab_eos(self._vocabulary)
        self._begin = llama_cpp.llama_vocab_bos(self._vocabulary)
        self._context_tokens = context_tokens
        self._context = _open_context(self._model, context_tokens, threads)
        if adapter is not None:
            self._attach(adapter)
        self._grammar = compile_grammar(self._vocabulary, grammar)
        self._candidates = (llama_cpp.llama_token_data * self._size)()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free what llama.cpp holds; safe to call twice."""
        if not self._closed:
            self._closed = True
            llama_cpp.llama_sampler_free(self._grammar)
            llama_cpp.llama_free(self._context)
            llama_cpp.llama_model_free(self._model)

    def tokenize(self, text: str) -> list[int]:
        """The text's tokens, without marks."""
        return tokenize(self._vocabulary, text)

    def write(self, prompt: str, *, cancelled: Callable[[], bool] = lambda: False) -> Written:
        """Continue the prompt greedily within the grammar until it ends.

        InvalidQuestion when the prompt does not fit, TooBusy when cancelled.
        """
        tokens = [self._begin, *self.tokenize(prompt)]
        room = min(self._output_tokens_max, self._context_tokens - len(tokens) - 1)
        if room < 1:
            raise InvalidQuestion(
                f"the question takes {len(tokens):,} tokens; the model reads fewer than "
                f"{self._context_tokens:,}"
            )
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._context), False)
        llama_cpp.llama_sampler_reset(self._grammar)
        chosen: list[Token] = []
        for _ in range(room):
            if cancelled():
                raise TooBusy("the question was cancelled")
            token, probability = self._choose(self._evaluate(tokens))
            llama_cpp.llama_sampler_accept(self._grammar, token)
            if token == self._end:
                chosen.append(Token(b"", probability))
                return Written(tuple(chosen), finished=True)
            chosen.append(Token(self._piece(token), probability))
            tokens = [token]
        return Written(tuple(chosen), finished=False)

    def _evaluate(self, tokens: Sequence[int]) -> Logits:
        """Logits (vocabulary,) after the tokens."""
        array = (llama_cpp.llama_token * len(tokens))(*tokens)
        batch = llama_cpp.llama_batch_get_one(array, len(tokens))
        if llama_cpp.llama_decode(self._context, batch) != 0:
            raise ModelAway("llama.cpp could not evaluate the question")
        pointer = llama_cpp.llama_get_logits_ith(self._context, -1)
        return np.ctypeslib.as_array(pointer, shape=(self._size,))

    def _choose(self, logits: Logits) -> tuple[int, float]:
        """The likeliest token the grammar allows, and its probability among the allowed.

        Nearly always that is the likeliest of all, and asking the grammar about one token costs a
        thousandth of asking it about all of them.
        """
        best = int(logits.argmax())
        if self._allows(best, float(logits[best])):
            share = float(1.0 / np.exp(logits - logits[best]).sum(dtype=np.float64))
            if share >= SURE:
                return best, share
        allowed = self._masked(logits)
        best = int(allowed.argmax())
        if allowed[best] == REJECTED:
            raise BrokenGrammar("the grammar allows no token here")
        return best, float(1.0 / np.exp(allowed - allowed[best]).sum(dtype=np.float64))

    def _allows(self, token: int, logit: float) -> bool:
        one = (llama_cpp.llama_token_data * 1)(llama_cpp.llama_token_data(token, logit, 0.0))
        self._apply(one, 1)
        return bool(one[0].logit != REJECTED)

    def _masked(self, logits: Logits) -> Logits:
        """The logits with -inf wherever the grammar forbids the token."""
        view = np.ctypeslib.as_array(self._candidates).view(
            np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        )
        view["id"] = np.arange(self._size, dtype=np.int32)
        view["logit"] = logits
        self._apply(self._candidates, self._size)
        return np.array(view["logit"])

    def _apply(self, candidates: ctypes.Array[llama_cpp.llama_token_data], size: int) -> None:
        array = llama_cpp.llama_token_data_array(candidates, size, -1, False)
        llama_cpp.llama_sampler_apply(self._grammar, ctypes.byref(array))

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(128)
        length = llama_cpp.llama_token_to_piece(self._vocabulary, token, buffer, 128, 0, False)
        return buffer.raw[: max(0, length)]

    def _attach(self, adapter: Path) -> None:
        lora = llama_cpp.llama_adapter_lora_init(self._model, str(adapter).encode())
        if not lora:
            raise ModelAway(f"{adapter}: llama.cpp refuses the adapter for {self.name}")
        adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(lora)
        scales = (ctypes.c_float * 1)(1.0)
        if llama_cpp.llama_set_adapters_lora(self._context, adapters, 1, scales) != 0:
            raise ModelAway(f"{adapter}: the adapter does not fit {self.name}")


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
    parameters.n_gpu_layers = 0
    loaded = llama_cpp.llama_model_load_from_file(str(model).encode(), parameters)
    if not loaded:
        raise ModelAway(f"{model}: llama.cpp cannot load the file")
    return cast("llama_cpp.llama_model_p", loaded)


def _open_context(
    model: llama_cpp.llama_model_p, context_tokens: int, threads: int
) -> llama_cpp.llama_context_p:
    parameters = llama_cpp.llama_context_default_params()
    parameters.n_ctx = context_tokens
    parameters.n_batch = context_tokens
    parameters.n_ubatch = min(256, context_tokens)
    parameters.n_threads = threads
    parameters.n_threads_batch = threads
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
