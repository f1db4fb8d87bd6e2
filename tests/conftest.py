"""Which tests stay together when several processes share them out."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
# What is set up for all of a folder, and dear: these tests stay in one process.
WHOLE = ("deploy",)


@pytest.hookimpl(tryfirst=True)  # the processes look at the groups before any other hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests share its fixtures, so a file stays together; `deploy` does as a whole."""
    for item in items:
        place = item.path.relative_to(TESTS)
        group = place.parts[0] if place.parts[0] in WHOLE else place.as_posix()
        item.add_marker(pytest.mark.xdist_group(group))
