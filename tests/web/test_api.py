"""The JSON API, as a program meets it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import psycopg
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from server.catalogue import ID_LENGTH_MAX
from server.errors import DatabaseAway, ModelAway, TooBusy, TooHeavy
from server.filter import parse_filter
from server.web.protection import BodyLimit
from server.web.schemas import AnswerBody, InterpretationBody

from .panel import QUESTIONS, InMemoryServices, StoredServices

ASKED = "수도권 기혼 여성 중 우울한 사람을 직업별로 5명"


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem that a refused request must be."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"]) == (status, code)
    assert body["title"] and body["hint"] and body["type"].endswith(code)
    return body


async def test_a_question_is_read_into_a_filter(http: httpx.AsyncClient) -> None:
    response = await http.post("/api/interpret", json={"question": f"  {ASKED} "})
    body = response.json()
    InterpretationBody.model_validate(body, strict=True)
    assert body["question"] == ASKED
    assert body["filter"] == QUESTIONS[ASKED].filter
    assert body["unsupported"] == ["우울한"]
    assert {c["source"] for c in body["conditions"]} >= {"Q10", "Q12_1"}


async def test_an_answer_is_as_the_contract_spells_it(http: httpx.AsyncClient) -> None:
    response = await http.post("/api/search", json={"question": ASKED})
    assert response.status_code == 200
    body = response.json()
    AnswerBody.model_validate(body)
    assert body["total"] == body["returned"] == len(body["respondents"])
    assert body["shortfall"] == 5 - body["total"] > 0
    assert body["synthetic"] is True
    assert body["reference_year"] == 2025
    assert body["warnings"] == ["doubtful"]
    assert body["accuracy"]["enough"] and body["accuracy"]["questions"] == 41
    doubtful = next(c for c in body["conditions"] if c["field"] == "marital_status")
    assert doubtful["confidence"] == 0.62
    assert doubtful["words"] == ["기혼"]
    assert doubtful["without"] >= body["total"]
    assert next(iter(body["respondents"][0])) == "mb_sn"
    assert sum(row["count"] for row in body["breakdown"]) == body["total"]
    assert set(body["breakdown"][0]["values"]) == {"job"}


async def test_a_filter_is_searched_with_and_the_model_is_not_asked(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    response = await http.post(
        "/api/search", json={"filter": {"where": {"gender": ["여성"]}}, "page_size": 7, "offset": 7}
    )
    body = response.json()
    assert body["interpretation"] is None
    assert body["accuracy"]["confidence"] is None
    assert "confidence" not in body["conditions"][0]
    assert body["returned"] == 7 < body["total"]
    assert services.questions_asked == []


TWICE = '{"where": {"age": {"min": 30}, "age": {"max": 90}}}'


async def test_a_key_that_is_given_twice_is_refused(http: httpx.AsyncClient) -> None:
    bodies = {
        "/api/search": f'{{"filter": {TWICE}}}',
        "/api/near": f'{{"filter": {TWICE}}}',
        "/api/compare": f'{{"filters": [{TWICE}], "by": ["job"]}}',
        "/api/corrections": f'{{"question": "여성", "verdict": "right", "filter": {TWICE}}}',
        "/api/evaluations": f'{{"gold": [{{"question": "여성", "filter": {TWICE}}}]}}',
    }
    for path, body in bodies.items():
        for media_type in ("application/json", "application/vnd.panel+json; charset=utf-8"):
            answer = await http.post(path, content=body, headers={"content-type": media_type})
            refused = problem(answer, 422, "invalid-input")
            assert refused["detail"] == "'age' is given twice"
    for path in ("/", "/edit", "/segments", "/export", "/figures"):
        page = await http.get(path, params={"f": TWICE})
        assert page.status_code == 422 and "&#39;age&#39; is given twice" in page.text
    kept = await http.post("/segments", data={"name": "twice", "f": TWICE})
    assert kept.status_code == 422


async def test_a_question_of_which_nothing_was_understood_finds_nobody(
    http: httpx.AsyncClient,
) -> None:
    body = (await http.post("/api/search", json={"question": "행복한 연예인"})).json()
    AnswerBody.model_validate(body)
    assert (body["total"], body["respondents"], body["sql"]) == (0, [], None)
    assert body["warnings"] == ["nothing-understood"]
    assert body["interpretation"]["unsupported"] == ["행복한 연예인"]


async def test_too_few_labelled_questions_give_no_rate(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    services.labelled = 2
    accuracy = (await http.post("/api/search", json={"question": "여성"})).json()["accuracy"]
    assert accuracy["enough"] is False
    assert accuracy["questions"] == 2
    assert accuracy["exact"] is accuracy["f1"] is None


@pytest.mark.parametrize("question", ["", "   ", "\n\t", "\u200b\u200b", "\x00"])
async def test_an_empty_question_is_refused(http: httpx.AsyncClient, question: str) -> None:
    for path in ("/api/interpret", "/api/search"):
        problem(await http.post(path, json={"question": question}), 422, "invalid-question")


async def test_a_question_over_the_limit_is_refused_with_the_limit(
    http: httpx.AsyncClient,
) -> None:
    response = await http.post("/api/interpret", json={"question": "a" * 1001})
    assert "1,000" in problem(response, 422, "invalid-question")["detail"]
    response = await http.post("/api/interpret", json={"question": "a" * 1000})
    assert response.status_code == 200


async def test_a_request_that_is_cut_off_in_its_body_is_not_carried_out() -> None:
    carried_out: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        carried_out.append(scope)

    async def explain(request: Request, error: Exception) -> Response:
        raise AssertionError("nobody is there to be told")

    sent: list[Message] = [
        {"type": "http.request", "body": b'{"gold": [', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return sent.pop(0)

    async def send(message: Message) -> None:
        raise AssertionError("nobody is there to be answered")

    scope = {"type": "http", "method": "POST", "headers": [], "path": "/api/evaluations"}
    await BodyLimit(app, explain)(scope, receive, send)
    assert carried_out == []


async def test_an_error_is_documented_once_for_each_address(http: httpx.AsyncClient) -> None:
    paths = (await http.get("/api/openapi.json")).json()["paths"]
    for methods in paths.values():
        for operation in methods.values():
            for answer in operation["responses"].values():
                codes = re.findall(r"(?:^| )([a-z-]+): ", answer["description"])
                assert len(codes) == len(set(codes)), answer["description"]


@pytest.mark.parametrize("length", [70_000, 100_000])
async def test_a_body_over_64_kilobytes_is_refused(http: httpx.AsyncClient, length: int) -> None:
    response = await http.post("/api/search", json={"question": "가" * length})
    problem(response, 413, "too-large")


async def test_a_body_of_unstated_length_is_refused_when_it_grows_too_large(
    http: httpx.AsyncClient,
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    response = await http.post(
        "/api/search", content=endless(), headers={"content-type": "application/json"}
    )
    problem(response, 413, "too-large")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"filter": {"nope": 1}}, "nope"),
        ({"filter": {"where": {"region": ["Atlantis"]}}}, "where.region"),
        ({"filter": {"where": {"age": {"min": "30"}}}}, "where.age.min"),
        ({"filter": {"either": [{}]}}, "either[0]"),
        ({"filter": {"where": {"district": ["\ud800"]}}}, "where.district"),
    ],
)
async def test_a_filter_the_panel_does_not_hold_names_the_place(
    http: httpx.AsyncClient, body: object, named: str
) -> None:
    response = await http.post(
        "/api/search", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    assert named in problem(response, 422, "invalid-filter")["detail"]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 60_000,
        b"9" * 5000,
        b'{"question": 7}',
        b'{"question": "\\ud800"}',
        b'{"filter": {}, "question": "a"}',
        b'{"filter": {}, "limit": 3}',
        b'{"filter": {}, "page_size": 0}',
        b'{"filter": {}, "page_size": 1.5}',
        b'{"filter": {}, "offset": -1}',
        b'{"filter": []}',
        b"{}",
    ],
)
async def test_a_body_that_is_not_a_request_is_refused(
    http: httpx.AsyncClient, content: bytes
) -> None:
    response = await http.post(
        "/api/search", content=content, headers={"content-type": "application/json"}
    )
    assert response.status_code == 422
    problem(response, 422, response.json()["code"])


async def test_a_form_from_another_site_is_not_taken_for_a_request(
    http: httpx.AsyncClient,
) -> None:
    response = await http.post(
        "/api/search", content=b'{"question": "a"}', headers={"content-type": "text/plain"}
    )
    problem(response, 422, "invalid-input")


@pytest.mark.parametrize(
    "question",
    [
        "👩‍👩‍👧‍👦 🏳️‍🌈 서울",
        "'; drop table respondent; --",
        "<script>alert(1)</script>",
        "東京に住む三十代の女性",
        "\u202eright to left",
        "%(n)s {0} {{ 7*7 }} %s",
    ],
)
async def test_odd_questions_come_back_as_they_were(http: httpx.AsyncClient, question: str) -> None:
    body = (await http.post("/api/search", json={"question": question})).json()
    assert body["interpretation"]["question"] == question
    assert body["total"] == 0


@pytest.mark.parametrize(
    ("error", "told", "retry"),
    [
        (DatabaseAway("refused"), (503, "database-away"), "5"),
        (TooHeavy("5,000 ms"), (504, "too-heavy"), None),
        (TooBusy("pool"), (503, "too-busy"), "3"),
    ],
)
async def test_a_search_that_cannot_be_made_says_when_to_try_again(
    http: httpx.AsyncClient,
    services: InMemoryServices,
    error: Exception,
    told: tuple[int, str],
    retry: str | None,
) -> None:
    services.database_fault = error
    response = await http.post("/api/search", json={"filter": {}})
    problem(response, *told)
    assert response.headers.get("retry-after") == retry


async def test_what_the_driver_said_stays_in_the_log(
    http: httpx.AsyncClient, services: InMemoryServices, caplog: pytest.LogCaptureFixture
) -> None:
    services.database_fault = DatabaseAway('no route to 10.0.0.5 for user "panelens"')
    services.database_fault.__cause__ = OSError()
    response = await http.post("/api/search", json={"filter": {}})
    body = problem(response, 503, "database-away")
    assert "10.0.0.5" not in response.text
    assert body["incident"] in caplog.text and "10.0.0.5" in caplog.text


async def test_without_the_model_a_filter_still_works(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    services.model_fault = ModelAway("loading")
    problem(await http.post("/api/search", json={"question": "여성"}), 503, "model-away")
    assert (await http.post("/api/search", json={"filter": {}})).status_code == 200


async def test_an_unexpected_exception_is_told_without_its_text(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    services.database_fault = RuntimeError("password=hunter2")
    response = await http.post("/api/search", json={"filter": {}})
    body = problem(response, 500, "internal")
    assert len(body["incident"]) == 8
    assert "hunter2" not in response.text and "Traceback" not in response.text
    assert "content-security-policy" in response.headers


@pytest.mark.parametrize(
    ("headers", "query", "title"),
    [
        ({"accept-language": "en-GB,ko;q=0.5"}, "", "Something went wrong."),
        ({"accept-language": "fr, ko;q=0.9, en;q=0.8"}, "", "처리하지 못했습니다."),
        ({"accept-language": "ko"}, "?lang=en", "Something went wrong."),
        ({"accept-language": "en"}, "?lang=xx", "Something went wrong."),
    ],
)
async def test_errors_speak_the_callers_language(
    http: httpx.AsyncClient,
    services: InMemoryServices,
    headers: dict[str, str],
    query: str,
    title: str,
) -> None:
    services.database_fault = RuntimeError()
    response = await http.post(f"/api/search{query}", json={"filter": {}}, headers=headers)
    assert response.json()["title"] == title


async def test_a_respondent_is_a_flat_object(http: httpx.AsyncClient) -> None:
    body = (await http.get("/api/respondents/w000000000000007")).json()
    assert body["mb_sn"] == "w000000000000007"
    assert body["gender"] in ("남성", "여성")


@pytest.mark.parametrize("known", ["A/1", "A#1", "가?", "../1%2F", "w" * ID_LENGTH_MAX])
async def test_a_respondent_is_found_by_whatever_id_was_loaded(
    http: httpx.AsyncClient, services: StoredServices, known: str
) -> None:
    place = f"/respondents/{quote(known, safe='')}"
    with psycopg.connect(services.database, autocommit=True) as owner:
        respondent = "panel_welcome.respondent"
        owner.execute(f"insert into {respondent} (respondent_id) values (%s)", [known])
        try:
            assert (await http.get(f"/api{place}")).json()["mb_sn"] == known
            assert f'<h1 id="profile-title">{known}</h1>' in (await http.get(place)).text
        finally:
            owner.execute(f"delete from {respondent} where respondent_id = %s", [known])


@pytest.mark.parametrize("unknown", ["nobody", "%00", "a" * 200, "%ED%A0%80", "..%2f.."])
async def test_an_unknown_respondent_is_not_found(http: httpx.AsyncClient, unknown: str) -> None:
    problem(await http.get(f"/api/respondents/{unknown}"), 404, "not-found")


async def test_other_addresses_and_methods_are_refused_as_problems(
    http: httpx.AsyncClient,
) -> None:
    problem(await http.get("/api/nowhere"), 404, "not-found")
    response = await http.get("/api/search")
    problem(response, 405, "method-refused")
    assert response.headers["allow"] == "POST"


async def test_the_catalogue_is_served(http: httpx.AsyncClient) -> None:
    body = (await http.get("/api/catalogue")).json()
    assert body["respondent_id"] == "mb_sn"
    assert {f["name"] for f in body["fields"]} >= {"age", "region"}


async def test_ready_says_which_part_is_away(
    http: httpx.AsyncClient, services: InMemoryServices
) -> None:
    assert (await http.get("/readyz")).json()["ready"] is True
    services.model_fault = ModelAway("loading")
    response = await http.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "ready": False,
        "model": False,
        "database": True,
        "details": {"model": "model-away"},
    }
    assert (await http.get("/healthz")).status_code == 200
    assert (await http.head("/healthz")).status_code == 200


async def test_openapi_documents_every_route_with_its_errors(http: httpx.AsyncClient) -> None:
    paths = (await http.get("/api/openapi.json")).json()["paths"]
    assert set(paths) == {
        "/api/interpret",
        "/api/search",
        "/api/respondents/{respondent_id}",
        "/api/catalogue",
        "/api/compare",
        "/api/corrections",
        "/api/corrections/{number}/review",
        "/api/evaluations",
        "/api/evaluations/jobs/{number}",
        "/api/evaluations/{before}/compare/{after}",
        "/api/evaluations/{number}",
        "/api/gold",
        "/api/near",
        "/healthz",
        "/readyz",
    }
    responses = paths["/api/search"]["post"]["responses"]
    door = {"401", "403", "429"}
    assert set(responses) == {"200", "413", "422", "500", "503", "504", *door}
    away = responses["503"]["content"]["application/problem+json"]["examples"]
    assert set(away) == {"database-away", "model-away", "too-busy"}


async def test_openapi_says_what_each_answer_holds_who_may_ask_and_what_any_may_meet(
    http: httpx.AsyncClient,
) -> None:
    document = (await http.get("/api/openapi.json")).json()
    assert document["security"] == [{"token": []}]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            place = f"{method} {path}"
            good = {s: a for s, a in operation["responses"].items() if s < "300"}
            for status, answer in good.items():
                bodies = answer.get("content", {})
                assert bodies or status == "204", place
                assert all(body["schema"] for body in bodies.values()), place
            assert ("security" in operation) == (not path.startswith("/api/")), place
            if path.startswith("/api/"):
                content = operation["responses"]["503"]["content"]
                codes = set(content["application/problem+json"]["examples"])
                assert codes >= {"database-away", "too-busy"}, place
                assert set(operation["responses"]) >= {"401", "403", "429", "500", "504"}, place
                writes = method == "post" and path.startswith(("/api/corrections", "/api/gold"))
                assert ("no-changes" in codes) == writes, place


async def test_openapi_gives_examples_of_the_panel_that_is_served(
    http: httpx.AsyncClient, services: StoredServices
) -> None:
    bodies = (await http.get("/api/openapi.json")).json()["components"]["schemas"]
    asked, searched = bodies["SearchRequest"]["examples"]
    assert asked["question"] in services.catalogue.examples.ko
    assert parse_filter(searched["filter"], services.catalogue).where
    (by,) = bodies["CompareRequest"]["properties"]["by"]["examples"]
    assert services.catalogue.field(by[0])


@pytest.mark.parametrize("path", ["/api/interpret", "/api/search"])
async def test_a_question_whose_program_hangs_up_is_not_read(
    http: httpx.AsyncClient, services: StoredServices, path: str
) -> None:
    services.held_back, services.cancelled = True, 0
    with pytest.raises(httpx.ReadTimeout):
        await http.post(path, json={"question": "여성"}, timeout=httpx.Timeout(60, read=0.5))
    deadline = asyncio.get_running_loop().time() + 60
    while not services.cancelled:
        assert asyncio.get_running_loop().time() < deadline, "it is still being read"
        await asyncio.sleep(0.05)
    assert (await http.get("/waiting")).json() == {"waiting": 0}
