"""What PostgreSQL finds is what a second implementation finds among the same people in memory."""

import re
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from server.web.schemas import AnswerBody

from .panel import PEOPLE

FILTERS: list[dict[str, Any]] = [
    {},
    {"by": ["age", "gender"], "limit": 10},
    {"where": {"personal_income": {"min": 300, "max": 599}}, "by": ["personal_income"]},
    {"where": {"appliances": {"all": ["TV", "냉장고"]}}, "not": {"region": ["서울"]}},
    {"either": [{"phone_brand": ["애플"]}, {"age": {"max": 29}, "gender": ["남성"]}], "limit": 30},
    {"where": {"district": ["강남구"], "region": ["제주"]}},
]


@pytest.mark.parametrize("query", FILTERS)
async def test_what_is_found_is_told_by_api_and_page(
    http: httpx.AsyncClient, in_memory: httpx.AsyncClient, query: dict[str, Any]
) -> None:
    body = (await http.post("/api/search", json={"filter": query})).json()
    AnswerBody.model_validate(body)
    assert body["population"] == PEOPLE
    assert body["synthetic"] is True
    remembered = (await in_memory.post("/api/search", json={"filter": query})).json()
    assert body["total"] == remembered["total"]
    assert body["conditions"] == remembered["conditions"]
    assert body["filter"] == query
    assert len(body["respondents"]) == min(body["total"], query.get("limit", 20))
    for language in ("ko", "en"):
        address = f"/?f={quote(str(query).replace(chr(39), chr(34)))}&lang={language}"
        page = await http.get(address)
        assert page.status_code == 200, page.text
        shown = set(re.findall(r"/respondents/([^?\"]+)", page.text))
        first = body["respondents"][:20]
        assert shown == {quote(r["mb_sn"], safe="") for r in first}


async def test_a_question_is_answered_and_a_person_opened(http: httpx.AsyncClient) -> None:
    answer = (await http.post("/api/search", json={"question": "서울 20대 남자 100명"})).json()
    assert answer["total"] + answer["shortfall"] >= 100
    person = answer["respondents"][0]
    assert person["region"] == "서울" and 20 <= person["age"] <= 29
    assert (await http.get(f"/api/respondents/{person['mb_sn']}")).json() == person
    page = await http.get(f"/respondents/{person['mb_sn']}?lang=ko")
    assert "서울" in page.text
    assert (await http.get("/respondents/nobody")).status_code == 404


async def test_dropping_a_condition_finds_as_many_as_was_said(http: httpx.AsyncClient) -> None:
    query = {"where": {"region": ["서울"], "gender": ["여성"], "age": {"min": 30, "max": 39}}}
    answer = (await http.post("/api/search", json={"filter": query})).json()
    for condition in answer["conditions"]:
        rest = {k: v for k, v in query["where"].items() if k != condition["field"]}
        without = (await http.post("/api/search", json={"filter": {"where": rest}})).json()
        assert without["total"] == condition["without"]
