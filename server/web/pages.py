"""The HTML pages: plain GETs that work without JavaScript; htmx asks for their middle only."""

from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.answering import Answer, answer_filter, answer_question
from server.errors import Language, NotFound, PanelensError
from server.web import views
from server.web.addresses import Address
from server.web.api import find_respondent
from server.web.asking import check_question, read_filter
from server.web.problems import headers_of, problem_of, record
from server.web.showing import Showing, page_size_of
from server.web.site import Site, SiteOf, asked_language, language_of
from server.web.wording import LANGUAGE_NAMES, Wording

PAGE_MAX = 10_000
PATHS_OF_PROGRAMS = ("/api/", "/healthz", "/readyz")

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@pages.api_route("/", methods=["GET", "HEAD"])
async def ask(request: Request, site: SiteOf) -> Response:
    """The start page: ?q= is a question, ?f= a filter (then q is only shown), ?page= a page."""
    address = address_of(request)
    wording = site.wording(request)
    answer = problem = None
    try:
        answer = await _answer(site, address, wording)
    except PanelensError as error:
        problem = error
    shown = None if answer is None else _showing(site, request, address).answer(answer)
    page = views.AskPage(
        frame=_frame(site, request, address, "ask"),
        title=_title(address, wording),
        said=shown.found.headline if shown and shown.found else "",
        examples=_examples(site, address, wording.language),
        answer=shown,
        problem=None
        if problem is None
        else _problem_view(problem, wording.language, address, in_place=True),
    )
    template = "answer.html" if wants_fragment(request) else "ask.html"
    response = site.html(request, template, page, 200 if problem is None else problem.status)
    response.headers.update({} if problem is None else headers_of(problem))
    return response


@pages.api_route("/respondents/{respondent_id}", methods=["GET", "HEAD"])
async def respondent(respondent_id: str, request: Request, site: SiteOf) -> Response:
    """One respondent's profile."""
    found = await find_respondent(site.services, respondent_id)
    address = address_of(request)
    page = views.RespondentPage(
        frame=_frame(site, request, address, "other"),
        title=found.id,
        id=found.id,
        reference_year=site.settings.reference_year,
        groups=_showing(site, request, address).respondent_groups(found),
    )
    return site.html(request, "respondent.html", page)


@pages.api_route("/codebook", methods=["GET", "HEAD"])
async def codebook(request: Request, site: SiteOf) -> Response:
    """Every field with its wording and answers; ?q= keeps those in which the words occur."""
    address = address_of(request)
    wording = site.wording(request)
    wanted = (address.question or "").strip()[: site.settings.question_length]
    groups = _showing(site, request, address).codebook(wanted)
    page = views.CodebookPage(
        frame=_frame(site, request, address, "codebook"),
        title=wording.say("Codebook"),
        wanted=wanted,
        summary=wording.say_many(
            "%(n)s field", "%(n)s fields", sum(len(group.fields) for group in groups)
        ),
        groups=groups,
    )
    template = "codebook_fields.html" if wants_fragment(request) else "codebook.html"
    return site.html(request, template, page)


@pages.get("/static/{path:path}")
async def static(path: str, site: SiteOf) -> Response:
    """A static file by its hashed name, which never changes its content."""
    asset = site.assets.by_path.get(path)
    if asset is None:
        raise NotFound()
    return Response(
        asset.content,
        media_type=asset.media_type,
        headers={"cache-control": "public, max-age=31536000, immutable"},
    )


def problem_page(site: Site, request: Request, error: Exception) -> HTMLResponse:
    """Any error as a page, or as the fragment that htmx swaps in."""
    address = address_of(request)
    view = _problem_view(error, language_of(request), address)
    page = views.ProblemPage(
        frame=_frame(site, request, address, "other"), title=view.problem.title, problem=view
    )
    template = "problem_box.html" if wants_fragment(request) else "problem.html"
    response = site.html(request, template, page, view.problem.status)
    response.headers.update(headers_of(error))
    return response


def is_for_programs(request: Request) -> bool:
    """Whether the address answers JSON, so that its errors do too."""
    return request.url.path.startswith(PATHS_OF_PROGRAMS)


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks for the middle of the page; a restored history entry needs all of it."""
    return (
        request.headers.get("hx-request") == "true"
        and request.headers.get("hx-history-restore-request") != "true"
    )


def address_of(request: Request) -> Address:
    """What the request's address says."""
    parameters = request.query_params
    page = parameters.get("page", "1")
    return Address(
        path=request.url.path,
        question=parameters.get("q"),
        filter=parameters.get("f") or None,
        page=max(1, min(int(page), PAGE_MAX)) if page.isdecimal() and len(page) < 6 else 1,
        language=asked_language(request),
    )


async def _answer(site: Site, address: Address, wording: Wording) -> Answer | None:
    services, usual = site.services, site.settings.page_size
    if address.filter is not None:
        query = read_filter(address.filter, services.catalogue)
        size = page_size_of(query, usual)
        return await answer_filter(
            services, query, page_size=size, offset=(address.page - 1) * size, usual=usual
        )
    if address.question is None:
        return None
    question = check_question(
        address.question, longest=site.settings.question_length, wording=wording
    )
    return await answer_question(services, question, page_size=None, offset=0, usual=usual)


def _showing(site: Site, request: Request, address: Address) -> Showing:
    return Showing(site.services.catalogue, site.wording(request), address, site.settings.page_size)


def _title(address: Address, wording: Wording) -> str:
    question = (address.question or "").strip()
    return question[:80] if question else wording.say("Ask the panel")


def _examples(site: Site, address: Address, language: Language) -> tuple[views.Example, ...]:
    examples = getattr(site.services.catalogue.examples, language)
    return tuple(views.Example(text, address.asking(text).href) for text in examples)


def _problem_view(
    error: Exception, language: Language, address: Address, *, in_place: bool = False
) -> views.ProblemView:
    seconds = error.retry_after_seconds if isinstance(error, PanelensError) else None
    return views.ProblemView(
        problem=problem_of(error, language, record(error)),
        retry=None if seconds is None else address.href,
        retry_seconds=seconds or 0,
        in_place=in_place,
    )


def _frame(
    site: Site, request: Request, address: Address, here: Literal["ask", "codebook", "other"]
) -> views.Frame:
    language = language_of(request)
    return views.Frame(
        language=language,
        panel=site.services.catalogue.title.in_(language),
        languages=tuple(
            views.LanguageLink(other, name, address.in_(other).href, other == language)
            for other, name in LANGUAGE_NAMES.items()
        ),
        home=address.to("/").href,
        codebook=address.to("/codebook").href,
        here=here,
        form_language=address.language,
        question=address.question or "" if here == "ask" else "",
        typed_length=site.settings.question_length + 1,
    )
