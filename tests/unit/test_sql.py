"""Query files read like text: each says what it answers, each of its steps what it holds."""

import re
from pathlib import Path

import pytest
from psycopg import sql

from server.catalogue import COLUMNS_TAKEN, NAMES_TAKEN
from server.filter import BY_MAX
from server.search.plan import plan_breakdown
from tests.strategies import REFERENCE_YEAR, small_catalogue

FILES = sorted((Path(__file__).parents[2] / "server" / "sql").glob("*.sql"))
STEP = re.compile(
    r"^(?P<before>--.*\n)?(?:with )?(?P<name>\w+) as (?:not materialized |materialized )?\(\n"
    r"(?P<first> *--.*)?",
    re.MULTILINE,
)
INNERMOST = re.compile(
    r"(?:(?P<step>\w+) as (?:not materialized |materialized )?)?\((?P<text>[^()]*)\)"
)
GIVEN = re.compile(r'\bas "?(?P<name>\w+)"?(?: \[(?P<columns>[\w, ]+)\])?')
READ = re.compile(r"\b(?:from|join) (?!lateral\b)(\w+)")


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


def selects(text: str) -> list[tuple[str | None, str]]:
    """The selects of a query, each without those inside it, by the name of the step if it is one.

    Their other brackets become square.
    """
    text, found = re.sub("--.*", "", text), []
    while inner := INNERMOST.search(text):
        is_select = re.search(r"\bselect\b", inner["text"])
        if is_select:
            found.append((inner["step"], inner["text"]))
        start, end = inner.span() if is_select else (inner.start("text") - 1, inner.end())
        text = text[:start] + ("" if is_select else f"[{inner['text']}]") + text[end:]
    return [*found, (None, text)]


def given(select: str) -> set[str]:
    """The names that a select gives: aliases, and the columns of an alias."""
    found = GIVEN.finditer(select)
    return {n for one in found for n in (one["name"], *re.findall(r"\w+", one["columns"] or ""))}


def names_beside_columns(query: str) -> set[str]:
    """The names of a query's own where a respondent's columns are in sight.

    They are in a select from the panel's table, or from a step that has all of its columns.
    """
    every = selects(query)
    steps = {step: select for step, select in every if step}
    whole = {step for step, select in steps.items() if "{columns}" in select}
    names: set[str] = set()
    for _, select in every:
        read = set(READ.findall(select))
        if "{respondent}" in select or read & whole:
            names |= given(select) | read
            names |= {n for step in read - whole for n in given(steps.get(step, ""))}
    return names


def test_no_field_is_called_what_a_query_calls_its_own() -> None:
    breakdown = plan_breakdown(("appliances",) * BY_MAX, small_catalogue(), REFERENCE_YEAR)
    pieces = sql.SQL("select {} from {{respondent}} {}").format(breakdown.columns, breakdown.joins)
    queries = [pieces.as_string(), *(file.read_text("utf-8") for file in FILES)]
    names = {name for query in queries for name in names_beside_columns(query)}
    assert names - COLUMNS_TAKEN == NAMES_TAKEN


def test_the_names_of_a_new_step_are_found() -> None:
    query = """with chosen as (
    -- Whom.
    select {columns}, true as is_chosen
    from {respondent}
    cross join lateral unnest(all_of) as each (part)
)

select (select json_agg(chosen) from chosen join other using (part)) as people, 1 as free
from elsewhere
"""
    assert names_beside_columns(query) == {"is_chosen", "each", "part", "chosen", "other"}
