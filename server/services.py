"""What web and terminal ask of the product: read, search, show one respondent, say how good it is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from psycopg import AsyncConnection

from server.accuracy.measured import Accuracy
from server.catalogue import Catalogue
from server.filter import Filter
from server.interpret.interpretation import Interpretation
from server.search.answer import Found, Respondent
from server.search.people import PeoplePage, Window

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Readiness:
    """Which parts can work now; `details` gives the operator a reason for each that cannot."""

    model: bool
    database: bool
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether a question can be answered."""
        return self.model and self.database


class Services(Protocol):
    """The product behind the web; every method is safe to call from many requests at once."""

    @property
    def catalogue(self) -> Catalogue:
        """The panel's catalogue."""
        ...

    async def interpret(self, question: str) -> Interpretation:
        """Read a question; raises InvalidQuestion, ModelAway or TooBusy."""
        ...

    async def search(self, query: Filter, *, page_size: int, offset: int) -> Found:
        """Who satisfies the filter; raises DatabaseAway, TooBusy or TooHeavy."""
        ...

    async def people(self, query: Filter, window: Window, *, enough: int = 0) -> PeoplePage:
        """One page of who satisfies the filter; raises DatabaseAway, TooBusy or TooHeavy."""
        ...

    async def respondent(self, respondent_id: str) -> Respondent | None:
        """One person by id; raises DatabaseAway."""
        ...

    async def accuracy(self, query: Filter) -> Accuracy | None:
        """What was measured on questions with the filter's fields; None when nothing was."""
        ...

    async def ready(self) -> Readiness:
        """Whether model and database can work now; never raises."""
        ...

    async def read(self, query: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
        """What a query brings back, run in one read-only transaction; raises DatabaseAway."""
        ...

    async def write(
        self,
        act: Callable[[AsyncConnection], Awaitable[Result]],
        *,
        statement_timeout_ms: int | None = None,
    ) -> Result:
        """What an act brings back, run in one transaction that may write; raises DatabaseAway.

        `statement_timeout_ms`: how long a statement may take where that is longer than usual.
        """
        ...
