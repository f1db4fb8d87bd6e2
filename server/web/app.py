"""The web application: routes, middleware and the one place where errors become responses."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from importlib.metadata import version

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response

from server.access.entry import Entry
from server.accuracy.jobs import Evaluations
from server.errors import InvalidInput, PanelensError
from server.services import Services
from server.settings import Settings
from server.web.accuracy_pages import accuracy_pages
from server.web.api import api
from server.web.asking import refuse_repetition
from server.web.door import Door
from server.web.exports import exports
from server.web.figures import figures
from server.web.keeping import keeping
from server.web.measuring import measuring
from server.web.observing import Figures, Observed
from server.web.openapi import documents
from server.web.pages import pages, problem_page
from server.web.parts import parts
from server.web.problems import (
    explain_validation,
    headers_of,
    is_for_programs,
    ours,
    problem_of,
    problem_response,
    record,
)
from server.web.protection import BodyLimit, LastResort, SecurityHeaders
from server.web.signing import signing
from server.web.site import Site, language_of, load_site, site_of

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(
    settings: Settings,
    services: Services,
    *,
    entry: Entry | None = None,
    lifespan: Lifespan | None = None,
) -> FastAPI:
    """Build the application; `lifespan` opens and closes what the services need.

    Without an `entry` whoever reaches it owns it, which is for tests of the pages.
    """
    app = FastAPI(
        title="Panelens",
        version=version("panelens"),
        summary="Ask a survey panel a question in plain Korean or English.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_prepared(lifespan),
    )
    app.state.site = load_site(settings, services, entry)
    app.state.evaluations = Evaluations()
    app.include_router(api, dependencies=[Depends(refuse_repetition)])
    app.include_router(measuring, dependencies=[Depends(refuse_repetition)])
    app.include_router(pages)
    app.include_router(parts)
    app.include_router(accuracy_pages)
    app.include_router(exports)
    app.include_router(figures)
    app.include_router(keeping)
    app.include_router(signing)
    app.openapi = documents(app, services.catalogue)  # type: ignore[method-assign]  # as FastAPI documents it
    app.add_exception_handler(PanelensError, _refuse)
    app.add_exception_handler(HTTPException, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse)
    # The last one added is the outermost.
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)
    app.add_middleware(BodyLimit, explain=explain)
    app.add_middleware(Door, entry=entry, explain=explain)
    app.add_middleware(LastResort, explain=explain)
    app.add_middleware(SecurityHeaders)
    app.state.figures = Figures()
    app.add_middleware(Observed, figures=app.state.figures)
    return app


def _prepared(lifespan: Lifespan | None) -> Lifespan:
    """What the services need, and beside it what the pages read before anybody looks."""

    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        async with nullcontext() if lifespan is None else lifespan(app):
            site: Site = app.state.site
            site.codebook.prepare(site.services.catalogue)
            yield

    return run


async def explain(request: Request, error: Exception) -> Response:
    """The error as a problem for programs, as a page for people."""
    if is_for_programs(request):
        problem = problem_of(error, language_of(request), record(error))
        headers = {**headers_of(error), "vary": "Accept-Language, Cookie"}
        return problem_response(problem, headers)
    return problem_page(site_of(request), request, error)


async def _refuse(request: Request, error: Exception) -> Response:
    if isinstance(error, RequestValidationError):
        return await explain(request, InvalidInput(explain_validation(error.errors())))
    if isinstance(error, HTTPException):
        response = await explain(request, ours(error))
        response.headers.update(error.headers or {})
        return response
    return await explain(request, error)
