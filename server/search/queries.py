"""Plan → rows: one function a query, each inside the read-only transaction of its caller."""

from collections.abc import Collection
from dataclasses import dataclass
from time import perf_counter

from psycopg import AsyncClientCursor, sql

from server.catalogue import Catalogue
from server.filter import Condition, Filter, Part
from server.panel.schema import PANEL, table
from server.postgres.statements import Connection, all_rows, only_row, template
from server.search import counts
from server.search.answer import CountedCondition, Found, NearRespondent, Respondent
from server.search.plan import Plan, columns, plan, plan_breakdown
from server.search.words import Answers, Line, breakdown_in_words, respondents_in_words

BREAKDOWN_ROWS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Panel:
    """What a panel says of itself."""

    reference_year: int
    catalogue_version: int
    synthetic: bool


@dataclass(frozen=True, slots=True)
class _SearchRow:
    population: int
    total: int
    alone: list[int]
    without: list[int]
    page: list[Answers]
    breakdown: list[Line]
    breakdown_lines: int


@dataclass(frozen=True, slots=True)
class RespondentRow:
    """One respondent's answers as they are stored, keyed by column."""

    answers: Answers


@dataclass(frozen=True, slots=True)
class _NearRow:
    lacking: int
    answers: Answers


async def search(
    conn: Connection, catalogue: Catalogue, query: Filter, *, page_size: int, offset: int = 0
) -> Found:
    """Everything that is asked of a filter, from one statement.

    A page holds at most `page_size` respondents and never reaches past the filter's limit.
    """
    began = perf_counter()
    panel = await get_panel(conn, catalogue)
    planned = plan(query, catalogue, panel.reference_year)
    statement = compose_search(planned, query, catalogue, panel.reference_year)
    rest = page_size if query.limit is None else max(0, query.limit - offset)
    parameters = {
        **planned.parameters,
        "page_rows": min(page_size, rest),
        "page_offset": offset,
        "breakdown_rows": BREAKDOWN_ROWS_MAX,
    }
    row = await only_row(conn, _SearchRow, statement, parameters)
    wanted = row.total if query.limit is None else query.limit
    return Found(
        population=row.population,
        total=row.total,
        returned=len(row.page),
        shortfall=max(0, wanted - row.total),
        conditions=_counted_conditions(planned, row),
        respondents=respondents_in_words(row.page, catalogue, panel.reference_year),
        breakdown=breakdown_in_words(row.breakdown, query.by, catalogue, row.total),
        reference_year=panel.reference_year,
        synthetic=panel.synthetic,
        sql=AsyncClientCursor(conn).mogrify(statement, parameters),
        milliseconds=(perf_counter() - began) * 1000,
        offered=min(wanted, row.total),
        breakdown_left_off=row.breakdown_lines - len(row.breakdown),
    )


async def near(
    conn: Connection,
    catalogue: Catalogue,
    query: Filter,
    *,
    count: int,
    among: Collection[CountedCondition] | None = None,
) -> tuple[NearRespondent, ...]:
    """The first `count` respondents whom exactly one condition keeps from being found.

    With `among`, only those who miss one of these.
    """
    panel = await get_panel(conn, catalogue)
    planned = plan(query, catalogue, panel.reference_year)
    wanted = None if among is None else {(c.part, c.group, c.condition) for c in among}
    statement = compose_near(planned, catalogue, wanted)
    rows = await all_rows(conn, _NearRow, statement, {**planned.parameters, "most": count})
    people = respondents_in_words([r.answers for r in rows], catalogue, panel.reference_year)
    return tuple(
        NearRespondent(person, lacked.part, lacked.group, lacked.condition)
        for person, row in zip(people, rows, strict=True)
        for lacked in [planned.predicates[row.lacking]]
    )


async def get_respondent(
    conn: Connection, catalogue: Catalogue, respondent_id: str
) -> Respondent | None:
    """One respondent in words; None when there is no such id."""
    panel = await get_panel(conn, catalogue)
    statement = compose_respondent(catalogue)
    rows = await all_rows(conn, RespondentRow, statement, {"respondent_id": respondent_id})
    people = respondents_in_words([r.answers for r in rows], catalogue, panel.reference_year)
    return next(iter(people), None)


async def get_panel(conn: Connection, catalogue: Catalogue) -> Panel:
    """What the panel says of itself."""
    return await only_row(conn, Panel, compose_panel(catalogue), {})


def compose_search(
    planned: Plan, query: Filter, catalogue: Catalogue, reference_year: int
) -> sql.Composed:
    """The search statement; its values are still to be bound."""
    breakdown = plan_breakdown(query.by, catalogue, reference_year)
    return template("search_respondents").format(
        respondent=table(catalogue),
        columns=columns(catalogue),
        matches=planned.matches,
        held=counts.held(planned),
        missed=counts.missed(planned),
        missed_in_groups=counts.missed_in_groups(planned),
        found=counts.found(planned),
        alone=counts.alone(planned),
        without=counts.without(planned),
        joins=breakdown.joins,
        groups=breakdown.columns,
        names=breakdown.names,
        asked=sql.Literal(breakdown.asked),
    )


def compose_near(
    planned: Plan,
    catalogue: Catalogue,
    among: Collection[tuple[Part, int, Condition]] | None = None,
) -> sql.Composed:
    """The statement for respondents who miss one condition, of these when they are given."""
    lacked = [
        p for p in planned.predicates if among is None or (p.part, p.group, p.condition) in among
    ]
    return template("near_respondents").format(
        respondent=table(catalogue),
        columns=columns(catalogue),
        held=counts.held(planned),
        missed=counts.missed(planned),
        missed_in_groups=counts.missed_in_groups(planned),
        lacking=counts.lacking(planned, lacked),
    )


def compose_respondent(catalogue: Catalogue) -> sql.Composed:
    """The statement for one respondent."""
    return template("get_respondent").format(
        respondent=table(catalogue), columns=columns(catalogue)
    )


def compose_panel(catalogue: Catalogue) -> sql.Composed:
    """The statement for what the panel says of itself."""
    return template("get_panel").format(panel=table(catalogue, PANEL))


def _counted_conditions(planned: Plan, row: _SearchRow) -> tuple[CountedCondition, ...]:
    return tuple(
        CountedCondition(p.part, p.group, p.condition, alone, without)
        for p, alone, without in zip(planned.predicates, row.alone, row.without, strict=True)
    )
