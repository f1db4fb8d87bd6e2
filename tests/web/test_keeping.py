"""Segments and searches are kept in PostgreSQL, each where it belongs."""

import asyncio
import json
import re
from html import unescape
from threading import Event
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import Page, expect

from server.catalogue import Kind
from server.settings import Settings

from .panel import StoredServices, finding_one

WOMEN = json.dumps({"where": {"gender": ["여성"]}, "limit": 5})
MEN = json.dumps({"where": {"gender": ["남성"]}})


async def keep(http: httpx.AsyncClient, name: str, query: str, **more: Any) -> httpx.Response:
    sent = {"name": name, "f": query, **more}
    return await http.post("/segments", data=sent, follow_redirects=False)


async def numbers(http: httpx.AsyncClient, *names: str) -> list[str]:
    text = (await http.get("/segments?lang=en")).text
    found = dict(re.findall(r'name="s" value="(\d+)" aria-label="Compare: ([^"]+)"', text))
    by_name = {name: number for number, name in found.items()}
    return [by_name[name] for name in names]


async def test_a_result_is_kept_and_found_again(http: httpx.AsyncClient) -> None:
    form = (await http.get("/segments", params={"f": WOMEN, "q": "여성", "lang": "ko"})).text
    assert 'value="여성"' in form and "성별: 여성" in form
    kept = await keep(http, "여성 전체", WOMEN, note="<b>메모</b>", q="여성")
    assert (kept.status_code, kept.headers["location"]) == (303, "/segments")
    text = (await http.get("/segments", headers={"accept-language": "ko"})).text
    assert "여성 전체" in text and "&lt;b&gt;메모" in text
    total = (await http.post("/api/search", json={"filter": json.loads(WOMEN)})).json()["total"]
    assert f'<td class="number">{total}</td>' in text
    assert quote('{"where":{"gender":["여성"]}}') in text


@pytest.mark.parametrize("name", ["", "  ", "\u200b\u200b", "\x00"])
async def test_a_name_that_nobody_could_read_is_refused(http: httpx.AsyncClient, name: str) -> None:
    assert (await keep(http, name, WOMEN)).status_code == 422


async def test_segments_and_searches_tell_alternatives_from_conditions(
    http: httpx.AsyncClient,
) -> None:
    query = {
        "where": {"marital_status": ["기혼"]},
        "either": [{"gender": ["여성"], "region": ["서울"]}, {"region": ["부산"]}],
        "by": ["job"],
        "limit": 7,
    }
    kept = "결혼 여부: 기혼; 성별: 여성 + 지역: 서울 또는 지역: 부산; 직업 기준"
    korean = {"accept-language": "ko"}
    form = (await http.get("/segments", params={"f": json.dumps(query)}, headers=korean)).text
    assert f"{kept}<" in form, "the wanted number is not kept"
    await keep(http, "either", json.dumps(query))
    assert f"{kept}<" in (await http.get("/segments", headers=korean)).text
    await http.get("/", params={"f": json.dumps(query)})
    for _ in range(50):
        searches = (await http.get("/history", headers=korean)).text
        if f"{kept}; 7명 요청" in searches:
            break
        await asyncio.sleep(0.05)
    assert f"{kept}; 7명 요청" in searches


async def test_segments_stand_side_by_side(http: httpx.AsyncClient) -> None:
    await keep(http, "women", WOMEN)
    await keep(http, "men", MEN)
    chosen = await numbers(http, "women", "men")
    page = await http.get("/compare", params={"s": chosen, "by": "region", "lang": "en"})
    assert page.status_code == 200
    body = {"filters": [json.loads(WOMEN), json.loads(MEN)], "by": ["region"]}
    (compared,) = (await http.post("/api/compare", json=body)).json()["fields"]
    assert [group["people"] for group in compared["groups"]] == head(page.text, "Respondents")
    assert [group["answered"] for group in compared["groups"]] == head(
        page.text, "of them answered"
    )
    assert len(compared["answers"]) == page.text.count('<th scope="row">') - 2 > 5
    for women, men in (answer["shares"] for answer in compared["answers"]):
        for share in (women, men):
            assert f"({share['count']})" in page.text
            assert f"{percent(share['share_low'])}–{percent(share['share_high'])}" in page.text
        low, high = points(women["difference_low"]), points(women["difference_high"])
        assert f"{points(women['difference'])}" in page.text and f"{low} to {high}" in page.text
        assert f"{women['lift']:.2f}×" in page.text
    assert (await http.get("/compare", params={"s": chosen[:1]})).status_code == 422
    assert (await http.get("/compare", params={"s": chosen, "by": "x"})).status_code == 422
    assert (await http.get("/compare", params={"s": chosen})).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"hx-request": "true"}])
async def test_the_segments_side_by_side_lead_to_their_people(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    await keep(http, "linked", WOMEN, q="여성")
    await keep(http, "linked too", MEN)
    chosen = await numbers(http, "linked", "linked too")
    page = (await http.get("/compare", params={"s": chosen, "by": "region", "lang": "en"})).text
    links = re.findall(r'<th scope="col"><a href="([^"]+)">linked', page)
    assert len(links) == 2
    for link in links:
        result = await http.get(unescape(link), headers=headers)
        assert result.status_code == 200 and "Gender" in result.text
        assert 'name="s"' not in result.text, "what is asked next is not sorted by a segment"


async def test_segments_that_ask_about_every_field_are_compared_too(
    http: httpx.AsyncClient, services: StoredServices
) -> None:
    asked: dict[str, Any] = {
        field.name: {"min": 0}
        if field.kind is Kind.NUMBER
        else [field.listed[0].value if field.listed else "강남구"]
        for field in services.catalogue.stored_fields
    }
    for name, part in (("all of it", "where"), ("none of it", "not")):
        assert (await keep(http, name, json.dumps({part: asked}))).status_code == 303
    chosen = await numbers(http, "all of it", "none of it")
    page = await http.get("/compare", params={"s": chosen, "lang": "en"})
    assert page.status_code == 200
    first = services.catalogue.fields[0].name
    assert f'<option value="{first}" selected>' in page.text


def head(text: str, label: str) -> list[int]:
    row = re.search(rf'<th scope="row">{label}</th>(.*?)</tr>', text)
    assert row is not None
    return [int(cell) for cell in re.findall(r"<td>(\d+)</td>", row[1])]


def percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def points(difference: float) -> str:
    rounded = round(abs(difference) * 100, 1)
    return f"{'+' if difference > 0 else '−'}{rounded:.1f}" if rounded else "0"


async def test_a_difference_beyond_chance_is_bold_and_shared_people_are_told(
    http: httpx.AsyncClient,
) -> None:
    await keep(http, "women too", WOMEN)
    await keep(http, "everyone", "{}")
    chosen = await numbers(http, "women too", "everyone")
    by = {"s": chosen, "by": "gender", "lang": "en"}
    text = (await http.get("/compare", params=by)).text
    assert "of women too are in everyone too" in text
    assert text.count("<strong>") == 2
    nobody = json.dumps({"where": {"age": {"min": 900}}})
    await keep(http, "nobody", nobody)
    chosen = await numbers(http, "nobody", "everyone")
    text = (await http.get("/compare", params={"s": chosen, "by": "gender", "lang": "en"})).text
    assert head(text, "Respondents")[0] == 0 and "<td>–</td>" in text and "<strong>" not in text


async def test_one_shared_person_is_said_of_one(
    http: httpx.AsyncClient, services: StoredServices
) -> None:
    await keep(http, "one person", json.dumps(finding_one(services)))
    await keep(http, "all of them", "{}")
    chosen = await numbers(http, "one person", "all of them")
    text = (await http.get("/compare", params={"s": chosen, "by": "gender", "lang": "en"})).text
    assert "1 of one person is in all of them too." in text


async def test_a_breakdown_states_intervals_and_lift(http: httpx.AsyncClient) -> None:
    query = {"where": {"gender": ["여성"]}, "by": ["region"]}
    text = (await http.get("/", params={"f": json.dumps(query), "lang": "en"})).text
    answer = (await http.post("/api/search", json={"filter": query})).json()
    for row in answer["breakdown"]:
        assert f"{percent(row['share_low'])}–{percent(row['share_high'])}" in text
        assert f'<td class="number">{row["lift"]:.2f}×</td>' in text


@pytest.mark.parametrize(("by", "several"), [("appliances", True), ("region", False)])
async def test_a_breakdown_by_several_answers_says_what_shares_add_up_to(
    http: httpx.AsyncClient, by: str, several: bool
) -> None:
    asked = {"f": json.dumps({"by": [by]}), "lang": "en"}
    shown = (await http.get("/count", params=asked)).text
    assert "95 % interval" in shown
    assert ("shares may add up to more than the whole" in shown) is several


@pytest.mark.parametrize(
    "query", [{"by": ["region"]}, {"where": {"age": {"min": 40}}, "by": ["birth_year"]}]
)
async def test_a_lift_is_left_out_where_it_says_nothing(
    http: httpx.AsyncClient, query: dict[str, Any]
) -> None:
    text = (await http.get("/", params={"f": json.dumps(query), "lang": "en"})).text
    assert "95 % interval" in text and "×</td>" not in text


async def test_a_segment_is_deleted_once(http: httpx.AsyncClient) -> None:
    await keep(http, "to go", MEN)
    (number,) = await numbers(http, "to go")
    delete = f"/segments/{number}/delete"
    assert (await http.post(delete, follow_redirects=False)).status_code == 303
    assert (await http.post(delete)).status_code == 404
    assert "to go" not in (await http.get("/segments")).text


@pytest.mark.parametrize(
    ("name", "query"),
    [("", MEN), ("x" * 81, MEN), ("x", "{"), ("x", '{"where": {"gender": ["외계인"]}}')],
)
async def test_what_cannot_be_kept_is_refused(
    http: httpx.AsyncClient, name: str, query: str
) -> None:
    assert (await keep(http, name, query)).status_code == 422


async def test_searches_are_remembered_once_and_forgotten(http: httpx.AsyncClient) -> None:
    await http.post("/history/forget")
    for _ in range(2):
        await http.get("/", params={"q": "여성"})
    await http.get("/", params={"f": MEN})
    for _ in range(100):
        text = (await http.get("/history?lang=ko")).text
        if text.count('<th scope="row">') == 2:
            break
        await asyncio.sleep(0.05)
    rows = re.findall(r'<th scope="row"><a href="([^"]+)">([^<]+)</a>', text)
    assert [words for _, words in rows] == ["성별: 남성", "여성"]
    again = await http.head(rows[1][0].replace("&amp;", "&"))  # a GET would be remembered
    assert again.status_code == 200
    await http.post("/history/forget")
    assert "아직 검색이 없습니다" in (await http.get("/history?lang=ko")).text


@pytest.mark.parametrize("typed", ["여성\0남성", "여성\n남성", "여성 " + "x" * 5000])
async def test_a_search_is_remembered_whatever_stands_beside_its_filter(
    http: httpx.AsyncClient, settings: Settings, typed: str
) -> None:
    await http.post("/history/forget")
    assert (await http.get("/", params={"f": MEN, "q": typed})).status_code == 200
    kept: list[str] = []
    for _ in range(100):
        text = (await http.get("/history?lang=ko")).text
        kept = re.findall(r'<th scope="row"><a href="[^"]+">([^<]+)</a>', text)
        if kept:
            break
        await asyncio.sleep(0.05)
    (question,) = kept
    assert question.startswith("여성 ") and question.isprintable()
    assert len(question) <= settings.question_length


async def test_the_second_click_of_a_double_click_sends_nothing(
    page: Page, http: httpx.AsyncClient, services: StoredServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    go_on = Event()

    async def slowly(act: Any, **limit: Any) -> Any:
        asked.append(act)
        while not go_on.is_set():  # noqa: ASYNC110  (set by the test)
            await asyncio.sleep(0.01)
        return await StoredServices.write(services, act, **limit)

    await keep(http, "두 번", MEN)
    monkeypatch.setattr(services, "write", slowly)
    await page.goto("/segments")
    await page.expose_function("clickedTwice", go_on.set)
    delete = page.get_by_role("button", name="삭제: 두 번")
    await delete.evaluate(
        """(button) => {
            button.click();
            setTimeout(() => { button.click(); window.clickedTwice(); }, 200);
        }"""
    )
    await expect(delete).to_have_count(0)
    await expect(page.get_by_role("heading", name="세그먼트", exact=True)).to_be_visible()
    assert len(asked) == 1


async def test_a_researcher_keeps_and_compares(page: Page, services: StoredServices) -> None:
    for question in ("여성", "모두"):
        await page.goto(f"/?q={question}")
        await page.get_by_role("link", name="세그먼트로 저장").click()
        await page.get_by_label("이름").fill(f"{question} (화면)")
        await page.get_by_role("button", name="저장").click()
        await expect(page.get_by_role("link", name=f"{question} (화면)")).to_be_visible()
        await page.get_by_label(f"비교: {question} (화면)").check()
    await page.get_by_label("비교: 여성 (화면)").check()
    await page.get_by_role("button", name="나란히 비교").click()
    await expect(page.get_by_role("heading", name="세그먼트 나란히 보기")).to_be_visible()
    await page.get_by_label("나누어 보기").select_option("region")
    await page.get_by_role("button", name="보기").click()
    await expect(page.get_by_role("rowheader", name="서울")).to_be_visible()
