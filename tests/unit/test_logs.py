"""A line of the log tells an operator what happened and nobody what was asked."""

import json
import logging
import os
import socket
import subprocess
import sys

import httpx
import pytest
from psycopg import OperationalError
from psycopg.errors import TooManyConnections
from psycopg_pool import PoolTimeout

from server.errors import DatabaseAway
from server.logs import Careful

SECRET = "서울 사는 홍길동"
# Serves an answer that breaks off, as `panelens serve` serves the product.
BREAKS_OFF = f"""
import socket, sys
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from server.cli import _serve
from server.logs import set_up_logs
from server.settings import Settings

async def pieces():
    yield "a"
    raise ValueError({SECRET!r})

app = FastAPI()
app.get("/")(lambda: StreamingResponse(pieces()))
set_up_logs(Settings(log_format=sys.argv[2]))
_serve(app, socket.socket(fileno=int(sys.argv[1])), 1)
"""


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


def test_an_answer_that_broke_off_is_told_of_like_everything_else() -> None:
    lines = _said_of_what_broke_off("json").splitlines()
    (told,) = [json.loads(line) for line in lines]
    assert (told["level"], told["logger"]) == ("ERROR", "uvicorn.error")
    assert told["exc_info"].endswith("ValueError")
    assert SECRET not in "".join(lines)


def test_a_terminal_shows_the_whole_error() -> None:
    said = _said_of_what_broke_off("text")
    assert "Exception in ASGI application" in said
    assert f"ValueError: {SECRET}" in said


def _said_of_what_broke_off(log_format: str) -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        given = listening.fileno()
        process = subprocess.Popen(
            [sys.executable, "-c", BREAKS_OFF, str(given), log_format],
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            pass_fds=[given],
            stderr=subprocess.PIPE,
        )
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            with pytest.raises(httpx.RemoteProtocolError):
                httpx.get(address, timeout=60)
        finally:
            process.terminate()
            _, said = process.communicate(timeout=60)
    return said.decode("utf-8")
