"""Trains for the weights as they will be kept: rounded to few bits once the adapter is merged in."""

from collections.abc import Mapping
from typing import Any

import torch
from gguf.quants import dequantize, quantize
from peft.tuners.lora import LoraLayer

from server.model.merge import MERGED_TYPE


def rounded(weights: torch.Tensor) -> torch.Tensor:
    """What is left of the weights once they are kept in few bits, in float32."""
    return torch.from_numpy(dequantize(quantize(weights.numpy(), MERGED_TYPE), MERGED_TYPE))


class Rounding:
    """The base weights of a model with LoRA layers, moved so that base + adapter is the rounded sum.

    Gradients pass the rounding as if it were not there (the straight-through estimator: Bengio et
    al. 2013, arXiv:1308.3432): what the adapter learns makes up for what the rounding loses.
    """

    def __init__(self, model: Any) -> None:
        """Keep the weights of every LoRA layer as they are, in float32."""
        self._layers = {
            name: (layer, layer.get_base_layer().weight.detach().float().clone())
            for name, layer in model.named_modules()
            if isinstance(layer, LoraLayer)
        }

    def apply(self, lora: Mapping[str, torch.Tensor], *, scale: float) -> None:
        """Move the base to where the adapter stands: `lora` by parameter name, `scale` = alpha / rank."""
        for name, (layer, base) in self._layers.items():
            a, b = (lora[f"{name}.lora_{matrix}.default.weight"] for matrix in "AB")
            delta = scale * (b @ a)
            layer.get_base_layer().weight.data.copy_(rounded(base + delta) - delta)
