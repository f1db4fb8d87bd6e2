"""A result is taken away whole, with all that says what it is, and nothing that computes."""

import asyncio
import csv
import io
import json
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from openpyxl import Workbook, load_workbook
from starlette.types import Receive, Scope, Send

from server.access.person import Person, Role
from server.errors import DatabaseAway, TooBusy
from server.filter import load_catalogue
from server.resources import folder
from server.search import listing
from server.search.answer import Respondent
from server.search.listing import list_respondents
from server.settings import Settings
from server.web.app import create_app
from server.web.exporting import Table, as_csv, as_xlsx, begun, harmless
from server.web.wording import load_wordings

from .guarded import guarded
from .panel import InMemoryServices, StoredServices

FILTER = {"where": {"gender": ["여성"]}}
PATIENCE_SECONDS = 10


async def exported(http: httpx.AsyncClient, form: str, **more: Any) -> httpx.Response:
    sent = {"f": json.dumps(FILTER), "q": "여성", "as": form, "lang": "ko", **more}
    response = await http.get("/export", params=sent)
    assert response.status_code == 200, response.text
    assert f".{form}" in response.headers["content-disposition"]
    return response


async def everyone(http: httpx.AsyncClient) -> list[dict[str, Any]]:
    body = {"filter": FILTER, "page_size": 1000}
    found: list[dict[str, Any]] = (await http.post("/api/search", json=body)).json()["respondents"]
    return found


async def test_a_csv_opens_in_korean_excel_and_says_what_it_is(http: httpx.AsyncClient) -> None:
    content = (await exported(http, "csv")).content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    about = {row[0]: row[1] for row in rows if row[0].startswith("# ")}
    assert about["# 질문"] == "여성"
    assert json.loads(about["# 필터"]) == FILTER
    assert about["# 카탈로그 판"] and about["# 나이 기준 연도"] == "2025"
    assert "정답 질문 41개" in about["# 이런 해석의 정확도"]
    heads, *people = [row for row in rows if not row[0].startswith("# ")]
    assert heads[:2] == ["mb_sn", "성별 (Q10)"]
    assert [row[0] for row in people] == [p["mb_sn"] for p in await everyone(http)]


async def test_json_holds_the_respondents_of_the_api_in_their_order(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "ROWS_A_READ", 7)
    body = (await exported(http, "json")).json()
    assert body["respondents"] == await everyone(http)
    assert body["about"]["filter"] == FILTER
    assert body["about"]["returned"] == len(body["respondents"])


async def test_a_file_ends_at_the_wanted_number(http: httpx.AsyncClient) -> None:
    body = (await exported(http, "json", f=json.dumps(FILTER | {"limit": 5}))).json()
    assert body["respondents"] == (await everyone(http))[:5]
    assert (await exported(http, "json", f='{"where": {"age": {"min": 999}}}')).json()[
        "respondents"
    ] == []


async def test_a_workbook_has_people_and_notes(http: httpx.AsyncClient) -> None:
    content = (await exported(http, "xlsx")).content
    book = load_workbook(io.BytesIO(content), read_only=True)
    people, notes = book.worksheets
    assert sum(1 for _ in people.iter_rows()) == 1 + len(await everyone(http))
    assert ("질문", "여성") in list(notes.iter_rows(values_only=True))


async def test_more_people_than_a_sheet_holds_are_refused_before_any_is_read(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    begin = list_respondents

    def noted(*given: Any, **named: Any) -> AsyncIterator[tuple[Respondent, ...]]:
        read.append(given)
        return begin(*given, **named)

    monkeypatch.setattr("server.web.exports.list_respondents", noted)
    monkeypatch.setattr("server.web.exports.XLSX_ROWS_MAX", 5)
    asked = {"f": json.dumps(FILTER), "as": "xlsx", "lang": "en"}
    refused = await http.get("/export", params=asked)
    assert refused.status_code == 422 and read == []
    assert "An XLSX sheet holds 5 respondents: take CSV, or ask for fewer." in refused.text
    assert (await exported(http, "xlsx", f=json.dumps(FILTER | {"limit": 5}))).content
    assert (await exported(http, "csv")).content and len(read) == 2


async def test_a_workbook_that_is_given_up_leaves_no_file_behind() -> None:
    from openpyxl.worksheet._writer import ALL_TEMP_FILES

    async def cut_short() -> AsyncIterator[tuple[Respondent, ...]]:
        yield (Respondent("w1", {}),)
        raise DatabaseAway("gone")

    catalogue, wording = load_catalogue("welcome"), load_wordings(folder("web") / "messages")["ko"]
    before = list(ALL_TEMP_FILES)
    with pytest.raises(DatabaseAway):
        await as_xlsx(Table(catalogue, wording, ()), ("people", "notes"), [], cut_short())
    assert before == ALL_TEMP_FILES


@dataclass(frozen=True, slots=True)
class Patient(Table):
    """A table whose rows are made only while the server goes on with other work."""

    loop: asyncio.AbstractEventLoop

    def cells(self, person: Respondent) -> list[str | int]:
        went_on = threading.Event()
        self.loop.call_soon_threadsafe(went_on.set)
        assert went_on.wait(PATIENCE_SECONDS), "the server stood still"
        return [person.id]


async def two_people() -> AsyncIterator[tuple[Respondent, ...]]:
    yield (Respondent("w1", {}), Respondent("w2", {}))


@pytest.fixture
async def patient() -> Patient:
    wording = load_wordings(folder("web") / "messages")["ko"]
    return Patient(load_catalogue("welcome"), wording, (), asyncio.get_running_loop())


async def test_others_are_answered_while_a_csv_is_written(patient: Patient) -> None:
    pieces = [piece async for piece in as_csv(patient, [], two_people())]
    assert pieces[-1] == b"w1\r\nw2\r\n"


async def test_others_are_answered_while_a_workbook_is_written(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved_by: list[threading.Thread] = []
    save = Workbook.save

    def noted(book: Workbook, file: Any) -> None:
        saved_by.append(threading.current_thread())
        save(book, file)

    monkeypatch.setattr(Workbook, "save", noted)
    with await as_xlsx(patient, ("people", "notes"), [], two_people()) as file:
        people = load_workbook(file).worksheets[0]
    assert list(people.iter_rows(min_row=2, values_only=True)) == [("w1",), ("w2",)]
    assert saved_by and threading.current_thread() not in saved_by


async def test_a_question_cannot_become_a_formula(http: httpx.AsyncClient) -> None:
    evil = '=HYPERLINK("http://x")'
    rows = csv.reader(
        io.StringIO((await exported(http, "csv", q=evil)).content.decode("utf-8-sig"))
    )
    assert ["# 질문", f"'{evil}"] in list(rows)
    content = (await exported(http, "xlsx", q=evil)).content
    book = load_workbook(io.BytesIO(content))
    cell = next(row[1] for row in book.worksheets[1].iter_rows() if row[0].value == "질문")
    assert (cell.data_type, cell.value) == ("s", f"'{evil}")


async def test_what_no_workbook_can_hold_does_not_break_it(http: httpx.AsyncClient) -> None:
    for form in ("csv", "xlsx", "json"):
        assert (await exported(http, form, q="여성\x0b\x00\x1f\ufffe")).content
    assert harmless("a\x0b\x00b\n") == "a\ufffd\ufffdb\n"


async def test_a_reader_that_divides_elsewhere_finds_no_cells_of_its_own(
    http: httpx.AsyncClient,
) -> None:
    for delimiter in (";", "\t"):
        evil = f"여성{delimiter}=1+1"
        text = (await exported(http, "csv", q=evil)).content.decode("utf-8-sig")
        cells = [cell for row in csv.reader(io.StringIO(text), delimiter=delimiter) for cell in row]
        assert not [cell for cell in cells if cell.lstrip().startswith("=")]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "＝1", "＋1", "－1", "＠x", "\t1"])
def test_texts_that_a_spreadsheet_would_compute_are_marked(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(f"서울;{text}") == (f"서울;{text}" if text == "\t1" else f"서울;'{text}")
    assert harmless("서울 - 부산; 대구 = 셋") == "서울 - 부산; 대구 = 셋"


@pytest.fixture(params=["WEST+11", "EAST-14"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The server's zone: in one of these two it is another day than in UTC."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param[:4]
    monkeypatch.undo()
    time.tzset()


async def test_a_file_is_named_after_the_time_where_the_server_is_and_says_it(
    http: httpx.AsyncClient, zone: str
) -> None:
    before = datetime.now(UTC).astimezone().date()
    file = await exported(http, "csv")
    after = datetime.now(UTC).astimezone().date()
    named = file.headers["content-disposition"]
    assert f"{before}.csv" in named or f"{after}.csv" in named
    (taken,) = re.findall(r"^# 받은 때,(.+)$", file.text.replace("\r", ""), re.MULTILINE)
    said = datetime.fromisoformat(taken)
    assert said.date() in (before, after)
    assert said.utcoffset() == said.astimezone().utcoffset()


async def test_an_export_is_in_the_audit_with_the_zone_of_its_time(
    everything: StoredServices, zone: str
) -> None:
    with guarded(everything.catalogue, everything.database) as door:
        async with door.program(Role.OWNER) as http:
            await exported(http, "csv")
            audit = (await http.get("/audit")).text
    (latest, *_) = re.findall(r"<td>(\d{4}-\d\d-\d\d [^<]+)</td>", audit)
    assert re.fullmatch(rf"[-\d]+ [:\d]+ {zone}", latest)


async def test_other_forms_are_refused(http: httpx.AsyncClient) -> None:
    assert (await http.get("/export", params={"as": "exe"})).status_code == 422


async def test_a_viewer_gets_no_file(settings: Settings) -> None:
    catalogue = load_catalogue("welcome")
    viewer = Person("guest", Role.VIEWER)
    app = create_app(settings, InMemoryServices(catalogue))

    async def as_viewer(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["person"] = viewer
        await app(scope, receive, send)

    transport = httpx.ASGITransport(app=as_viewer)
    async with httpx.AsyncClient(transport=transport, base_url="http://panel") as client:
        refused = await client.get("/export", params={"f": json.dumps(FILTER)})
    assert catalogue.field("gender").personal and refused.status_code == 403


async def test_what_refuses_the_first_of_them_is_an_answer_and_not_half_a_file() -> None:
    async def refused() -> AsyncIterator[tuple[Respondent, ...]]:
        raise TooBusy("every connection is in use")
        yield ()

    with pytest.raises(TooBusy):
        await begun(refused())


async def test_those_read_ahead_come_first() -> None:
    async def some() -> AsyncIterator[tuple[Respondent, ...]]:
        for number in range(3):
            yield (Respondent(f"w{number}", {}),)

    people = [person.id async for piece in await begun(some()) for person in piece]
    assert people == ["w0", "w1", "w2"]
