"""The address that gives a result away as a file, with all that says what it is."""

import weakref
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from server.accuracy.measured import Accuracy
from server.answering import Answer, answer_filter
from server.errors import InvalidInput
from server.filter import Filter
from server.filter import as_json as filter_as_json
from server.search.listing import list_respondents
from server.web.asking import read_filter, write_filter
from server.web.door import note_people
from server.web.exporting import XLSX_ROWS_MAX, Table, as_csv, as_json, as_xlsx, begun, pieces
from server.web.frame import address_of
from server.web.person import EXPORTS_FROM, requires
from server.web.site import Site, SiteOf
from server.web.wording import Wording

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

exports = APIRouter(include_in_schema=False)


@exports.get("/export", dependencies=[requires(EXPORTS_FROM)])
async def export(request: Request, site: SiteOf) -> Response:
    """The respondents of ?f= as ?as=csv, xlsx or json; ?q= is the question they answer.

    For researchers: a file holds ids and personal data.
    """
    form = request.query_params.get("as", "csv")
    if form not in MEDIA_TYPES:
        raise InvalidInput(f"as: {form[:20]!r} is neither csv, xlsx nor json")
    address, wording, catalogue = (
        address_of(request),
        site.wording(request),
        site.services.catalogue,
    )
    query = read_filter(address.filter or "{}", catalogue)
    answer = await answer_filter(site.services, query, page_size=1, offset=0, usual=1)
    rows = answer.found.offered if answer.found else 0
    if form == "xlsx" and rows > XLSX_ROWS_MAX:
        raise InvalidInput(
            wording.say(
                "An XLSX sheet holds %(n)s respondents: take CSV, or ask for fewer.",
                n=wording.number(XLSX_ROWS_MAX),
            )
        )
    listed = list_respondents(
        site.services.read, catalogue, query, reference_year=_reference_year(site, answer)
    )
    people = await begun(listed)
    note_people(request, f=write_filter(query), **{"as": form}, rows=rows)
    question = address.question or ""
    headers = {"content-disposition": _attachment(catalogue.name, form)}
    table = Table(catalogue, wording, catalogue.fields)
    notes = _about(site, wording, question, query, answer)
    if form == "csv":
        body = as_csv(table, notes, people)
        return StreamingResponse(body, media_type=MEDIA_TYPES[form], headers=headers)
    if form == "json":
        about = _about_for_programs(site, question, query, answer)
        body = as_json(about, [f.name for f in catalogue.fields], catalogue.respondent_id, people)
        return StreamingResponse(body, media_type=MEDIA_TYPES[form], headers=headers)
    titles = (wording.say("Respondents"), wording.say("About this file"))
    book = await as_xlsx(table, titles, notes, people)
    response = StreamingResponse(pieces(book), media_type=MEDIA_TYPES[form], headers=headers)
    # Of one that breaks off, the error keeps both; the file could be collected first, still open.
    weakref.finalize(response, book.close)
    return response


def _about(
    site: Site, wording: Wording, question: str, query: Filter, answer: Answer
) -> list[tuple[str, str]]:
    """What a reader of the file must know, in the reader's words."""
    say, found = wording.say, answer.found
    synthetic = found is not None and found.synthetic
    lines = [
        (say("Panel"), site.services.catalogue.title.in_(wording.language)),
        (say("Question"), question),
        (say("Filter"), write_filter(query)),
        (say("Matching respondents"), str(found.total) if found else ""),
        (say("In this file"), str(found.offered) if found else ""),
        (say("Catalogue version"), str(site.services.catalogue.version)),
        (say("Reference year of ages"), str(_reference_year(site, answer))),
        (say("Accuracy of such readings"), _rates(answer.accuracy, wording)),
        (say("Taken"), _now().isoformat(timespec="seconds")),
    ]
    if synthetic:
        lines.append((say("Synthetic data"), say("No real person is in this panel.")))
    return lines


def _rates(measured: Accuracy | None, wording: Wording) -> str:
    if measured is None or not measured.enough or measured.exact is None:
        return wording.say("Not enough data yet")
    return wording.say(
        "%(exact)s got the right filter, on %(n)s labelled questions",
        exact=wording.percent(measured.exact),
        n=wording.number(measured.questions),
    )


def _about_for_programs(site: Site, question: str, query: Filter, answer: Answer) -> dict[str, Any]:
    measured, found = answer.accuracy, answer.found
    rates = measured if measured is not None and measured.enough else None
    return {
        "panel": site.services.catalogue.name,
        "question": question or None,
        "filter": filter_as_json(query),
        "total": found.total if found else 0,
        "returned": found.offered if found else 0,
        "catalogue_version": site.services.catalogue.version,
        "reference_year": _reference_year(site, answer),
        "synthetic": found.synthetic if found else None,
        "accuracy": {
            "questions": measured.questions if measured else 0,
            "exact": rates.exact if rates else None,
            "precision": rates.precision if rates else None,
            "recall": rates.recall if rates else None,
        },
        "taken": _now().isoformat(timespec="seconds"),
    }


def _reference_year(site: Site, answer: Answer) -> int:
    return answer.found.reference_year if answer.found else site.settings.reference_year


def _attachment(panel: str, form: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(f'panelens-{panel}-{_now().date()}.{form}')}"


def _now() -> datetime:
    """In the zone of the server, as all times on the pages are."""
    return datetime.now(UTC).astimezone()
