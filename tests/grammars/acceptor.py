"""What llama.cpp's own grammar accepts, asked token by token over the product's vocabulary."""

import ctypes
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from server.interpret.model import Tokenizer, compile_grammar
from server.model.download import download
from server.settings import Settings

LONGEST_WALK = 2000
OTHERS = 300


def model_file(name: str = "default") -> Path:
    """The model as the product itself gets it: fetched and made once, then found."""
    return download(name, settings=Settings(), console=Console(stderr=True))


class Tokens:
    """The vocabulary of a model, without its weights."""

    def __init__(self, model: Path) -> None:
        self._tokenizer = Tokenizer(model)
        self.vocabulary = self._tokenizer.vocabulary
        self.size: int = llama_cpp.llama_vocab_n_tokens(self.vocabulary)
        self.end: int = self._tokenizer.end
        (self.newline,) = self.of("\n")

    def of(self, text: str) -> list[int]:
        return self._tokenizer.encode(text)

    def single_bytes(self) -> list[int]:
        """The tokens that are one byte each, with which any character can be written."""
        kind = llama_cpp.LLAMA_TOKEN_ATTR_BYTE
        attributes = (
            llama_cpp.llama_vocab_get_attr(self.vocabulary, token) for token in range(self.size)
        )
        return [token for token, attribute in enumerate(attributes) if attribute & kind]

    def piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        length = llama_cpp.llama_token_to_piece(self.vocabulary, token, buffer, 256, 0, False)
        return buffer.raw[: max(0, length)]

    @contextmanager
    def grammar(self, text: str) -> Iterator["Grammar"]:
        """The grammar compiled, for as long as this lasts."""
        sampler = compile_grammar(self.vocabulary, text)
        try:
            yield Grammar(self, sampler, text)
        finally:
            llama_cpp.llama_sampler_free(sampler)


class Grammar:
    """One grammar of llama.cpp: it accepts a text when it allows each token and then the end."""

    def __init__(self, tokens: Tokens, sampler: Any, text: str) -> None:
        self._tokens = tokens
        self._sampler = sampler
        signs = [tokens.of(chr(code))[0] for code in range(0x20, 0x7F)]
        self._words = {*tokens.of(text), *signs, *tokens.single_bytes(), tokens.newline, tokens.end}

    def accepts(self, text: str) -> bool:
        llama_cpp.llama_sampler_reset(self._sampler)
        for token in self._tokens.of(text):
            if not self._allows(token):
                return False
            llama_cpp.llama_sampler_accept(self._sampler, token)
        return self._allows(self._tokens.end)

    def walk(self, rng: random.Random) -> str:
        """A text made of allowed tokens only, chosen at random until the end is chosen."""
        llama_cpp.llama_sampler_reset(self._sampler)
        written = b""
        for _ in range(LONGEST_WALK):
            token = self._drawn(rng)
            if token == self._tokens.end:
                return written.decode("utf-8", "replace")
            written += self._tokens.piece(token)
            llama_cpp.llama_sampler_accept(self._sampler, token)
        raise AssertionError("the grammar lets a walk go on for ever")

    def _drawn(self, rng: random.Random) -> int:
        """An allowed token: one of the grammar's own words, a byte, or any of a few hundred others.

        Asking about the whole vocabulary at each step takes a hundred times as long.
        """
        others = rng.sample(range(self._tokens.size), OTHERS)
        tokens = np.array([*self._words, *others], dtype=np.int32)
        allowed = tokens[self._allowed(tokens)]
        if self._tokens.end in allowed and rng.random() < 0.1:
            return self._tokens.end
        if self._tokens.newline in allowed and rng.random() < 0.2:
            return self._tokens.newline
        return int(rng.choice(allowed))

    def _allows(self, token: int) -> bool:
        return bool(self._allowed(np.array([token], dtype=np.int32))[0])

    def _allowed(self, tokens: NDArray[np.int32]) -> NDArray[np.bool_]:
        candidates = (llama_cpp.llama_token_data * len(tokens))()
        view = np.ctypeslib.as_array(candidates).view(
            np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        )
        view["id"] = tokens
        array = llama_cpp.llama_token_data_array(candidates, len(tokens), -1, False)
        llama_cpp.llama_sampler_apply(self._sampler, ctypes.byref(array))
        return np.asarray(np.isfinite(view["logit"]), dtype=np.bool_)
