"""The way in: who a request is from, sign-in and sign-out, and the audit of what people do."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Protocol, TypeVar

from psycopg import AsyncConnection

from server.access.audit import Act, write_audit
from server.access.limits import Limits
from server.access.people import person_with_password
from server.access.person import Person
from server.access.sessions import (
    SessionLimits,
    end_session,
    session_person,
    start_session,
    token_person,
)
from server.errors import TooBusy
from server.postgres.pool import read_again
from server.settings import Settings

# One check takes 64 MiB and a processor for a moment: a crowd at the door must not fill either.
# Two at once were a seventh of what the server may take on a machine with one gibibyte.
CHECKS_AT_ONCE = 1
CHECKS_WAITING = 16
CHECK_WAIT_SECONDS = 20.0

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Writes(Protocol):
    """What the entry needs of the product."""

    async def write(self, act: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        """Run an act in one transaction."""
        ...


@dataclass(slots=True)
class Entry:
    """Who may enter this server; made once and shared by all requests."""

    services: Writes
    required: bool
    session: SessionLimits
    limits: Limits
    _checks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CHECKS_AT_ONCE))
    _waiting: int = 0

    async def by_session(self, secret: str, address: str) -> Person | None:
        """Whose session it is; TooMany for an address from which strangers sent too much."""
        return await self._holder(
            lambda connection: session_person(connection, secret, self.session), address
        )

    async def by_token(self, secret: str, address: str) -> Person | None:
        """The program that holds the token; TooMany as for sessions."""
        return await self._holder(lambda connection: token_person(connection, secret), address)

    async def _holder(
        self, find: Callable[[AsyncConnection], Awaitable[Person | None]], address: str
    ) -> Person | None:
        self.limits.may_knock(address)
        # Looking twice is harmless, so a connection that a restart took is no error.
        return await read_again(lambda: self.services.write(find))

    async def sign_in(self, *, name: str, password: str, address: str) -> str | None:
        """What the cookie is to hold, or None; good or bad, it is written down.

        TooManyTries after too many failures, TooBusy when too many passwords wait to be checked.
        """
        self.limits.may_try(name, address)
        if self._waiting >= CHECKS_WAITING:
            raise TooBusy("too many people sign in at once")

        async def check(connection: AsyncConnection) -> str | None:
            known = await person_with_password(connection, name=name, password=password)
            secret = await start_session(connection, known, self.session) if known else None
            who = known.name if known else name
            await write_audit(connection, Act(who, "sign-in", "", address, secret is not None))
            return secret

        self._waiting += 1
        try:
            async with self._turn():
                # Again: of many that came at once, each sees what became of those before it.
                self.limits.may_try(name, address)
                secret = await self.services.write(check)
                if secret is None:
                    self.limits.failed(name, address)
        finally:
            self._waiting -= 1
        return secret

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One of those who may have a password checked now; TooBusy for whoever waits too long."""
        try:
            await asyncio.wait_for(self._checks.acquire(), CHECK_WAIT_SECONDS)
        except TimeoutError as error:
            raise TooBusy(f"no password was checked in {CHECK_WAIT_SECONDS} seconds") from error
        try:
            yield
        finally:
            self._checks.release()

    async def sign_out(self, secret: str, person: Person, address: str) -> None:
        """The session ends."""

        async def end(connection: AsyncConnection) -> None:
            await end_session(connection, secret)
            await write_audit(connection, Act(person.name, "sign-out", "", address, done=True))

        await self.services.write(end)

    async def write_down(self, act: Act) -> None:
        """Add to the audit."""

        async def write(connection: AsyncConnection) -> None:
            await write_audit(connection, act)

        await self.services.write(write)


def open_entry(settings: Settings, services: Writes, *, host: str) -> Entry:
    """The way in; `host` is where the server really listens, empty for a socket in the file system."""
    return Entry(
        services,
        required=settings.sign_in or not is_loopback(host),
        session=SessionLimits(settings.session_idle_minutes, settings.session_days),
        limits=Limits(settings.requests_a_minute, settings.questions_a_minute),
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
