"""A filter is changed by forms and links: what they send is what is searched with."""

import json
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest
from markupsafe import escape
from playwright.async_api import Page, expect

from server.filter import NUMBER_MAX, as_json, load_catalogue, parse_filter
from server.web.changing import Place, read_place, with_condition

from .panel import StoredServices

WELCOME = load_catalogue("welcome")
FILTER = {"where": {"region": ["서울"], "gender": ["여성"]}}


async def changed(http: httpx.AsyncClient, query: dict[str, Any], **sent: Any) -> Any:
    asked = {"f": json.dumps(query), **sent}
    response = await http.get("/change", params=asked, follow_redirects=False)
    assert response.status_code == 303, response.text
    address = parse_qs(urlsplit(response.headers["location"]).query)
    assert "u" not in address or json.loads(address["u"][0]) == query
    return json.loads(address["f"][0])


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            {"field": "region", "old": "where", "place": "where", "value": ["부산", "대구"]},
            {"where": {"region": ["부산", "대구"], "gender": ["여성"]}},
        ),
        (
            {"field": "region", "old": "where", "place": "not", "value": ["서울"]},
            {"where": {"gender": ["여성"]}, "not": {"region": ["서울"]}},
        ),
        ({"field": "region", "old": "where", "place": "where"}, {"where": {"gender": ["여성"]}}),
        (
            {"field": "age", "place": "where", "min": "30", "max": ""},
            {"where": {"region": ["서울"], "gender": ["여성"], "age": {"min": 30}}},
        ),
        (
            {"field": "appliances", "place": "where", "value": ["TV", "냉장고"], "every": "all"},
            {"where": FILTER["where"] | {"appliances": {"all": ["TV", "냉장고"]}}},
        ),
        (
            {"field": "district", "place": "not", "text": "강남구, 중구"},
            FILTER | {"not": {"district": ["강남구", "중구"]}},
        ),
        ({"limit": "1,000"}, FILTER | {"limit": 1000}),
        ({"by": ["job"]}, FILTER | {"by": ["job"]}),
    ],
)
async def test_a_form_makes_the_filter_it_says(
    http: httpx.AsyncClient, sent: dict[str, Any], expected: dict[str, Any]
) -> None:
    result = await changed(http, FILTER, **sent)
    assert parse_filter(result, WELCOME) == parse_filter(expected, WELCOME)


async def test_a_condition_moves_between_alternatives(http: httpx.AsyncClient) -> None:
    query = {"either": [{"phone_brand": ["애플"]}, {"car_maker": ["테슬라"], "gender": ["남성"]}]}
    alone = {"field": "phone_brand", "old": "either.0", "value": ["애플"]}
    into = await changed(http, query, **alone, place="either.1")
    (group,) = into["either"]
    assert set(group) == {"gender", "phone_brand", "car_maker"}
    same = await changed(http, query, **alone, place="either.0")
    assert len(same["either"]) == 2
    required = await changed(http, query, **alone, place="where")
    assert required["where"] == {"phone_brand": ["애플"]}
    assert len(required["either"]) == 1


@pytest.mark.parametrize(
    "sent",
    [
        {"field": "nothing"},
        {"field": "region", "value": "아틀란티스"},
        {"field": "age", "min": "-1"},
        {"field": "age", "min": "٣"},
        {"field": "region", "place": "either.7", "value": "서울"},
        {"field": "region", "place": "x", "value": "서울"},
        {"limit": "0"},
        {"by": "nothing"},
    ],
)
async def test_what_the_catalogue_does_not_hold_is_refused(
    http: httpx.AsyncClient, sent: dict[str, str]
) -> None:
    response = await http.get("/change", params={"f": json.dumps(FILTER), **sent})
    assert response.status_code == 422
    assert (await http.get("/edit", params={"field": "nothing"})).status_code == 404


@pytest.mark.parametrize("field", [f.name for f in WELCOME.fields])
async def test_every_field_has_a_form_whose_answers_are_the_catalogues(
    http: httpx.AsyncClient, field: str
) -> None:
    page = (await http.get("/edit", params={"f": "{}", "field": field})).text
    known = WELCOME.field(field)
    assert page.count('name="value"') == (len(known.listed) if known.has_listed_answers else 0)
    assert ('name="min"' in page) is known.takes_range


@pytest.mark.parametrize(
    ("by", "chosen"),
    [
        ([], [""]),
        (["age", "gender"], ["age", "gender", ""]),
        (["age", "gender", "region", "job"], ["age", "gender", "region", "job"]),
    ],
)
async def test_every_field_a_result_is_broken_down_by_stays_until_it_is_taken_away(
    http: httpx.AsyncClient, by: list[str], chosen: list[str]
) -> None:
    page = (await http.get("/edit", params={"f": json.dumps(FILTER | {"by": by})})).text
    selects = re.findall(r'<select name="by">.*?</select>', page, re.DOTALL)
    shown = [re.findall(r'value="([^"]*)" selected', select) for select in selects]
    assert sorted(name[0] if name else "" for name in shown) == sorted(chosen)


TV_AND_NO_FRIDGE = {"where": {"appliances": ["TV"]}, "not": {"appliances": ["냉장고"]}}


async def test_a_sign_is_not_turned_where_that_would_drop_another_condition(
    http: httpx.AsyncClient,
) -> None:
    both = (await http.get("/", params={"f": json.dumps(TV_AND_NO_FRIDGE)})).text
    assert both.count('class="remove"') == 2 and 'class="turn"' not in both
    one = (await http.get("/", params={"f": json.dumps(FILTER)})).text
    assert one.count('class="turn"') == 2


async def test_a_condition_is_offered_no_place_that_another_on_its_field_holds(
    http: httpx.AsyncClient,
) -> None:
    async def places(field: str, place: str) -> list[str]:
        query = TV_AND_NO_FRIDGE | {"either": [{"appliances": ["냉장고"]}, {"gender": ["여성"]}]}
        sent = {"f": json.dumps(query), "field": field, "place": place}
        page = (await http.get("/edit", params=sent)).text
        return re.findall(r'name="place" value="([^"]+)"', page)

    assert await places("appliances", "where") == ["where", "either.1", "either.new"]
    assert await places("appliances", "either.0") == ["either.0", "either.1", "either.new"]
    assert await places("age", "where") == ["where", "not", "either.0", "either.1", "either.new"]


async def test_adding_a_condition_on_a_field_that_has_one_edits_that_one(
    http: httpx.AsyncClient,
) -> None:
    added = {"f": json.dumps(FILTER), "field": "region"}
    page = (await http.get("/edit", params=added)).text
    assert '<input type="hidden" name="old" value="where">' in page
    assert re.findall(r'name="value" value="([^"]+)" checked', page) == ["서울"]
    new = (await http.get("/edit", params={**added, "place": "not"})).text
    assert '<input type="hidden" name="old" value="">' in new and " checked" in new
    assert re.findall(r'name="value" value="([^"]+)" checked', new) == []


@pytest.mark.parametrize(
    ("language", "told"),
    [("ko", "범위를 적거나 답을 고르거나"), ("en", "Fill in the range or tick answers, not both.")],
)
async def test_a_range_beside_ticked_answers_is_refused_not_ignored(
    http: httpx.AsyncClient, language: str, told: str
) -> None:
    income = {"where": {"personal_income": ["월 300~399만원"]}}
    sent = {"field": "personal_income", "old": "where", "place": "where", "min": "500"}
    ticked = {"f": json.dumps(income), **sent, "value": "월 300~399만원", "lang": language}
    refused = await http.get("/change", params=ticked)
    assert refused.status_code == 422 and told in refused.text
    assert await changed(http, income, **sent) == {"where": {"personal_income": {"min": 500}}}


@pytest.mark.parametrize(
    ("sent", "korean", "english"),
    [
        (
            {"field": "age", "min": "50", "max": "30"},
            "범위의 끝이 처음보다 작습니다.",
            "The range ends before it begins.",
        ),
        (
            {"field": "district", "text": f"종로구, {'가' * 41}"},
            "이름은 하나에 40자까지입니다.",
            "A name has at most 40 characters.",
        ),
    ],
)
async def test_what_nobody_can_be_is_refused_in_the_readers_words(
    http: httpx.AsyncClient, sent: dict[str, str], korean: str, english: str
) -> None:
    for language, told in (("ko", korean), ("en", english)):
        asked = {"f": "{}", **sent, "lang": language}
        refused = await http.get("/change", params=asked)
        assert refused.status_code == 422 and told in refused.text


async def test_no_larger_number_can_be_typed_than_a_filter_takes(http: httpx.AsyncClient) -> None:
    form = (await http.get("/edit", params={"f": "{}", "field": "personal_income"})).text
    assert re.findall(r'name="(?:min|max)"[^>]* max="(\d+)"', form) == [str(NUMBER_MAX)] * 2


@pytest.mark.parametrize("wanted", ["q12", "테슬라", "현재 살고 계신"])
async def test_a_field_is_found_by_what_the_codebook_finds_it_by(
    http: httpx.AsyncClient, wanted: str
) -> None:
    codebook = (await http.get("/codebook", params={"q": wanted})).text
    known = re.findall(r'<article class="card field" id="([^"]+)"', codebook)
    addable = (await http.get("/edit", params={"find": wanted})).text
    links = re.findall(r'<li><a href="/edit\?[^"]*field=(\w+)', addable)
    assert sorted(links) == sorted(known) and known


def test_a_condition_put_where_it_stood_changes_nothing() -> None:
    query = parse_filter(FILTER, WELCOME)
    again = with_condition(
        query, WELCOME, place=Place("where"), field="region", constraint=["서울"]
    )
    assert as_json(again) == as_json(query)
    assert [str(read_place(text)) for text in ("where", "not", "either.2", "either.new")] == [
        "where",
        "not",
        "either.2",
        "either.new",
    ]


async def test_a_chip_is_edited_in_place_and_undone(page: Page, services: StoredServices) -> None:
    await page.goto("/?q=여성")
    await page.evaluate("window.samePage = true")
    before = await page.locator(".total h2").inner_text()
    await page.locator("a.chip-text").click()
    await page.get_by_label("해당하지 않는 사람", exact=True).check()
    await page.get_by_role("button", name="이 조건으로 찾기").click()
    await expect(page.locator(".chip-not")).to_have_count(1)
    assert "/?q=" in page.url and "not" in page.url
    await page.get_by_role("link", name="되돌리기").click()
    await expect(page.locator(".chip-not")).to_have_count(0)
    await expect(page.locator(".total h2")).to_have_text(before)
    assert services.questions_asked == ["여성"]
    assert await page.evaluate("window.samePage") is True


BEFORE = '{"where":{"gender":["여성"]}}'


def links_to(page: str, path: str) -> list[str]:
    return [unescape(a) for a in re.findall(rf'(?:href|hx-get)="({re.escape(path)}\?[^"]+)"', page)]


def undoes(address: str) -> bool:
    return parse_qs(urlsplit(address).query).get("u") == [BEFORE]


@pytest.mark.parametrize("asked", [{"field": "region", "place": "where"}, {}, {"find": "q12"}])
async def test_leaving_a_form_leaves_the_way_back(
    http: httpx.AsyncClient, asked: dict[str, str]
) -> None:
    state = {"f": json.dumps(FILTER), "u": BEFORE, "lang": "en"}
    page = (await http.get("/edit", params={**state, **asked})).text
    assert all(undoes(link) for link in links_to(page, "/edit"))
    found = re.search(r'<a href="([^"]+)"[^>]*>Leave as it was</a>', page)
    assert found is not None and undoes(unescape(found[1]))
    assert "↶ Undo" in (await http.get(unescape(found[1]))).text
    kept = re.findall(r'<input type="hidden" name="u" value="([^"]+)">', page)
    assert len(kept) == page.count('name="f"') > 0
    assert {unescape(value) for value in kept} == {BEFORE}


async def test_a_form_that_changes_nothing_leaves_the_way_back(http: httpx.AsyncClient) -> None:
    sent = {"f": json.dumps(FILTER), "u": BEFORE, "limit": ""}
    same = await http.get("/change", params=sent, follow_redirects=False)
    assert undoes(same.headers["location"])
    other = await http.get("/change", params={**sent, "limit": "5"}, follow_redirects=False)
    (before,) = parse_qs(urlsplit(other.headers["location"]).query)["u"]
    assert json.loads(before) == FILTER


async def test_a_list_that_is_turned_sorted_or_given_columns_leaves_the_way_back(
    http: httpx.AsyncClient,
) -> None:
    state = {"f": json.dumps(FILTER), "u": BEFORE, "s": "age", "lang": "en"}
    whole = (await http.get("/", params=state)).text
    reading = (await http.get("/", params=state, headers={"hx-request": "true"})).text
    (part,) = [link for link in links_to(reading, "/people") if undoes(link)]
    people = (await http.get(part, headers={"hx-request": "true"})).text
    for page in (whole, people):
        turns = links_to(page, "/people")
        assert len(turns) > 3 and all(undoes(link) for link in turns)
        assert all(undoes(link) for link in links_to(page, "/columns"))
    form = (await http.get("/columns", params=state)).text
    assert f'name="u" value="{escape(BEFORE)}"' in form
    links = links_to(form, "/people") + re.findall(r'href="([^"]+)"[^>]*>Leave as it was', form)
    assert len(links) == 2 and all(undoes(unescape(link)) for link in links)


async def test_what_an_answer_leads_to_leads_back_to_it_and_to_what_was_before(
    http: httpx.AsyncClient,
) -> None:
    state = {"f": json.dumps(FILTER), "u": BEFORE, "c": "age", "lang": "en"}
    whole = (await http.get("/", params=state)).text
    reading = (await http.get("/", params=state, headers={"hx-request": "true"})).text
    (part,) = links_to(reading, "/count")
    count = (await http.get(part, headers={"hx-request": "true"})).text
    for page in (whole, count):
        for path in ("/figures", "/near"):
            link, *_ = links_to(page, path)
            there = (await http.get(link)).text
            (back,) = re.findall(r'<a href="([^"]+)">← Back to the', there)
            assert undoes(unescape(back)) and parse_qs(urlsplit(unescape(back)).query)["c"]


async def test_a_condition_is_edited_and_added_on_a_page_of_its_own(page: Page) -> None:
    query = quote(json.dumps(FILTER, ensure_ascii=False))
    await page.goto(f"/edit?f={query}&field=gender&place=where")
    await page.get_by_label("해당하지 않는 사람", exact=True).check()
    await page.get_by_role("button", name="이 조건으로 찾기").click()
    await expect(page.locator(".chip-not")).to_have_count(1)
    await page.goto(f"/edit?f={query}")
    await page.locator("#find").fill("자동차 모델")
    await page.locator("#find").press("Enter")
    await page.locator(".addable a").click()
    await page.get_by_role("link", name="그대로 두기").click()
    await expect(page.locator(".chip")).to_have_count(2)


async def test_a_form_that_is_refused_keeps_what_was_typed_and_the_answer(page: Page) -> None:
    income = {"where": {"personal_income": {"min": 300, "max": 499}}}
    await page.goto(f"/?f={quote(json.dumps(income))}")
    address = page.url
    await page.locator("a.chip-text").click()
    ticked = page.locator("#editor-choices input").first
    await ticked.check()
    await page.get_by_role("button", name="이 조건으로 찾기").click()
    await expect(page.locator("#editor").get_by_role("alert")).to_contain_text(
        "범위를 적거나 답을 고르거나"
    )
    await expect(ticked).to_be_checked()
    await expect(page.locator(".people tbody tr")).not_to_have_count(0)
    assert page.url == address
    for bound in ("min", "max"):
        await page.locator(f"#editor [name={bound}]").fill("")
    await page.get_by_role("button", name="이 조건으로 찾기").click()
    await expect(page.locator("#editor form")).to_have_count(0)
    await expect(page.get_by_role("alert")).to_have_count(0)
    assert page.url != address


async def test_a_long_list_is_narrowed_while_typing(page: Page) -> None:
    await page.goto("/?q=여성")
    await page.get_by_role("link", name="조건 더하기").click()
    await page.locator("#find").fill("자동차 모델")
    await expect(page.locator(".addable a")).to_have_count(1)
    await page.locator(".addable a").click()
    narrow = page.locator("#editor-narrow")
    await expect(narrow).to_be_focused()
    everything = await page.locator("#editor-choices li:visible").count()
    await narrow.fill("아반")
    narrowed = await page.locator("#editor-choices li:visible").count()
    assert 0 < narrowed < 10 < everything
    await page.locator("#editor-choices li:visible input").first.check()
    await page.keyboard.press("Enter")
    await expect(page.locator(".reading .chips")).to_contain_text("아반떼")


async def test_the_words_of_the_question_stay_marked_after_an_edit(http: httpx.AsyncClient) -> None:
    question = "수도권 기혼 여성 중 우울한 사람을 직업별로 5명"
    kept = json.dumps({"where": {"gender": ["여성"]}, "limit": 5}, ensure_ascii=False)
    await http.get("/", params={"q": question})
    page = (await http.get("/", params={"q": question, "f": kept})).text
    for mark, word in (
        ("understood", "여성"),
        ("unused", "수도권"),
        ("unused", "기혼"),
        ("unsupported", "우울한"),
    ):
        assert f'<mark class="{mark}">{word}</mark>' in page
    assert 'name="lacking" value="우울한"' in page
    unread = (await http.get("/", params={"q": "서울의 아무개", "f": kept})).text
    assert '<mark class="understood">' not in unread
