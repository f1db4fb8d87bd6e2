"""Groups side by side: what SQL says is what counting people and published formulas say."""

from collections.abc import AsyncIterator
from math import isclose, sqrt
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection, sql
from scipy.stats import binomtest

from server.catalogue import Kind
from server.errors import InvalidInput
from server.filter import Filter, parse_filter
from server.panel.schema import ensure_panel, table
from server.search.groups import ComparedField, Share, compare_groups
from server.search.queries import search
from tests.strategies import REFERENCE_YEAR, filters, people, small_catalogue

CATALOGUE = small_catalogue()
PEOPLE = tuple(people(CATALOGUE, 150, seed=2))
NAMES = [field.name for field in CATALOGUE.fields]
WOMEN = parse_filter({"where": {"gender": ["여성"]}}, CATALOGUE)
MEN = parse_filter({"where": {"gender": ["남성"]}}, CATALOGUE)
NOBODY = parse_filter({"where": {"age": {"min": 900}}}, CATALOGUE)

Connection = AsyncConnection[Any]


@pytest.fixture
async def conn(database: str) -> AsyncIterator[Connection]:
    with psycopg.connect(database) as connection:
        ensure_panel(connection, CATALOGUE, reference_year=REFERENCE_YEAR)
        fields = [f for f in CATALOGUE.fields if f.derived_from is None]
        names = ["respondent_id", *(f.name for f in fields)]
        copy = sql.SQL("copy {} ({}) from stdin").format(
            table(CATALOGUE), sql.SQL(", ").join(map(sql.Identifier, names))
        )
        with connection.cursor() as cursor, cursor.copy(copy) as rows:
            for person in PEOPLE:
                cells = [_stored(f.name, person[f.name]) for f in fields]
                rows.write_row([person["respondent_id"], *cells])
    async with await AsyncConnection.connect(database) as owner:
        yield owner


def _stored(name: str, value: Any) -> Any:
    field = CATALOGUE.field(name)
    if value is None or not field.has_listed_answers:
        return value
    return [field.stored[v] for v in value] if field.kind is Kind.MULTI else field.stored[value]


async def members(conn: Connection, query: Filter) -> list[dict[str, Any]]:
    plain = Filter(where=query.where, negated=query.negated, either=query.either)
    found = await search(conn, CATALOGUE, plain, page_size=1000)
    return [{"respondent_id": one.id, **one.fields} for one in found.respondents]


def gave(cell: Any, value: str, name: str) -> bool:
    """Whether a respondent's answer falls into that line."""
    if isinstance(cell, list):
        return bool(value in cell)
    if CATALOGUE.field(name).kind is Kind.NUMBER:
        low, _, high = value.partition("–")
        return bool(int(low) <= cell <= int(high or low))
    return str(cell) == value


def agrees(share: Share, count: int, answered: int) -> bool:
    if not answered:
        return (share.count, share.share) == (0, None)
    interval = binomtest(count, answered).proportion_ci(method="wilson")
    assert share.share is not None and share.share_low is not None and share.share_high is not None
    return (
        share.count == count
        and isclose(share.share, count / answered)
        and isclose(share.share_low, interval.low, abs_tol=1e-6)
        and isclose(share.share_high, interval.high, abs_tol=1e-6)
    )


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    drawn=st.lists(filters(CATALOGUE, limits=False), min_size=2, max_size=3),
    name=st.sampled_from(NAMES),
)
async def test_shares_are_those_of_counting_people(
    conn: Connection, drawn: list[Filter], name: str
) -> None:
    """Over any filters, with people who answered nothing, several times, or are in both groups."""
    (compared,) = await compare_groups(conn, CATALOGUE, drawn, [name])
    groups = [await members(conn, query) for query in drawn]
    known = [[p[name] for p in group if p[name] not in (None, [])] for group in groups]
    assert [g.people for g in compared.groups] == [len(group) for group in groups]
    assert [g.answered for g in compared.groups] == [len(cells) for cells in known]
    ids = [{p["respondent_id"] for p in group} for group in groups]
    assert compared.overlaps == tuple(tuple(len(one & two) for two in ids) for one in ids)
    assert compared.left_off == 0
    for answer in compared.answers:
        for share, cells in zip(answer.shares, known, strict=True):
            count = sum(gave(cell, answer.value, name) for cell in cells)
            assert agrees(share, count, len(cells))
    most = sum(share.count for answer in compared.answers for share in answer.shares)
    assert most == sum(len(c) if isinstance(c, list) else 1 for cells in known for c in cells)


# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, examples (a) to (d), method 10.
NEWCOMBE = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (10, 10, 0, 20, 0.6791, 1.0),
    (10, 10, 0, 10, 0.6075, 1.0),
]


@pytest.mark.parametrize("published", NEWCOMBE)
async def test_the_interval_of_a_difference_is_the_published_one(
    conn: Connection, published: tuple[int, int, int, int, float, float]
) -> None:
    a, m, b, n, low, high = published
    await conn.execute(sql.SQL("delete from {}").format(table(CATALOGUE)))
    insert = sql.SQL("insert into {} (respondent_id, gender, region) values (%s, %s, %s)")
    async with conn.cursor() as cursor:
        await cursor.executemany(
            insert.format(table(CATALOGUE)),
            [(f"w{i}", 2, 1 if i < a else 2) for i in range(m)]
            + [(f"m{i}", 1, 1 if i < b else 2) for i in range(n)],
        )
    (compared,) = await compare_groups(conn, CATALOGUE, [WOMEN, MEN], ["region"])
    women, men = compared.answers[0].shares
    assert women.difference is not None and isclose(women.difference, a / m - b / n)
    assert women.difference_low == pytest.approx(low, abs=6e-5)
    assert women.difference_high == pytest.approx(high, abs=6e-5)
    assert women.lift == (pytest.approx((a / m) / (b / n)) if b else None)
    assert (men.difference, men.lift) == (0, 1 if b else None)


def only(compared: tuple[ComparedField, ...]) -> ComparedField:
    (one,) = compared
    return one


async def test_one_group_is_compared_with_all_the_others(conn: Connection) -> None:
    said = only(await compare_groups(conn, CATALOGUE, [WOMEN], ["region"]))
    women, others = said.groups
    assert sum(group.people or 0 for group in said.groups) == len(PEOPLE)
    assert others.others
    assert women.shared == 0
    assert said.overlaps == ((women.people, 0), (0, others.people))


async def test_people_in_both_groups_are_told(conn: Connection) -> None:
    said = only(await compare_groups(conn, CATALOGUE, [WOMEN, Filter()], ["region"]))
    women, everyone = said.groups
    assert women.shared == women.people
    assert everyone.shared == everyone.people == len(PEOPLE)


async def test_an_empty_group_has_no_shares(conn: Connection) -> None:
    said = only(await compare_groups(conn, CATALOGUE, [NOBODY, WOMEN], ["region"]))
    assert said.groups[0].people == 0
    assert {answer.shares[0].share for answer in said.answers} == {None}
    assert {answer.shares[0].lift for answer in said.answers} == {None}


async def test_groups_of_nobody_are_told_too(conn: Connection) -> None:
    said = only(await compare_groups(conn, CATALOGUE, [NOBODY, NOBODY], ["region"]))
    assert [(g.people, g.answered) for g in said.groups] == [(0, 0), (0, 0)]
    assert (said.answers, said.left_off) == ((), 0)


async def test_answers_beyond_the_most_frequent_are_counted(
    conn: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = only(await compare_groups(conn, CATALOGUE, [WOMEN, MEN], ["region"]))
    monkeypatch.setattr("server.search.groups.ANSWERS_MAX", 2)
    said = only(await compare_groups(conn, CATALOGUE, [WOMEN, MEN], ["region"]))
    assert len(said.answers) == 2
    assert said.left_off == len(whole.answers) - 2 > 0


async def test_more_than_three_groups_are_refused(conn: Connection) -> None:
    with pytest.raises(InvalidInput, match="expected 1 to 3, got 4"):
        await compare_groups(conn, CATALOGUE, [WOMEN] * 4, ["region"])


def test_a_difference_is_newcombe_by_hand() -> None:
    """The formula once more in plain Python, so that the table above is not all there is."""
    p, q = 56 / 70, 48 / 80
    one, other = (binomtest(k, n).proportion_ci(method="wilson") for k, n in ((56, 70), (48, 80)))
    assert p - q - sqrt((p - one.low) ** 2 + (other.high - q) ** 2) == pytest.approx(
        0.0524, abs=6e-5
    )
