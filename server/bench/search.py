"""How long searches take, and what the same count costs when a panel is kept in other ways."""

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from typing import Any, LiteralString

from psycopg import AsyncConnection, sql

from server.bench.figures import CountTime, Searching, SearchTime, Spread
from server.catalogue import Catalogue
from server.filter import parse_filter
from server.panel.schema import table
from server.postgres.pool import open_pool, reading
from server.search.plan import plan
from server.search.queries import get_panel, search
from server.settings import Settings

COUNTED = {"where": {"gender": ["여성"], "region": ["서울"], "age": {"min": 30, "max": 39}}}
FILTERS: Mapping[str, Mapping[str, Any]] = {
    "everyone": {},
    "three conditions": COUNTED,
    "eight conditions": {
        "where": {
            **COUNTED["where"],
            "marital_status": ["기혼"],
            "education": ["대학교 졸업"],
            "household_income": {"min": 300},
            "phone_brand": ["애플"],
            "appliances": {"all": ["TV", "냉장고"]},
        }
    },
    "negated": {"where": {"gender": ["남성"]}, "not": {"region": ["서울", "경기"]}},
    "either": {"either": [{"phone_brand": ["애플"]}, {"car_maker": ["테슬라"]}]},
    "district by name": {"where": {"district": ["강남구"]}},
    "broken down twice": {"where": {"gender": ["여성"]}, "by": ["age", "region"]},
}
OURS = "ours"
_PAGE = 100

# The same three answers as an export holds them: codes as text, the year of birth as a number.
_PEERS: Mapping[str, tuple[str, LiteralString]] = {
    "jsonb": (
        "as_jsonb",
        "answers->>'gender' = %(gender)s::text and answers->>'region' = %(region)s::text"
        " and (answers->>'birth_year')::integer between %(first)s and %(last)s",
    ),
    "jsonb, GIN index": (
        "as_jsonb_indexed",
        "answers @> jsonb_build_object('gender', %(gender)s::int, 'region', %(region)s::int)"
        " and (answers->>'birth_year')::integer between %(first)s and %(last)s",
    ),
    "text columns": (
        "as_text",
        "gender = %(gender)s::text and region = %(region)s::text"
        " and birth_year::integer between %(first)s and %(last)s",
    ),
}


async def measure_search(
    database_url: str, catalogue: Catalogue, settings: Settings, *, runs: int
) -> Searching:
    """Every filter and every peer, `runs` times each after one that is not counted."""
    async with await AsyncConnection.connect(database_url, autocommit=True) as connection:
        await _copy(connection, catalogue)
    pool = await open_pool(database_url, settings)
    try:
        async with reading(pool, settings.statement_timeout_ms * 10) as connection:
            filters = [
                await _time_filter(connection, catalogue, name, query, runs)
                for name, query in FILTERS.items()
            ]
    finally:
        await pool.close()
    # The copies are of no concern to the role that searches, so both sides are counted as their owner.
    async with await AsyncConnection.connect(database_url, autocommit=True) as connection:
        counts = await _time_counts(connection, catalogue, runs)
    return Searching(respondents=filters[0].found, filters=tuple(filters), counts=counts)


async def _time_filter(
    connection: AsyncConnection, catalogue: Catalogue, name: str, raw: Any, runs: int
) -> SearchTime:
    query = parse_filter(raw, catalogue)
    found = await search(connection, catalogue, query, page_size=_PAGE)
    took = []
    for _ in range(runs):
        began = perf_counter()
        await search(connection, catalogue, query, page_size=_PAGE)
        took.append((perf_counter() - began) * 1000)
    return SearchTime(name, found.total, Spread.of(took))


async def _time_counts(
    connection: AsyncConnection, catalogue: Catalogue, runs: int
) -> tuple[CountTime, ...]:
    panel = await get_panel(connection, catalogue)
    ours = plan(parse_filter(COUNTED, catalogue), catalogue, panel.reference_year)
    codes = {
        "gender": catalogue.field("gender").stored["여성"],
        "region": catalogue.field("region").stored["서울"],
        "first": panel.reference_year - 39,
        "last": panel.reference_year - 30,
    }
    first = await _time_count(
        connection, OURS, _count(table(catalogue), ours.matches), ours.parameters, runs=runs
    )
    counted = [first]
    for kept_as, (name, matches) in _PEERS.items():
        counts = _count(sql.Identifier("bench", name), sql.SQL(matches))
        counted.append(await _time_count(connection, kept_as, counts, codes, runs=runs))
    return tuple(
        replace(each, ratio=round(each.milliseconds.p50 / first.milliseconds.p50, 2))
        for each in counted
    )


def _count(kept: sql.Identifier, matches: sql.Composable) -> sql.Composed:
    return sql.SQL("select count(*) from {} where {}").format(kept, matches)


async def _time_count(
    connection: AsyncConnection,
    kept_as: str,
    statement: sql.Composed,
    parameters: Mapping[str, Any],
    *,
    runs: int,
) -> CountTime:
    found = await _number(connection, statement, parameters)
    took = []
    for _ in range(runs):
        began = perf_counter()
        await _number(connection, statement, parameters)
        took.append((perf_counter() - began) * 1000)
    return CountTime(kept_as, found, Spread.of(took), ratio=1.0)


async def _number(
    connection: AsyncConnection, statement: sql.Composed, parameters: Mapping[str, Any]
) -> int:
    # Not prepared, as in the product: the plan then knows the values.
    cursor = await connection.execute(statement, parameters, prepare=False)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def _copy(connection: AsyncConnection, catalogue: Catalogue) -> None:
    """The panel once more in the ways that a survey is often kept; answers are the same codes."""
    respondent = table(catalogue)
    answers = sql.SQL(", ").join(sql.Identifier(f.name) for f in catalogue.stored_fields)
    as_text = sql.SQL(", ").join(
        sql.SQL("{0}::text as {0}").format(sql.Identifier(field.name))
        for field in catalogue.stored_fields
    )
    for statement in (
        sql.SQL("create schema bench"),
        sql.SQL(
            "create table bench.as_jsonb as select respondent_id,"
            " jsonb_strip_nulls(to_jsonb(answered)) as answers"
            " from {} cross join lateral (select {}) as answered"
        ).format(respondent, answers),
        sql.SQL("create table bench.as_jsonb_indexed as select * from bench.as_jsonb"),
        sql.SQL("create index on bench.as_jsonb_indexed using gin (answers jsonb_path_ops)"),
        sql.SQL("create table bench.as_text as select respondent_id, {} from {}").format(
            as_text, respondent
        ),
        sql.SQL("vacuum analyze"),
    ):
        await connection.execute(statement)
