"""The pages of accuracy, as a person without JavaScript meets them."""

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import psycopg
import pytest
from playwright.async_api import Page, expect

from server.access.entry import Entry
from server.access.person import Role
from server.errors import DatabaseAway
from server.filter import parse_filter
from server.resources import folder
from server.search.answer import NearRespondent, Respondent
from server.settings import Settings
from server.web.addresses import Address
from server.web.app import create_app
from server.web.measured import Measuring
from server.web.wording import load_wordings

from .guarded import Guarded, guarded
from .panel import StoredServices
from .test_measuring import MEN, WOMEN, evaluated, finished

HTMX = {"hx-request": "true"}
SEOUL_WOMEN = '{"where":{"region":["서울"],"gender":["여성"]}}'


async def run_of(http: httpx.AsyncClient, right: dict[str, Any], *, tag: str = "t") -> int:
    return await evaluated(http, {"question": "여성", "filter": right, "tags": [tag]})


async def text(http: httpx.AsyncClient, address: str) -> str:
    response = await http.get(address, headers={"accept-language": "en"})
    assert response.status_code == 200, response.text
    return unescape(response.text)


async def test_the_page_shows_a_run_in_all_its_tables(http: httpx.AsyncClient) -> None:
    run = await run_of(http, MEN, tag="of this test")
    page = await text(http, f"/accuracy?run={run}")
    for heading in ("Trend over evaluations", "Confidence beside truth", "Worst questions first",
                    "By field", "By kind of condition", "By tag of the questions"):  # fmt: skip
        assert heading in page
    assert "of this test" in page
    # The wrong question and both of its readings open as searches.
    worst = page[page.index("Worst questions first") :]
    assert '<a href="/?q=%EC%97%AC%EC%84%B1">여성</a>' in worst
    assert len(re.findall(r'href="/\?q=[^"]+&f=', worst)) == 2


async def test_of_very_many_wrong_questions_it_is_said_that_the_worst_are_shown(
    http: httpx.AsyncClient,
) -> None:
    gold = {"question": "여성", "filter": MEN}
    cut, whole = await evaluated(http, *[gold] * 21), await evaluated(http, *[gold] * 20)
    assert "The worst 20 of 21 wrong questions are shown." in await text(
        http, f"/accuracy?run={cut}"
    )
    assert "wrong questions are shown" not in await text(http, f"/accuracy?run={whole}")


@pytest.mark.parametrize("number", [-1, 99999, 2**63, 10**30])
async def test_a_run_that_does_not_exist_is_not_found(http: httpx.AsyncClient, number: int) -> None:
    for address in (
        f"/accuracy?run={number}",
        f"/api/evaluations/{number}",
        f"/accuracy/compare?before={number}&after={number}",
    ):
        assert (await http.get(address)).status_code == 404


async def test_a_mean_that_nothing_is_off_from_has_no_interval(http: httpx.AsyncClient) -> None:
    run = await run_of(http, WOMEN, tag="all alike")
    page = await text(http, f"/accuracy?run={run}")
    none = '<span class="interval">–</span>'
    tag = page[page.index('<th scope="row">all alike') :]
    assert tag[: tag.index("</tr>")].count(none) == 2  # F1 and Jaccard, but not the share
    trend = page[page.index(f'run={run}">{run}</a>') :]
    assert trend[: trend.index("</tr>")].count(none) == 1
    assert "Every question got the right filter." in page
    korean = (await http.get(f"/accuracy?run={run}&lang=ko")).text
    assert "모든 질문의 조건이 정확합니다." in korean


async def test_a_run_is_found_however_many_followed(
    everything: StoredServices, settings: Settings
) -> None:
    often = everything.catalogue.model_copy(update={"name": "often measured"})
    with psycopg.connect(everything.database, autocommit=True) as connection:
        runs = [
            run
            for (run,) in connection.execute(
                """
                with run as (
                    insert into panelens.evaluation_run (
                        panel, file, file_sha256, model, adapter, catalogue_version,
                        reference_year, started_at, questions
                    )
                    select %s, 'gold.jsonl', '', 'a model', '', 1, 2025, now(), 1
                    from generate_series(1, 51)
                    returning id
                )

                insert into panelens.evaluation_figure (
                    run_id, tag, measure, questions, value, low, high
                )
                select id, '', measure, 1, 1, 0, 1
                from run, unnest(array['exact', 'f1', 'jaccard']) as measure
                returning run_id
                """,
                [often.name],
            )
        ]
    first, last = min(runs), max(runs)
    services = StoredServices(often, everything.database, settings)
    transport = httpx.ASGITransport(app=create_app(settings, services))
    async with (
        services.running(),
        httpx.AsyncClient(transport=transport, base_url="http://often") as http,
    ):
        assert f"Evaluation {first} " in await text(http, f"/accuracy?run={first}")
        assert (await http.get(f"/accuracy/charts/trend.svg?run={first}")).status_code == 200
        latest = unescape((await http.get("/accuracy?lang=ko")).text)
    assert latest.count('<option value="') == 2 * 50
    assert f'run={last}"' in latest and f'<option value="{first}"' not in latest
    assert "<label>이전 평가 <select" in latest and "<label>이후 평가 <select" in latest


async def test_before_any_run_there_is_no_chart(
    everything: StoredServices, settings: Settings
) -> None:
    elsewhere = everything.catalogue.model_copy(update={"name": "elsewhere"})
    services = StoredServices(elsewhere, everything.database, settings)
    app = create_app(settings, services)
    transport = httpx.ASGITransport(app=app)
    async with (
        services.running(),
        httpx.AsyncClient(transport=transport, base_url="http://elsewhere") as http,
    ):
        page = await text(http, "/accuracy")
        assert "Nothing was measured yet." in page and "left out" not in page
        for name in ("trend", "reliability"):
            assert (await http.get(f"/accuracy/charts/{name}.svg")).status_code == 404


async def test_labelled_questions_that_the_catalogue_no_longer_allows_are_counted(
    everything: StoredServices, settings: Settings
) -> None:
    older = everything.catalogue.model_copy(update={"name": "older"})
    with psycopg.connect(everything.database, autocommit=True) as connection:
        connection.execute(
            "insert into panelens.gold_question (panel, question, filter, unsupported, tags, person)"
            """ values (%(panel)s, '여자', '{"where": {"gender": ["여인"]}}', '{}', '{}', 'kim'),"""
            """ (%(panel)s, '여성', '{"where": {"gender": ["여성"]}}', '{}', '{}', 'kim')""",
            {"panel": older.name},
        )
    services = StoredServices(older, everything.database, settings)
    transport = httpx.ASGITransport(app=create_app(settings, services))
    async with (
        services.running(),
        httpx.AsyncClient(transport=transport, base_url="http://older") as http,
    ):
        assert (
            "1 labelled question is left out: the catalogue no longer allows its filter."
            in await text(http, "/accuracy")
        )
        exported = (await http.get("/api/gold")).text.splitlines()
    assert {json.loads(line)["question"] for line in exported} == {"여성", "여자"}


async def test_an_evaluation_asked_for_while_one_runs_shows_how_far_that_is(
    http: httpx.AsyncClient, services: StoredServices
) -> None:
    services.held_back = True
    gold = [{"question": "여성", "filter": WOMEN}]
    started = await http.post("/api/evaluations", json={"gold": gold})
    response = await http.post("/accuracy/evaluations", headers={"accept-language": "en"})
    assert response.status_code == 200
    assert "An evaluation is running: 0 of 1 questions read" in response.text
    polled = await http.get("/accuracy/job", headers={**HTMX, "accept-language": "en"})
    assert "0 of 1 questions read" in polled.text and "<html" not in polled.text
    services.held_back = False
    assert (await finished(http, started))["state"] == "finished"
    over = await http.get("/accuracy/job", headers=HTMX)
    assert over.headers["hx-redirect"] == "/accuracy"


async def test_a_look_at_an_evaluation_that_failed_is_made_again(
    door: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise DatabaseAway("gone")

    monkeypatch.setattr(Entry, "by_token", away)
    async with door.program(Role.VIEWER) as http:
        failed = await http.get("/accuracy/job", headers=HTMX)
    assert failed.status_code == 503
    assert re.search(r'hx-get="/accuracy/job" [^>]*hx-target="this"', failed.text), failed.text


async def test_how_far_an_evaluation_is_opens_as_the_whole_page(http: httpx.AsyncClient) -> None:
    response = await http.get("/accuracy/job?lang=en", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "/accuracy?lang=en")


@pytest.mark.parametrize("name", ["trend", "reliability"])
async def test_a_chart_is_a_drawing_without_script_or_style(
    http: httpx.AsyncClient, name: str
) -> None:
    run = await run_of(http, WOMEN)
    page = await text(http, f"/accuracy?run={run}")
    address = next(a for a in re.findall(r'<img[^>]+src="([^"]+)"', page) if name in a)
    response = await http.get(address)
    assert response.headers["content-type"] == "image/svg+xml"
    drawing = ET.fromstring(response.text)
    tags = {element.tag.rpartition("}")[2] for element in drawing.iter()}
    assert "circle" in tags and not tags & {"script", "style", "foreignObject"}
    assert not any("style" in element.attrib for element in drawing.iter())


async def test_runs_are_compared_on_a_page(http: httpx.AsyncClient) -> None:
    before, after = await run_of(http, MEN), await run_of(http, WOMEN)
    page = await text(http, f"/accuracy/compare?before={before}&after={after}")
    assert "wrong before, right now" in page and "여성" in page


async def test_a_person_says_wrong_then_corrects_and_an_owner_accepts(
    http: httpx.AsyncClient,
) -> None:
    answer = (await http.get("/?q=여성", headers={"accept-language": "en"})).text
    assert "Is this reading right?" in answer
    hidden = re.findall(r'<input type="hidden" name="(question|filter)" value="([^"]*)"', answer)
    form = {name: unescape(value) for name, value in hidden}
    assert form == {"question": "여성", "filter": '{"where":{"gender":["여성"]}}'}
    said = await http.post("/corrections", data={**form, "verdict": "wrong"})
    assert said.status_code == 200
    chosen = await text(http, f"/?q=여성&f={SEOUL_WOMEN}")
    assert "This is what the question means" in chosen
    body = {"question": "여성", "verdict": "corrected", "filter": SEOUL_WOMEN}
    assert (await http.post("/corrections", data=body)).status_code == 200
    review = await text(http, "/accuracy/review")
    numbers = [int(n) for n in re.findall(r'action="/accuracy/review/(\d+)"', review)]
    corrected = max(numbers)
    decided = {"decision": "accept"}
    accepted = await http.post(
        f"/accuracy/review/{corrected}", data=decided, follow_redirects=False
    )
    assert (accepted.status_code, accepted.headers["location"]) == (303, "/accuracy/review")
    assert f'action="/accuracy/review/{corrected}"' not in await text(http, "/accuracy/review")
    gold = [json.loads(line) for line in (await http.get("/api/gold")).text.splitlines()]
    assert json.loads(SEOUL_WOMEN) in [line["filter"] for line in gold]


async def test_a_correction_names_what_the_panel_lacks(http: httpx.AsyncClient) -> None:
    answer = await text(http, "/?q=우울한 여성")
    assert 'name="lacking"' in answer and 'name="lacking"' in await text(
        http, f"/?q=우울한 여성&f={SEOUL_WOMEN}"
    )
    body = {"question": "우울한 여성", "verdict": "corrected", "filter": SEOUL_WOMEN}
    said = await http.post("/corrections", data={**body, "lacking": " 우울한 , 외로운,, 우울한"})
    assert said.status_code == 200
    waiting = (await http.get("/api/corrections")).json()
    newest = max(waiting, key=lambda each: int(each["id"]))
    assert newest["corrected_unsupported"] == ["우울한", "외로운"]
    assert "우울한, 외로운" in await text(http, "/accuracy/review")
    for lacking in ("가" * 61, ",".join("abcdefghi")):
        refused = await http.post("/corrections", data={**body, "lacking": lacking})
        assert refused.status_code == 422


async def test_a_reviewer_sees_what_the_reading_said_the_panel_lacks(
    http: httpx.AsyncClient,
) -> None:
    body = {"question": "외로운 여성", "verdict": "wrong", "filter": json.dumps(WOMEN)}
    assert (await http.post("/corrections", data={**body, "unsupported": "외로운"})).is_success
    review = await text(http, "/accuracy/review")
    (said,) = [part for part in review.split("<article") if "외로운 여성</a>" in part]
    assert re.search(r"<dt>Read as</dt><dd><a [^>]+>[^<]*; not in the panel: 외로운</a>", said)


def test_what_a_panel_lacks_is_told_beside_a_filter_it_no_longer_takes(
    everything: StoredServices,
) -> None:
    english = load_wordings(folder("web") / "messages")["en"]
    shown = Measuring(everything.catalogue, english, Address("/accuracy/review"))
    told = shown.filter({"where": {"gone": ["x"]}}, "?", ["외로운"])
    assert told.href is None and told.text == '{"where": {"gone": ["x"]}}; not in the panel: 외로운'


async def test_corrections_that_are_not_listed_are_counted(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        await http.post("/api/corrections", json=SAID)
    waiting = len((await http.get("/api/corrections")).json())
    assert "More follow" not in await text(http, "/accuracy/review")
    monkeypatch.setattr("server.accuracy.corrections.WAITING_MOST", 1)
    review = await text(http, "/accuracy/review")
    assert f"The oldest 1 of {waiting} are shown. More follow as these are decided." in review
    assert review.count("<article") == 1
    assert f"{waiting} corrections to review" in await text(http, "/accuracy")


async def test_a_correction_that_is_refused_keeps_what_was_typed(page: Page) -> None:
    await page.goto(f"/?q=여성&f={SEOUL_WOMEN}")
    lacking = page.locator(".verdict [name=lacking]")
    await lacking.fill("가" * 61)
    await lacking.press("Enter")
    await expect(page.locator(".verdict").get_by_role("alert")).to_contain_text("60자")
    await expect(lacking).to_have_value("가" * 61)
    await lacking.fill("우울한")
    await lacking.press("Enter")
    await expect(page.locator(".said")).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_htmx_gets_one_line_in_place_of_the_form(http: httpx.AsyncClient) -> None:
    body = {"question": "여성", "verdict": "right", "filter": "{}"}
    response = await http.post("/corrections", data=body, headers={"hx-request": "true"})
    assert response.text.startswith('<p class="said"')


async def test_near_misses_name_the_condition_that_is_missed(http: httpx.AsyncClient) -> None:
    page = await text(http, f"/near?q=x&f={SEOUL_WOMEN}")
    assert "The one condition missed" in page and "Region" in page
    fragment = await http.get(f"/near?f={SEOUL_WOMEN}", headers={"hx-request": "true"})
    assert "<html" not in fragment.text and "<table>" in fragment.text
    assert (await http.get("/near")).status_code == 404


async def test_near_misses_that_are_not_all_shown_are_said_to_be_the_first(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"filter": json.loads(SEOUL_WOMEN), "count": 200}
    misses = len((await http.post("/api/near", json=body)).json()["near"])
    cut = "Only the first 30 are shown."
    for fragment in ({}, HTMX):
        headers = {"accept-language": "en", **fragment}
        page = (await http.get(f"/near?f={SEOUL_WOMEN}", headers=headers)).text
        assert misses > 30 and cut in page and page.count('<th scope="row">') == 30
    monkeypatch.setattr("server.web.accuracy_pages.NEAR_MOST", misses)
    assert "are shown" not in await text(http, f"/near?f={SEOUL_WOMEN}")


def test_a_near_miss_leads_to_whoever_it_names(everything: StoredServices) -> None:
    (condition,) = parse_filter(WOMEN, everything.catalogue).where
    missing = NearRespondent(Respondent("A#1/2", {"gender": "남성"}), "where", 0, condition)
    english = load_wordings(folder("web") / "messages")["en"]
    (row,) = Measuring(everything.catalogue, english, Address("/near")).near([missing])
    assert (row.id, row.href) == ("A#1/2", "/respondents/A%231%2F2")


@pytest.fixture(scope="module")
def door(everything: StoredServices) -> Iterator[Guarded]:
    with guarded(everything.catalogue, everything.database) as server:
        yield server


Asked = tuple[Role | None, str, str, Any, int]
SAID = {"question": "여성", "verdict": "wrong", "filter": WOMEN}


@pytest.mark.parametrize(
    "asked",
    [
        (Role.VIEWER, "GET", "/api/evaluations", None, 200),
        (Role.VIEWER, "GET", "/accuracy", None, 200),
        (Role.VIEWER, "POST", "/api/corrections", SAID, 403),
        (Role.VIEWER, "POST", "/api/near", {"filter": WOMEN}, 403),
        (Role.VIEWER, "GET", "/api/gold", None, 403),
        (Role.RESEARCHER, "POST", "/api/corrections", SAID, 201),
        (Role.RESEARCHER, "GET", "/api/corrections", None, 403),
        (Role.RESEARCHER, "POST", "/api/corrections/1/review", {"accepted": True}, 403),
        (Role.RESEARCHER, "POST", "/api/evaluations", None, 403),
        (Role.RESEARCHER, "POST", "/accuracy/evaluations", None, 403),
        (Role.RESEARCHER, "GET", "/accuracy/review", None, 403),
        (Role.RESEARCHER, "POST", "/api/gold", None, 403),
        (Role.OWNER, "GET", "/api/corrections", None, 200),
        (Role.OWNER, "GET", "/accuracy/review", None, 200),
        (None, "GET", "/api/evaluations", None, 401),
        (None, "POST", "/api/corrections", SAID, 401),
    ],
)
async def test_a_role_does_what_it_may_and_no_more(door: Guarded, asked: Asked) -> None:
    role, method, path, body, status = asked
    async with door.program(role) as http:
        response = await http.request(method, path, json=body)
    assert response.status_code == status, response.text


async def test_figures_of_too_few_people_are_not_on_the_pages(everything: StoredServices) -> None:
    several = {"question": "여성", "filter": MEN}
    few = {"question": "모두", "filter": {"where": {"gender": ["여성"], "region": ["서울"]}}}
    with guarded(everything.catalogue, everything.database) as open_to_all:
        async with open_to_all.program(Role.OWNER) as http:
            total = (await http.post("/api/search", json={"filter": few["filter"]})).json()["total"]
            before = await evaluated(http, several, few)
            after = await evaluated(http, several | {"filter": WOMEN}, few | {"filter": {}})
            shown = (await http.get(f"/api/evaluations/{before}/compare/{after}")).json()
            open_page = await text(http, f"/accuracy?run={before}")
    told = {d["question"]: (d["jaccard_before"], d["jaccard_after"]) for d in shown["differences"]}
    note = "Numbers of too few people are not shown."
    assert note not in open_page and f">{total} people<" in open_page
    with guarded(everything.catalogue, everything.database, smallest_count=total + 1) as closed:
        async with closed.program(Role.VIEWER) as http:
            page = await text(http, f"/accuracy?run={before}")
            compared = (await http.get(f"/api/evaluations/{before}/compare/{after}")).json()
            side_by_side = await text(http, f"/accuracy/compare?before={before}&after={after}")
    hidden = {
        d["question"]: (d["jaccard_before"], d["jaccard_after"]) for d in compared["differences"]
    }
    assert hidden == {"여성": told["여성"], "모두": (None, told["모두"][1])}
    assert None not in (*told["여성"], *told["모두"])
    worst = page[page.index("Worst questions first") :]
    row = worst[worst.index(">모두</a>") :]
    row = row[: row.index("</tr>")]
    assert row.count('<span class="interval">–</span>') == 2 and row.endswith(">–</td>")
    assert note in worst and note in side_by_side and "Jaccard –" in side_by_side


async def test_a_correction_says_whose_it_is(door: Guarded) -> None:
    async with door.program(Role.RESEARCHER) as http:
        number = (await http.post("/api/corrections", json=SAID)).json()["id"]
    async with door.program(Role.OWNER) as http:
        waiting = {w["id"]: w for w in (await http.get("/api/corrections")).json()}
    assert waiting[number]["person"].startswith("token:researcher")
