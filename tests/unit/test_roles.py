"""A route says which role it needs; whoever has less is refused, and nobody is let in unnamed."""

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import JSONResponse, Response

from server.access.person import LOCAL, Person, Role
from server.errors import PanelensError
from server.web.person import PersonOf, requires

ROLES = tuple(Role)


def _asking(person: Person | None, *, told: bool = True) -> httpx.AsyncClient:
    app = FastAPI()

    @app.middleware("http")
    async def tell(request: Request, call_next: RequestResponseEndpoint) -> Response:
        if told:
            request.scope.setdefault("state", {})["person"] = person
        return await call_next(request)

    @app.exception_handler(PanelensError)
    async def refuse(_request: Request, error: PanelensError) -> JSONResponse:
        return JSONResponse({"code": error.code}, error.status)

    @app.get("/who")
    async def who(person: PersonOf) -> str:
        return person.name

    for role in ROLES:
        app.get(f"/{role}", dependencies=[requires(role)])(_nothing)
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def _nothing() -> None:
    return None


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_reaches_itself_and_those_before_it(role: Role) -> None:
    async with _asking(Person("min", role)) as http:
        statuses = [(await http.get(f"/{wanted}")).status_code for wanted in ROLES]
    reach = ROLES.index(role) + 1
    assert statuses == [200] * reach + [403] * (len(ROLES) - reach)


async def test_nobody_is_asked_to_sign_in() -> None:
    async with _asking(None) as http:
        answers = [await http.get(path) for path in ("/who", "/viewer", "/owner")]
    assert {(a.status_code, a.json()["code"]) for a in answers} == {(401, "not-signed-in")}


async def test_without_sign_in_whoever_is_at_the_machine_owns_it() -> None:
    async with _asking(None, told=False) as http:
        assert (await http.get("/who")).json() == LOCAL.name
        assert (await http.get("/owner")).status_code == 200
