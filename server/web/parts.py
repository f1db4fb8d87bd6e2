"""The parts of an answer that come after the reading: how many, who, and how far to trust it.

Each is what htmx puts in its place as soon as it is there, and asks the database for what it shows
and no more. Whoever opens its address is led to the whole answer.
"""

from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.answering import Answer
from server.filter import Filter
from server.web import views
from server.web.asking import read_filter
from server.web.frame import address_of, frame_of, wants_fragment
from server.web.keeping import remembering
from server.web.listing import Listing
from server.web.person import PersonOf
from server.web.showing import Showing
from server.web.site import Site, SiteOf
from server.web.wanting import nobody_waits, while_wanted

parts = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@parts.get("/count")
async def count(request: Request, site: SiteOf, person: PersonOf) -> Response:
    """How many satisfy ?f=, what each condition costs, and the breakdown that was asked for."""
    query, address = _asked(request, site), address_of(request)
    if not wants_fragment(request):
        return _to_the_answer(request)
    found = await while_wanted(request, site.services.search(query, page_size=0, offset=0))
    if found is None:
        return nobody_waits()
    shown = showing_of(site, request).found(query, found)
    whole = listing_of(site, request, query).whole(found.offered)
    page = views.CountPart(frame_of(site, request, "ask"), shown, whole, shown.headline)
    response = site.html(request, "count.html", page)
    answer = Answer(query, None, found, None)
    response.background = remembering(site, person, address.question, answer)
    return response


@parts.get("/people")
async def people(request: Request, site: SiteOf) -> Response:
    """One page of who satisfies ?f=, in the columns and the order that the address asks for."""
    query = _asked(request, site)
    if not wants_fragment(request):
        return _to_the_answer(request)
    listing = listing_of(site, request, query)
    found = await while_wanted(request, site.services.people(query, listing.window))
    if found is None:
        return nobody_waits()
    shown = listing.people(found) if found.respondents else None
    by_itself = request.headers.get("hx-trigger") == "people"
    page = views.PeoplePart(frame_of(site, request, "ask"), shown, turned=not by_itself)
    response = site.html(request, "people.html", page)
    if "chosen" in request.query_params:
        response.headers["hx-push-url"] = replace(address_of(request), path="/").href
    return response


@parts.get("/measured")
async def measured(request: Request, site: SiteOf) -> Response:
    """What was measured on labelled questions about the fields of ?f=."""
    query = _asked(request, site)
    if not wants_fragment(request):
        return _to_the_answer(request)
    accuracy = showing_of(site, request).accuracy(await site.services.accuracy(query))
    page = views.AccuracyPart(frame_of(site, request, "ask"), accuracy)
    return site.html(request, "measured.html", page)


@parts.api_route("/columns", methods=["GET", "HEAD"])
async def columns(request: Request, site: SiteOf) -> Response:
    """The form that chooses the columns of the list of ?f=."""
    query, address = _asked(request, site), address_of(request)
    listing = listing_of(site, request, query)
    here = address.staying(query)
    usual = replace(here, columns=None)
    page = views.ColumnsPage(
        frame=frame_of(site, request, "ask"),
        title=site.wording(request).say("Columns"),
        filter=here.filter or "{}",
        question=address.question or "",
        language=address.language,
        fields=listing.choice(),
        usual=views.Turn(usual.href, replace(usual, path="/people").href),
        back=here.href,
    )
    template = "columns_form.html" if wants_fragment(request) else "columns.html"
    return site.html(request, template, page)


def showing_of(site: Site, request: Request) -> Showing:
    """Shows answers from the request's address in its language."""
    return Showing(site.services.catalogue, site.wording(request), address_of(request))


def listing_of(site: Site, request: Request, query: Filter) -> Listing:
    """The list of that filter as the request's address asks for it."""
    wording, size = site.wording(request), site.settings.page_size
    return Listing(site.services.catalogue, wording, address_of(request), query, size)


def _asked(request: Request, site: Site) -> Filter:
    return read_filter(address_of(request).filter or "{}", site.services.catalogue)


def _to_the_answer(request: Request) -> Response:
    return RedirectResponse(replace(address_of(request), path="/").href, 303)
