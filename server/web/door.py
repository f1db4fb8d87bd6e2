"""At the door: whose request it is, whether it may come in, and what must be written down of it."""

import logging
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.access.audit import Act, Deed, Pending
from server.access.entry import Entry, is_loopback
from server.access.limits import stranger
from server.access.person import LOCAL, Person
from server.errors import ForeignRequest, InvalidInput, NoChanges, NotSignedIn, PanelensError
from server.web.problems import is_for_programs
from server.web.protection import Explain

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OPEN_TO_ALL = ("/sign-in", "/static/", "/healthz", "/readyz")
READING_PATHS = (
    "/api/interpret",
    "/api/search",
    "/api/near",
    "/api/compare",
    "/sign-in",
    "/sign-out",
)
COOKIE = "panelens_session"
# The form of columns sends one a field.
PARAMETERS_MAX = 1_000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Notes:
    """What is written down of a request; `refused` is why its answer may not leave."""

    pending: Pending
    refused: PanelensError | None = None


class Door:
    """Says in `state.person` whose request it is; nobody in particular gets no further than sign-in."""

    def __init__(self, app: ASGIApp, entry: Entry | None, explain: Explain) -> None:
        self.app = app
        self.entry = entry
        self.explain = explain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, send it to the sign-in page, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        state = scope.setdefault("state", {})
        if self.entry is None:
            state.setdefault("person", LOCAL)  # a test may have said who it is
        else:
            state["person"] = None
        try:
            refuse_endless_query(scope)
            refuse_foreign(request)
            person = state["person"] or await self._person(request)
            state["person"] = person
            self._count(request, person)
        except PanelensError as error:
            response = await self.explain(request, error)
            await response(scope, receive, send)
            return
        if person is None and not request.scope["path"].startswith(OPEN_TO_ALL):
            response = await self._outside(request)
            await response(scope, receive, send)
            return
        if self.entry is None:
            await self.app(scope, receive, send)
            return
        notes = _Notes(Pending(_act(request, person)))
        if request.method not in SAFE_METHODS and scope["path"] not in READING_PATHS:
            state["pending"] = notes.pending
        try:
            await self.app(scope, receive, self._noting(self.entry, request, notes, send))
        except Exception:
            if notes.refused is None:
                raise
            response = await self.explain(request, notes.refused)
            await response(scope, receive, send)

    async def _person(self, request: Request) -> Person | None:
        if self.entry is None or not self.entry.required:
            if not request.scope["path"].startswith(OPEN_TO_ALL):
                refuse_from_afar(request)
            return LOCAL
        if request.scope["path"].startswith("/static/"):
            return None  # the same for everybody: nothing is looked up for it
        token = _token_of(request)
        if token is not None:
            return await self.entry.by_token(token, address_of_caller(request))
        secret = request.cookies.get(cookie_name(request))
        if secret is None:
            return None
        return await self.entry.by_session(secret, address_of_caller(request))

    def _count(self, request: Request, person: Person | None) -> None:
        path = request.scope["path"]
        if self.entry is None or not self.entry.required or path.startswith("/static/"):
            return
        who = person.name if person is not None else stranger(address_of_caller(request))
        self.entry.limits.may_send(who)

    async def _outside(self, request: Request) -> Response:
        """Programs are told; people are led to the sign-in page and back from there."""
        is_program = is_for_programs(request) or _token_of(request) is not None
        if is_program or request.method not in SAFE_METHODS:
            response = await self.explain(request, NotSignedIn())
            response.headers["www-authenticate"] = "Bearer"
            return response
        wanted = quote(request.scope["path"])
        wanted += f"?{request.url.query}" if request.url.query else ""
        fetched = request.headers.get("hx-request") == "true"
        if fetched and request.headers.get("hx-target") != "result":
            wanted = _page_of(request) or wanted
        sign_in = f"/sign-in?next={quote(wanted, safe='')}"
        if fetched:
            return Response(status_code=204, headers={"hx-redirect": sign_in})
        return RedirectResponse(sign_in, 303)

    def _noting(self, entry: Entry, request: Request, notes: "_Notes", send: Send) -> Send:
        """Write an export or a change down before the first byte of its answer leaves."""

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start" and not notes.pending.is_written:
                is_file = _is_file(MutableHeaders(scope=message))
                about = request.scope["state"].get("carries", notes.pending.act.about)
                deed = _deed(request, is_file=is_file)
                if deed is not None:
                    done = message["status"] < 400
                    act = replace(notes.pending.act, act=deed, about=about, done=done)
                    await _write_down(entry, act, notes, is_file=is_file)
            await send(message)

        return send_noted


async def _write_down(entry: Entry, act: Act, notes: "_Notes", *, is_file: bool) -> None:
    """No export without a trace; of a change, what it did in the database has left its own.

    Where the database takes no changes, searches of the API go on all the same.
    """
    notes.pending.is_written = True
    try:
        await entry.write_down(act)
    except PanelensError as error:
        if act.act == "export" and (is_file or not isinstance(error, NoChanges)):
            # The framework takes what is raised from here for a fault of the answer.
            notes.refused = error
            raise
        # The log never says what was asked.
        log.exception("not audited: %r", replace(act, about=act.about.partition("?")[0]))


def note_people(request: Request, **said: str | int) -> None:
    """Say which people the answer carries: it is written down before they leave."""
    path = request.scope["route"].path.partition("/{")[0]
    about = "&".join(f"{name}={value}" for name, value in said.items())
    request.scope["state"]["carries"] = f"{request.method} {path}?{about}"


def refuse_endless_query(scope: Scope) -> None:
    """InvalidInput for more parameters than any form has: telling them apart takes half a second."""
    if scope["query_string"].count(b"&") >= PARAMETERS_MAX:
        scope["query_string"] = b""  # or explaining it would
        raise InvalidInput(f"the address has more than {PARAMETERS_MAX} parameters")


def refuse_foreign(request: HTTPConnection) -> None:
    """ForeignRequest for a change that a browser sends on behalf of another site's page."""
    if request.scope["method"] in SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise ForeignRequest()
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise ForeignRequest()


def refuse_from_afar(request: HTTPConnection) -> None:
    """NotSignedIn when a server that is open to its own machine is reached by another name.

    So it is behind a proxy, and by a page that had its own name resolved to this machine.
    """
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if forwarded or not is_loopback(host):
        raise NotSignedIn(
            "This server is open to its own machine only. Behind a proxy set PANELENS_SIGN_IN=true "
            "and add people with: panelens user add"
        )


def cookie_name(request: HTTPConnection) -> str:
    """Over HTTPS no other host and no script may set the cookie; browsers see to it by its name."""
    return f"__Host-{COOKIE}" if request.url.scheme == "https" else COOKIE


def address_of_caller(request: HTTPConnection) -> str:
    """Where the request came from; a trusted proxy's word is already in it."""
    return request.client.host if request.client else ""


def _token_of(request: Request) -> str | None:
    """The token that a program shows; a browser's own sign-in at a proxy is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _page_of(request: Request) -> str:
    """Where the page is that a part was fetched for; empty when the browser did not say."""
    _, _, here = request.headers.get("hx-current-url", "").partition("://")
    _, slash, rest = here.partition("#")[0].partition("/")
    return slash + rest


def _act(request: Request, person: Person | None) -> Act:
    query = f"?{request.url.query}" if request.url.query else ""
    about = f"{request.method} {request.scope['path']}{query}"
    who = "" if person is None else person.name
    return Act(who, "change", about, address_of_caller(request), done=True)


def _is_file(headers: Headers) -> bool:
    return headers.get("content-disposition", "").startswith("attachment")


def _deed(request: Request, *, is_file: bool) -> Deed | None:
    if is_file or "carries" in request.scope["state"]:
        return "export"
    if request.method in SAFE_METHODS or request.scope["path"] in READING_PATHS:
        return None
    return "change"
