"""Every route there is, with the least role it is for: a new one must be added here to pass."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI

from server.access.person import Role
from server.filter import load_catalogue
from server.settings import Settings
from server.web.app import create_app

from .guarded import Guarded, guarded
from .panel import InMemoryServices, StoredServices

OPEN = {
    "GET": ["/healthz", "/readyz", "/sign-in", "/static/{path:path}"],
    "POST": ["/sign-in"],
}
LEAST = {
    Role.VIEWER: {
        "GET": [
            "/", "/waiting", "/edit", "/change", "/codebook", "/count", "/people", "/measured",
            "/columns", "/accuracy", "/accuracy/job", "/accuracy/charts/{name}.svg",
            "/accuracy/compare", "/figures", "/segments", "/compare", "/history",
            "/api/openapi.json", "/api/catalogue", "/api/evaluations/jobs/{number}",
            "/api/evaluations", "/api/evaluations/{number}",
            "/api/evaluations/{before}/compare/{after}",
        ],
        "POST": ["/api/interpret", "/api/search", "/api/compare", "/history/forget", "/sign-out"],
    },
    Role.RESEARCHER: {
        "GET": [
            "/respondents/{respondent_id:path}", "/api/respondents/{respondent_id:path}", "/near",
            "/export", "/api/gold",
        ],
        "POST": [
            "/segments", "/segments/{number}/delete", "/corrections", "/api/corrections",
            "/api/near",
        ],
    },
    Role.OWNER: {
        "GET": ["/audit", "/accuracy/review", "/api/corrections"],
        "POST": [
            "/accuracy/evaluations", "/accuracy/review/{number}", "/api/evaluations",
            "/api/corrections/{number}/review", "/api/gold",
        ],
    },
}  # fmt: skip
NEEDED = [
    (method, path, role)
    for role, methods in LEAST.items()
    for method, paths in methods.items()
    for path in paths
]
WITH = {"number": "1", "before": "1", "after": "2", "name": "trend"}
HTMX = {"hx-request": "true"}
KNOWN = "w000000000000001"


def routes(app: FastAPI) -> Iterator[tuple[str, str]]:
    every: list[Any] = app.routes
    for route in every:
        inner = getattr(route, "original_router", None)
        for one in [route] if inner is None else inner.routes:
            yield from ((method, one.path) for method in one.methods - {"HEAD"})


@pytest.fixture(scope="module")
def door(everything: StoredServices) -> Iterator[Guarded]:
    with guarded(everything.catalogue, everything.database, requests_a_minute=10_000) as server:
        yield server


def test_there_is_no_other_route() -> None:
    app = create_app(Settings(), InMemoryServices(load_catalogue("welcome")))
    listed = [(method, path) for method, path, _ in NEEDED]
    anybody = [(method, path) for method, paths in OPEN.items() for path in paths]
    assert sorted(routes(app)) == sorted(listed + anybody)


@pytest.mark.parametrize(("method", "path", "needed"), NEEDED)
@pytest.mark.parametrize("headers", [{}, HTMX])
async def test_a_route_is_for_nobody_below_its_role(
    door: Guarded, method: str, path: str, needed: Role, headers: dict[str, str]
) -> None:
    place = path.replace(":path", "").format(**WITH, respondent_id=KNOWN)
    async with door.program() as http:
        outside = await http.request(method, place, headers=headers)
    if path.startswith("/api/") or method == "POST":
        assert outside.status_code == 401
    else:
        led = "hx-redirect" if headers else "location"
        assert outside.status_code == (204 if headers else 303)
        assert outside.headers[led].startswith("/sign-in?next=")
    order = list(Role)
    for role in order[: order.index(needed)]:
        async with door.program(role) as http:
            assert (await http.request(method, place, headers=headers)).status_code == 403
    if method == "GET":  # a form that is sent empty may still do something
        async with door.program(needed) as http:
            assert (await http.get(place, headers=headers)).status_code not in (401, 403)


@pytest.mark.parametrize(
    "disguise",
    [
        {"host": "panel.example/static/?"},
        {"host": "panel.example/sign-in#"},
        {"x-original-url": "/sign-in"},
        {"x-rewrite-url": "/healthz"},
        {"x-http-method-override": "GET"},
        {"x-forwarded-prefix": "/static"},
        {"cookie": "panelens_session=%00; __Host-panelens_session=x"},
        {"authorization": "Basic b3duZXI6b3duZXI="},
        {"authorization": "Bearer"},
    ],
)
@pytest.mark.parametrize(
    "path", ["/codebook", "/people", "/static/../codebook", "/sign-in/../audit", "//codebook"]
)
async def test_no_header_and_no_path_leads_past_the_door(
    door: Guarded, disguise: dict[str, str], path: str
) -> None:
    async with door.program() as http:
        request = http.build_request("GET", door.address, headers=disguise)
        request.extensions["target"] = path.encode()
        answer = await http.send(request)
    assert answer.status_code in (303, 400, 401, 404)
    assert "fields" not in answer.text


@pytest.mark.parametrize(
    ("wanted", "headers", "back"),
    [
        ("/respondents/A%231%2F2?lang=en", {}, "/respondents/A%231/2?lang=en"),
        ("/respondents/%EA%B0%80", {}, "/respondents/%EA%B0%80"),
        ("/?q=a", HTMX | {"hx-target": "result", "hx-current-url": "https://h/"}, "/?q=a"),
        ("/edit", HTMX | {"hx-target": "editor", "hx-current-url": "https://h/?q=a#b"}, "/?q=a"),
        ("/columns", HTMX | {"hx-current-url": "https://h"}, "/columns"),
        ("/columns", HTMX | {"hx-current-url": "https://h//evil.example"}, "/"),
        ("/columns", HTMX, "/columns"),
    ],
)
async def test_who_signs_in_again_is_back_on_the_page_that_was_left(
    door: Guarded, wanted: str, headers: dict[str, str], back: str
) -> None:
    async with door.program() as http:
        outside = await http.get(wanted, headers=headers)
        form = outside.headers["hx-redirect" if headers else "location"]
        (kept,) = parse_qs(urlsplit(form).query)["next"]
        inside = await door.sign_in(http, door.names[Role.VIEWER], form={"next": kept})
    assert inside.headers["location"] == back
