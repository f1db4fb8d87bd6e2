"""The small product behind its door: people, tokens, and a server that asks who one is."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

import httpx
import uvicorn
from psycopg import AsyncConnection

from server.access.audit import list_audit
from server.access.entry import open_entry
from server.access.people import add_person
from server.access.person import Role
from server.access.sessions import add_token
from server.catalogue import Catalogue
from server.settings import Settings
from server.web.app import create_app

from .panel import StoredServices

PASSWORD = "a password that is long"
_NAMES = {Role.VIEWER: "vera", Role.RESEARCHER: "rhee", Role.OWNER: "오너"}
_numbers = count()

Result = TypeVar("Result")


@dataclass(frozen=True)
class Guarded:
    """Where it answers, its database, and a person and a token of each role: nobody else's."""

    address: str
    database: str
    names: dict[Role, str]
    tokens: dict[Role, str]

    @asynccontextmanager
    async def program(self, role: Role | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """A client with that role's token, or without any."""
        headers = {} if role is None else {"authorization": f"Bearer {self.tokens[role]}"}
        async with httpx.AsyncClient(base_url=self.address, timeout=60, headers=headers) as http:
            yield http

    @asynccontextmanager
    async def person(self, role: Role) -> AsyncIterator[httpx.AsyncClient]:
        """A client that signed in on the page."""
        async with self.program() as http:
            answer = await self.sign_in(http, self.names[role])
            assert answer.status_code == 303, answer.text
            yield http

    async def sign_in(
        self, http: httpx.AsyncClient, name: str, password: str = PASSWORD, **more: Any
    ) -> httpx.Response:
        """What the form answers."""
        form = {"name": name, "password": password, "next": "/"} | more.pop("form", {})
        return await http.post("/sign-in", data=form, **more)

    async def audit(self) -> list[tuple[str, str, str, bool]]:
        """What was written down, the latest first."""
        rows = await self.do(lambda connection: list_audit(connection, before=None, most=1000))
        return [(row.who, row.act, row.about, row.done) for row in rows]

    async def do(self, act: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        """An act in the database."""
        async with await AsyncConnection.connect(self.database) as connection:
            return await act(connection)


@contextmanager
def guarded(catalogue: Catalogue, database: str, **given: Any) -> Iterator[Guarded]:
    """A server that asks who one is, with one person and one token of each role."""
    settings = Settings.model_validate({**Settings().model_dump(), "sign_in": True, **given})
    with ThreadPoolExecutor(1) as aside:  # a test may have a loop running in this thread
        names, tokens = aside.submit(lambda: asyncio.run(_people(database))).result()
    services = StoredServices(catalogue, database, settings)
    app = create_app(
        settings,
        services,
        entry=open_entry(settings, services, host="127.0.0.1"),
        lifespan=services.running,
    )
    with serving(app) as address:
        yield Guarded(address, database, names, tokens)


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """The address of the application while it is served."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:  # a test that failed inside must not leave the thread that pytest would wait for
        server.should_exit = True
        thread.join()
        listening.close()


async def _people(database: str) -> tuple[dict[Role, str], dict[Role, str]]:
    number = next(_numbers)
    names = {role: f"{name} {number}" for role, name in _NAMES.items()}
    async with await AsyncConnection.connect(database) as connection:
        for role, name in names.items():
            await add_person(connection, name=name, role=role, password=PASSWORD)
        tokens = {
            role: await add_token(connection, name=f"{role} {number}", role=role, days=1)
            for role in Role
        }
    return names, tokens
