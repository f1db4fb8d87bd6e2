"""Every page is checked by axe-core (WCAG 2.2 AA) in a real browser, by day and by night."""

import json
import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from server.access.person import Role

from .guarded import PASSWORD, guarded
from .panel import StoredServices
from .states import STATES, State
from .test_measuring import MEN, WOMEN, evaluated

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
ASKED = "수도권 기혼 여성 중 우울한 사람을 직업별로 5명"
FILTER = quote('{"where":{"age":{"min":30,"max":39}}}')
PAGES = {
    "start": "/",
    "answer": f"/?q={quote(ASKED)}",
    "either": f"/?q={quote('아이폰을 쓰거나 테슬라를 타는 사람')}",
    "edited": f"/?f={FILTER}&u={quote('{}')}",
    "edit a range": f"/edit?f={FILTER}&field=age&place=where",
    "edit a long list": f"/edit?f={FILTER}&field=car_model",
    "add": f"/edit?f={FILTER}",
    "figures": f"/figures?f={FILTER}",
    "segments": f"/segments?f={FILTER}&q={quote('삼십대')}",
    "history": "/history",
    "codebook": "/codebook?q=%EC%9E%90%EB%8F%99%EC%B0%A8",
    "profile": "/respondents/w000000000000001",
    "accuracy": "/accuracy",
    "review": "/accuracy/review",
    "near misses": f"/near?f={FILTER}",
    "columns": f"/columns?f={FILTER}",
}


async def violations(page: Page) -> list[str]:
    """What axe finds wrong, one line a rule with the first place."""
    found: dict[str, Any] = await page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:160]}: "
        f"{one['nodes'][0].get('failureSummary', '')[:300]}"
        for one in found["violations"]
    ]


async def open_checked(page: Page, path: str) -> None:
    await page.goto(path)
    if await page.locator("#figures[hx-trigger=load]").count():
        await expect(page.locator(".figure").first).to_be_visible()
    # The page's own policy refuses injected scripts; what the driver evaluates is outside of it.
    await page.evaluate(AXE.read_text("utf-8"))


@pytest.fixture
async def some_segments(http: httpx.AsyncClient) -> None:
    for name in ("여성", "남성"):
        query = json.dumps({"where": {"gender": [name]}})
        await http.post("/segments", data={"name": name, "f": query, "note": "메모"})


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
@pytest.mark.parametrize(
    ("scheme", "language"), [("light", "ko-KR"), ("dark", "en-GB")], ids=["day", "night"]
)
async def test_axe_finds_nothing(
    *,
    chromium: Browser,
    address: str,
    services: StoredServices,
    some_segments: None,
    path: str,
    scheme: Literal["light", "dark"],
    language: str,
) -> None:
    context = await chromium.new_context(
        base_url=address, locale=language, color_scheme=scheme, reduced_motion="reduce"
    )
    page = await context.new_page()
    await open_checked(page, path)
    found = await violations(page)
    await context.close()
    assert found == []


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_where_something_is_away(
    *, page: Page, services: StoredServices, state: State, scheme: Literal["light", "dark"]
) -> None:
    await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    if state.typed:
        await page.goto("/")
    state.force(services)
    if state.typed:
        await page.get_by_role("searchbox").fill(state.typed)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_be_visible()
        await page.evaluate(AXE.read_text("utf-8"))
    else:
        await open_checked(page, state.path)
    assert await violations(page) == []


async def test_axe_finds_nothing_at_the_door(chromium: Browser, everything: StoredServices) -> None:
    with guarded(everything.catalogue, everything.database) as door:
        context = await chromium.new_context(base_url=door.address, locale="ko-KR")
        over = {"name": "panelens_session", "value": "over", "url": door.address}
        await context.add_cookies([over])  # type: ignore[list-item]  # a dict is what it takes
        page = await context.new_page()
        await open_checked(page, "/audit")
        await expect(page.get_by_role("status")).to_contain_text("로그인이 만료되었습니다")
        assert await violations(page) == []
        await page.get_by_label("이름").fill(door.names[Role.OWNER])
        await page.get_by_label("비밀번호").fill("not the password")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_be_visible()
        await page.evaluate(AXE.read_text("utf-8"))
        assert await violations(page) == []
        await page.get_by_label("비밀번호").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="활동 기록")).to_be_visible()
        assert page.url.endswith("/audit"), "back where one was"
        await page.evaluate(AXE.read_text("utf-8"))
        assert await violations(page) == []
        await context.close()


async def test_axe_finds_nothing_in_evaluations_side_by_side(
    page: Page, http: httpx.AsyncClient
) -> None:
    women = {"question": "여성", "tags": ["ko"]}
    before, after = [await evaluated(http, {**women, "filter": right}) for right in (MEN, WOMEN)]
    await open_checked(page, f"/accuracy/compare?before={before}&after={after}")
    assert await violations(page) == []


async def test_axe_finds_nothing_in_the_comparison(page: Page, some_segments: None) -> None:
    await page.goto("/segments")
    for number in range(2):
        await page.get_by_role("checkbox").nth(number).check()
    await page.get_by_role("button", name="나란히 비교").click()
    await page.evaluate(AXE.read_text("utf-8"))
    assert await violations(page) == []


async def test_axe_finds_nothing_in_the_drawer(page: Page, services: StoredServices) -> None:
    await open_checked(page, f"/?q={quote('여성')}")
    await page.locator(".people tbody a").first.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await violations(page) == []


async def test_axe_sees_what_is_wrong(page: Page) -> None:
    await open_checked(page, "/")
    await page.evaluate("document.querySelector('label[for=question]').remove()")
    await page.evaluate("document.documentElement.removeAttribute('lang')")
    assert {line.partition(":")[0] for line in await violations(page)} >= {"html-has-lang"}


async def test_the_keyboard_alone_asks_edits_and_undoes(
    page: Page, services: StoredServices
) -> None:
    await page.goto("/")
    await page.keyboard.type("여성")
    await page.keyboard.press("Enter")
    await expect(page.locator("a.chip-text")).to_have_count(1)
    await page.locator("a.chip-text").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#editor form")).to_be_visible()
    await page.keyboard.press("Space")
    await page.keyboard.press("Enter")
    await expect(page.locator(".chips")).to_contain_text("남성")
    undo = page.get_by_role("link", name="되돌리기")
    await undo.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".chips").first).not_to_contain_text("남성")


async def test_a_screen_reader_hears_how_many_how_it_was_read_and_how_far_to_trust_it_first(
    page: Page, services: StoredServices
) -> None:
    await page.goto(f"/?q={quote(ASKED)}")
    await expect(page.locator(".figure").first).to_be_visible()
    heard = await page.locator("main :is(h1, h2)").all_inner_texts()
    assert heard[:4] == [
        "어떤 사람을 찾으세요?",
        "5명 요청, 3명 일치",
        "이렇게 이해했습니다",
        "정확도",
    ]
    assert heard.index("조건별 영향") < heard.index("어떤 사람들인가") < heard.index("응답자")
    order = await page.evaluate(
        "[...document.querySelectorAll('main :is(h1, h2)')].map(h => h.tagName).join(' ')"
    )
    assert order.startswith("H1 H2") and order.count("H1") == 1


async def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    await page.goto("/codebook")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="본문으로")).to_be_focused()
    await page.keyboard.press("Enter")
    assert page.url.endswith("#main")


async def test_on_paper_only_the_result_is_left(page: Page) -> None:
    await page.goto(f"/?q={quote(ASKED)}")
    await page.emulate_media(media="print")
    await expect(page.locator(".places")).to_be_hidden()
    await expect(page.locator(".ask")).to_be_hidden()
    await expect(page.locator(".people table")).to_be_visible()


@pytest.mark.parametrize(
    "path", ["/codebook?q=Q5", "/edit?field=car_model", "/respondents/w000000000000001"]
)
async def test_korean_wordings_on_english_pages_are_read_in_korean(
    http: httpx.AsyncClient, path: str
) -> None:
    text = (await http.get(path, headers={"accept-language": "en"})).text
    official = re.findall(r'<(?:td|span class="wording")( lang="ko")?>([^<]*[가-힣][^<]*)<', text)
    assert official and all(marked for marked, _ in official), official[:3]
