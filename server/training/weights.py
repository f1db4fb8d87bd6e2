"""Carries weights between GGUF and PyTorch: a Gemma 3 model in, a LoRA adapter out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGUFReader, GGUFWriter, Keys
from gguf.quants import dequantize
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

# GGUF name of a block's part → the module that holds it. Norms are stored with the 1 already added.
_PARTS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
}
_MODULES = {module: part for part, module in _PARTS.items()}
LORA_MODULES = tuple(module.split(".")[1] for part, module in _PARTS.items() if "norm" not in part)


def read_model(path: Path) -> Gemma3ForCausalLM:
    """The Gemma 3 model of a GGUF file, dequantised to float32."""
    reader = GGUFReader(path)
    tensors = {
        tensor.name: torch.from_numpy(
            np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
        )
        for tensor in reader.tensors
    }
    config = _config(reader, vocabulary=tensors["token_embd.weight"].shape[0])
    model = Gemma3ForCausalLM(config)
    state = {_torch_name(name): _torch_value(name, value) for name, value in tensors.items()}
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    missing, unexpected = model.load_state_dict(state, strict=False)
    if missing or unexpected:
        raise ValueError(f"{path}: weights missing {missing}, unexpected {unexpected}")
    return model


def write_adapter(path: Path, lora: Mapping[str, torch.Tensor], *, alpha: float, base: str) -> None:
    """Write LoRA matrices ("model.layers.N.<module>.lora_A.weight") as llama.cpp's GGUF adapter."""
    writer = GGUFWriter(path, arch="gemma3")
    writer.add_string(Keys.General.TYPE, "adapter")
    writer.add_string(Keys.General.NAME, f"Panelens adapter for {base}")
    writer.add_string(Keys.Adapter.TYPE, "lora")
    writer.add_float32(Keys.Adapter.LORA_ALPHA, alpha)
    for name in sorted(lora):
        writer.add_tensor(_adapter_name(name), lora[name].detach().to(torch.float16).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def read_adapter(path: Path) -> dict[str, torch.Tensor]:
    """The LoRA matrices of an adapter that `write_adapter` wrote, by their names in PyTorch."""
    return {
        _lora_name(tensor.name): torch.from_numpy(np.array(tensor.data, dtype=np.float32))
        for tensor in GGUFReader(path).tensors
    }


def _config(reader: GGUFReader, *, vocabulary: int) -> Gemma3TextConfig:
    def number(key: str) -> Any:
        field = reader.get_field(f"gemma3.{key}")
        if field is None:
            raise ValueError(f"gemma3.{key} is missing: only Gemma 3 models can be tuned")
        return field.contents()

    layers = number("block_count")
    return Gemma3TextConfig(
        vocab_size=vocabulary,
        hidden_size=number("embedding_length"),
        intermediate_size=number("feed_forward_length"),
        num_hidden_layers=layers,
        num_attention_heads=number("attention.head_count"),
        num_key_value_heads=number("attention.head_count_kv"),
        head_dim=number("attention.key_length"),
        query_pre_attn_scalar=number("attention.key_length"),
        rms_norm_eps=number("attention.layer_norm_rms_epsilon"),
        sliding_window=number("attention.sliding_window"),
        max_position_embeddings=number("context_length"),
        layer_types=[
            "full_attention" if (i + 1) % 6 == 0 else "sliding_attention" for i in range(layers)
        ],
        tie_word_embeddings=True,
        attn_implementation="eager",  # on short questions a quarter faster than sdpa
    )


def _torch_name(name: str) -> str:
    if name == "token_embd.weight":
        return "model.embed_tokens.weight"
    if name == "output_norm.weight":
        return "model.norm.weight"
    _, block, part, _ = name.split(".")
    return f"model.layers.{block}.{_PARTS[part]}.weight"


def _torch_value(name: str, value: torch.Tensor) -> torch.Tensor:
    return value - 1.0 if "norm" in name else value


def _adapter_name(name: str) -> str:
    """ "model.layers.3.self_attn.q_proj.lora_A.weight" → "blk.3.attn_q.weight.lora_a"."""
    block, rest = name.removeprefix("model.layers.").split(".", 1)
    module, matrix = rest.removesuffix(".weight").rsplit(".", 1)
    return f"blk.{block}.{_MODULES[module]}.weight.{matrix.lower()}"


def _lora_name(name: str) -> str:
    """The reverse of `_adapter_name`."""
    _, block, part, _, matrix = name.split(".")
    return f"model.layers.{block}.{_PARTS[part]}.lora_{matrix[-1].upper()}.weight"
