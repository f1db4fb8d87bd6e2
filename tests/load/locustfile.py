"""What people do with Panelens, for locust: ask, look on, change a condition, page, export.

A 503 is a refusal, which the product promises when it is full, and is counted apart from errors.
"""

import json
import random
from pathlib import Path
from typing import Any

from locust import FastHttpUser, between, task

GRAMMARS = Path(__file__).resolve().parents[2] / "grammars"
GOLD = [
    json.loads(line)
    for line in (GRAMMARS / "welcome" / "gold.jsonl").read_text("utf-8").splitlines()
    if line.strip()
]


class Colleague(FastHttpUser):
    """Somebody who thinks a few seconds between two clicks."""

    wait_time = between(1, 5)

    @task(4)
    def ask(self) -> None:
        """A question, as the page's form sends it."""
        asked = random.choice(GOLD)
        self._get("/", "ask on the page", q=asked["question"], htmx=True)

    @task(4)
    def change_a_condition(self) -> None:
        """A filter in the address: the model is not asked again."""
        asked = random.choice(GOLD)
        self._get("/", "change a condition", f=_filter(asked), htmx=True)

    @task(2)
    def go_on(self) -> None:
        """The second page of a result."""
        asked = random.choice(GOLD)
        self._get("/", "second page", f=_filter({"filter": _unlimited(asked)}), page="2", htmx=True)

    @task(2)
    def open_the_start_page(self) -> None:
        """A first look."""
        self._get("/", "start page")

    @task(1)
    def look_up(self) -> None:
        """The codebook, and how right readings are."""
        self._get("/codebook", "codebook")
        self._get("/accuracy", "accuracy")

    @task(1)
    def take_away(self) -> None:
        """A result as a file."""
        taken = {**_unlimited(random.choice(GOLD)), "limit": 1000}
        self._get("/export", "export", f=_filter({"filter": taken}), as_="csv")

    @task(3)
    def search_by_program(self) -> None:
        """A program's search with a filter."""
        body = {"filter": random.choice(GOLD)["filter"], "page_size": 20}
        self._post("/api/search", "API: search with a filter", body)

    @task(2)
    def read_by_program(self) -> None:
        """A program's question."""
        body = {"question": random.choice(GOLD)["question"]}
        self._post("/api/interpret", "API: read a question", body)

    def _get(self, path: str, name: str, *, htmx: bool = False, **query: str) -> None:
        params = {key.rstrip("_"): value for key, value in query.items()}
        headers = {"HX-Request": "true"} if htmx else {}
        with self.client.get(
            path, name=name, params=params, headers=headers, catch_response=True
        ) as answer:
            _judge(answer, name)

    def _post(self, path: str, name: str, body: dict[str, Any]) -> None:
        with self.client.post(path, name=name, json=body, catch_response=True) as answer:
            _judge(answer, name)


def _judge(answer: Any, name: str) -> None:
    if answer.status_code == 503 and "retry-after" in answer.headers:
        answer.request_meta["name"] = f"{name} (refused)"
        answer.success()
    elif answer.status_code != 200:
        answer.failure(f"{answer.status_code}")


def _filter(asked: dict[str, Any]) -> str:
    return json.dumps(asked["filter"], ensure_ascii=False)


def _unlimited(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in asked["filter"].items() if name != "limit"}
