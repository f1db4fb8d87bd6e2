"""The API of accuracy: evaluations, corrections, the gold set, near misses, groups side by side."""

from dataclasses import asdict
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends
from psycopg import AsyncConnection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.access.guard import list_near, refuse_telling
from server.access.person import Person, Role
from server.access.small import all_compared_without_small
from server.accuracy.corrections import (
    Waiting,
    list_waiting,
    review,
    store_correction,
    waiting_as_json,
)
from server.accuracy.gold import parse_gold
from server.accuracy.gold_set import ExportedGold, add_gold, export_gold
from server.accuracy.history import (
    Comparison,
    StoredRun,
    compare_runs,
    comparison_as_json,
    get_run,
    list_runs,
    stored_run_as_json,
)
from server.accuracy.jobs import Evaluations, Job
from server.accuracy.runs import Summary, summarise_evaluation, summary_as_json
from server.errors import (
    BrokenFile,
    InvalidFilter,
    InvalidInput,
    InvalidQuestion,
    Language,
    ModelAway,
    NoChanges,
    NotFound,
    TooLarge,
)
from server.filter import as_json, parse_filter
from server.interpret.interpretation import operator_of, values_of
from server.search.answer import NearRespondent, respondent_as_json
from server.search.groups import ComparedField, compare_groups, compared_as_json
from server.services import Services
from server.spelling import Reading
from server.web.asking import check_question, write_filter
from server.web.correcting import said_of
from server.web.door import note_people
from server.web.person import requires
from server.web.problems import documented, problem_of
from server.web.schemas import (
    AddedBody,
    ComparedBody,
    CompareRequest,
    CorrectionIdBody,
    CorrectionRequest,
    EvaluationBody,
    EvaluationRequest,
    JobBody,
    NearBody,
    NearRequest,
    ReviewRequest,
)
from server.web.site import SiteOf, language_of

NDJSON = "application/x-ndjson"
LINES: dict[str, Any] = {NDJSON: {"schema": {"type": "string"}}}

measuring = APIRouter()

ViewerOf = Annotated[Person, requires(Role.VIEWER)]
ResearcherOf = Annotated[Person, requires(Role.RESEARCHER)]
OwnerOf = Annotated[Person, requires(Role.OWNER)]


def evaluations_of(request: Request) -> Evaluations:
    """The evaluations that create_app made room for."""
    return cast(Evaluations, request.app.state.evaluations)


EvaluationsOf = Annotated[Evaluations, Depends(evaluations_of)]


@measuring.post(
    "/api/evaluations",
    summary="Evaluate labelled questions",
    status_code=202,
    response_model=JobBody,
    responses=documented(InvalidInput, BrokenFile, TooLarge, ModelAway),
)
async def start_evaluation(
    request: Request,
    site: SiteOf,
    evaluations: EvaluationsOf,
    person: OwnerOf,
    body: EvaluationRequest | None = None,
) -> Response:
    """Begin an evaluation, of these questions or of the panel's gold set; poll its address.

    One runs at a time: while it does, 503.
    """
    services = site.services
    gold = None
    if body is not None and body.gold is not None:
        gold = parse_gold(body.lines, "gold", services.catalogue)
    job = await evaluations.start(services, site.origin, person=person.name, gold=gold)
    address = f"/api/evaluations/jobs/{job.id}"
    return JSONResponse(job_as_json(job, language_of(request)), 202, {"location": address})


@measuring.get(
    "/api/evaluations/jobs/{number}",
    summary="How far an evaluation is",
    response_model=JobBody,
    responses=documented(InvalidInput, NotFound),
)
async def evaluation_job(
    number: int, request: Request, evaluations: EvaluationsOf, _: ViewerOf
) -> Response:
    """How many of its questions were read; `run` is its number among the evaluations once stored."""
    body = job_as_json(evaluations.job(number), language_of(request))
    return JSONResponse(body)


@measuring.get(
    "/api/evaluations",
    summary="The panel's evaluations",
    response_model=list[StoredRun],
    responses=documented(),
)
async def evaluations_list(site: SiteOf, _: ViewerOf) -> Response:
    """The latest evaluations with their main figures and intervals, oldest first."""

    async def listed(connection: AsyncConnection) -> tuple[StoredRun, ...]:
        return await list_runs(connection, site.services.catalogue)

    runs = await site.services.read(listed)
    return JSONResponse([stored_run_as_json(run) for run in runs])


@measuring.get(
    "/api/evaluations/{number}",
    summary="One evaluation",
    response_model=EvaluationBody,
    responses=documented(InvalidInput, NotFound),
)
async def evaluation(number: int, site: SiteOf, _: ViewerOf) -> Response:
    """Every figure of one evaluation: in total, by tag, field, operator and confidence."""

    async def summed(connection: AsyncConnection) -> tuple[StoredRun, Summary]:
        run = await get_run(connection, site.services.catalogue, number)
        return run, await summarise_evaluation(connection, number)

    run, summary = await site.services.read(summed)
    return JSONResponse({**stored_run_as_json(run), **summary_as_json(summary)})


@measuring.get(
    "/api/evaluations/{before}/compare/{after}",
    summary="Two evaluations question by question",
    response_model=Comparison,
    responses=documented(InvalidInput, NotFound),
)
async def evaluations_compared(before: int, after: int, site: SiteOf, _: ViewerOf) -> Response:
    """What got better, what broke; Jaccard is null where it would tell of too few people."""

    async def compared(connection: AsyncConnection) -> Comparison:
        return await compare_runs(
            connection,
            site.services.catalogue,
            before=before,
            after=after,
            smallest=site.settings.smallest_count,
        )

    return JSONResponse(comparison_as_json(await site.services.read(compared)))


@measuring.post(
    "/api/corrections",
    summary="Say that a reading is right, wrong, or how it should be",
    status_code=201,
    response_model=CorrectionIdBody,
    responses=documented(InvalidInput, InvalidQuestion, InvalidFilter, TooLarge, NoChanges),
)
async def correct(
    request: Request, body: CorrectionRequest, site: SiteOf, person: ResearcherOf
) -> Response:
    """Kept with who said it and when; an owner's review takes it into the gold set."""
    question = check_question(
        body.question, longest=site.settings.question_length, wording=site.wording(request)
    )
    shown = Reading(parse_filter(body.filter, site.services.catalogue), tuple(body.unsupported))
    said = await said_of(site, request, person, question, verdict=body.verdict, shown=shown)

    async def store(connection: AsyncConnection) -> int:
        return await store_correction(connection, site.services.catalogue, said)

    return JSONResponse({"id": await site.services.write(store)}, 201)


@measuring.get(
    "/api/corrections",
    summary="What waits for review",
    response_model=list[Waiting],
    responses=documented(),
)
async def corrections(site: SiteOf, _: OwnerOf) -> Response:
    """What people said of readings and nobody decided on yet."""

    async def listed(connection: AsyncConnection) -> tuple[Waiting, ...]:
        return await list_waiting(connection, site.services.catalogue)

    return JSONResponse([waiting_as_json(w) for w in await site.services.read(listed)])


@measuring.post(
    "/api/corrections/{number}/review",
    summary="Accept or decline a correction",
    status_code=204,
    responses=documented(InvalidInput, NotFound, NoChanges),
)
async def review_correction(
    number: int, body: ReviewRequest, site: SiteOf, person: OwnerOf
) -> Response:
    """What is accepted is a gold question from then on; a decision is made once."""
    await decide(site.services, number, accepted=body.accepted, person=person)
    return Response(status_code=204)


@measuring.get(
    "/api/gold",
    summary="The gold set that grew here",
    response_class=Response,
    responses={**documented(), 200: {"content": LINES}},
)
async def gold(site: SiteOf, _: ResearcherOf) -> Response:
    """The questions that were accepted or imported, as JSON Lines.

    One whose filter the catalogue no longer allows is as it is stored.
    """

    async def exported(connection: AsyncConnection) -> ExportedGold:
        return await export_gold(connection, site.services.catalogue)

    return Response((await site.services.read(exported)).text, media_type=NDJSON)


@measuring.post(
    "/api/gold",
    summary="Import labelled questions",
    response_model=AddedBody,
    responses=documented(BrokenFile, TooLarge, NoChanges),
    openapi_extra={"requestBody": {"required": True, "content": LINES}},
)
async def import_gold(request: Request, site: SiteOf, person: OwnerOf) -> Response:
    """JSON Lines; all or nothing, and nothing is overwritten. Says how many were new."""
    catalogue = site.services.catalogue
    questions = parse_gold(await request.body(), "gold", catalogue).questions

    async def add(connection: AsyncConnection) -> int:
        return await add_gold(connection, catalogue, questions, person=person.name)

    return JSONResponse({"added": await site.services.write(add)})


@measuring.post(
    "/api/near",
    summary="Who misses exactly one condition",
    response_model=NearBody,
    responses=documented(InvalidInput, InvalidFilter, TooLarge),
)
async def near_misses(
    request: Request, body: NearRequest, site: SiteOf, _: ResearcherOf
) -> Response:
    """Respondents whom one condition keeps from being found, and which one it is."""
    query = parse_filter(body.filter, site.services.catalogue)
    missing = await list_near(site.services, query, count=body.count)
    if missing:
        note_people(request, f=write_filter(query), rows=len(missing))
    return JSONResponse(
        {"filter": as_json(query), "near": [_near_as_json(n, site.services) for n in missing]}
    )


@measuring.post(
    "/api/compare",
    summary="Groups side by side",
    response_model=ComparedBody,
    responses=documented(InvalidInput, InvalidFilter, TooLarge),
)
async def compare(body: CompareRequest, site: SiteOf, _: ViewerOf) -> Response:
    """How the answers to some fields are shared in up to three groups.

    Each is compared with the last; a single one with everyone it does not find.
    """
    catalogue = site.services.catalogue
    filters = [parse_filter(raw, catalogue) for raw in body.filters]
    fields = parse_filter({"by": body.by}, catalogue).by

    async def compared(connection: AsyncConnection) -> tuple[ComparedField, ...]:
        return await compare_groups(connection, catalogue, filters, fields)

    smallest = site.settings.smallest_count
    for query in filters:
        await refuse_telling(site.services, query, smallest)
    rows = all_compared_without_small(await site.services.read(compared), smallest)
    return JSONResponse(
        {"filters": [as_json(f) for f in filters], "fields": [compared_as_json(r) for r in rows]}
    )


async def decide(services: Services, number: int, *, accepted: bool, person: Person) -> None:
    """Accept or decline a correction."""

    async def act(connection: AsyncConnection) -> None:
        await review(connection, services.catalogue, number, accepted=accepted, person=person.name)

    await services.write(act)


def job_as_json(job: Job, language: Language) -> dict[str, Any]:
    """A running evaluation as tools read it."""
    problem = None if job.problem is None else problem_of(job.problem, language).model_dump()
    return {**asdict(job), "problem": problem}


def _near_as_json(missing: NearRespondent, services: Services) -> dict[str, Any]:
    condition = missing.condition
    return {
        "respondent": respondent_as_json(missing.respondent, services.catalogue.respondent_id),
        "missed": {
            "part": missing.part,
            "group": missing.group,
            "field": condition.field,
            "source": services.catalogue.source_code(condition.field),
            "operator": operator_of(condition),
            "values": values_of(condition),
        },
    }
