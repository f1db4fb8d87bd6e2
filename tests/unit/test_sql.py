"""Query files read like text: each says what it answers, each of its steps what it holds."""

import re
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[2] / "server" / "sql").glob("*.sql"))
STEP = re.compile(
    r"^(?P<before>--.*\n)?(?:with )?(?P<name>\w+) as (?:not materialized |materialized )?\(\n"
    r"(?P<first> *--.*)?",
    re.MULTILINE,
)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_query_file_says_what_it_answers(file: Path) -> None:
    text = file.read_text("utf-8")
    head = text[: text.index("\n\n")]
    assert all(line.startswith("--") for line in head.splitlines())
    placed = set(re.findall(r"%\((\w+)\)s", text))
    assert not placed or "arameter" in head


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_step_says_what_it_holds(file: Path) -> None:
    steps = list(STEP.finditer(file.read_text("utf-8")))
    assert [s["name"] for s in steps if not (s["before"] or s["first"])] == []
