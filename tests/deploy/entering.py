"""Folders of pytest that another user may enter."""

from pathlib import Path


def let_enter(folder: Path) -> None:
    """As root PostgreSQL runs as another user, who must get into pytest's folders."""
    for above in (folder, *folder.parents):
        if above == folder or above.name.startswith("pytest-"):
            above.chmod(0o755)
