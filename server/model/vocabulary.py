"""Cuts a model's vocabulary to Korean, English, digits, signs and bytes: a third of the file, the same text.

Gemma's 262,144 tokens are two thirds of its weights, nearly all for languages no question is asked
in. Kept are: all of Hangul, the older (commoner) Latin tokens, those inside the words of
models/kept-words.txt (names of districts, cars, brands), signs and bytes. Pieces are merged from
older pieces of the same characters, so a kept token keeps the merges that lead to it: text
tokenizes as before wherever all its tokens survive, and through smaller pieces or bytes elsewhere.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader, GGUFValueType, GGUFWriter
from gguf.constants import TokenType

from server.resources import folder

# Up to this id Gemma's Latin tokens are common words and their pieces.
LATIN_IDS = 30_000
_SHORTEST_PIECE = 2
_HANGUL = "가-힣ㄱ-ㆎ"
_SIGNS = "·•~×%℃㎡“”‘’…①-⑳—–→↔≥≤±°₩"
_KOREAN = re.compile(
    rf"[▁\x20-\x7e{_HANGUL}{_SIGNS}]*[{_HANGUL}{_SIGNS}][▁\x20-\x7e{_HANGUL}{_SIGNS}]*"
)
_LATIN = re.compile(r"[▁\x20-\x7e]+")
_SPECIAL = ("<pad>", "<eos>", "<bos>", "<unk>", "\n")
_PER_TOKEN = ("tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type")
_EMBEDDING = "token_embd.weight"


def kept_tokens(tokens: list[str], types: list[int], words: Iterable[str]) -> list[int]:
    """The ids that stay, ascending, so that special tokens keep their ids."""
    inside = set(_pieces(words))
    return [
        i
        for i, token in enumerate(tokens)
        if token in inside or _is_kept(i, token, TokenType(types[i]))
    ]


def cut_vocabulary(source: Path, target: Path, progress: Callable[[str], None]) -> None:
    """Write `target`, the model of `source` with the kept tokens only; the same bytes every time."""
    reader = GGUFReader(source)
    tokens = _field(reader, "tokenizer.ggml.tokens")
    words = (folder("models") / "kept-words.txt").read_text("utf-8").split()
    kept = kept_tokens(tokens, _field(reader, "tokenizer.ggml.token_type"), words)
    progress(f"{len(kept):,} of {len(tokens):,} tokens kept")
    writer = GGUFWriter(target, arch=_field(reader, "general.architecture"))
    _copy_fields(reader, writer, kept)
    for tensor in reader.tensors:
        data = tensor.data[kept] if tensor.name == _EMBEDDING else tensor.data
        writer.add_tensor(tensor.name, np.ascontiguousarray(data), raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _pieces(words: Iterable[str]) -> Iterator[str]:
    """Every piece of a word, lower case, capitalised or in capitals, that a token might be."""
    for word in words:
        for written in {word, word.capitalize(), word.upper()}:
            text = f"▁{written}"
            for start in range(len(text)):
                for stop in range(start + _SHORTEST_PIECE, len(text) + 1):
                    yield text[start:stop]


def _is_kept(token_id: int, token: str, kind: TokenType) -> bool:
    if kind is TokenType.BYTE or token in _SPECIAL:
        return True
    if kind is not TokenType.NORMAL:
        return False
    if _LATIN.fullmatch(token):
        return token_id < LATIN_IDS or len(token) == 1
    return bool(_KOREAN.fullmatch(token))


def _field(reader: GGUFReader, name: str) -> Any:
    field = reader.get_field(name)
    if field is None:
        raise KeyError(f"{name} is missing from the model file")
    return field.contents()


def _copy_fields(reader: GGUFReader, writer: GGUFWriter, kept: list[int]) -> None:
    for name, field in reader.fields.items():
        # The writer sets the header's own entries and the architecture by itself.
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        value = field.contents()
        if name in _PER_TOKEN:
            value = [value[i] for i in kept]
        if name == "general.name":
            value = f"{value}, vocabulary cut to {len(kept)} tokens for Panelens"
        inner = field.types[1] if field.types[0] is GGUFValueType.ARRAY else None
        writer.add_key_value(name, value, field.types[0], sub_type=inner)
