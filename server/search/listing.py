"""Every respondent of a filter, piece by piece: for a file that may hold the whole panel."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from psycopg import AsyncConnection

from server.catalogue import Catalogue
from server.errors import TooBusy
from server.filter import Filter
from server.panel.schema import table
from server.postgres.statements import all_rows, template
from server.search.answer import Respondent
from server.search.plan import columns, plan
from server.search.queries import RespondentRow
from server.search.words import respondents_in_words

ROWS_A_READ = 2000
# How long a list that was begun waits for a connection, time after time: its caller has half of it.
WAITS_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)

Page = tuple[tuple[Respondent, ...], tuple[int, str] | None]
Read = Callable[[Callable[[AsyncConnection[Any]], Awaitable[Page]]], Awaitable[Page]]


async def list_respondents(
    read: Read, catalogue: Catalogue, query: Filter, *, reference_year: int
) -> AsyncIterator[tuple[Respondent, ...]]:
    """Respondents in their fixed order up to the filter's limit; no read holds a connection long.

    TooBusy for the first of them at once, for the others only after waiting long.
    """
    after: tuple[int, str] | None = None
    left = query.limit
    waits: tuple[float, ...] = ()
    while left is None or left > 0:
        most = ROWS_A_READ if left is None else min(ROWS_A_READ, left)
        page = _next(catalogue, query, reference_year, after, most)
        people, after = await _read_in_time(read, page, waits)
        waits = WAITS_SECONDS
        if people:
            yield people
        if len(people) < most:
            return
        left = None if left is None else left - len(people)


async def _read_in_time(
    read: Read, page: Callable[[AsyncConnection[Any]], Awaitable[Page]], waits: tuple[float, ...]
) -> Page:
    for seconds in waits:
        try:
            return await read(page)
        except TooBusy:
            await asyncio.sleep(seconds)
    return await read(page)


def _next(
    catalogue: Catalogue,
    query: Filter,
    reference_year: int,
    after: tuple[int, str] | None,
    most: int,
) -> Callable[[AsyncConnection[Any]], Awaitable[Page]]:
    planned = plan(query, catalogue, reference_year)
    statement = template("list_respondents").format(
        respondent=table(catalogue), columns=columns(catalogue), matches=planned.matches
    )
    draw, last = after or (None, None)
    parameters = {**planned.parameters, "after_draw": draw, "after_id": last, "page_rows": most}

    async def run(connection: AsyncConnection[Any]) -> Page:
        rows = await all_rows(connection, RespondentRow, statement, parameters)
        answers = [row.answers for row in rows]
        people = respondents_in_words(answers, catalogue, reference_year)
        if not answers:
            return people, None
        drawn, respondent = answers[-1]["draw"], answers[-1]["respondent_id"]
        return people, (int(str(drawn)), str(respondent))

    return run
