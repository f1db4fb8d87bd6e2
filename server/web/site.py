"""What every route needs, made once and handed down by dependency."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, cast

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.access.entry import Entry
from server.access.guard import Guarded
from server.access.person import Person
from server.catalogue import find_catalogue
from server.errors import LANGUAGES, Language
from server.interpret.interpretation import Interpretation
from server.origin import Origin, origin_of
from server.resources import folder
from server.services import Services
from server.settings import Settings
from server.web.assets import Assets, load_assets
from server.web.codebook import Codebook
from server.web.readings import Readings
from server.web.rendering import Renderer, load_renderer
from server.web.wanting import Waiting
from server.web.wording import Wording, choose_language, load_wordings

LANGUAGE_COOKIE = "panelens_language"
COOKIE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Site:
    """Settings, the product behind it, and everything read from web/."""

    settings: Settings
    services: Services
    entry: Entry | None
    assets: Assets
    wordings: Mapping[Language, Wording]
    renderer: Renderer
    waiting: Waiting
    codebook: Codebook
    readings: Readings

    @contextmanager
    def asking(self, person: Person) -> Iterator[None]:
        """A question at the model; TooMany when the person has asked too many of late."""
        if self.entry is not None and self.entry.required:
            self.entry.limits.may_ask(person.name)
        with self.waiting.one_more():
            yield

    async def read(self, person: Person, question: str) -> Interpretation:
        """The question's reading, which counts as one the person asked."""
        with self.asking(person):
            return await self.services.interpret(question)

    @property
    def origin(self) -> Origin:
        """What readings are made with here."""
        return origin_of(self.settings, self.services.catalogue)

    def wording(self, request: Request) -> Wording:
        """How to speak to the caller."""
        return self.wordings[language_of(request)]

    def html(
        self, request: Request, template: str, page: object, status: int = 200
    ) -> HTMLResponse:
        """A filled template in the caller's language, which is remembered when it was chosen."""
        language = language_of(request)
        response = HTMLResponse(self.renderer.fill(template, page, language), status)
        response.headers["vary"] = "HX-Request, Accept-Language, Cookie"
        response.headers["content-language"] = language
        if asked_language(request) is not None:
            _remember(response, language, secure=request.url.scheme == "https")
        return response


def load_site(settings: Settings, services: Services, entry: Entry | None = None) -> Site:
    """Read web/: templates, messages and static files."""
    web = folder("web")
    assets = load_assets(web / "static")
    wordings = load_wordings(web / "messages")
    renderer = load_renderer(web / "templates", assets, wordings)
    folder_of_panel = find_catalogue(settings.catalogue).parent
    codebook = Codebook(folder_of_panel, renderer, settings.smallest_count)
    return Site(
        settings, services, entry, assets, wordings, renderer, Waiting(), codebook, Readings()
    )


def site_of(request: Request) -> Site:
    """The site that create_app made, its product as the caller may use it."""
    site = cast(Site, request.app.state.site)
    state = request.scope.get("state", {})
    services = Guarded(
        site.services, state.get("person"), site.settings.smallest_count, state.get("pending")
    )
    return replace(site, services=services)


SiteOf = Annotated[Site, Depends(site_of)]


def asked_language(request: Request) -> Language | None:
    """The language that the address asks for."""
    wanted = request.query_params.get("lang")
    return next((language for language in LANGUAGES if language == wanted), None)


def language_of(request: Request) -> Language:
    """The caller's language: the address, then what was chosen before, then the browser's."""
    return choose_language(
        (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)),
        request.headers.get("accept-language", ""),
    )


def _remember(response: Response, language: Language, *, secure: bool) -> None:
    response.set_cookie(
        LANGUAGE_COOKIE,
        language,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="lax",
        secure=secure,
    )
