"""Signing in and out, and the page where owners read the audit."""

from typing import Annotated
from urllib.parse import quote, unquote

from fastapi import APIRouter, Form
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.access.audit import list_audit
from server.access.entry import Entry
from server.access.person import Role
from server.errors import NotFound, PanelensError
from server.web import signing_views as views
from server.web.addresses import link
from server.web.door import address_of_caller, cookie_name
from server.web.frame import address_of, frame_of
from server.web.person import PersonOf, requires
from server.web.problems import headers_of
from server.web.site import Site, SiteOf
from server.web.wording import Wording

AUDIT_ROWS = 100
FORM_TEXT_MAX = 300

signing = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@signing.api_route("/sign-in", methods=["GET", "HEAD"])
async def ask_who(request: Request, site: SiteOf) -> Response:
    """The form; `next` is where to go afterwards."""
    entry_of(site)
    return _form(request, site, wanted=request.query_params.get("next", "/"))


@signing.post("/sign-in")
async def sign_in(
    request: Request,
    site: SiteOf,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    wanted: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Check the password; the same answer whether the name or the password was wrong."""
    wording = site.wording(request)
    entry = entry_of(site)
    secret, problem = None, wording.say("Name or password is not right.")
    status, headers = 403, {}
    if is_typed(name) and is_typed(password):
        try:
            secret = await entry.sign_in(
                name=name, password=password, address=address_of_caller(request)
            )
        except PanelensError as error:
            problem = f"{error.sentences[wording.language]} {error.hints[wording.language]}"
            status, headers = error.status, headers_of(error)
    if secret is None:
        form = _form(request, site, wanted=wanted, name=name, problem=problem, status=status)
        form.headers.update(headers)
        return form
    response = RedirectResponse(local_path(wanted), 303)
    response.set_cookie(
        cookie_name(request),
        secret,
        max_age=entry.session.days * 24 * 3600,
        path="/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


@signing.post("/sign-out")
async def sign_out(request: Request, site: SiteOf, person: PersonOf) -> Response:
    """End the session and forget the cookie."""
    name = cookie_name(request)
    secret = request.cookies.get(name)
    if secret is not None:
        await entry_of(site).sign_out(secret, person, address_of_caller(request))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(name, path="/", secure=request.url.scheme == "https", httponly=True)
    return response


@signing.api_route("/audit", methods=["GET", "HEAD"], dependencies=[requires(Role.OWNER)])
async def audit(request: Request, site: SiteOf) -> Response:
    """What people did, the latest first; ?before= goes on from a row."""
    before = request.query_params.get("before", "")
    start = int(before) if before.isdecimal() and len(before) < 18 else None
    rows = await site.services.write(  # the searches' own role may not read it
        lambda connection: list_audit(connection, before=start, most=AUDIT_ROWS + 1)
    )
    wording = site.wording(request)
    page = views.AuditPage(
        frame=frame_of(site, request, "audit"),
        title=wording.say("What was done"),
        rows=tuple(
            views.AuditRow(
                f"{row.at.astimezone():%Y-%m-%d %H:%M:%S %Z}",
                row.who,
                _deed_in_words(row.act, wording),
                _legible(row.about),
                row.address,
                row.done,
            )
            for row in rows[:AUDIT_ROWS]
        ),
        older=link("/audit", lang=address_of(request).language, before=str(rows[AUDIT_ROWS - 1].id))
        if len(rows) > AUDIT_ROWS
        else None,
    )
    return site.html(request, "audit.html", page)


def entry_of(site: Site) -> Entry:
    """The way in; NotFound where nobody needs to sign in."""
    if site.entry is None or not site.entry.required:
        raise NotFound()
    return site.entry


def local_path(wanted: str) -> str:
    """Where to go after signing in: a place on this server, whatever the form said."""
    is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isascii()
    return wanted if is_ours and wanted.isprintable() else "/"


def is_typed(text: str) -> bool:
    """Whether it can be what somebody typed: not empty, not endless, storable as text."""
    return 0 < len(text) <= FORM_TEXT_MAX and "\0" not in text and _is_encodable(text)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _deed_in_words(act: str, wording: Wording) -> str:
    known = {
        "sign-in": wording.say("sign-in"),
        "sign-out": wording.say("sign-out"),
        "export": wording.say("export"),
        "change": wording.say("change"),
    }
    return known.get(act, act)


def _legible(address: str) -> str:
    """What was sent with its Korean and its braces, but nothing that could look like another row."""
    return "".join(c if c.isprintable() else quote(c) for c in unquote(address))


def _form(
    request: Request,
    site: Site,
    *,
    wanted: str,
    name: str = "",
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    page = views.SignInPage(
        frame=frame_of(site, request),
        title=site.wording(request).say("Sign in"),
        name=name[:FORM_TEXT_MAX],
        next=local_path(wanted),
        problem=problem,
        ended=not problem and cookie_name(request) in request.cookies and _is_nobody(request),
    )
    return site.html(request, "sign_in.html", page, status)


def _is_nobody(request: Request) -> bool:
    return request.scope["state"]["person"] is None
