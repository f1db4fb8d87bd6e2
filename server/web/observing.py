"""What an operator sees of requests: an id for each, a line in the log, figures for Prometheus."""

import logging
import re
import secrets
import time
from contextvars import ContextVar
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-request-id"
# What a proxy may hand us: it ends up in the log, so it may look like an id and like nothing else.
_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

log = logging.getLogger("panelens.requests")


@dataclass(slots=True)
class Figures:
    """One server's counters; made with its application, read by Prometheus."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)
    open_requests: Gauge = field(init=False)

    def __post_init__(self) -> None:
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "panelens_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "panelens_request_seconds",
            "How long requests took.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.open_requests = Gauge(
            "panelens_open_requests", "Requests being answered.", registry=self.registry
        )


class Observed:
    """Gives every request an id and writes down how it went, never what was asked.

    Addresses hold questions and filters, and the last part of some is a respondent's id: only the
    route's pattern is written.
    """

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self.app = app
        self.figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its id."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        identity = _identity(Headers(scope=scope))
        status = 500

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = identity
            await send(message)

        held = request_id.set(identity)
        started = time.perf_counter()
        try:
            with self.figures.open_requests.track_inprogress():
                await self.app(scope, receive, send_named)
        finally:
            self._note(scope, status, time.perf_counter() - started)
            request_id.reset(held)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        # Anybody can send any method; a label must not grow with that.
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = str(getattr(scope.get("route"), "path", "other"))
        self.figures.requests.labels(method, route, str(status)).inc()
        self.figures.seconds.labels(route).observe(seconds)
        log.info(
            "request",
            extra={
                "method": method,
                "route": route,
                "status": status,
                "milliseconds": round(seconds * 1000, 1),
            },
        )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _identity(headers: Headers) -> str:
    given = headers.get(HEADER, "")
    return given if _ID.fullmatch(given) else secrets.token_hex(8)
