"""The web over the product's own PostgreSQL, loader and search: nothing here is made up."""

import json
import re
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from psycopg_pool import AsyncConnectionPool

from server.catalogue import Catalogue
from server.filter import Filter, load_catalogue
from server.panel.load import load_files
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.migrate import migrate
from server.postgres.pool import open_pool, reading
from server.search.answer import Found, Respondent
from server.search.queries import get_respondent, search
from server.settings import Settings
from server.web.app import create_app
from server.web.schemas import AnswerBody

from .panel import PEOPLE, InMemoryServices

SETTINGS = Settings(pool_size=2)
FILTERS: list[dict[str, Any]] = [
    {},
    {"by": ["age", "gender"], "limit": 10},
    {"where": {"personal_income": {"min": 300, "max": 599}}, "by": ["personal_income"]},
    {"where": {"appliances": {"all": ["TV", "냉장고"]}}, "not": {"region": ["서울"]}},
    {"either": [{"phone_brand": ["애플"]}, {"age": {"max": 29}, "gender": ["남성"]}], "limit": 30},
    {"where": {"district": ["강남구"], "region": ["제주"]}},
]


class SearchingServices(InMemoryServices):
    """Searches in PostgreSQL; only the reading of questions is still in memory."""

    def __init__(self, catalogue: Catalogue, pool: AsyncConnectionPool) -> None:
        super().__init__(catalogue)
        self.pool = pool

    async def search(self, query: Filter, *, page_size: int, offset: int) -> Found:
        async with reading(self.pool, SETTINGS.statement_timeout_ms) as connection:
            return await search(
                connection, self.catalogue, query, page_size=page_size, offset=offset
            )

    async def respondent(self, respondent_id: str) -> Respondent | None:
        async with reading(self.pool, SETTINGS.statement_timeout_ms) as connection:
            return await get_respondent(connection, self.catalogue, respondent_id)


def raw_rows(services: InMemoryServices) -> list[dict[str, Any]]:
    """The people in memory as an export of the survey owner writes them: in codes."""
    return [raw_row(person, services.catalogue) for person in services.people]


def raw_row(person: Respondent, catalogue: Catalogue) -> dict[str, Any]:
    row: dict[str, Any] = {catalogue.respondent_id: person.id}
    for field in catalogue.fields:
        cell = person.fields[field.name]
        if field.source is None or cell is None:
            continue
        code = {answer.value: answer.code for answer in field.answers}
        row[f"{field.source.file}.{field.source.code}"] = (
            [code[value] for value in cell] if isinstance(cell, list) else code.get(str(cell), cell)
        )
    return row


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A private cluster that holds the same people as the panel in memory."""
    catalogue = load_catalogue("welcome")
    with tempfile.TemporaryDirectory(prefix="panelens-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root the cluster runs as another user, who must get here
        with EmbeddedPostgres(folder) as embedded:
            migrate(embedded.conninfo)
            people = folder / "result.json"
            people.write_text(json.dumps(raw_rows(InMemoryServices(catalogue))), "utf-8")
            load_files(embedded.conninfo, catalogue, [people], reference_year=2025, synthetic=True)
            yield embedded.conninfo


@pytest.fixture(scope="module")
async def panel(database: str) -> AsyncIterator[httpx.AsyncClient]:
    pool = await open_pool(database, SETTINGS)
    app = create_app(SETTINGS, SearchingServices(load_catalogue("welcome"), pool))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://panel") as client:
        yield client
    await pool.close()


@pytest.mark.parametrize("query", FILTERS)
async def test_what_is_found_is_told_by_api_and_page(
    panel: httpx.AsyncClient, http: httpx.AsyncClient, query: dict[str, Any]
) -> None:
    body = (await panel.post("/api/search", json={"filter": query})).json()
    AnswerBody.model_validate(body)
    assert body["population"] == PEOPLE
    assert body["synthetic"] is True
    in_memory = (await http.post("/api/search", json={"filter": query})).json()
    assert body["total"] == in_memory["total"]
    assert body["conditions"] == in_memory["conditions"]
    assert body["filter"] == query
    assert len(body["respondents"]) == min(body["total"], query.get("limit", 100))
    for language in ("ko", "en"):
        address = f"/?f={quote(str(query).replace(chr(39), chr(34)))}&lang={language}"
        page = await panel.get(address)
        assert page.status_code == 200, page.text
        shown = set(re.findall(r"/respondents/([^?\"]+)", page.text))
        assert shown == {quote(r["mb_sn"], safe="") for r in body["respondents"]}


async def test_a_question_is_answered_and_a_person_opened(panel: httpx.AsyncClient) -> None:
    answer = (await panel.post("/api/search", json={"question": "서울 20대 남자 100명"})).json()
    assert answer["total"] + answer["shortfall"] >= 100
    person = answer["respondents"][0]
    assert person["region"] == "서울" and 20 <= person["age"] <= 29
    assert (await panel.get(f"/api/respondents/{person['mb_sn']}")).json() == person
    page = await panel.get(f"/respondents/{person['mb_sn']}?lang=ko")
    assert "서울" in page.text
    assert (await panel.get("/respondents/nobody")).status_code == 404


async def test_dropping_a_condition_finds_as_many_as_was_said(panel: httpx.AsyncClient) -> None:
    query = {"where": {"region": ["서울"], "gender": ["여성"], "age": {"min": 30, "max": 39}}}
    answer = (await panel.post("/api/search", json={"filter": query})).json()
    for condition in answer["conditions"]:
        rest = {k: v for k, v in query["where"].items() if k != condition["field"]}
        without = (await panel.post("/api/search", json={"filter": {"where": rest}})).json()
        assert without["total"] == condition["without"]
