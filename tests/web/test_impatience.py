"""Whoever sends or reads too slowly is hung up on; whoever is in time is not."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from server.web import impatience
from server.web.impatience import Impatient

PATIENCE_SECONDS = 60
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
HALF_A_BODY = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf"
PIECE = b"x" * 65_536
# More than what sockets keep for somebody who does not read.
PIECES = 1_000


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body, answers briefly, or at length at /long."""
    if scope["type"] != "http":
        return
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return
        more = message["more_body"]
    pieces = [PIECE] * PIECES if scope["path"] == "/long" else [b"here"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[uvicorn.Server]:
    monkeypatch.setattr(impatience, "REQUEST_SECONDS", 0.5)
    monkeypatch.setattr(impatience, "READING_SECONDS", 0.5)
    config = uvicorn.Config(
        answers,
        http=Impatient,
        log_level="warning",
        ws="none",
        lifespan="off",
        timeout_keep_alive=90,
    )
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server
    server.should_exit = True
    thread.join()
    listening.close()


def line_to(server: uvicorn.Server) -> socket.socket:
    where = server.servers[0].sockets[0].getsockname()
    return socket.create_connection(where, timeout=PATIENCE_SECONDS)


def is_hung_up_on(line: socket.socket) -> bool:
    """Whether the server ends it; what it says before counts for nothing."""
    try:
        while line.recv(65_536):
            pass
    except ConnectionError:
        return True
    return True  # else the time-out is raised


@pytest.mark.parametrize("sent", [b"", b"GET / HT", HALF_A_BODY, GET + HALF_A_BODY])
def test_a_request_that_does_not_come_to_its_end(server: uvicorn.Server, sent: bytes) -> None:
    with line_to(server) as line:
        line.sendall(sent)
        assert is_hung_up_on(line)


def test_a_byte_now_and_then_is_not_enough(server: uvicorn.Server) -> None:
    with line_to(server) as line, pytest.raises(ConnectionError):
        for _ in range(PATIENCE_SECONDS * 10):
            line.sendall(b"G")
            time.sleep(0.1)


def test_an_answer_that_nobody_reads(server: uvicorn.Server) -> None:
    with line_to(server) as line:
        line.sendall(GET.replace(b"GET /", b"GET /long"))
        received = len(line.recv(1))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while server.server_state.tasks:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        try:
            while piece := line.recv(65_536):
                received += len(piece)
        except ConnectionError:
            pass
        assert received < PIECES * len(PIECE)


def test_who_waits_between_two_requests_is_served_again(server: uvicorn.Server) -> None:
    with line_to(server) as line:
        for _ in range(2):
            line.sendall(GET)
            said = b""
            while not said.endswith(b"0\r\n\r\n"):
                piece = line.recv(65_536)
                assert piece
                said += piece
            assert said.startswith(b"HTTP/1.1 200")
            time.sleep(1)
