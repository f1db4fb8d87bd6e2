"""Weights are packed for the processor's kernels, but never for those that would end the process."""

from pathlib import Path

import llama_cpp
import numpy as np
import pytest

from server.catalogue import Catalogue
from server.interpret import kernels
from server.interpret.kernels import has_amx, model_parameters
from server.interpret.model import LanguageModel, Weights
from server.model.manifest import read_manifest
from server.model.merge import merged_model
from tests.grammars.acceptor import model_file

AMX = "model name\t: Xeon\nflags\t\t: avx512_vnni amx_bf16 amx_tile amx_int8 md_clear\n"
NONE = "flags\t\t: avx2 avx512_vnni\nbugs\t\t: amx_tile\n"


def test_a_processor_has_amx_where_its_flags_say_so() -> None:
    assert has_amx(AMX)
    assert not has_amx(NONE)
    assert not has_amx("")


@pytest.fixture
def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A processor that says of itself what is written here."""
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(kernels, "_CPU", file)
    return file


@pytest.mark.parametrize(
    ("cpu", "is_merged", "any_kernels", "is_read"),
    [
        (NONE, True, True, True),
        (NONE, False, True, True),
        (AMX, True, False, True),
        (AMX, False, False, False),
    ],
)
def test_beside_amx_only_merged_weights_are_packed(
    processor: Path, cpu: str, is_merged: bool, any_kernels: bool, is_read: bool
) -> None:
    """With GCC 12's build of AMX's kernels the first question ended the server with SIGILL."""
    processor.write_text(cpu)
    parameters = model_parameters(is_merged=is_merged)
    assert parameters.use_extra_bufts == any_kernels
    assert (parameters.load_mode == llama_cpp.LLAMA_LOAD_MODE_NONE) == is_read
    assert bool(parameters.tensor_buft_overrides) == (is_merged and not any_kernels)


@pytest.mark.skipif("avx2" not in Path("/proc/cpuinfo").read_text(), reason="needs AVX2")
def test_weights_packed_beside_amx_are_those_packed_elsewhere(
    processor: Path, model: LanguageModel, panel: Catalogue
) -> None:
    """The model of the other tests was loaded for this processor, the other one for one with AMX."""
    manifest = read_manifest()
    adapter = manifest.adapter(manifest.model("default"), panel.name)
    assert adapter is not None
    processor.write_text(AMX)
    other = LanguageModel(
        Weights(merged_model(model_file(), adapter, print), threads=1, is_merged=True),
        grammar="root ::= [a-z]*",
        context_tokens=64,
        output_tokens_max=32,
    )
    tokens = model.tokenize("서울 사는 30대 여성 100명")
    model._forget(0)
    (here,), (there,) = model._evaluate(tokens, ()), other._evaluate(tokens, ())
    np.testing.assert_array_equal(here, there)
    other.close()
