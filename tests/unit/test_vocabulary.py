"""Which tokens stay when the vocabulary is cut, and that a cut model file holds just those."""

from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader, GGUFWriter
from gguf.constants import TokenType

from server.model.vocabulary import LATIN_IDS, cut_vocabulary, kept_tokens

NORMAL, CONTROL, BYTE = (int(t) for t in (TokenType.NORMAL, TokenType.CONTROL, TokenType.BYTE))
SPECIAL = [("<pad>", CONTROL), ("<eos>", CONTROL), ("<bos>", CONTROL), ("<unk>", CONTROL)]


def stays(token: str, kind: int = NORMAL, *, words: tuple[str, ...] = ()) -> bool:
    return kept_tokens([token], [kind], words) == [0]


@pytest.mark.parametrize(
    "token", ["서울", "▁서울", "▁30대", "ㅋ", "가", "▁the", "a", "~", "\n", "…", "₩", "명,"]
)
def test_korean_common_latin_and_signs_stay(token: str) -> None:
    assert stays(token)


@pytest.mark.parametrize("token", ["日本", "мир", "é", "▁서울市", "🙂", "ा", "\t\t"])
def test_other_languages_go(token: str) -> None:
    assert not stays(token)


def test_every_byte_and_every_special_token_stays() -> None:
    tokens = [*SPECIAL, *((f"<0x{byte:02X}>", BYTE) for byte in range(256))]
    kept = kept_tokens([t for t, _ in tokens], [k for _, k in tokens], ())
    assert kept == list(range(260))


@pytest.mark.parametrize("token", ["<start_of_turn>", "<unused7>", "[multimodal]"])
def test_control_tokens_of_other_uses_go(token: str) -> None:
    assert not stays(token, CONTROL)


def test_rare_latin_tokens_stay_only_inside_the_words_that_are_kept() -> None:
    tokens = ["x"] * LATIN_IDS + ["▁Pal", "isade", "▁PALIS", "▁zymurgy", "q"]
    kept = kept_tokens(tokens, [NORMAL] * len(tokens), ["palisade"])
    assert [tokens[i] for i in kept if i >= LATIN_IDS] == ["▁Pal", "isade", "▁PALIS", "q"]


def test_the_same_tokens_stay_every_time_in_ascending_order() -> None:
    tokens = ["<pad>", "서울", "мир", "▁the", "<0x0A>", "경기", "é"]
    kinds = [CONTROL, NORMAL, NORMAL, NORMAL, BYTE, NORMAL, NORMAL]
    first = kept_tokens(tokens, kinds, ["seoul", "busan", "k5"])
    assert first == [0, 1, 3, 4, 5]
    assert kept_tokens(tokens, kinds, ["k5", "busan", "seoul"]) == first


def tiny_model(path: Path, tokens: list[str], kinds: list[int]) -> None:
    writer = GGUFWriter(path, arch="gemma3")
    writer.add_name("tiny")
    writer.add_token_list(tokens)
    writer.add_token_scores([float(-i) for i in range(len(tokens))])
    writer.add_token_types(kinds)
    embedding = np.arange(len(tokens) * 4, dtype=np.float32).reshape(len(tokens), 4)
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output_norm.weight", np.ones(4, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_cut_model_holds_the_kept_rows_and_the_same_bytes_every_time(tmp_path: Path) -> None:
    tokens = ["<pad>", "<eos>", "мир", "서울", "日本", "▁the"]
    tiny_model(tmp_path / "whole.gguf", tokens, [CONTROL, CONTROL, *[NORMAL] * 4])
    told: list[str] = []
    for name in ("one.gguf", "two.gguf"):
        cut_vocabulary(tmp_path / "whole.gguf", tmp_path / name, told.append)
    assert (tmp_path / "one.gguf").read_bytes() == (tmp_path / "two.gguf").read_bytes()
    assert told == ["4 of 6 tokens kept"] * 2

    cut = GGUFReader(tmp_path / "one.gguf")
    contents = {name: field.contents() for name, field in cut.fields.items()}
    assert contents["tokenizer.ggml.tokens"] == ["<pad>", "<eos>", "서울", "▁the"]
    assert contents["tokenizer.ggml.scores"] == [0.0, -1.0, -3.0, -5.0]
    assert "cut to 4 tokens" in contents["general.name"]
    tensors = {tensor.name: tensor.data for tensor in cut.tensors}
    assert tensors["token_embd.weight"][:, 0].tolist() == [0.0, 4.0, 12.0, 20.0]
    assert tensors["output_norm.weight"].tolist() == [1.0] * 4


def test_a_file_without_a_vocabulary_is_named(tmp_path: Path) -> None:
    writer = GGUFWriter(tmp_path / "empty.gguf", arch="gemma3")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(KeyError, match=r"tokenizer\.ggml\.tokens is missing"):
        cut_vocabulary(tmp_path / "empty.gguf", tmp_path / "cut.gguf", print)
