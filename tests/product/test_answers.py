"""One question, one answer: the same from the API, the page and the terminal."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from server.catalogue import Catalogue
from server.filter import as_json, parse_filter
from server.web.schemas import AnswerBody, InterpretationBody

from .running import PATIENCE_SECONDS, Served, panelens

pytestmark = pytest.mark.slow

ASKED = "서울에 사는 30대 기혼 여성 20명"
KOREAN, ENGLISH = {"accept-language": "ko"}, {"accept-language": "en"}


@pytest.fixture(scope="module")
def answer(served: Served) -> Iterator[dict[str, Any]]:
    """What the API answers to the question."""
    with served.client() as http:
        yield http.post("/api/search", json={"question": ASKED}).raise_for_status().json()


def test_a_first_start_ends_with_a_panel_that_can_be_asked(http: httpx.Client) -> None:
    assert http.get("/healthz").status_code == 200
    ready = http.get("/readyz").json()
    assert ready == {"ready": True, "model": True, "database": True, "details": {}}
    everyone = http.post("/api/search", json={"filter": {}, "page_size": 1}).json()
    assert everyone["total"] == everyone["population"] == 35_000
    assert everyone["synthetic"] is True


def test_a_question_becomes_a_filter_of_the_catalogue(
    http: httpx.Client, catalogue: Catalogue
) -> None:
    reading = http.post("/api/interpret", json={"question": ASKED}).raise_for_status().json()
    InterpretationBody.model_validate(reading)
    assert reading["conditions"]
    assert as_json(parse_filter(reading["filter"], catalogue)) == reading["filter"]
    assert all(0 < condition["confidence"] <= 1 for condition in reading["conditions"])


def test_reading_and_answering_agree(http: httpx.Client, answer: dict[str, Any]) -> None:
    AnswerBody.model_validate(answer)
    reading = http.post("/api/interpret", json={"question": ASKED}).json()
    assert timeless(answer["interpretation"]) == timeless(reading)
    again = http.post("/api/search", json={"filter": reading["filter"]}).json()
    assert [again[k] for k in ("total", "respondents")] == [
        answer[k] for k in ("total", "respondents")
    ]
    assert 0 < answer["total"] < answer["population"]
    assert len(answer["respondents"]) == answer["returned"]


def test_the_terminal_gives_the_answer_of_the_api(served: Served, answer: dict[str, Any]) -> None:
    asked = panelens("ask", ASKED, "--json", environment=served.environment)
    assert asked.returncode == 0, asked.stderr
    assert timeless(json.loads(asked.stdout)) == timeless(answer)


def test_the_terminal_shows_conditions_and_people(served: Served, answer: dict[str, Any]) -> None:
    asked = panelens("ask", ASKED, environment=served.environment)
    assert asked.returncode == 0, asked.stderr
    assert f"{answer['total']:,}명 일치" in asked.stdout
    assert answer["respondents"][0]["mb_sn"] in asked.stdout
    assert "합성 데이터" in asked.stdout


async def test_the_page_shows_the_answer_of_the_api(page: Page, answer: dict[str, Any]) -> None:
    await page.goto("/")
    await page.get_by_role("searchbox").fill(ASKED)
    await page.keyboard.press("Enter")
    heading = page.locator(".total h2")
    await expect(heading).to_contain_text(f"{answer['total']:,}명", timeout=PATIENCE_SECONDS * 1000)
    chips = page.locator(".chip-confidence")
    await expect(chips).to_have_count(len(answer["conditions"]))
    await expect(page.locator(".people tbody tr").first).to_be_visible()
    hrefs = await page.locator(".people tbody a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    shown = [m[1] for href in hrefs if (m := re.match(r"/respondents/([^?]+)", href))]
    assert list(dict.fromkeys(shown)) == [person["mb_sn"] for person in answer["respondents"]]


@pytest.mark.parametrize(("headers", "word"), [(KOREAN, "합성"), (ENGLISH, "ynthetic")])
def test_made_up_people_are_called_that(
    http: httpx.Client, headers: dict[str, str], word: str
) -> None:
    page = http.get("/", params={"f": '{"where":{"gender":["여성"]}}'}, headers=headers)
    assert page.status_code == 200
    assert word in page.text


def timeless(body: Any) -> Any:
    """The body without what differs from run to run."""
    if isinstance(body, dict):
        return {k: timeless(v) for k, v in body.items() if k != "milliseconds"}
    return [timeless(item) for item in body] if isinstance(body, list) else body
