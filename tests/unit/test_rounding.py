"""What is trained reads as what is kept: base and adapter together are the rounded weights."""

import numpy as np
import pytest
from gguf.quants import dequantize, quantize

from server.model.merge import MERGED_TYPE

torch = pytest.importorskip("torch", reason="training needs the extra tune")


def test_base_and_adapter_together_are_what_rounding_makes_of_their_sum() -> None:
    from peft import LoraConfig, get_peft_model

    from server.training.rounding import Rounding

    torch.manual_seed(1)
    plain = torch.nn.Sequential(torch.nn.Linear(64, 32, bias=False))
    base = plain[0].weight.detach().numpy().copy()
    model = get_peft_model(plain, LoraConfig(r=4, lora_alpha=8, target_modules=["0"]))
    torch.nn.init.normal_(model.base_model.model[0].lora_B["default"].weight)
    lora = {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}
    a, b = (next(p for n, p in lora.items() if f"lora_{m}" in n).numpy() for m in "AB")
    rounding = Rounding(model)
    kept = dequantize(quantize(base + 2 * (b @ a), MERGED_TYPE), MERGED_TYPE)
    for _ in range(2):  # the second time from the same base
        rounding.apply(lora, scale=2.0)
        read = model(torch.eye(64)).detach().numpy().T
        np.testing.assert_allclose(read, kept, atol=1e-5)
    assert not np.allclose(kept, base + 2 * (b @ a), atol=1e-3)
