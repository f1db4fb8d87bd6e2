"""Who the found people are adds up to how many were found."""

import json
import re

import httpx
import pytest
from playwright.async_api import Page, expect

from server.filter import Filter, load_catalogue, parse_filter
from server.resources import folder
from server.search.divisions import Division, Slice
from server.web.figures import figure_of, usual_divisions
from server.web.wording import load_wordings

WELCOME = load_catalogue("welcome")
ENGLISH = load_wordings(folder("web") / "messages")["en"]
WOMEN = {"where": {"gender": ["여성"]}}


def test_what_was_asked_for_is_not_divided_by_again() -> None:
    everyone = usual_divisions(WELCOME, Filter())
    women = usual_divisions(WELCOME, parse_filter(WOMEN, WELCOME))
    assert everyone[0] == ("age", "gender")
    assert all("gender" not in by for by in women)
    assert len(everyone) == len(women) == 3


def divided(by: tuple[str, ...], **counts: int) -> Division:
    total = sum(counts.values())
    slices = (
        Slice(tuple(place.split("_")), count, count / total) for place, count in counts.items()
    )
    return Division(by, total, tuple(slices))


def test_a_count_of_too_few_people_is_left_blank_and_never_shown_as_nobody() -> None:
    division = divided(
        ("marital_status", "gender"),
        미혼_남성=100, 미혼_여성=7, 기혼_남성=90, 기혼_여성=63, 기타_남성=50, 기타_여성=40,
    )  # fmt: skip
    figure = figure_of(division, WELCOME, ENGLISH, smallest=10)
    counts = [[bar.count for bar in row.bars] for row in figure.rows]
    assert counts == [[90, 63], [100, None], [50, None]]
    assert figure.hidden and figure.left_off == 0, "every line is there"
    whole = figure_of(division, WELCOME, ENGLISH, smallest=0)
    assert [[bar.count for bar in row.bars] for row in whole.rows] == [[90, 63], [100, 7], [50, 40]]
    assert not whole.hidden


def test_nobody_is_shown_as_nobody_where_nothing_is_hidden() -> None:
    division = divided(("marital_status", "gender"), 미혼_남성=100, 기혼_남성=90, 기혼_여성=63)
    figure = figure_of(division, WELCOME, ENGLISH, smallest=10)
    assert [[bar.count for bar in row.bars] for row in figure.rows] == [[90, 63], [100, 0]]


def test_lines_of_too_few_people_are_counted_as_left_off() -> None:
    division = divided(("marital_status",), 미혼=100, 기혼=90, 기타=7, 이혼=6)
    figure = figure_of(division, WELCOME, ENGLISH, smallest=10)
    assert (len(figure.rows), figure.left_off, figure.hidden) == (2, 2, False)


def test_of_many_lines_those_of_most_people_are_shown_longest_bar_first() -> None:
    towns = {f"town{n}": 5 for n in range(243)} | {"town200": 1000, "town9": 20}
    figure = figure_of(divided(("district",), **towns), WELCOME, ENGLISH, smallest=0)
    assert [row.label for row in figure.rows[:3]] == ["town200", "town9", "town0"]
    assert (len(figure.rows), figure.left_off) == (40, 203)
    assert figure.rows[0].bars[0].width == 100


def test_of_many_lines_in_an_order_those_of_most_people_keep_it() -> None:
    years = {f"{1950 + n}": 10 + n for n in range(50)}
    figure = figure_of(divided(("birth_year",), **years), WELCOME, ENGLISH, smallest=0)
    assert [row.label for row in figure.rows] == [str(year) for year in range(1960, 2000)]
    assert figure.left_off == 10


@pytest.mark.parametrize("by", ["region", "age", "gender", "marital_status"])
async def test_the_bars_add_up_to_the_people(http: httpx.AsyncClient, by: str) -> None:
    total = (await http.post("/api/search", json={"filter": WOMEN})).json()["total"]
    sent = {"f": json.dumps(WOMEN), "by": by, "lang": "en"}
    page = (await http.get("/figures", params=sent)).text
    counts = [int(n) for n in re.findall(r'figure-count">(\d+) ', page)]
    assert sum(counts) == total


async def test_an_unknown_field_is_refused(http: httpx.AsyncClient) -> None:
    assert (await http.get("/figures", params={"by": "x"})).status_code == 422


async def test_the_arrow_keys_walk_through_the_fields_to_divide_by(page: Page) -> None:
    await page.goto("/?q=여성")
    await expect(page.locator(".figure")).to_have_count(3)
    by = page.get_by_label("나누는 항목")
    await by.evaluate("by => { by.dataset.walked = 'here' }")
    for _ in range(3):
        await by.press("ArrowDown")
    await expect(by).to_be_focused()
    assert await by.evaluate("by => by.selectedIndex") == 3
    assert await by.get_attribute("data-walked") == "here", "nothing was fetched on the way"


async def test_figures_follow_the_result_and_any_field_can_be_chosen(page: Page) -> None:
    await page.goto("/?q=여성")
    await expect(page.locator(".figure")).to_have_count(3)
    by = page.get_by_label("나누는 항목")
    await by.select_option("phone_brand")
    show = page.locator("#figures").get_by_role("button", name="보기")
    await show.press("Enter")
    await expect(page.locator(".figure")).to_have_count(1)
    await expect(page.locator(".figure caption")).to_have_text("휴대폰 브랜드")
    await expect(show).to_be_focused()
    assert "figures" not in page.url
