"""What people do with Panelens, for locust: sign in, ask, look on, change, page, export, keep.

A 503 or 429 with Retry-After is a refusal, which the product promises when it is full, and is
counted apart from errors.
"""

import json
import os
import random
import re
import time
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import gevent
from gevent import socket
from locust import FastHttpUser, between, task

from tests.load.cast import CAST, Cast

CAST_OF_ALL = Cast.read(Path(os.environ[CAST]))
REFUSED = (429, 503)
# Long enough for the reading to have begun, mostly too short for it to be there.
PATIENCE_OF_THE_IMPATIENT = 0.3
_numbers = count()


class Colleague(FastHttpUser):
    """Somebody who thinks a few seconds between two clicks, and whose programs do too."""

    wait_time = between(1, 5)

    def on_start(self) -> None:
        """Sign in, as often as it takes."""
        self.name = CAST_OF_ALL.people[next(_numbers) % len(CAST_OF_ALL.people)]
        self.bearer = {"authorization": f"Bearer {CAST_OF_ALL.tokens[self.name]}"}
        typed = {"name": self.name, "password": CAST_OF_ALL.password}
        while self._send("POST", "/sign-in", "sign in", data=typed) != 303:
            gevent.sleep(random.uniform(1, 5))

    @task(6)
    def ask(self) -> None:
        """A question as the page's form sends it, then the parts of its answer."""
        headers = {"HX-Request": "true"}
        with self._get("/", "ask on the page", q=_question(), htmx=True) as answer:
            _judge(answer, "ask on the page")
            here = answer.headers.get("hx-push-url", "") if answer.status_code == 200 else ""
        asked = {key: value[0] for key, value in parse_qs(urlsplit(here).query).items()}
        if "f" in asked:
            self._look_on(headers, asked)

    @task(4)
    def change_a_condition(self) -> None:
        """A filter in the address: the model is not asked again."""
        asked = {"f": _filter(_some())}
        self._get_judged("/", "change a condition", htmx=True, **asked)
        self._look_on({"HX-Request": "true"}, asked)

    @task(2)
    def go_on(self) -> None:
        """The end of a list in an order of choice, as its links give it."""
        query = {"f": _filter(_unlimited(_some())), "s": "age", "end": "1"}
        self._get_judged("/people", "end of the list", htmx=True, **query)

    @task(2)
    def open_the_start_page(self) -> None:
        """A first look, with what was asked of late."""
        self._get_judged("/", "start page")

    @task(1)
    def share(self) -> None:
        """A whole answer without JavaScript, as a colleague opens it."""
        self._get_judged("/", "whole answer", q=_question())

    @task(1)
    def look_up(self) -> None:
        """The codebook, how right readings are, and what was asked before."""
        for path in ("/codebook", "/accuracy", "/history"):
            self._get_judged(path, path.strip("/"))

    @task(1)
    def take_away(self) -> None:
        """A result as a file."""
        form = random.choice(("csv", "xlsx", "json"))
        taken = {**_unlimited(_some()), "limit": 1000}
        self._get_judged("/export", "export", f=_filter(taken), **{"as": form})

    @task(1)
    def keep(self) -> None:
        """A segment is kept, beside another, and thrown away."""
        made = {"name": f"{self.name} {random.random()}", "f": _filter(_some())}
        self._send("POST", "/segments", "keep a segment", data=made)
        with self._get("/segments", "segments") as answer:
            _judge(answer, "segments")
            kept = re.findall(r"/segments/(\d+)/delete", answer.text or "")
        if len(kept) > 1:
            compared = f"/compare?s={kept[0]}&s={kept[1]}"
            with self.client.get(compared, name="compare", catch_response=True) as answer:
                # A colleague of the same name may have thrown one of them away by now.
                _judge(answer, "compare", 422)
        for number in kept[:1]:
            where = f"/segments/{number}/delete"
            self._send("POST", where, "drop a segment", 404)

    @task(1)
    def correct(self) -> None:
        """A reading is put right, for which the model is asked once more."""
        said = {"question": _question(), "verdict": "corrected", "filter": _filter(_some())}
        self._send("POST", "/corrections", "correct", data=said)

    @task(1)
    def hang_up(self) -> None:
        """A question that nobody waits for."""
        server = urlsplit(self.host or "")
        begun = time.perf_counter()
        line = f"GET /?{urlencode({'q': _question()})} HTTP/1.1\r\nHost: {server.netloc}\r\n"
        cookies = "; ".join(f"{c.name}={c.value}" for c in self.client.cookiejar)
        with socket.create_connection((server.hostname, server.port)) as connection:
            connection.sendall(f"{line}Cookie: {cookies}\r\n\r\n".encode())
            gevent.sleep(PATIENCE_OF_THE_IMPATIENT)
        self.environment.events.request.fire(
            request_type="GET",
            name="hang up",
            response_time=(time.perf_counter() - begun) * 1000,
            response_length=0,
            exception=None,
            context={},
        )

    @task(3)
    def search_by_program(self) -> None:
        """A program's search with a filter."""
        body = {"filter": _some(), "page_size": 20}
        self._send("POST", "/api/search", "API: search", json=body, headers=self.bearer)

    @task(2)
    def read_by_program(self) -> None:
        """A program's question."""
        body = {"question": _question()}
        self._send("POST", "/api/interpret", "API: read", json=body, headers=self.bearer)

    def _look_on(self, headers: dict[str, str], asked: dict[str, str]) -> None:
        for path in ("/count", "/people", "/measured"):
            with self.client.get(
                path, name=path, params=asked, headers=headers, catch_response=True
            ) as answer:
                _judge(answer, path)

    def _get_judged(self, path: str, name: str, *, htmx: bool = False, **query: str) -> None:
        with self._get(path, name, htmx=htmx, **query) as answer:
            _judge(answer, name)

    def _get(self, path: str, name: str, *, htmx: bool = False, **query: str) -> Any:
        headers = {"HX-Request": "true"} if htmx else {}
        return self.client.get(path, name=name, params=query, headers=headers, catch_response=True)

    def _send(self, method: str, path: str, name: str, *also: int, **body: Any) -> int:
        with self.client.request(
            method, path, name=name, allow_redirects=False, catch_response=True, **body
        ) as answer:
            _judge(answer, name, 303, *also)
            return int(answer.status_code)


def _judge(answer: Any, name: str, *also: int) -> None:
    if answer.status_code in REFUSED and "retry-after" in answer.headers:
        answer.request_meta["name"] = f"{name} (refused)"
        answer.success()
    elif answer.status_code in (200, *also):
        answer.success()
    else:
        answer.failure(f"{answer.status_code}")


def _question() -> str:
    return random.choice(CAST_OF_ALL.questions)


def _some() -> dict[str, Any]:
    return random.choice(CAST_OF_ALL.filters)


def _filter(query: dict[str, Any]) -> str:
    return json.dumps(query, ensure_ascii=False)


def _unlimited(query: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in query.items() if name != "limit"}
