"""The codebook page: live counts, words that are understood, and questions to begin with."""

import asyncio
import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql

from server.access.person import Role
from server.filter import load_catalogue
from server.panel.answer_counts import count_answers
from server.panel.load import load_files
from server.panel.schema import table
from server.settings import Settings
from server.web.app import create_app
from server.web.asking import fields_holding

from .guarded import guarded
from .panel import InMemoryServices, StoredServices


async def test_the_codebook_counts_the_people_who_are_loaded(http: httpx.AsyncClient) -> None:
    """Not those of the published survey: each answer's count is what a search for it finds."""
    page = (await http.get("/codebook?q=결혼&lang=en")).text
    rows = re.findall(
        r'<a href="(/\?f=[^"]+)">[^<]+</a></th>.*?<td class="number">(\d+)</td>', page
    )
    assert len(rows) == 3
    for address, count in rows:
        query = parse_qs(urlsplit(unescape(address)).query)["f"][0]
        body = {"filter": json.loads(query)}
        found = (await http.post("/api/search", json=body)).json()["total"]
        assert found == int(count) > 0


async def test_the_codebook_follows_a_load(
    http: httpx.AsyncClient, services: StoredServices, tmp_path: Path
) -> None:
    def counts(page: str) -> list[int]:
        return [int(n) for n in re.findall(r'<td class="number">(\d+)</td>', page)]

    before = counts((await http.get("/codebook?q=marital_status")).text)
    file = tmp_path / "more.json"
    file.write_text(json.dumps([{"mb_sn": "w999", "marital_status": "기혼"}]), "utf-8")
    loaded = (services.database, services.catalogue, [file])
    try:
        await asyncio.to_thread(load_files, *loaded, reference_year=2025, synthetic=True)
        after = counts((await http.get("/codebook?q=marital_status")).text)
        assert sum(after) == sum(before) + 1
    finally:
        with psycopg.connect(services.database) as connection:
            gone = sql.SQL("delete from {} where respondent_id = 'w999'")
            connection.execute(gone.format(table(services.catalogue)))
            count_answers(connection, services.catalogue)


async def test_the_codebook_does_not_tell_how_few_of_the_panel_did_not_answer(
    services: StoredServices, tmp_path: Path
) -> None:
    """All gave their gender but one, and there is no field that all answered."""
    file = tmp_path / "more.json"
    file.write_text(json.dumps([{"mb_sn": "w999", "marital_status": "기혼"}]), "utf-8")
    loaded = (services.database, services.catalogue, [file])
    try:
        await asyncio.to_thread(load_files, *loaded, reference_year=2025, synthetic=True)
        shown = []
        for smallest in (0, 2):
            settings = {"smallest_count": smallest}
            with guarded(services.catalogue, services.database, **settings) as door:
                async with door.program(Role.VIEWER) as guest:
                    page = (await guest.get("/codebook?q=gender")).text
                    total = (await guest.post("/api/search", json={"filter": {}})).json()["total"]
            counts = re.findall(r'<td class="number">(\d+)</td>', page)
            shown.append((total - sum(map(int, counts)), len(counts)))
        assert shown[0] == (1, 2)
        assert shown[1][0] >= 2 and shown[1][1] == 1
    finally:
        with psycopg.connect(services.database) as connection:
            gone = sql.SQL("delete from {} where respondent_id = 'w999'")
            connection.execute(gone.format(table(services.catalogue)))
            count_answers(connection, services.catalogue)


async def test_lists_are_kept_only_so_many(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.web.codebook.CHARACTERS_MOST", 900_000)
    app = create_app(settings, InMemoryServices(load_catalogue("welcome")))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://memory") as client:
        for wanted in ("", "a", "e", "i", "o", "marital_status", "words of no field"):
            page = await client.get("/codebook", params={"q": wanted})
            assert page.status_code == 200
            kept = app.state.site.codebook.lists
            assert 0 < sum(len(listed.html) for listed in kept.values()) <= 900_000
        assert "words of no field" not in {key[2] for key in kept}


def test_what_a_field_is_found_by_is_put_together_once(monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = load_catalogue("welcome")
    found = fields_holding("결혼 기혼", catalogue)
    assert [field.name for field in found] == ["marital_status"]

    def again(text: str) -> str:
        raise AssertionError(f"{text} was normalised again")

    monkeypatch.setattr("server.catalogue.normalise", again)
    assert fields_holding("결혼 기혼", catalogue) == found


async def test_what_is_understood_is_read_at_start_before_anybody_looks(
    settings: Settings,
) -> None:
    services = InMemoryServices(load_catalogue("welcome"))
    app = create_app(settings, services)
    async with app.router.lifespan_context(app):
        guides = app.state.site.codebook.guides
        assert guides is not None and set(await guides) == {"ko", "en"}
        assert app.state.site.codebook.prepare(services.catalogue) is guides


async def test_who_looks_first_chooses_no_columns_for_the_others(
    in_memory: httpx.AsyncClient,
) -> None:
    first = (await in_memory.get("/codebook?q=marital_status&c=age&s=-age")).text
    later = (await in_memory.get("/codebook?q=marital_status")).text
    for page in (first, later):
        links = [unescape(link) for link in re.findall(r'href="(/\?[^"]+)"', page)]
        assert len(links) > 3
        assert not [link for link in links if {"c", "s"} & parse_qs(urlsplit(link).query).keys()]


async def test_the_codebook_says_how_a_field_is_asked_for(http: httpx.AsyncClient) -> None:
    page = unescape((await http.get("/codebook?q=marital_status&lang=ko")).text)
    assert "혼인 상태" in page and "이렇게 물어보세요" in page
    asked = re.findall(r'class="button-link" href="(/\?q=[^"]+)"', page)
    assert 1 <= len(asked) <= 3
    several = re.search(r'<dl class="several"><dt><a href="([^"]+)">', page)
    assert several is not None and (await http.get(several[1])).status_code == 200
