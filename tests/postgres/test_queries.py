"""Query files: each one is prepared against the schema as it is, so that no mistake waits in one."""

import re
from pathlib import Path

import psycopg
import pytest

from server.postgres.statements import template

FILES = sorted((Path(__file__).parents[2] / "server" / "sql").glob("*.sql"))
# Names and pieces of statements are put into these; the tests of what composes them run them.
COMPOSED = {
    "compare_groups", "count_answers", "divide_respondents", "evaluate_run", "get_panel",
    "get_place", "get_respondent", "has_respondents", "keep_answers", "keep_rejected",
    "last_sent_row", "list_people", "list_respondents", "merge_respondents", "near_respondents",
    "search_respondents",
}  # fmt: skip
WHOLE = [file.stem for file in FILES if file.stem not in COMPOSED]


@pytest.mark.parametrize("name", WHOLE)
def test_a_query_file_prepares(server: str, name: str) -> None:
    text = template(name).as_string()
    assert not re.search(r"\{[a-z_]+\}", text), "a piece is composed in: name it above"
    parameters = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", text)))
    numbered = re.sub(r"%\((\w+)\)s", lambda found: f"${parameters.index(found[1]) + 1}", text)
    with psycopg.connect(server) as connection:
        result = connection.pgconn.prepare(b"", numbered.replace("%%", "%").encode())
    assert result.status == psycopg.pq.ExecStatus.COMMAND_OK, result.error_message.decode()
