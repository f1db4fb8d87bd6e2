"""Chooses the kernels that llama.cpp multiplies with: quick ones that are safe on the processor."""

import ctypes
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import llama_cpp
from llama_cpp._ggml import libggml

from server.model.merge import MERGED_TENSORS

_CPU = Path("/proc/cpuinfo")
_CPU_DEVICE = 0  # GGML_BACKEND_DEVICE_TYPE_CPU
_PACKED = b"CPU_REPACK"


class _Placed(ctypes.Structure):
    """llama_model_tensor_buft_override: where tensors go whose name matches."""

    _fields_ = (("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p))


def model_parameters(*, is_merged: bool = False) -> llama_cpp.llama_model_params:
    """How a model is loaded: on the processor, its weights packed anew where that is safe.

    Packed weights are a copy: the file is then read and not mapped, which would hold both in memory.

    Where the processor has AMX, only weights known to be merged ones are packed: llama.cpp would
    choose the AMX kernels for any, and it ends the process when told to pack a kind that it cannot.
    """
    parameters: llama_cpp.llama_model_params = llama_cpp.llama_model_default_params()
    parameters.n_gpu_layers = 0
    parameters.use_extra_bufts = not has_amx(_CPU.read_text() if _CPU.exists() else "")
    packed = None if parameters.use_extra_bufts or not is_merged else _packed()
    if packed is not None:
        # The binding declares an array and keeps a plain address.
        address = ctypes.cast(packed, ctypes.c_void_p)
        parameters.tensor_buft_overrides = address  # type: ignore[assignment]
    if parameters.use_extra_bufts or packed is not None:
        parameters.load_mode = llama_cpp.LLAMA_LOAD_MODE_NONE
    return parameters


def has_amx(cpu: str) -> bool:
    """Whether llama.cpp would multiply with AMX tiles, given what /proc/cpuinfo says.

    GCC 12 (Debian 12's) hands the processor a tile configuration of which it dropped the stores:
    its _tile_loadconfig names 8 of the 64 bytes as input. The first matrix product then ends the
    process with SIGILL.
    """
    return re.search(r"^flags\s*:.*\bamx_tile\b", cpu, re.MULTILINE) is not None


@cache  # llama.cpp keeps the address
def _packed() -> ctypes.Array[_Placed] | None:
    """Merged weights to the buffers in which they are packed; None where this build has none.

    Asked for as llama.cpp itself asks (make_cpu_buft_list in src/llama-model.cpp).
    """
    device = _ggml("ggml_backend_dev_by_type", ctypes.c_int)(_CPU_DEVICE)
    registry = _ggml("ggml_backend_dev_backend_reg", ctypes.c_void_p)(device)
    named = _ggml("ggml_backend_reg_get_proc_address", ctypes.c_void_p, ctypes.c_char_p)
    address = named(registry, b"ggml_backend_dev_get_extra_bufts")
    if not address:
        return None
    name_of = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)(
        ("ggml_backend_buft_name", libggml)
    )
    types = ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)(address)(device)
    for buffer_type in types:  # ends with NULL
        if not buffer_type:
            return None
        if name_of(buffer_type) == _PACKED:
            break
    return (_Placed * 2)(_Placed(MERGED_TENSORS.encode(), buffer_type), _Placed(None, None))


def _ggml(name: str, *takes: type) -> Callable[..., int | None]:
    """A function of ggml that gives an address."""
    return ctypes.CFUNCTYPE(ctypes.c_void_p, *takes)((name, libggml))
