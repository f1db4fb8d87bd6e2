"""What stands round every page: the places one can go to, the language, the address kept in links."""

import re
from typing import Literal
from urllib.parse import quote, urlencode

from starlette.requests import Request

from server.access.person import LOCAL, Person, Role
from server.errors import Language, PanelensError
from server.web import views
from server.web.addresses import Address
from server.web.problems import problem_of, record
from server.web.site import Site, asked_language, language_of
from server.web.wording import LANGUAGE_NAMES, Wording

_PAGE = re.compile(r"-?[1-9][0-9]{0,5}")
_BOOKMARK = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Here = Literal["ask", "segments", "history", "codebook", "accuracy", "audit", "other"]


def frame_of(site: Site, request: Request, here: Here = "other") -> views.Frame:
    """The frame of a page; `here` is the place that the reader is at."""
    address, language = address_of(request), language_of(request)
    wording = site.wording(request)
    return views.Frame(
        language=language,
        panel=site.services.catalogue.title.in_(language),
        languages=_languages(request, address.path, language),
        home=address.to("/").href,
        codebook=address.to("/codebook").href,
        places=()
        if _person(request) is None
        else _places(address, here, wording, owns=_may(request, Role.OWNER)),
        form_language=address.language,
        question=address.question or "" if here == "ask" else "",
        previous=address.previous or "",
        columns=address.columns or "",
        sort=address.sort or "",
        typed_length=site.settings.question_length + 1,
        person=_signed_in(request),
        researches=_may(request, Role.RESEARCHER),
    )


def address_of(request: Request) -> Address:
    """What the request's address says."""
    parameters = request.query_params
    page = parameters.get("page", "")
    return Address(
        # A link that begins with two slashes leads to another host.
        path="/" + quote(request.scope["path"]).lstrip("/"),
        question=parameters.get("q"),
        filter=parameters.get("f") or None,
        previous=parameters.get("u") or None,
        # A form sends one parameter a ticked column, a link one list.
        columns=",".join(name for name in parameters.getlist("c") if name) or None,
        sort=parameters.get("s") or None,
        after=_bookmark(parameters.get("after", "")),
        before=_bookmark(parameters.get("before", "")),
        end="end" in parameters,
        page=int(page) if _PAGE.fullmatch(page) else 1,
        language=asked_language(request),
    )


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks for the middle of the page; a restored history entry needs all of it."""
    return (
        request.headers.get("hx-request") == "true"
        and request.headers.get("hx-history-restore-request") != "true"
    )


def problem_view(
    error: Exception,
    language: Language,
    again: str,
    *,
    place: Literal["", "#result", "this"] = "",
) -> views.ProblemView:
    """An error as a page shows it, with the address to try `again` where that may help.

    What exactly is away helps a program or its operator; a person is told what to do.
    """
    seconds = error.retry_after_seconds if isinstance(error, PanelensError) else None
    problem = problem_of(error, language, record(error))
    return views.ProblemView(
        problem=problem if problem.status < 500 else problem.model_copy(update={"detail": ""}),
        retry=None if seconds is None else again,
        retry_seconds=seconds or 0,
        place=place,
    )


def _languages(request: Request, path: str, language: Language) -> tuple[views.LanguageLink, ...]:
    """The same page in each language; none of what answers a form, which no link can send again.

    Every page has parameters of its own, which mean what that page says.
    """
    if request.method not in ("GET", "HEAD"):
        return ()
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return tuple(
        views.LanguageLink(
            other,
            name,
            f"{path}?{urlencode([*kept, ('lang', other)], quote_via=quote)}",
            other == language,
        )
        for other, name in LANGUAGE_NAMES.items()
    )


def _places(
    address: Address, here: Here, wording: Wording, *, owns: bool
) -> tuple[views.PlaceLink, ...]:
    """The navigation: a page that is new adds its line, in the order people need them."""
    places: list[tuple[Here, str, str]] = [
        ("ask", wording.say("Ask"), "/"),
        ("segments", wording.say("Segments"), "/segments"),
        ("history", wording.say("History"), "/history"),
        ("codebook", wording.say("Codebook"), "/codebook"),
        ("accuracy", wording.say("Accuracy"), "/accuracy"),
    ]
    if owns:
        places.append(("audit", wording.say("Audit"), "/audit"))
    return tuple(
        views.PlaceLink(label, address.to(path).href, place == here)
        for place, label, path in places
    )


def _bookmark(text: str) -> str | None:
    return text if _BOOKMARK.fullmatch(text) else None


def _signed_in(request: Request) -> str:
    """The person's name; empty for whoever is at the machine, and before anybody signed in."""
    person = _person(request)
    return person.name if person is not None and person != LOCAL else ""


def _may(request: Request, role: Role) -> bool:
    person = _person(request)
    return person is not None and person.may(role)


def _person(request: Request) -> Person | None:
    person = request.scope.get("state", {}).get("person")
    return person if isinstance(person, Person) else None
