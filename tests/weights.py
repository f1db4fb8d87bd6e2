"""Small GGUF files to test with."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from gguf import GGUFWriter
from numpy.typing import NDArray


def written(path: Path, tensors: Mapping[str, NDArray[np.float32]]) -> Path:
    """The path, after a file with these tensors was written there."""
    writer = GGUFWriter(path, arch="gemma3")
    for name, weights in tensors.items():
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
