"""The merged file: rounded weights with the adapter in them, the embedding as it was, a rounded head."""

import re
from pathlib import Path

import numpy as np
from gguf import GGUFReader
from gguf.quants import dequantize, quantize
from numpy.typing import NDArray

from server.model.merge import MERGED_TENSORS, MERGED_TYPE, merged_model
from tests.weights import written

RANDOM = np.random.default_rng(5)


def drawn(*shape: int) -> NDArray[np.float32]:
    return RANDOM.standard_normal(shape).astype(np.float32)


def rounded(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    return dequantize(quantize(weights, MERGED_TYPE), MERGED_TYPE)


def test_head_and_adapted_weights_are_rounded_and_nothing_else_is(tmp_path: Path) -> None:
    embedding, attention, norm = drawn(96, 64), drawn(64, 64), drawn(64)
    a, b = drawn(4, 64), drawn(64, 4)
    model = written(
        tmp_path / "model.gguf",
        {
            "token_embd.weight": embedding,
            "blk.0.attn_q.weight": attention,
            "output_norm.weight": norm,
        },
    )
    adapter = written(
        tmp_path / "adapter.gguf",
        {"blk.0.attn_q.weight.lora_a": a, "blk.0.attn_q.weight.lora_b": b},
    )
    merged = GGUFReader(merged_model(model, adapter, lambda _: None))
    kept = {t.name: dequantize(t.data, t.tensor_type) for t in merged.tensors}
    assert kept.keys() == {
        "token_embd.weight", "output.weight", "blk.0.attn_q.weight", "output_norm.weight",
    }  # fmt: skip
    np.testing.assert_array_equal(kept["token_embd.weight"], embedding)
    np.testing.assert_array_equal(kept["output_norm.weight"], norm)
    np.testing.assert_allclose(kept["output.weight"], rounded(embedding), atol=1e-6)
    # Without an alpha of its own the product counts by 1 / rank.
    summed = (attention + b @ a / 4).astype(np.float32)
    np.testing.assert_allclose(kept["blk.0.attn_q.weight"], rounded(summed), atol=1e-2)
    rounded_ones = {t.name for t in merged.tensors if t.tensor_type == MERGED_TYPE}
    assert rounded_ones == {"blk.0.attn_q.weight", "output.weight"}
    assert {name for name in kept if re.search(MERGED_TENSORS, name)} == rounded_ones
