"""A line of the log tells an operator what happened and nobody what was asked."""

import json
import logging
import sys

import pytest
from psycopg import OperationalError
from psycopg.errors import TooManyConnections
from psycopg_pool import PoolTimeout

from server.errors import DatabaseAway
from server.logs import Careful

SECRET = "서울 사는 홍길동"


def _line(message: str, *arguments: object, error: bool = False) -> str:
    record = logging.LogRecord(
        *("panelens", logging.ERROR, __file__, 1, message, arguments),
        exc_info=sys.exc_info() if error else None,
    )
    return Careful("%(levelname)s %(message)s").format(record)


def test_an_unexpected_error_is_told_by_its_kind_and_place() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        line = _line("incident %s: %r", "1a2b", error, error=True)
    told = json.loads(line)
    assert told["message"] == "incident 1a2b: 'ValueError'"
    assert "test_logs.py" in told["exc_info"] and told["exc_info"].endswith("ValueError")
    assert SECRET not in line


def test_an_error_of_ours_is_told_by_its_code() -> None:
    told = json.loads(_line("incident %s: %r", "1a2b", DatabaseAway("host=10.0.0.1 user=me")))
    assert told["message"] == "incident 1a2b: 'DatabaseAway (database-away)'"


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (PoolTimeout(SECRET), "PoolTimeout"),
        (OperationalError(SECRET), "OperationalError"),
        (TooManyConnections(SECRET), "TooManyConnections (53300)"),
    ],
)
def test_what_an_error_of_ours_came_from_is_told_by_its_kind_and_code(
    cause: Exception, told: str
) -> None:
    error = DatabaseAway(SECRET)
    error.__cause__ = cause
    line = _line("incident %s: %r", "1a2b", error)
    message = f"incident 1a2b: 'DatabaseAway (database-away) from {told}'"
    assert json.loads(line)["message"] == message
    assert SECRET not in json.loads(line)["message"]
    assert told in json.loads(_line("error connecting: %s", cause))["message"]
