"""Finds grammars/, web/, models/ and deploy/ in a checkout or inside the wheel."""

from pathlib import Path
from typing import Literal

_PACKAGE = Path(__file__).resolve().parent


def folder(name: Literal["grammars", "web", "models", "deploy"]) -> Path:
    """The folder of that name: the checkout's own, or the copy that the wheel carries."""
    bundled = _PACKAGE / "bundle" / name
    return bundled if bundled.is_dir() else _PACKAGE.parent / name
