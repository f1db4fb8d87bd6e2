"""A folder that PostgreSQL may enter whoever starts it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder of its own, open to the user that PostgreSQL runs as when we are root.

    Not below pytest's: every pytest of this user that starts shuts that one away again, and with
    it the clusters of those that run.
    """
    with tempfile.TemporaryDirectory(prefix="panelens-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
