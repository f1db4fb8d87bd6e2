"""Hangs up on callers who send or read so slowly that they would only hold a connection."""

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# From the first byte, or from the connection, to the end of a request's body.
REQUEST_SECONDS = 30.0
# For each 64 kB of an answer.
READING_SECONDS = 60.0
# Between two requests. Whoever keeps lines open hangs up first (the proxy after 60 seconds,
# deploy/host/Caddyfile): else a request can meet the server hanging up, and is lost.
KEEP_ALIVE_SECONDS = 75


class Impatient(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, within time limits of which it has only one: for keep-alive."""

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self._sending: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request; the narrower type is uvicorn's."""
        super().connection_made(transport)
        self._wait_for_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._request_is_whole()
        self._answer_is_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and see whether it is a whole request."""
        super().data_received(data)
        self._wait_for_request()

    def on_response_complete(self) -> None:
        """The next request may have begun already."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._wait_for_request()

    def pause_writing(self) -> None:
        """What was sent is not read."""
        super().pause_writing()
        self._reading = self.loop.call_later(READING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It was read."""
        self._answer_is_read()
        super().resume_writing()

    def _wait_for_request(self) -> None:
        """Begin to wait, or go on, until the request is whole."""
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._request_is_whole()
        elif self._sending is None:
            self._sending = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _request_is_whole(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _answer_is_read(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
