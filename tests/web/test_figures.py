"""Who the found people are adds up to how many were found."""

import json
import re

import httpx
import pytest
from playwright.async_api import Page, expect

from server.filter import Filter, load_catalogue, parse_filter
from server.web.figures import usual_divisions

WELCOME = load_catalogue("welcome")
WOMEN = {"where": {"gender": ["여성"]}}


def test_what_was_asked_for_is_not_divided_by_again() -> None:
    everyone = usual_divisions(WELCOME, Filter())
    women = usual_divisions(WELCOME, parse_filter(WOMEN, WELCOME))
    assert everyone[0] == ("age", "gender")
    assert all("gender" not in by for by in women)
    assert len(everyone) == len(women) == 3


@pytest.mark.parametrize("by", ["region", "age", "gender", "marital_status"])
async def test_the_bars_add_up_to_the_people(http: httpx.AsyncClient, by: str) -> None:
    total = (await http.post("/api/search", json={"filter": WOMEN})).json()["total"]
    sent = {"f": json.dumps(WOMEN), "by": by, "lang": "en"}
    page = (await http.get("/figures", params=sent)).text
    counts = [int(n) for n in re.findall(r'figure-count">(\d+) ', page)]
    assert sum(counts) == total


async def test_an_unknown_field_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.get("/figures", params={"by": "x"})).status_code == 422


async def test_figures_follow_the_result_and_any_field_can_be_chosen(page: Page) -> None:
    await page.goto("/?q=여성")
    await expect(page.locator(".figure")).to_have_count(3)
    await page.get_by_label("나누는 항목").select_option("phone_brand")
    await expect(page.locator(".figure")).to_have_count(1)
    await expect(page.locator(".figure caption")).to_have_text("휴대폰 브랜드")
    assert "figures" not in page.url
