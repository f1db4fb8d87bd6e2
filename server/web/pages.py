"""The HTML pages: plain GETs that work without JavaScript; htmx asks for their middle only."""

from dataclasses import replace
from typing import Literal

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from server.access.person import Person
from server.answering import Answer
from server.errors import Language, NotFound, PanelensError
from server.search.queries import get_panel
from server.web import views
from server.web.addresses import Address
from server.web.api import find_respondent
from server.web.asking import check_question, read_filter
from server.web.changing import changed_filter, read_place
from server.web.door import note_people
from server.web.editor import Editor
from server.web.frame import address_of, frame_of, problem_view, wants_fragment
from server.web.keeping import recent_questions, remembering
from server.web.parts import listing_of, showing_of
from server.web.person import PersonOf
from server.web.problems import headers_of
from server.web.site import Site, SiteOf, language_of
from server.web.wanting import while_wanted
from server.web.wording import Wording

# A header line much longer than this is refused by clients and proxies.
ADDRESS_MAX = 8_000
# Their problems stand where the part would, and are tried again there.
PARTS = ("/count", "/people", "/measured", "/figures", "/accuracy/job")
# What they refuse is said in the form that sent it, which keeps what was typed.
FORMS = ("/change", "/corrections")

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@pages.api_route("/", methods=["GET", "HEAD"])
async def ask(request: Request, site: SiteOf, person: PersonOf) -> Response:
    """The start page: ?q= is a question, ?f= a filter (then q is only shown).

    A question that was read ends at the address that holds its filter, so that a link shares the
    search and not only the question. htmx gets the reading at once and fetches the parts; a whole
    page holds them all.
    """
    address, wording = address_of(request), site.wording(request)
    here, answer, shown, problem = address, None, None, None
    status, headers = 200, dict[str, str]()
    try:
        answer = await while_wanted(request, _read(site, person, address, wording))
        here = _with_filter(address, answer)
        if answer is not None and wants_fragment(request):
            shown = showing_of(site, request).coming(answer)
        elif here != address:
            return RedirectResponse(here.href, 303)
        elif answer is not None:
            answer, shown = await _whole(site, request, answer)
    except PanelensError as error:
        problem = problem_view(error, wording.language, address.href, place="#result")
        status, headers = error.status, headers_of(error)
        if answer is not None and answer.understood:
            reading = showing_of(site, request).reading(answer)
            shown = views.AnswerView(reading, problem=problem)
    page = views.AskPage(
        frame=frame_of(site, request, "ask"),
        title=_title(address, wording),
        examples=_examples(site, address, wording.language),
        recent=() if wants_fragment(request) else await recent_questions(site, person),
        answer=shown,
        problem=problem,
    )
    template = "answer.html" if wants_fragment(request) else "ask.html"
    response = site.html(request, template, page, status)
    response.headers.update(headers)
    # Also where a form's redirect ends; the address bar would show where it was sent to.
    if len(here.href) <= ADDRESS_MAX:
        response.headers["hx-push-url"] = here.href
    if answer is not None and address.is_first_page and request.method == "GET":
        response.background = remembering(site, person, address.question, answer)
    return response


@pages.get("/waiting")
async def waiting(site: SiteOf) -> Response:
    """How many questions are at the model, so that whoever waits sees the queue."""
    return JSONResponse({"waiting": site.waiting.count})


@pages.api_route("/edit", methods=["GET", "HEAD"])
async def edit(request: Request, site: SiteOf) -> Response:
    """The form for one condition (?field=, ?place= where it stands or will), or for what to add."""
    address, catalogue, sent = address_of(request), site.services.catalogue, request.query_params
    query = read_filter(address.filter or "{}", catalogue)
    editor = Editor(catalogue, site.wording(request), address, query)
    condition = addition = None
    if sent.get("field"):
        field = catalogue.by_name.get(sent["field"])
        if field is None:
            raise NotFound(sent["field"][:60])
        condition = editor.condition(field, read_place(sent.get("place", "where")))
    else:
        addition = editor.addition(sent.get("find", "")[: site.settings.question_length])
    wording = site.wording(request)
    title = condition.label if condition else wording.say("Add a condition")
    page = views.EditPage(frame_of(site, request, "ask"), title, condition, addition)
    return site.html(request, "editor.html" if wants_fragment(request) else "edit.html", page)


@pages.get("/change")
async def change(request: Request, site: SiteOf) -> Response:
    """What a form made of the filter: the search with it."""
    address = address_of(request)
    wording, catalogue = site.wording(request), site.services.catalogue
    before, after = changed_filter(request.query_params, catalogue, wording)
    return RedirectResponse(address.changing(before, after).href, 303)


@pages.api_route("/respondents/{respondent_id:path}", methods=["GET", "HEAD"])
async def respondent(respondent_id: str, request: Request, site: SiteOf) -> Response:
    """One respondent's profile: a page, or what the drawer beside the list shows."""
    found = await find_respondent(site.services, respondent_id)
    panel = await site.services.read(lambda conn: get_panel(conn, site.services.catalogue))
    note_people(request, id=found.id, rows=1)
    address, fields = address_of(request), site.services.catalogue.fields
    page = views.RespondentPage(
        frame=frame_of(site, request),
        title=found.id,
        id=found.id,
        href=address.href,
        reference_year=panel.reference_year,
        groups=showing_of(site, request).respondent_groups(found, fields),
    )
    template = "profile.html" if wants_fragment(request) else "respondent.html"
    return site.html(request, template, page)


@pages.api_route("/codebook", methods=["GET", "HEAD"])
async def codebook(request: Request, site: SiteOf) -> Response:
    """Every field with its wording and answers; ?q= keeps those in which the words occur."""
    address, wording = address_of(request), site.wording(request)
    wanted = " ".join((address.question or "").split())[: site.settings.question_length]
    showing = showing_of(site, request)
    listed = await site.codebook.listed(site.services, showing, wanted)
    page = views.CodebookPage(
        frame=frame_of(site, request, "codebook"),
        title=wording.say("Codebook"),
        wanted=wanted,
        summary=wording.say_many("%(n)s field", "%(n)s fields", listed.fields),
        listed=listed.html,
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
    place = _place_of(request, error)
    view = problem_view(error, language_of(request), _again(request, place), place=place)
    # What was sent cannot be sent again, and a fragment is only tried again where it has a place.
    if request.method not in ("GET", "HEAD") or (wants_fragment(request) and not place):
        view = replace(view, retry=None)
    page = views.ProblemPage(frame=frame_of(site, request), title=view.problem.title, problem=view)
    template = "problem_box.html" if wants_fragment(request) else "problem.html"
    response = site.html(request, template, page, view.problem.status)
    response.headers.update(headers_of(error))
    told = "#outage" if place == "#result" else ""
    if wants_fragment(request) and request.url.path in FORMS:
        told = "find .refused"
    if told:
        response.headers["hx-retarget"] = told
        response.headers["hx-reswap"] = "innerHTML ignoreTitle:true"
        response.headers["hx-push-url"] = "false"
    return response


def _place_of(request: Request, error: Exception) -> Literal["", "#result", "this"]:
    """Where a problem is tried again: with the answer, in its part, or by going there.

    Parts that an answer fetches by itself fail together when something is away: that is told once,
    for the whole answer, and tried again with it.
    """
    part = request.url.path
    if not wants_fragment(request) or part not in PARTS:
        return ""
    by_itself = request.headers.get("hx-trigger") == part.removeprefix("/")
    away = isinstance(error, PanelensError) and error.status == 503
    return "#result" if by_itself and away else "this"


def _again(request: Request, place: str) -> str:
    """The same address once more, with what only its page understands; a part's answer for itself."""
    address, query = address_of(request), request.url.query
    if place == "#result":
        return replace(address, path="/").href
    return f"{address.path}?{query}" if query else address.path


async def _read(site: Site, person: Person, address: Address, wording: Wording) -> Answer | None:
    """What is asked: the filter of the address, else what its question is read as."""
    if address.filter is not None:
        query = read_filter(address.filter, site.services.catalogue)
        reading = site.readings.of(address.question, query)
        if reading is not None:
            return Answer(query, reading, None, None)
        earlier = site.readings.edited(address.question, query)
        return Answer(query, None, None, None, earlier)
    if address.question is None:
        return None
    question = check_question(
        address.question, longest=site.settings.question_length, wording=wording
    )
    reading = await site.read(person, question)
    site.readings.remember(reading)
    return Answer(reading.filter, reading, None, None)


def _with_filter(address: Address, answer: Answer | None) -> Address:
    """The address with the filter of the question in it; unchanged where none was read."""
    reading = None if answer is None else answer.interpretation
    if reading is None or not reading.understood or address.filter is not None:
        return address
    here = address.searching(reading.filter, reading.question)
    return here if len(here.href) <= ADDRESS_MAX else address


async def _whole(site: Site, request: Request, answer: Answer) -> tuple[Answer, views.AnswerView]:
    """Everything at once, for a page that has to do without what comes later."""
    showing, services = showing_of(site, request), site.services
    if not answer.understood:
        return answer, views.AnswerView(showing.reading(answer))
    listing = listing_of(site, request, answer.filter)
    window = listing.window
    found = await services.search(answer.filter, page_size=0, offset=0)
    people = await services.people(answer.filter, window) if found.total else None
    measured = await services.accuracy(answer.filter)
    return replace(answer, found=found, accuracy=measured), views.AnswerView(
        showing.reading(answer),
        found=showing.found(answer.filter, found),
        people=None if people is None else listing.people(people, listing.whole(found.offered)),
        accuracy=showing.accuracy(measured),
    )


def _title(address: Address, wording: Wording) -> str:
    question = (address.question or "").strip()
    return question[:80] if question else wording.say("Ask the panel")


def _examples(site: Site, address: Address, language: Language) -> tuple[views.Example, ...]:
    examples = getattr(site.services.catalogue.examples, language)
    return tuple(views.Example(text, address.asking(text).href) for text in examples)
