"""Round every request: security headers, a limit for bodies, no error unexplained."""

from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.errors import TooLarge

BODY_MAX_BYTES = 64 * 1024
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}

Explain = Callable[[Request, Exception], Awaitable[Response]]


class SecurityHeaders:
    """Adds the headers that keep a browser from running, framing or keeping what it should not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and dress the response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_dressed)


class LastResort:
    """Turns an exception nobody expected into a 500 problem."""

    def __init__(self, app: ASGIApp, explain: Explain) -> None:
        self.app = app
        self.explain = explain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; explain what escapes, unless the response has begun."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, send_noting)
        except Exception as error:
            if begun:
                raise
            response = await self.explain(Request(scope), error)
            await response(scope, receive, send)


class BodyLimit:
    """Reads the body before anyone works on it and refuses one that is too large."""

    def __init__(self, app: ASGIApp, explain: Explain) -> None:
        self.app = app
        self.explain = explain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request whose whole body came and fits; nobody waits for one cut off in it."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        try:
            body = await _read_body(Headers(scope=scope), receive)
        except TooLarge as error:
            response = await self.explain(Request(scope), error)
            await response(scope, receive, send)
            return
        if body is None:
            return
        given = False

        async def receive_again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, receive_again, send)


async def _read_body(headers: Headers, receive: Receive) -> bytes | None:
    """The whole body, or None when the caller hung up in it; TooLarge over the limit."""
    stated = headers.get("content-length", "0")
    if stated.isdecimal() and int(stated) > BODY_MAX_BYTES:
        raise TooLarge(f"> {BODY_MAX_BYTES} bytes")
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk: bytes = message.get("body", b"")
        body += chunk
        if len(body) > BODY_MAX_BYTES:
            raise TooLarge(f"> {BODY_MAX_BYTES} bytes")
        if not message.get("more_body", False):
            return body
