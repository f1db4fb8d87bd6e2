"""The JSON API: the same answers as the page, for programs."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.access.person import Person
from server.answering import Answer, answer_as_json, answer_filter, answer_question
from server.catalogue import ID_LENGTH_MAX, Catalogue
from server.errors import (
    InvalidFilter,
    InvalidInput,
    InvalidQuestion,
    ModelAway,
    NotFound,
    TooLarge,
)
from server.filter import parse_filter
from server.interpret.interpretation import interpretation_as_json
from server.search.answer import Respondent, respondent_as_json
from server.services import Services
from server.web.asking import check_question, write_filter
from server.web.door import note_people
from server.web.person import PersonOf
from server.web.problems import documented
from server.web.schemas import (
    AnswerBody,
    HealthBody,
    InterpretationBody,
    InterpretRequest,
    ReadyBody,
    SearchRequest,
)
from server.web.site import Site, SiteOf
from server.web.wanting import nobody_waits, while_wanted

# Whoever asks needs no token.
FOR_ALL: dict[str, Any] = {"security": []}

api = APIRouter()


@api.post(
    "/api/interpret",
    summary="Read a question",
    response_model=InterpretationBody,
    responses=documented(InvalidInput, InvalidQuestion, TooLarge, ModelAway),
)
async def interpret(
    request: Request, body: InterpretRequest, site: SiteOf, person: PersonOf
) -> Response:
    """What the question asks for, as a filter, with a confidence for each condition."""
    question = check_question(
        body.question, longest=site.settings.question_length, wording=site.wording(request)
    )
    reading = await while_wanted(request, site.read(person, question))
    if reading is None:
        return nobody_waits()
    return JSONResponse(interpretation_as_json(reading, site.services.catalogue))


@api.post(
    "/api/search",
    summary="Answer a question or search with a filter",
    response_model=AnswerBody,
    responses=documented(InvalidInput, InvalidQuestion, InvalidFilter, TooLarge, ModelAway),
)
async def search(request: Request, body: SearchRequest, site: SiteOf, person: PersonOf) -> Response:
    """Who matches, how many, what each condition costs, and how far to trust the reading.

    Without `page_size` as many are returned as the filter's `limit` asks for, at most 1000;
    `offset` goes on from there. A question of which nothing was understood finds nobody.
    """
    answer = await while_wanted(request, _answer(request, body, site, person))
    if answer is None:
        return nobody_waits()
    if answer.found and answer.found.returned:
        note_people(
            request,
            f=write_filter(answer.filter),
            offset=body.offset,
            rows=answer.found.returned,
        )
    catalogue = site.services.catalogue
    return JSONResponse(answer_as_json(answer, catalogue, site.settings.reference_year))


async def _answer(request: Request, body: SearchRequest, site: Site, person: Person) -> Answer:
    services, usual = site.services, site.settings.page_size
    if body.question is None:
        query = parse_filter(body.filter, services.catalogue)
        return await answer_filter(
            services, query, page_size=body.page_size, offset=body.offset, usual=usual
        )
    question = check_question(
        body.question, longest=site.settings.question_length, wording=site.wording(request)
    )
    with site.asking(person):
        return await answer_question(
            services, question, page_size=body.page_size, offset=body.offset, usual=usual
        )


@api.get(
    "/api/respondents/{respondent_id:path}",
    summary="One respondent",
    response_model=dict[str, Any],
    responses=documented(NotFound),
)
async def respondent(respondent_id: str, request: Request, site: SiteOf) -> Response:
    """Everything the panel knows of one person, in words."""
    found = await find_respondent(site.services, respondent_id)
    note_people(request, id=found.id, rows=1)
    return JSONResponse(respondent_as_json(found, site.services.catalogue.respondent_id))


@api.get(
    "/api/catalogue",
    summary="Fields, wordings and answers",
    response_model=Catalogue,
    responses=documented(),
)
async def catalogue(site: SiteOf) -> Response:
    """The catalogue that filters are written in."""
    return Response(
        site.services.catalogue.model_dump_json(exclude_none=True), media_type="application/json"
    )


@api.head("/healthz", include_in_schema=False)
@api.get(
    "/healthz",
    summary="Whether the process answers",
    response_model=HealthBody,
    openapi_extra=FOR_ALL,
)
async def health() -> Response:
    """Says nothing of model and database: a restart would not mend them."""
    return JSONResponse(HealthBody().model_dump())


@api.get(
    "/readyz",
    summary="Whether a question can be answered",
    response_model=ReadyBody,
    openapi_extra=FOR_ALL,
    responses={503: {"model": ReadyBody, "description": "model or database is away"}},
)
async def ready(site: SiteOf) -> Response:
    """Which of model and database can work now, and why one cannot."""
    state = await site.services.ready()
    body = ReadyBody(
        ready=state.ready,
        model=state.model,
        database=state.database,
        details=dict(state.details),
    )
    return JSONResponse(
        body.model_dump(),
        status_code=200 if state.ready else 503,
        headers={} if state.ready else {"retry-after": "5"},
    )


async def find_respondent(services: Services, respondent_id: str) -> Respondent:
    """The respondent; NotFound when there is none or when it cannot be an id."""
    if len(respondent_id) > ID_LENGTH_MAX or not respondent_id.isprintable():
        raise NotFound()
    found = await services.respondent(respondent_id)
    if found is None:
        raise NotFound(respondent_id)
    return found
