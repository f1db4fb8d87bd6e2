"""Found people divided in several ways at once: what charts of who they are show."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from server.catalogue import Catalogue, Kind
from server.filter import Filter
from server.panel.schema import table
from server.postgres.statements import Connection, all_rows, template
from server.search.plan import Plan, columns, plan, plan_breakdown
from server.search.queries import get_panel
from server.search.words import Line, lines_in_words


@dataclass(frozen=True, slots=True)
class Slice:
    """The people of one group: a value for each field of the division (None: no answer)."""

    values: tuple[str | None, ...]
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Division:
    """Found people divided by the answers to some fields; `left_off`: slices that are not shown."""

    by: tuple[str, ...]
    total: int
    slices: tuple[Slice, ...]
    left_off: int = 0


@dataclass(frozen=True, slots=True)
class _Row:
    elsewhere: int
    groups: list[str | int | None]
    people: int
    answers: int


async def divide(
    conn: Connection,
    catalogue: Catalogue,
    query: Filter,
    divisions: Sequence[tuple[str, ...]],
) -> tuple[Division, ...]:
    """Each division of the people whom the filter finds; shares are of all of them.

    A field with several answers stands alone: beside others, its people would count repeatedly.
    """
    if not divisions:
        return ()
    names = [name for by in divisions for name in by]
    if len(names) > 1 and any(catalogue.field(name).kind is Kind.MULTI for name in names):
        raise ValueError("a field with several answers is divided by alone")
    reference_year = (await get_panel(conn, catalogue)).reference_year
    planned = plan(query, catalogue, reference_year)
    statement = compose_divisions(planned, catalogue, divisions, reference_year)
    rows = await all_rows(conn, _Row, statement, planned.parameters)
    return tuple(_division(by, place, rows, names, catalogue) for by, place in _placed(divisions))


def compose_divisions(
    planned: Plan,
    catalogue: Catalogue,
    divisions: Sequence[tuple[str, ...]],
    reference_year: int,
) -> sql.Composed:
    """The statement; its values are still to be bound."""
    names = tuple(name for by in divisions for name in by)
    breakdown = plan_breakdown(names, catalogue, reference_year)
    sets = sql.SQL(", ").join(
        sql.SQL("({})").format(
            sql.SQL(", ").join(sql.Identifier(f"by_{place + n}") for n in range(len(by)))
        )
        for by, place in _placed(divisions)
    )
    return template("divide_respondents").format(
        respondent=table(catalogue),
        columns=columns(catalogue),
        matches=planned.matches,
        groups=breakdown.columns,
        names=breakdown.names,
        joins=breakdown.joins,
        once=breakdown.once,
        divisions=sets,
    )


def _placed(divisions: Sequence[tuple[str, ...]]) -> list[tuple[tuple[str, ...], int]]:
    """Each division and where its first column stands among all of them."""
    places = [sum(len(by) for by in divisions[:number]) for number in range(len(divisions))]
    return list(zip(divisions, places, strict=True))


def _division(
    by: tuple[str, ...],
    place: int,
    rows: Sequence[_Row],
    names: Sequence[str],
    catalogue: Catalogue,
) -> Division:
    every = (1 << len(names)) - 1
    own = sum(1 << (len(names) - 1 - n) for n in range(place, place + len(by)))
    total = next(row.people for row in rows if row.elsewhere == every)
    lines: list[Line] = [
        [*row.groups[place : place + len(by)], row.answers]
        for row in rows
        if row.elsewhere == every - own
    ]
    worded = lines_in_words(lines, by, catalogue)
    slices = tuple(Slice(values, count, count / total) for values, (count,) in worded)
    return Division(by, total, slices)
