"""The pages in a real Chromium, as a person uses them."""

import asyncio
import re
from urllib.parse import quote, quote_plus

import httpx
import pytest
from playwright.async_api import Browser, Page, Route, expect

from server.errors import DatabaseAway, ModelAway

from .panel import InMemoryServices

ASKED = "수도권 기혼 여성 중 우울한 사람을 직업별로 5명"
PAGES = [
    "/",
    f"/?q={quote(ASKED)}",
    f"/?q={quote('아이폰을 쓰거나 테슬라를 타는 사람')}",
    f"/?q={quote('행복한 연예인')}",
    f"/?q={quote('W' * 900)}",
    "/codebook",
    "/respondents/w000000000000001",
    "/nowhere",
]


async def test_a_question_is_typed_and_answered_in_place(page: Page) -> None:
    await page.goto("/")
    box = page.get_by_role("searchbox")
    await expect(box).to_be_focused()
    await page.evaluate("window.samePage = true")
    await page.keyboard.type(ASKED)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="5명 요청, 3명 일치")).to_be_visible()
    assert await page.evaluate("window.samePage") is True
    assert f"?q={quote(ASKED)}&f=" in page.url, "a link shares the search, not only the question"
    await expect(page).to_have_title(f"{ASKED} · Panelens")
    await expect(page.locator(".chip-doubtful")).to_contain_text("62%")
    await page.reload()
    await expect(page.locator(".chip-doubtful")).to_contain_text("62%")


async def test_a_reading_that_may_lack_something_says_so(page: Page) -> None:
    missing = page.get_by_text("질문의 일부가 빠졌거나")
    await page.goto(f"/?q={quote('담배 피우는 여성의 지역')}")
    await expect(page.locator(".sure")).to_contain_text("55%")
    await expect(missing).to_be_visible()
    await page.goto(f"/?q={quote('여성')}")
    await expect(page.locator(".sure")).to_contain_text("97%")
    await expect(missing).to_have_count(0)


async def test_a_question_opened_by_its_address_leaves_the_filter_there(
    page: Page, services: InMemoryServices
) -> None:
    await page.goto(f"/?q={quote(ASKED)}")
    assert f"?q={quote(ASKED)}&f=" in page.url
    await expect(page.locator(".chip-doubtful")).to_contain_text("62%")
    assert services.questions_asked == [ASKED]


async def test_chips_are_removed_without_the_model_and_back_brings_them_again(
    page: Page, services: InMemoryServices
) -> None:
    await page.goto(f"/?q={quote(ASKED)}")
    await page.get_by_role("link", name="빼기: 결혼 여부").click()
    await expect(page.get_by_text("모델에는 묻지 않았습니다")).to_be_visible()
    await expect(page.get_by_role("link", name="빼기: 결혼 여부")).to_have_count(0)
    assert services.questions_asked == [ASKED]
    await page.go_back()
    await expect(page.get_by_role("link", name="빼기: 결혼 여부")).to_be_visible()
    await expect(page.get_by_role("searchbox")).to_have_value(ASKED)


async def test_an_example_fills_the_box(page: Page) -> None:
    await page.goto("/")
    await page.get_by_role("link", name="서울 20대 남자 100명").click()
    await expect(page.get_by_role("heading", name=re.compile("100명 요청"))).to_be_visible()
    await expect(page.get_by_role("searchbox")).to_have_value("서울 20대 남자 100명")


async def test_the_language_is_switched_with_the_answer_kept(page: Page) -> None:
    await page.goto("/")
    await page.get_by_role("searchbox").fill("서울 20대 남자 100명")
    await page.keyboard.press("Enter")
    await expect(page.locator(".total h2")).to_contain_text("100명 요청")
    await page.get_by_role("link", name="English").click()
    await expect(page.locator(".total h2")).to_contain_text("100 wanted")
    await page.get_by_role("link", name="Codebook").first.click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_the_list_is_turned_and_a_person_opened(page: Page) -> None:
    await page.goto(f"/?q={quote('여성')}")
    await page.get_by_role("link", name="다음").click()
    await expect(page.locator(".paging")).to_contain_text("21–40")
    link = page.locator(".people tbody a").first
    await link.click()
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_role("heading", name=re.compile("^w0"))).to_be_visible()
    await expect(drawer).to_contain_text("회원님께서 현재 살고 계신 지역은 어디인가요?")
    assert "/respondents/" not in page.url and await page.title() == "여성 · Panelens"
    await page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()
    await expect(link).to_be_focused()


async def test_a_profile_opens_in_the_drawer_by_keyboard_and_a_click_beside_it_closes_it(
    page: Page,
) -> None:
    await page.goto(f"/?q={quote('여성')}")
    await page.locator(".people tbody a").nth(2).focus()
    await page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_role("button", name="닫기")).to_be_focused()
    corner = await drawer.bounding_box()
    assert corner is not None
    await page.mouse.click(corner["x"] + 4, 300)
    await expect(drawer.get_by_role("heading").first).to_be_visible()
    await page.mouse.click(5, 300)
    await expect(drawer).to_be_hidden()
    await page.locator(".people tbody a").nth(3).click()
    await page.get_by_role("link", name="페이지로 열기").click()
    await page.wait_for_url("**/respondents/w*")
    await expect(page.get_by_role("heading", name=re.compile("^w0"))).to_be_visible()


async def test_a_file_is_saved_and_a_refused_one_says_why(
    page: Page, services: InMemoryServices
) -> None:
    await page.goto(f"/?q={quote('여성')}")
    csv = page.get_by_role("link", name="CSV")
    async with page.expect_download() as saved:
        await csv.click()
    assert (await saved.value).suggested_filename.endswith(".csv")
    services.database_fault = DatabaseAway("refused")
    await csv.click()
    await expect(page.get_by_role("alert")).to_contain_text("데이터베이스에 연결할 수 없습니다")


async def test_who_left_the_panel_meanwhile_is_said_in_the_drawer(page: Page, address: str) -> None:
    await page.goto(f"/?q={quote('여성')}")
    gone = f"{address}/respondents/gone"
    await page.route("**/respondents/*", lambda route: route.continue_(url=gone))
    await page.locator(".people tbody a").first.click()
    await expect(page.get_by_role("dialog")).to_contain_text("찾는 것이 없습니다")
    await expect(page.get_by_role("dialog").get_by_role("button")).to_be_visible()


async def test_another_reading_of_a_doubtful_condition_is_one_click_away(
    page: Page, services: InMemoryServices
) -> None:
    await page.goto(f"/?q={quote(ASKED)}")
    doubtful = page.locator(".chip-doubtful")
    await expect(doubtful.locator(".chip-alternatives")).to_have_text("혹은 미혼")
    await doubtful.get_by_role("link", name="미혼").click()
    chips = page.locator(".reading .chips").first
    await expect(chips).to_contain_text("미혼")
    await expect(chips).not_to_contain_text("기혼")
    await expect(chips).to_contain_text("서울 · 경기 · 인천")
    assert services.questions_asked == [ASKED]
    await page.get_by_role("link", name="되돌리기").click()
    await expect(page.locator(".reading .chips").first).to_contain_text("기혼")


async def test_a_doubtful_question_offers_whole_readings_to_choose_from(
    page: Page, services: InMemoryServices
) -> None:
    await page.goto(f"/?q={quote(ASKED)}")
    others = page.get_by_role("list", name="확실하지 않습니다. 이런 뜻일 수도 있습니다.")
    await expect(others.get_by_role("link")).to_have_count(2)
    first, second = others.get_by_role("link").first, others.get_by_role("link").nth(1)
    await expect(first.locator("strong")).to_contain_text("미혼")
    await expect(second).not_to_contain_text("혼")
    await first.click()
    chips = page.locator(".reading .chips").first
    await expect(chips).to_contain_text("미혼")
    await expect(chips).to_contain_text("서울 · 경기 · 인천")
    await expect(others).to_have_count(0)
    assert services.questions_asked == [ASKED]
    await page.get_by_role("link", name="되돌리기").click()
    await expect(chips).to_contain_text("기혼")


async def test_slash_comes_back_to_the_question(page: Page) -> None:
    await page.goto(f"/?q={quote('여성')}")
    await expect(page.get_by_role("searchbox")).not_to_be_focused()
    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await expect(page.get_by_role("searchbox")).to_have_value("여성")


async def test_the_codebook_narrows_while_typing_and_an_answer_leads_to_people(
    page: Page,
) -> None:
    await page.goto("/codebook")
    await page.get_by_role("searchbox").press_sequentially("결혼")
    await expect(page.locator("article")).to_have_count(1)
    await page.get_by_role("link", name="기혼", exact=True).click()
    await expect(page.get_by_role("heading", name=re.compile("명 일치"))).to_be_visible()


async def test_back_leaves_the_codebook_at_once_whatever_was_typed_there(page: Page) -> None:
    await page.goto("/history")
    await page.goto("/codebook")
    box = page.get_by_role("searchbox")
    await box.fill("결")
    await page.wait_for_url("**/codebook?q=*")
    await box.fill("결혼")
    await page.wait_for_url(f"**/codebook?q={quote('결혼')}")
    await page.go_back()
    await page.wait_for_url("**/history")


async def test_a_pasted_question_over_the_limit_is_refused_not_cut(page: Page) -> None:
    await page.goto("/")
    box = page.get_by_role("searchbox")
    await box.evaluate(
        "box => { box.focus(); document.execCommand('insertText', false, '가'.repeat(100000)) }"
    )
    await box.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("1,000자까지")


async def test_the_page_answers_by_itself_when_the_model_is_ready(
    page: Page, services: InMemoryServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ModelAway, "retry_after_seconds", 1)
    services.model_fault = ModelAway("loading")
    await page.goto("/")
    await page.get_by_role("searchbox").fill("여성")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("언어 모델이 아직")
    services.model_fault = None
    await expect(page.get_by_role("heading", name=re.compile("명 일치"))).to_be_visible()


async def test_an_error_is_shown_in_place_and_the_next_question_works(
    page: Page, services: InMemoryServices
) -> None:
    await page.goto("/")
    services.database_fault = RuntimeError("password=hunter2")
    await page.get_by_role("searchbox").fill("여성")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").first).to_contain_text("사건 번호")
    services.database_fault = DatabaseAway()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").first).to_contain_text(
        "데이터베이스에 연결할 수 없습니다"
    )
    services.database_fault = None
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=re.compile("명 일치"))).to_be_visible()


@pytest.mark.parametrize("proxied", [False, True])
async def test_a_server_that_cannot_be_reached_is_said_and_what_was_shown_stays(
    chromium: Browser, address: str, services: InMemoryServices, proxied: bool
) -> None:
    async def away(route: Route) -> None:
        await (route.fulfill(status=502) if proxied else route.abort())

    context = await chromium.new_context(base_url=address, locale="ko-KR")
    page = await context.new_page()
    await page.goto(f"/?q={quote('여성')}")
    total, said = page.locator("#count h2, .total h2"), page.locator("#unreached")
    women = await total.inner_text()
    await expect(said).to_be_hidden()
    await page.route("**/*", away)
    await page.get_by_role("searchbox").fill("모두")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("서버에 연결할 수 없습니다")
    await expect(total).to_have_text(women)
    await page.unroute("**/*")

    await page.route("**/count?*", away)
    await page.get_by_role("searchbox").press("Enter")
    await expect(page.locator(".chips .chip")).to_have_count(0)
    part = page.locator("#count.coming")
    await expect(part).to_have_attribute("aria-busy", "false")
    await page.unroute("**/count?*")
    await part.get_by_role("button", name="계속").click()
    await expect(total).to_contain_text("명 일치")
    await expect(total).not_to_have_text(women)
    await expect(said).to_be_hidden()
    await context.close()


async def test_markup_in_a_question_stays_text(page: Page) -> None:
    await page.goto(f"/?q={quote('<img src=x onerror=alert(1)><h1>x</h1>')}")
    await expect(page.locator("mark.unsupported").first).to_contain_text("<img src=x")
    await expect(page.locator("main img")).to_have_count(0)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [360, 390])
async def test_no_page_scrolls_sideways(page: Page, path: str, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 844})
    for language in ("ko", "en"):
        await page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_everything_works_without_javascript(
    chromium: Browser, address: str, services: InMemoryServices
) -> None:
    context = await chromium.new_context(
        base_url=address, locale="en-GB", java_script_enabled=False
    )
    page = await context.new_page()
    await page.goto("/")
    await page.get_by_role("searchbox").fill(ASKED)
    await page.get_by_role("button", name="Find").click()
    await expect(page.get_by_role("heading", name="5 wanted, 3 match")).to_be_visible()
    assert f"?q={quote_plus(ASKED)}&f=" in page.url.replace("%20", "+"), "as with JavaScript"
    await expect(page.locator(".chip-doubtful")).to_contain_text("62%")
    await page.reload()
    await expect(page.locator("mark.unsupported").first).to_have_text("우울한")
    assert services.questions_asked == [ASKED], "nothing is read twice"
    await page.get_by_role("link", name="Remove: Marital status").click()
    await expect(page.get_by_text("the model was not asked")).to_be_visible()
    await page.get_by_text("Check it yourself").click()
    await expect(page.locator("#sql-text")).to_be_visible()
    await page.goto("/codebook")
    await page.get_by_role("searchbox").fill("Tesla")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator("#car_maker")).to_be_visible()
    await context.close()


async def expect_one_cancelled(page: Page, services: InMemoryServices) -> None:
    for _ in range(100):
        if services.cancelled:
            break
        await page.wait_for_timeout(50)
    assert services.cancelled == 1


async def test_a_question_is_cancelled_while_it_is_read(
    page: Page, http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    services.held_back, services.cancelled = True, 0
    before = [asyncio.create_task(http.get("/", params={"q": "모두"})) for _ in range(2)]
    await page.goto("/")
    await page.get_by_role("searchbox").fill("여성")
    await page.keyboard.press("Enter")
    await expect(page.locator("#queue")).to_have_text("앞에 있는 질문 수: 2")
    await page.get_by_role("button", name="취소").click()
    await expect(page.locator("#cancel")).to_be_hidden()
    await expect_one_cancelled(page, services)
    services.held_back = False
    assert [(await one).status_code for one in before] == [200, 200]
    await page.keyboard.press("/")
    await page.get_by_role("searchbox").press("Enter")
    await expect(page.get_by_role("heading", name=re.compile("명 일치"))).to_be_visible()


async def test_what_is_chosen_while_a_question_is_read_is_what_stays(
    page: Page, services: InMemoryServices
) -> None:
    services.cancelled = 0
    five_women = quote('{"where":{"gender":["여성"]},"limit":5}')
    await page.goto(f"/?f={five_women}")
    services.held_back = True
    await page.get_by_role("searchbox").fill("모두")
    await page.keyboard.press("Enter")
    await expect(page.locator("#cancel")).to_be_visible()
    await page.get_by_role("link", name="빼기: 성별").click()
    await expect(page.get_by_role("link", name="빼기: 성별")).to_have_count(0)
    await expect(page.locator("#cancel")).to_be_hidden()
    await expect_one_cancelled(page, services)
    assert "limit" in page.url and quote("모두") not in page.url


async def test_a_page_that_answers_by_itself_gives_way_to_what_is_asked_meanwhile(
    page: Page, services: InMemoryServices
) -> None:
    services.model_fault = ModelAway("loading")
    await page.goto("/")
    await page.get_by_role("searchbox").fill("여성")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("언어 모델이 아직")
    await page.evaluate(
        """() => {
            window.tried = new Promise((tell) => {
                const problem = document.querySelector("#result .problem");
                problem.addEventListener("htmx:configRequest", () => tell());
            });
        }"""
    )
    services.model_fault, services.held_back = None, True
    await page.get_by_role("searchbox").fill("모두")
    await page.keyboard.press("Enter")
    await page.evaluate("window.tried")
    services.held_back = False
    await expect(page).to_have_title("모두 · Panelens")
    assert services.questions_asked == ["모두"]


async def test_the_box_offers_what_was_asked_before(page: Page) -> None:
    await page.goto(f"/?q={quote('여성')}")
    offered = page.locator("#recent li", has_text="여성")
    for _ in range(50):
        await page.goto("/")
        if await offered.count():
            break
    await page.keyboard.type("서울")
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_role("searchbox")).to_have_value("여성")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("searchbox")).to_have_value("서울")


async def test_the_box_offers_what_was_asked_since_the_page_was_opened(page: Page) -> None:
    await page.goto("/")
    box = page.get_by_role("searchbox")
    for question in ("여성", "모두", "서울 20대 남자 100명"):
        await box.fill(question)
        await page.keyboard.press("Enter")
        await expect(page).to_have_title(f"{question} · Panelens")
    await box.fill("서울")
    for asked in ("서울 20대 남자 100명", "모두", "여성"):
        await page.keyboard.press("ArrowUp")
        await expect(box).to_have_value(asked)
    for back in ("모두", "서울 20대 남자 100명", "서울"):
        await page.keyboard.press("ArrowDown")
        await expect(box).to_have_value(back)


async def test_escape_closes_a_form_and_goes_back_to_what_opened_it(page: Page) -> None:
    await page.goto(f"/?q={quote('여성')}")
    add = page.get_by_role("link", name="조건 더하기")
    await add.click()
    await page.locator("#addable a").first.click()
    await expect(page.locator("#editor [name=place]").first).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#editor form")).to_have_count(0)
    await expect(add).to_be_focused()
    columns = page.get_by_role("link", name="열 고르기")
    await columns.click()
    await expect(page.locator("#columns-narrow")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(columns).to_be_focused()
