"""The pages of accuracy: how right readings are, runs side by side, corrections and their review."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Form
from psycopg import AsyncConnection
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.access.guard import list_near
from server.access.person import Person, Role
from server.accuracy.corrections import (
    Verdict,
    Waiting,
    count_waiting,
    list_waiting,
    store_correction,
)
from server.accuracy.gold_set import count_outdated
from server.accuracy.history import (
    Bin,
    Comparison,
    ConditionFigure,
    Measure,
    StoredRun,
    WrongQuestion,
    compare_runs,
    condition_figures,
    get_run,
    list_runs,
    measures,
    reliability,
    worst_questions,
)
from server.accuracy.jobs import Evaluations
from server.catalogue import Catalogue
from server.errors import NotFound
from server.spelling import Reading
from server.web import measured as shown
from server.web.asking import check_question, read_filter
from server.web.charts import draw_reliability, draw_trend
from server.web.correcting import phrases_in, said_of
from server.web.frame import address_of, frame_of, wants_fragment
from server.web.measured import Measuring
from server.web.measuring import EvaluationsOf, OwnerOf, ResearcherOf, ViewerOf, decide
from server.web.site import Site, SiteOf

NEAR_MOST = 30
SVG = "image/svg+xml"
_SEE = 303

accuracy_pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is stored of one run, and of all of them."""

    runs: tuple[StoredRun, ...]
    waiting: int
    outdated: int
    run: StoredRun | None
    measures: tuple[Measure, ...] = ()
    conditions: tuple[ConditionFigure, ...] = ()
    bins: tuple[Bin, ...] = ()
    worst: tuple[WrongQuestion, ...] = ()


@accuracy_pages.get("/accuracy")
async def accuracy(
    request: Request,
    site: SiteOf,
    person: ViewerOf,
    evaluations: EvaluationsOf,
    run: int | None = None,
) -> Response:
    """The trend and one evaluation in its tables: the latest, or ?run=."""
    kept = await _kept(site, run)
    page = _page(request, site, person, evaluations, kept)
    return site.html(request, "accuracy.html", page)


@accuracy_pages.get("/accuracy/job")
async def job(request: Request, site: SiteOf, _: ViewerOf, evaluations: EvaluationsOf) -> Response:
    """How far the evaluation under way is: the fragment that the page asks for again and again."""
    here = address_of(request).to("/accuracy").href
    if not wants_fragment(request):
        return RedirectResponse(here, _SEE)
    page = shown.JobPage(here, _job(request, site, evaluations))
    response = site.html(request, "accuracy_job.html", page)
    if page.job is None:
        # It is over: the whole page has new figures.
        response.headers["hx-redirect"] = here
    return response


@accuracy_pages.post("/accuracy/evaluations")
async def evaluate(
    request: Request, site: SiteOf, person: OwnerOf, evaluations: EvaluationsOf
) -> Response:
    """Begin to evaluate the panel's gold set unless one runs, then show how far it is."""
    if evaluations.running is None:
        await evaluations.start(site.services, site.origin, person=person.name)
    return RedirectResponse(address_of(request).to("/accuracy").href, _SEE)


@accuracy_pages.get("/accuracy/charts/{name}.svg")
async def chart(
    name: Literal["trend", "reliability"],
    request: Request,
    site: SiteOf,
    _: ViewerOf,
    run: int | None = None,
) -> Response:
    """A chart of the page, whose table stands behind it."""
    catalogue = site.services.catalogue

    async def read(connection: AsyncConnection) -> tuple[tuple[StoredRun, ...], tuple[Bin, ...]]:
        runs = await list_runs(connection, catalogue)
        shown_run = await _chosen(connection, catalogue, runs, run)
        if shown_run is None:
            raise NotFound()
        return runs, await reliability(connection, shown_run.run_id)

    runs, bins = await site.services.read(read)
    wording = site.wording(request)
    drawn = draw_trend(runs, wording) if name == "trend" else draw_reliability(bins, wording)
    return Response(drawn, media_type=SVG)


@accuracy_pages.get("/accuracy/compare")
async def compare(before: int, after: int, request: Request, site: SiteOf, _: ViewerOf) -> Response:
    """Two evaluations question by question."""
    catalogue = site.services.catalogue

    async def read(connection: AsyncConnection) -> Comparison:
        return await compare_runs(
            connection,
            catalogue,
            before=before,
            after=after,
            smallest=site.settings.smallest_count,
        )

    compared = await site.services.read(read)
    wording, showing = site.wording(request), _showing(request, site)
    page = shown.ComparePage(
        frame=frame_of(site, request, "accuracy"),
        title=wording.say(
            "Evaluation %(before)s beside %(after)s", before=str(before), after=str(after)
        ),
        accuracy=address_of(request).to("/accuracy").href,
        compared=compared,
        before=wording.moment(compared.before.finished_at),
        after=wording.moment(compared.after.finished_at),
        counts=tuple(
            (words, len(compared.changed(change))) for change, words in showing.changes().items()
        ),
        rows=showing.differences(compared.differences),
        hidden=any(None in (d.jaccard_before, d.jaccard_after) for d in compared.differences),
    )
    return site.html(request, "accuracy_compare.html", page)


@accuracy_pages.get("/accuracy/review")
async def review(request: Request, site: SiteOf, _: OwnerOf) -> Response:
    """What people said of readings and nobody decided on yet."""

    catalogue = site.services.catalogue

    async def read(connection: AsyncConnection) -> tuple[tuple[Waiting, ...], int]:
        listed = await list_waiting(connection, catalogue)
        return listed, await count_waiting(connection, catalogue)

    listed, waiting = await site.services.read(read)
    page = shown.ReviewPage(
        frame=frame_of(site, request, "accuracy"),
        title=site.wording(request).say("Corrections to review"),
        accuracy=address_of(request).to("/accuracy").href,
        rows=_showing(request, site).review(listed),
        waiting=waiting,
    )
    return site.html(request, "review.html", page)


@accuracy_pages.post("/accuracy/review/{number}")
async def decided(
    number: int,
    request: Request,
    site: SiteOf,
    person: OwnerOf,
    decision: Annotated[Literal["accept", "decline"], Form()],
) -> Response:
    """Take a correction into the gold set, or decline it."""
    await decide(site.services, number, accepted=decision == "accept", person=person)
    return RedirectResponse(address_of(request).to("/accuracy/review").href, _SEE)


@accuracy_pages.post("/corrections")
async def correct(
    request: Request,
    site: SiteOf,
    person: ResearcherOf,
    *,
    question: Annotated[str, Form()],
    verdict: Annotated[Verdict, Form()],
    query: Annotated[str, Form(alias="filter")],
    unsupported: Annotated[list[str] | None, Form()] = None,
    lacking: Annotated[str, Form()] = "",
) -> Response:
    """Keep what a person says of a reading, and say that it was kept.

    `unsupported` is what the reading said the panel lacks, `lacking` what a correction says of it.
    """
    wording, catalogue = site.wording(request), site.services.catalogue
    asked = check_question(question, longest=site.settings.question_length, wording=wording)
    right = read_filter(query, catalogue)
    phrases = phrases_in(lacking, wording) if verdict == "corrected" else tuple(unsupported or ())
    shown_then = Reading(right, phrases)
    said = await said_of(site, request, person, asked, verdict=verdict, shown=shown_then)

    async def store(connection: AsyncConnection) -> int:
        return await store_correction(connection, catalogue, said)

    await site.services.write(store)
    address = address_of(request)
    back = address.searching(right, asked) if verdict == "corrected" else address.asking(asked)
    page = shown.SaidPage(
        frame=frame_of(site, request), title=wording.say("Thank you: it was kept"), back=back.href
    )
    return site.html(request, "said_line.html" if wants_fragment(request) else "said.html", page)


@accuracy_pages.get("/near")
async def near_misses(request: Request, site: SiteOf, _: ResearcherOf) -> Response:
    """People whom exactly one condition of ?f= keeps from being found."""
    address = address_of(request)
    if address.filter is None:
        raise NotFound()
    query = read_filter(address.filter, site.services.catalogue)
    missing = await list_near(site.services, query, count=NEAR_MOST + 1)
    showing = _showing(request, site)
    page = shown.NearPage(
        frame=frame_of(site, request),
        title=site.wording(request).say("Near misses"),
        filter=showing.words(query) or site.wording(request).say("everyone"),
        back=address.staying(query).href,
        rows=showing.near(missing[:NEAR_MOST]),
        cut=len(missing) > NEAR_MOST,
    )
    return site.html(request, "near_list.html" if wants_fragment(request) else "near.html", page)


async def _kept(site: Site, wanted: int | None) -> _Kept:
    """Everything the page shows, read in one transaction; NotFound when there is no such run."""
    services, smallest = site.services, site.settings.smallest_count

    async def read(connection: AsyncConnection) -> _Kept:
        runs = await list_runs(connection, services.catalogue)
        waiting = await count_waiting(connection, services.catalogue)
        outdated = await count_outdated(connection, services.catalogue)
        run = await _chosen(connection, services.catalogue, runs, wanted)
        if run is None:
            return _Kept(runs, waiting, outdated, None)
        return _Kept(
            runs=runs,
            waiting=waiting,
            outdated=outdated,
            run=run,
            measures=await measures(connection, run.run_id),
            conditions=await condition_figures(connection, run.run_id),
            bins=await reliability(connection, run.run_id),
            worst=await worst_questions(connection, run.run_id, smallest=smallest),
        )

    return await services.read(read)


async def _chosen(
    connection: AsyncConnection,
    catalogue: Catalogue,
    runs: tuple[StoredRun, ...],
    wanted: int | None,
) -> StoredRun | None:
    """The run that is asked for, or the latest; NotFound when there is no such run."""
    if wanted is not None:
        return await get_run(connection, catalogue, wanted)
    return runs[-1] if runs else None


def _page(
    request: Request, site: Site, person: Person, evaluations: Evaluations, kept: _Kept
) -> shown.AccuracyPage:
    address, showing = address_of(request), _showing(request, site)
    current = kept.run.run_id if kept.run else None
    charts = address.to("/accuracy/charts")
    return shown.AccuracyPage(
        frame=frame_of(site, request, "accuracy"),
        title=site.wording(request).say("Accuracy"),
        here=address.to("/accuracy").href,
        runs=showing.runs(kept.runs, current),
        measured=None if kept.run is None else _measured(kept.run, kept, showing),
        trend_chart=shown.run_address(charts, current, "trend.svg") if current else "",
        reliability_chart=shown.run_address(charts, current, "reliability.svg") if current else "",
        compare=address.to("/accuracy/compare").path,
        review=address.to("/accuracy/review").href,
        waiting=kept.waiting,
        outdated=kept.outdated,
        job=_job(request, site, evaluations),
        owner=person.may(Role.OWNER),
    )


def _job(request: Request, site: Site, evaluations: Evaluations) -> shown.JobView | None:
    latest = max(evaluations.jobs.values(), key=lambda job: job.id, default=None)
    return _showing(request, site).job(latest)


def _measured(run: StoredRun, kept: _Kept, showing: Measuring) -> shown.Measured:
    over_all = {m.measure: m.value for m in kept.measures if m.tag == ""}
    return shown.Measured(
        run=run,
        when=showing.wording.moment(run.finished_at),
        total=showing.total(kept.measures),
        ece=next((m for m in kept.measures if (m.tag, m.measure) == ("", "ece")), None),
        milliseconds=(over_all.get("p50") or 0.0, over_all.get("p95") or 0.0),
        tags=showing.tags(kept.measures),
        fields=showing.conditions(kept.conditions, "field"),
        operators=showing.conditions(kept.conditions, "operator"),
        bins=kept.bins,
        worst=showing.worst(kept.worst),
        wrong=kept.worst[0].wrong if kept.worst else 0,
        hidden=any(question.jaccard is None for question in kept.worst),
    )


def _showing(request: Request, site: Site) -> Measuring:
    return Measuring(site.services.catalogue, site.wording(request), address_of(request))
