"""Our own static files, each at an address that holds the hash of its content."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, held in memory: all of them together are smaller than a photograph."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """Files by address, and the address of each file."""

    by_path: Mapping[str, Asset]
    paths: Mapping[str, str]

    def address(self, name: str) -> str:
        """Where the browser finds the file; KeyError when there is no such file."""
        return f"/static/{self.paths[name]}"


def load_assets(folder: Path) -> Assets:
    """Read every file of a type that pages use; licences and checksums are not served."""
    by_path = {}
    paths = {}
    for file in sorted(folder.rglob("*")):
        media_type = MEDIA_TYPES.get(file.suffix)
        if media_type is None:
            continue
        content = file.read_bytes()
        name = file.relative_to(folder).as_posix()
        digest = sha256(content).hexdigest()[:12]
        path = f"{name.removesuffix(file.suffix)}.{digest}{file.suffix}"
        by_path[path] = Asset(content, media_type)
        paths[name] = path
    return Assets(by_path, paths)
