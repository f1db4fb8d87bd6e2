"""An answer in parts: each asks the database for what it shows; columns and order are one's own."""

import asyncio
import re
from collections.abc import AsyncIterator
from html import unescape
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import Page, expect

from server.errors import DatabaseAway
from server.filter import Filter, load_catalogue
from server.search.answer import Found
from server.search.people import PeoplePage, Window

from .panel import StoredServices

HTMX = {"hx-request": "true", "accept-language": "en"}
WOMEN = quote('{"where":{"gender":["여성"]}}')
WELCOME = load_catalogue("welcome")


class Asked:
    """What of the product was asked for, and a hand that holds one part of it back."""

    def __init__(self, services: StoredServices) -> None:
        self.services = services
        self.done: list[str] = []
        self.held = ""
        self.cancelled: list[str] = []

    async def search(self, query: Filter, *, page_size: int, offset: int) -> Found:
        await self._wait(f"search {page_size}")
        return await StoredServices.search(self.services, query, page_size=page_size, offset=offset)

    async def people(self, query: Filter, window: Window, *, enough: int = 0) -> PeoplePage:
        await self._wait("people")
        return await StoredServices.people(self.services, query, window, enough=enough)

    async def _wait(self, what: str) -> None:
        self.done.append(what)
        try:
            while self.held and what.startswith(self.held):  # noqa: ASYNC110  (set by the test)
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.cancelled.append(what)
            raise


@pytest.fixture
async def asked(services: StoredServices, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asked]:
    asked = Asked(services)
    monkeypatch.setattr(services, "search", asked.search)
    monkeypatch.setattr(services, "people", asked.people)
    yield asked
    asked.held = ""


async def test_the_reading_comes_first_and_asks_the_database_nothing(
    http: httpx.AsyncClient, asked: Asked
) -> None:
    text = (await http.get(f"/?q={quote('여성')}", headers=HTMX)).text
    assert "What was understood" in text and "Counting …" in text
    assert asked.done == []
    parts = [unescape(part) for part in re.findall(r'hx-get="(/[^"]+)" hx-trigger="load', text)]
    assert [part.partition("?")[0] for part in parts] == ["/count", "/measured", "/people"]
    count, measured, people = [(await http.get(part, headers=HTMX)).text for part in parts]
    assert "respondents match" in count and "/respondents/" not in count
    assert "/respondents/" in people and "respondents match" not in people
    assert "92.7%" in measured
    assert asked.done == ["search 0", "people"]


async def test_a_whole_page_holds_every_part_and_asks_once_for_each(
    http: httpx.AsyncClient, asked: Asked
) -> None:
    text = (await http.get(f"/?q={quote('여성')}&lang=en")).text
    assert "respondents match" in text and "/respondents/" in text and "92.7%" in text
    assert "Counting …" not in text
    assert asked.done == ["search 0", "people"]


async def test_another_page_of_the_list_counts_nothing(
    http: httpx.AsyncClient, asked: Asked
) -> None:
    first = (await http.get(f"/people?f={WOMEN}", headers=HTMX)).text
    found = re.search(r'rel="next" href="([^"]+)" hx-get="([^"]+)"', first)
    assert found is not None
    second = (await http.get(unescape(found[2]), headers=HTMX)).text
    assert "21–40" in second
    assert asked.done == ["people", "people"]
    assert found[1].startswith("/?") and found[2].startswith("/people?")


@pytest.mark.parametrize("part", ["count", "people", "measured"])
async def test_a_part_opened_by_itself_leads_to_the_whole_answer(
    http: httpx.AsyncClient, part: str
) -> None:
    response = await http.get(f"/{part}?f={WOMEN}&c=age&s=-age", follow_redirects=False)
    assert response.status_code == 303
    whole = await http.get(response.headers["location"], headers={"accept-language": "en"})
    assert "respondents match" in whole.text
    assert ('aria-sort="descending"') in whole.text


async def test_who_left_a_search_is_remembered_once_its_count_is_there(
    http: httpx.AsyncClient,
) -> None:
    query = quote('{"where":{"age":{"min":41,"max":47}}}')
    await http.get(f"/count?f={query}&q={quote('마흔 남짓')}", headers=HTMX)
    for _ in range(50):
        if "마흔 남짓" in (await http.get("/history")).text:
            break
        await asyncio.sleep(0.05)
    assert "마흔 남짓" in (await http.get("/history")).text


async def test_columns_and_order_are_kept_in_the_address(http: httpx.AsyncClient) -> None:
    text = (await http.get(f"/?f={WOMEN}&c=phone_brand&c=age&s=-age&lang=en")).text
    head = text[text.index('<thead><tr><th scope="col">mb_sn') :]
    labels = re.findall(r'<th scope="col"[^>]*>(?:<a [^>]*>)?([^<]+)', head[: head.index("</tr>")])
    assert [label.strip() for label in labels] == ["mb_sn", "Phone brand", "Age"]
    ages = [int(n) for n in re.findall(r"<td>(\d+) years</td>", text)]
    assert len(ages) == 20 and ages == sorted(ages, reverse=True)
    for link in re.findall(r'href="(/\?[^"]+)"[^>]*aria-label="Remove', text):
        assert "c=phone_brand%2Cage" in link and "s=-age" in link


@pytest.mark.parametrize("wrong", ["c=nope", "s=nope", "s=-appliances"])
async def test_columns_that_are_not_there_are_refused(http: httpx.AsyncClient, wrong: str) -> None:
    assert (await http.get(f"/?f={WOMEN}&{wrong}")).status_code == 422
    assert (await http.get(f"/people?f={WOMEN}&{wrong}", headers=HTMX)).status_code == 422


async def test_columns_are_chosen_without_javascript(http: httpx.AsyncClient) -> None:
    form = (await http.get(f"/columns?f={WOMEN}&s=age", headers={"accept-language": "en"})).text
    assert '<input type="hidden" name="s" value="age">' in form
    assert len(re.findall(r'name="c"', form)) == len(WELCOME.fields)


async def test_columns_are_chosen_on_a_page_of_their_own(page: Page) -> None:
    await page.goto(f"/columns?f={WOMEN}&c=age")
    await page.locator("#columns-choices [value=phone_brand]").check()
    await page.get_by_role("button", name="이 열 보이기").click()
    await expect(page.locator(".people thead")).to_have_text("mb_sn나이휴대폰 브랜드")


async def test_columns_that_are_left_as_they_were_leave_the_answer_alone(page: Page) -> None:
    await page.goto(f"/?f={WOMEN}")
    columns = page.get_by_role("link", name="열 고르기")
    await columns.click()
    await expect(page.locator("#columns-narrow")).to_be_focused()
    await page.get_by_role("link", name="그대로 두기").click()
    await expect(page.locator("#columns form")).to_have_count(0)
    await expect(columns).to_be_focused()
    await expect(page.locator(".answer")).to_have_count(1)
    await page.goto(f"/columns?f={WOMEN}")
    await page.get_by_role("link", name="그대로 두기").click()
    await expect(page.locator(".people tbody tr")).to_have_count(20)


async def test_a_list_is_sorted_and_its_columns_chosen_in_place(page: Page) -> None:
    await page.goto(f"/?q={quote('여성')}")
    await page.evaluate("window.samePage = true")
    await page.get_by_role("link", name="나이", exact=True).and_(page.locator(".sort")).click()
    await expect(page.locator("th[aria-sort=ascending]")).to_contain_text("나이")
    assert "s=age" in page.url
    await page.get_by_role("link", name="열 고르기").click()
    narrow = page.get_by_role("searchbox", name="목록에서 찾기")
    await expect(narrow).to_be_focused()
    await narrow.fill("휴대폰 브랜드")
    await page.locator("#columns-choices li:visible").get_by_role("checkbox", checked=False).check()
    await page.get_by_role("button", name="이 열 보이기").click()
    await expect(page.locator(".people thead")).to_contain_text("휴대폰 브랜드")
    assert "c=" in page.url and "s=age" in page.url
    await page.get_by_role("link", name="다음").click()
    await expect(page.locator(".paging")).to_contain_text("21–40")
    assert "after=" in page.url
    await page.reload()
    await expect(page.locator(".paging")).to_contain_text("21–40")
    await expect(page.locator("th[aria-sort=ascending]")).to_contain_text("나이")
    assert await page.evaluate("window.samePage") is None
    await page.get_by_role("link", name="무작위 순서로").click()
    await expect(page.locator("th[aria-sort]")).to_have_count(0)


async def test_parts_come_as_they_are_ready_and_a_stopped_one_goes_on(
    page: Page, asked: Asked
) -> None:
    asked.held = "search"
    await page.goto("/")
    await page.get_by_role("searchbox").fill("여성")
    await page.keyboard.press("Enter")
    await expect(page.locator(".people tbody a").first).to_be_visible()
    count = page.locator("#count")
    await expect(count).to_contain_text("세는 중")
    await count.get_by_role("button", name="취소").click()
    await expect(count.get_by_role("button", name="계속")).to_be_focused()
    for _ in range(100):
        if asked.cancelled:
            break
        await page.wait_for_timeout(50)
    assert asked.cancelled == ["search 0"]
    asked.held = ""
    await count.get_by_role("button", name="계속").click()
    await expect(page.get_by_role("heading", name=re.compile("명 일치"))).to_be_visible()
    await expect(page.locator(".funnel")).to_be_visible()
    await expect(page.locator("#said")).to_contain_text("명 일치")


async def test_a_condition_is_changed_while_its_answer_still_runs(page: Page, asked: Asked) -> None:
    asked.held = "search"
    await page.goto("/")
    await page.get_by_role("searchbox").fill("서울 20대 남자 100명")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="빼기: 지역").click()
    await expect(page.get_by_role("link", name="빼기: 지역")).to_have_count(0)
    for _ in range(100):
        if asked.cancelled:
            break
        await page.wait_for_timeout(50)
    assert asked.cancelled == ["search 0"]
    asked.held = ""
    await expect(page.locator(".funnel tbody tr")).to_have_count(2)


async def test_a_page_of_the_list_that_comes_too_late_changes_nothing(
    page: Page, asked: Asked
) -> None:
    await page.goto(f"/?f={WOMEN}")
    asked.held = "people"
    await page.get_by_role("link", name="다음").click()
    await page.get_by_role("link", name="빼기: 성별").click()
    await expect(page.get_by_role("link", name="빼기: 성별")).to_have_count(0)
    for _ in range(100):
        if asked.cancelled:
            break
        await page.wait_for_timeout(50)
    assert asked.cancelled == ["people"]
    asked.held = ""
    await expect(page.locator(".paging")).to_contain_text("1쪽")
    english = await page.get_by_role("link", name="English").get_attribute("href")
    for address in (page.url, unescape(english or "")):
        assert "?f=%7B%7D&" in address and "after=" not in address


async def test_of_two_pages_of_the_list_the_one_chosen_last_is_shown(
    page: Page, asked: Asked
) -> None:
    await page.goto(f"/?f={WOMEN}")
    asked.held = "people"
    await page.get_by_role("link", name="나이", exact=True).and_(page.locator(".sort")).click()
    await page.get_by_role("link", name="다음").click()
    asked.held = ""
    await expect(page.locator(".paging")).to_contain_text("21–40")
    await expect(page.locator("th[aria-sort]")).to_have_count(0)
    assert "after=" in page.url and "s=age" not in page.url


async def test_whoever_turns_pages_by_keyboard_stays_there_and_hears_where(page: Page) -> None:
    await page.goto(f"/?q={quote('여성')}")
    said, following = page.locator("#said"), page.get_by_role("link", name="다음")
    await following.press("Enter")
    await expect(said).to_have_text(re.compile("^21–40 +· 2쪽 *$"))
    await expect(following).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(said).to_contain_text("41–60")
    await page.get_by_role("link", name="마지막").press("Enter")
    await expect(said).to_contain_text("마지막 쪽")
    await expect(page.get_by_role("heading", name="응답자", exact=True)).to_be_focused()
    by_age = page.get_by_role("link", name="나이", exact=True).and_(page.locator(".sort"))
    await by_age.press("Enter")
    await expect(page.locator("th[aria-sort=ascending]")).to_contain_text("나이")
    await expect(by_age).to_be_focused()
    await page.get_by_role("link", name="빼기: 성별").press("Enter")
    await expect(page.get_by_role("heading", name="조건", exact=True)).to_be_focused()


async def test_the_list_says_of_how_many_whichever_is_there_first(page: Page, asked: Asked) -> None:
    asked.held = "search"
    await page.goto("/")
    await page.get_by_role("searchbox").fill("여성")
    await page.keyboard.press("Enter")
    place = page.locator(".paging > span")
    await expect(place).to_have_text(re.compile("^1–20 +· 1쪽 *$"))
    asked.held = ""
    await expect(place).to_have_text(re.compile(r"^1–20 / 1\d\d · 1쪽 / \d+$"))
    await page.get_by_role("link", name="마지막").click()
    await expect(place).to_have_text(re.compile(r"^마지막 쪽 / \d+$"))
    await page.reload()
    await expect(place).to_have_text(re.compile(r"^마지막 쪽 / \d+$"))


async def test_a_new_question_and_a_changed_condition_keep_the_chosen_columns(page: Page) -> None:
    await page.goto(f"/?q={quote('여성')}")
    await page.get_by_role("link", name="열 고르기").click()
    checked = page.locator("#columns-choices :checked")
    await expect(checked).not_to_have_count(0)
    while await checked.count():
        await checked.first.uncheck()
    await page.locator("#columns-choices [value=phone_brand]").check()
    await page.get_by_role("button", name="이 열 보이기").click()
    head = page.locator(".people thead")
    await expect(head).to_have_text("mb_sn휴대폰 브랜드")
    await (
        page.get_by_role("link", name="휴대폰 브랜드", exact=True)
        .and_(page.locator(".sort"))
        .click()
    )
    await expect(page.locator("th[aria-sort=ascending]")).to_contain_text("휴대폰 브랜드")
    english = await page.get_by_role("link", name="English").get_attribute("href")
    assert english is not None and "c=phone_brand" in english and "s=phone_brand" in english
    await page.get_by_role("searchbox").fill("서울 20대 남자 100명")
    await page.get_by_role("searchbox").press("Enter")
    await expect(page.locator(".total h2")).to_contain_text("100명 요청")
    await expect(head).to_contain_text("휴대폰 브랜드")
    await expect(page.locator(".people thead th")).to_have_count(2)
    assert "c=phone_brand" in page.url and "s=phone_brand" in page.url
    await page.get_by_role("link", name="무작위 순서로").click()
    await expect(page.locator("th[aria-sort]")).to_have_count(0)
    await page.get_by_role("link", name="빼기: 지역").click()
    await expect(page.locator(".funnel tbody tr")).to_have_count(2)
    await expect(page.locator(".people thead th")).to_have_count(2)
    await expect(page.locator("th[aria-sort]")).to_have_count(0)


async def test_an_outage_while_an_answer_builds_is_told_once_and_mends_itself(
    page: Page, services: StoredServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DatabaseAway, "retry_after_seconds", 1)
    services.database_fault = DatabaseAway("refused")
    await page.goto("/")
    await page.get_by_role("searchbox").fill("여성")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_count(1)
    await expect(page.get_by_role("alert")).to_contain_text("데이터베이스에 연결할 수 없습니다")
    await expect(page.locator(".coming:visible")).to_have_count(0)
    await expect(page.locator(".chips")).to_contain_text("여성")
    assert await page.title() == "여성 · Panelens"
    services.database_fault = None
    await expect(page.get_by_role("heading", name=re.compile("명 일치"))).to_be_visible()
    await expect(page.locator(".people tbody a").first).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_an_outage_waits_for_a_form_that_is_being_filled_in(
    page: Page, services: StoredServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DatabaseAway, "retry_after_seconds", 1)
    await page.goto("/")
    services.database_fault = DatabaseAway("refused")
    await page.get_by_role("searchbox").fill("여성")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_count(1)
    await page.locator("a.chip-text").click()
    form = page.locator("#editor form")
    await form.get_by_label("남성").check()
    tries = """() => new Promise((tell) => {
        let left = 2;
        document.addEventListener("htmx:configRequest", ({ detail }) => {
            if (detail.elt.matches("#outage .problem") && !(left -= 1)) tell();
        });
    })"""
    await page.evaluate(tries)
    await expect(form.get_by_label("남성")).to_be_checked()
    services.database_fault = None
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("heading", name=re.compile("명 일치"))).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_part_that_fails_alone_is_told_in_its_place(http: httpx.AsyncClient) -> None:
    refused = await http.get("/people?f=nonsense", headers={**HTMX, "hx-trigger": "people"})
    assert refused.status_code == 422 and "hx-retarget" not in refused.headers
