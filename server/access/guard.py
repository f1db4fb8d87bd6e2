"""What a person may see of the product: no ids for viewers, nothing of groups that are too small."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from psycopg import AsyncConnection

from server.access.audit import Pending, write_audit
from server.access.person import Person, Role
from server.access.small import refuse_small, without_small
from server.accuracy.measured import Accuracy
from server.catalogue import Catalogue
from server.errors import NotAllowed, TooFew
from server.filter import Filter, placed_conditions
from server.interpret.interpretation import Interpretation
from server.search.answer import Found, NearRespondent, Respondent
from server.search.people import PeoplePage, Window
from server.search.queries import near
from server.services import Readiness, Services

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Guarded:
    """The product as one person may use it; every route is handed this and never the product."""

    services: Services
    person: Person | None
    smallest_count: int
    pending: Pending | None = None

    @property
    def catalogue(self) -> Catalogue:
        """The panel's catalogue."""
        return self.services.catalogue

    async def interpret(self, question: str) -> Interpretation:
        """Read a question."""
        return await self.services.interpret(question)

    async def search(self, query: Filter, *, page_size: int, offset: int) -> Found:
        """Who satisfies the filter; TooFew when they are too few to be shown."""
        found = await self.services.search(query, page_size=page_size, offset=offset)
        refuse_small(found.total, self.smallest_count, restricted=query.restricts)
        found = without_small(found, self.smallest_count)
        if self._may(Role.RESEARCHER):
            return found
        return replace(found, respondents=_nameless(found.respondents))

    async def people(self, query: Filter, window: Window, *, enough: int = 0) -> PeoplePage:
        """One page of who satisfies the filter; TooFew when they are too few to be shown."""
        enough = max(enough, self.smallest_count)
        page = await self.services.people(query, window, enough=enough)
        refuse_small(page.counted, self.smallest_count, restricted=query.restricts)
        await refuse_telling(self, query, self.smallest_count)
        if self._may(Role.RESEARCHER):
            return page
        return replace(page, respondents=_nameless(page.respondents))

    async def respondent(self, respondent_id: str) -> Respondent | None:
        """One person by id; NotAllowed for viewers."""
        if not self._may(Role.RESEARCHER):
            raise NotAllowed()
        return await self.services.respondent(respondent_id)

    async def accuracy(self, query: Filter) -> Accuracy | None:
        """What was measured on questions with the filter's fields."""
        return await self.services.accuracy(query)

    async def ready(self) -> Readiness:
        """Whether model and database can work now; why not is for people who signed in."""
        state = await self.services.ready()
        return state if self._may(Role.VIEWER) else replace(state, details={})

    async def read(self, query: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        """Run a query; its route says itself what may be shown."""
        return await self.services.read(query)

    async def write(
        self,
        act: Callable[[AsyncConnection], Awaitable[Result]],
        *,
        statement_timeout_ms: int | None = None,
    ) -> Result:
        """Run an act; its route says itself who may.

        What a request changes is written down with the change: both are there or neither is. An act
        that brings back False has changed nothing.
        """
        pending = self.pending
        if pending is None or pending.is_written:
            return await self.services.write(act, statement_timeout_ms=statement_timeout_ms)

        async def noted(connection: AsyncConnection) -> Result:
            result = await act(connection)
            if result is not False:
                await write_audit(connection, pending.act)
            return result

        result = await self.services.write(noted, statement_timeout_ms=statement_timeout_ms)
        pending.is_written = result is not False
        return result

    def _may(self, role: Role) -> bool:
        return self.person is not None and self.person.may(role)


async def refuse_telling(services: Services, query: Filter, smallest: int) -> None:
    """TooFew when too few, or all but too few, satisfy the filter: only the whole count tells."""
    if smallest:
        await services.search(replace(query, by=()), page_size=0, offset=0)


async def list_near(services: Services, query: Filter, *, count: int) -> tuple[NearRespondent, ...]:
    """Who misses exactly one condition, of those whose counts the caller may see.

    TooFew when nobody is left, and there are others.
    """
    shown = (await services.search(query, page_size=0, offset=0)).conditions

    async def read(connection: AsyncConnection) -> tuple[NearRespondent, ...]:
        return await near(connection, services.catalogue, query, count=count, among=shown)

    missing = await services.read(read)
    if not missing and len(shown) < len(list(placed_conditions(query))):
        raise TooFew()
    return missing


def _nameless(people: tuple[Respondent, ...]) -> tuple[Respondent, ...]:
    return tuple(replace(person, id="") for person in people)
