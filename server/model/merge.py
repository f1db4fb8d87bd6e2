"""Merges an adapter into its model: one file, and a third of the work a token."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from filelock import FileLock
from gguf import (
    GGMLQuantizationType,
    GGUFReader,
    GGUFValueType,
    GGUFWriter,
    Keys,
    ReaderTensor,
)
from gguf.quants import dequantize, quantize
from numpy.typing import NDArray

from server.child import in_child

# The merged weights are rounded to this, and adapters are trained so that the rounded ones read well.
MERGED_TYPE = GGMLQuantizationType.Q4_0
# Which they are, in the C++ regular expression that llama.cpp takes.
MERGED_TENSORS = r"^(output|blk\.[0-9]+\.(attn_(q|k|v|output)|ffn_(gate|up|down)))\.weight$"
_EMBEDDING = "token_embd.weight"
# Of the embedding a row is read for each token, of the same weights as a head all rows.
_HEAD = "output.weight"


def merged_model(model: Path, adapter: Path, say: Callable[[str], None]) -> Path:
    """The file of the model with the adapter merged in, made beside the model if it is not there.

    A merged file whose bytes are no longer those that were written is made again; those of other
    adapters for the same catalogue are removed then. Where it is there and whole nothing is
    written, so that it may lie in a folder that only root can write to.
    """
    mark = _sha256(adapter)[:12]
    kind = MERGED_TYPE.name.lower()
    merged = model.with_name(f"{model.stem}-{adapter.stem}-{mark}-{kind}-head.gguf")
    if _is_whole(merged):
        return merged
    with FileLock(merged.with_suffix(".lock")):
        if not _is_whole(merged):
            say(f"merging {adapter.name} into {model.name}")
            part = merged.with_suffix(".part")
            # Merging takes more memory than a server has to spare, and Python would keep it.
            in_child(_merge, model, adapter, part)
            _sum_of(merged).write_text(_sha256(part), "ascii")
            part.replace(merged)
    for other in model.parent.glob(f"{model.stem}-{adapter.stem}-*.gguf"):
        if other != merged:
            other.unlink(missing_ok=True)
            _sum_of(other).unlink(missing_ok=True)
    return merged


def _merge(model: Path, adapter: Path, target: Path) -> None:
    reader = GGUFReader(model)
    lora = GGUFReader(adapter)
    deltas = _deltas(lora)
    writer = GGUFWriter(target, arch="gemma3")
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name == Keys.General.ARCHITECTURE:
            continue
        kind = field.types[0]
        inside = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, inside)
    for tensor in reader.tensors:
        delta = deltas.get(tensor.name)
        if delta is None:
            writer.add_tensor(tensor.name, np.array(tensor.data), raw_dtype=tensor.tensor_type)
        else:
            _add_rounded(writer, tensor.name, _weights(tensor) + delta())
        if tensor.name == _EMBEDDING:
            _add_rounded(writer, _HEAD, _weights(tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _weights(tensor: ReaderTensor) -> NDArray[np.float32]:
    return np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)


def _add_rounded(writer: GGUFWriter, name: str, weights: NDArray[np.float32]) -> None:
    writer.add_tensor(name, quantize(weights, MERGED_TYPE), raw_dtype=MERGED_TYPE)


def _deltas(lora: GGUFReader) -> Mapping[str, Callable[[], NDArray[np.float32]]]:
    """What each weight changes by: alpha / rank · B A (Hu et al. 2021, arXiv:2106.09685)."""
    matrices = {t.name: np.array(t.data, dtype=np.float32) for t in lora.tensors}
    alpha_field = lora.get_field(Keys.Adapter.LORA_ALPHA)
    alpha = float(alpha_field.contents()) if alpha_field is not None else 1.0

    def product(name: str) -> Callable[[], NDArray[np.float32]]:
        a, b = matrices[f"{name}.lora_a"], matrices[f"{name}.lora_b"]
        return lambda: np.asarray((alpha / a.shape[0]) * (b @ a), dtype=np.float32)

    names = {name.removesuffix(".lora_a") for name in matrices if name.endswith(".lora_a")}
    return {name: product(name) for name in names}


def _is_whole(merged: Path) -> bool:
    written = _sum_of(merged)
    if not merged.is_file() or not written.is_file():
        return False
    return written.read_text("ascii") == _sha256(merged)


def _sum_of(merged: Path) -> Path:
    return merged.with_suffix(".sha256")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
