"""Searching: who is found, what each condition costs, page by page, against plain Python."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from itertools import product
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection, sql
from psycopg_pool import AsyncConnectionPool
from scipy.stats import binomtest

from server.catalogue import Catalogue, Kind, normalise
from server.filter import (
    Condition,
    Conditions,
    Filter,
    Range,
    Values,
    bands_within,
    load_catalogue,
    parse_filter,
    placed_conditions,
)
from server.panel.schema import PANEL, ensure_panel, table
from server.postgres.pool import reading
from server.search.answer import Found
from server.search.divisions import divide
from server.search.people import (
    PeoplePage,
    Sort,
    Window,
    compose_people,
    compose_place,
    list_people,
    sortable,
)
from server.search.plan import group_width, plan
from server.search.queries import (
    compose_near,
    compose_panel,
    compose_respondent,
    compose_search,
    get_panel,
    get_respondent,
    near,
    search,
)
from tests.strategies import REFERENCE_YEAR, Person, filters, people, small_catalogue

CATALOGUE = small_catalogue()
WELCOME = load_catalogue("welcome")
PEOPLE = tuple(people(CATALOGUE, 400, seed=1))
TIMEOUT_MS = 5000
NOBODY = "00000000-0000-0000-0000-000000000000"

Reader = Callable[[], AbstractAsyncContextManager[AsyncConnection]]

many = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def panel(database: str) -> str:
    """A database that holds PEOPLE."""
    with psycopg.connect(database) as connection:
        load(connection, CATALOGUE, PEOPLE)
    return database


@pytest.fixture
def read(panel: str, pool: AsyncConnectionPool) -> Reader:
    """The transaction that the product searches in."""

    @asynccontextmanager
    async def transaction() -> AsyncIterator[AsyncConnection]:
        async with reading(pool, TIMEOUT_MS) as connection:
            yield connection

    return transaction


def load(
    connection: psycopg.Connection[Any], catalogue: Catalogue, persons: Sequence[Person]
) -> None:
    ensure_panel(connection, catalogue, reference_year=REFERENCE_YEAR)
    mark = sql.SQL("update {} set synthetic = true").format(table(catalogue, PANEL))
    connection.execute(mark)
    fields = [f for f in catalogue.fields if f.derived_from is None]
    names = ["respondent_id", *(f.name for f in fields)]
    copy = sql.SQL("copy {} ({}) from stdin").format(
        table(catalogue), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with connection.cursor() as cursor, cursor.copy(copy) as rows:
        for person in persons:
            rows.write_row([person["respondent_id"], *(stored(f.name, person) for f in fields)])


def stored(name: str, person: Person) -> Any:
    field, value = CATALOGUE.field(name), person[name]
    if value is None or not field.has_listed_answers:
        return value
    return [field.stored[v] for v in value] if field.kind is Kind.MULTI else field.stored[value]


# The same questions answered in plain Python, over answers in words.


def satisfies(person: Person, condition: Condition, *, negated: bool = False) -> bool:
    """No answer satisfies neither the condition nor its negation."""
    answer = person[condition.field]
    return answer is not None and _holds(answer, condition) is not negated


def _holds(answer: Any, condition: Condition) -> bool:
    field, constraint = CATALOGUE.field(condition.field), condition.constraint
    if isinstance(constraint, Range):
        if field.kind is Kind.BAND:
            return answer in {band.value for band in bands_within(constraint, field)}
        low = constraint.min is None or answer >= constraint.min
        return low and (constraint.max is None or answer <= constraint.max)
    if field.kind is Kind.TEXT:
        return normalise(answer) in {normalise(value) for value in constraint.values}
    if field.kind is Kind.MULTI:
        chosen = [value in answer for value in constraint.values]
        return all(chosen) if constraint.every else any(chosen)
    return answer in constraint.values


def is_found(person: Person, query: Filter) -> bool:
    return (
        all(satisfies(person, c) for c in query.where)
        and all(satisfies(person, c, negated=True) for c in query.negated)
        and (not query.either or any(all(satisfies(person, c) for c in g) for g in query.either))
    )


def count(query: Filter) -> int:
    return sum(is_found(person, query) for person in PEOPLE)


def without(query: Filter, number: int) -> Filter:
    """The filter that a person gets who takes the condition of that number away."""
    part, group, dropped = list(placed_conditions(query))[number]
    if part == "where":
        return replace(query, where=_less(query.where, dropped))
    if part == "not":
        return replace(query, negated=_less(query.negated, dropped))
    kept = [_less(g, dropped) if i == group else g for i, g in enumerate(query.either)]
    return replace(query, either=tuple(g for g in kept if g))


def _less(conditions: Conditions, dropped: Condition) -> Conditions:
    return tuple(c for c in conditions if c != dropped)


def only_missing(person: Person, query: Filter) -> int | None:
    """The first condition that, if it alone were satisfied too, would have the person found."""
    flags = [satisfies(person, c, negated=part == "not") for part, _, c in placed_conditions(query)]
    if _found_by(flags, query):
        return None
    for i, flag in enumerate(flags):
        if not flag and _found_by([*flags[:i], True, *flags[i + 1 :]], query):
            return i
    return None


def _found_by(flags: list[bool], query: Filter) -> bool:
    rest = iter(flags)
    required = [next(rest) for _ in (*query.where, *query.negated)]
    groups = [[next(rest) for _ in group] for group in query.either]
    return all(required) and (not groups or any(all(group) for group in groups))


def broken_down(query: Filter) -> Counter[tuple[str | None, ...]]:
    counted: Counter[tuple[str | None, ...]] = Counter()
    for person in PEOPLE:
        if is_found(person, query):
            counted.update(product(*(_groups(person, name) for name in query.by)))
    return counted if query.by else Counter()


def _groups(person: Person, name: str) -> Iterator[str | None]:
    field, answer = CATALOGUE.field(name), person[name]
    if isinstance(answer, list):
        yield from answer
    elif isinstance(answer, int) and field.kind is Kind.NUMBER and group_width(field) == 10:
        yield f"{answer // 10 * 10}–{answer // 10 * 10 + 9}"
    else:
        yield None if answer is None else str(answer)


def ids(found: Found) -> list[str]:
    return [respondent.id for respondent in found.respondents]


@many
@given(query=filters(CATALOGUE))
async def test_every_figure_is_that_of_plain_python(read: Reader, query: Filter) -> None:
    async with read() as connection:
        found = await search(connection, CATALOGUE, query, page_size=1000)
    conditions = list(placed_conditions(query))
    total = count(query)
    wanted = total if query.limit is None else query.limit

    assert found.population == len(PEOPLE)
    assert found.total == total
    assert found.returned == found.offered == min(total, wanted)
    assert found.shortfall == max(0, wanted - total)
    assert found.returned + found.shortfall == wanted
    assert [(c.part, c.group, c.condition) for c in found.conditions] == conditions
    assert [c.alone for c in found.conditions] == [
        sum(satisfies(person, c, negated=part == "not") for person in PEOPLE)
        for part, _, c in conditions
    ]
    assert [c.without for c in found.conditions] == [
        count(without(query, number)) for number in range(len(conditions))
    ]
    expected = {p["respondent_id"]: p for p in PEOPLE if is_found(p, query)}
    for respondent in found.respondents:
        assert {"respondent_id": respondent.id, **respondent.fields} == expected[respondent.id]
    assert len(set(ids(found))) == found.returned


@many
@given(query=filters(CATALOGUE, limits=False))
async def test_a_breakdown_counts_everyone_who_is_found(read: Reader, query: Filter) -> None:
    async with read() as connection:
        found = await search(connection, CATALOGUE, query, page_size=1)
    assert {row.values: row.count for row in found.breakdown} == broken_down(query)
    assert all(row.share == row.count / found.total for row in found.breakdown)
    assert found.breakdown_left_off == 0
    in_panel = broken_down(Filter(by=query.by))
    for row in found.breakdown:
        interval = binomtest(row.count, found.total).proportion_ci(method="wilson")
        assert (row.share_low, row.share_high) == pytest.approx(interval, abs=1e-6)
        assert row.lift == pytest.approx(row.share / (in_panel[row.values] / len(PEOPLE)))


@many
@given(query=filters(CATALOGUE, limits=False))
async def test_near_is_who_misses_exactly_one_condition(read: Reader, query: Filter) -> None:
    async with read() as connection:
        missing = await near(connection, CATALOGUE, query, count=1000)
    conditions = list(placed_conditions(query))
    expected = {p["respondent_id"]: only_missing(p, query) for p in PEOPLE}
    assert {n.respondent.id: (n.part, n.group, n.condition) for n in missing} == {
        who: conditions[number] for who, number in expected.items() if number is not None
    }


@many
@given(query=filters(CATALOGUE, limits=False))
async def test_near_is_only_who_misses_one_of_the_wanted_conditions(
    read: Reader, query: Filter
) -> None:
    async with read() as connection:
        conditions = (await search(connection, CATALOGUE, query, page_size=0)).conditions
        missing = await near(connection, CATALOGUE, query, count=1000)
        for wanted in conditions:
            if wanted.part != "either":  # who misses one of several ways in may miss another, too
                some = await near(connection, CATALOGUE, query, count=1000, among=[wanted])
                place = (wanted.part, wanted.condition)
                assert some == tuple(n for n in missing if (n.part, n.condition) == place)
        assert await near(connection, CATALOGUE, query, count=1000, among=conditions) == missing
        assert await near(connection, CATALOGUE, query, count=1000, among=()) == ()


@many
@given(query=filters(CATALOGUE), more=filters(CATALOGUE))
async def test_one_more_condition_never_adds_people(
    read: Reader, query: Filter, more: Filter
) -> None:
    asked = {c.field for c in query.where}
    added = tuple(c for c in more.where if c.field not in asked)
    narrower = replace(query, where=(*query.where, *added), limit=None)
    async with read() as connection:
        wide = await search(connection, CATALOGUE, replace(query, limit=None), page_size=1000)
        narrow = await search(connection, CATALOGUE, narrower, page_size=1000)
    assert set(ids(narrow)) <= set(ids(wide))


@many
@given(query=filters(CATALOGUE), size=st.integers(1, 60))
async def test_pages_follow_on_without_overlap(read: Reader, query: Filter, size: int) -> None:
    async with read() as connection:
        whole = await search(connection, CATALOGUE, query, page_size=1000)
        pages: list[str] = []
        for offset in range(0, whole.offered + 1, size):
            page = await search(connection, CATALOGUE, query, page_size=size, offset=offset)
            assert page.returned == min(size, whole.offered - offset)
            pages += ids(page)
    assert pages == ids(whole)


@many
@given(query=filters(CATALOGUE))
async def test_the_statement_shown_says_the_same_when_pasted(
    read: Reader, panel: str, query: Filter
) -> None:
    async with read() as connection:
        found = await search(connection, CATALOGUE, query, page_size=5)
        # Like psql: the text alone, without parameters.
        pasted = await connection.execute(found.sql.encode())
        row = await pasted.fetchone()
    assert row is not None
    assert row[:2] == (found.population, found.total)


@settings(many, max_examples=20)
@given(query=filters(WELCOME))
async def test_every_plan_of_the_welcome_panel_prepares(
    welcome: AsyncConnection, query: Filter
) -> None:
    found = await search(welcome, WELCOME, query, page_size=100)
    assert found.total == 0
    assert await near(welcome, WELCOME, query, count=10) == ()


@pytest.fixture
async def welcome(database: str, pool: AsyncConnectionPool) -> AsyncIterator[AsyncConnection]:
    """The empty Welcome panel."""
    with psycopg.connect(database) as connection:
        ensure_panel(connection, WELCOME, reference_year=REFERENCE_YEAR)
    async with reading(pool, TIMEOUT_MS) as reader:
        yield reader


async def test_the_same_question_brings_the_same_people(read: Reader) -> None:
    query = parse_filter({"where": {"gender": ["여성"]}, "limit": 20}, CATALOGUE)
    async with read() as connection:
        one = await search(connection, CATALOGUE, query, page_size=100)
    async with read() as connection:
        other = await search(connection, CATALOGUE, query, page_size=100)
    assert ids(one) == ids(other)
    assert ids(one) != sorted(ids(one))


async def test_a_page_never_reaches_past_the_limit(read: Reader) -> None:
    query = parse_filter({"limit": 25}, CATALOGUE)
    async with read() as connection:
        last = await search(connection, CATALOGUE, query, page_size=10, offset=20)
        past = await search(connection, CATALOGUE, query, page_size=10, offset=30)
    assert (last.total, last.offered, last.returned) == (400, 25, 5)
    assert (past.total, past.offered, past.returned) == (400, 25, 0)


async def test_nobody_is_added_when_too_few_are_found(read: Reader) -> None:
    contradiction = {"where": {"birth_year": {"max": 1980}, "age": {"max": 29}}, "limit": 7}
    async with read() as connection:
        found = await search(
            connection, CATALOGUE, parse_filter(contradiction, CATALOGUE), page_size=100
        )
    assert (found.total, found.returned, found.shortfall) == (0, 0, 7)
    assert all(c.alone > 0 for c in found.conditions)


async def test_everyone_is_found_when_nothing_is_asked(read: Reader) -> None:
    async with read() as connection:
        found = await search(connection, CATALOGUE, Filter(), page_size=100)
        assert await near(connection, CATALOGUE, Filter(), count=10) == ()
    assert (found.population, found.total, found.returned, found.shortfall) == (400, 400, 100, 0)
    assert (found.reference_year, found.synthetic) == (REFERENCE_YEAR, True)
    assert found.milliseconds > 0


ALONE = [field.name for field in CATALOGUE.fields if field.kind is not Kind.MULTI]


@many
@given(
    query=filters(CATALOGUE, limits=False),
    divisions=st.lists(
        st.lists(st.sampled_from(ALONE), min_size=1, max_size=2, unique=True).map(tuple),
        min_size=1,
        max_size=3,
    )
    | st.sampled_from([f.name for f in CATALOGUE.fields]).map(lambda name: [(name,)]),
)
async def test_several_divisions_of_one_scan_are_each_a_breakdown(
    read: Reader, query: Filter, divisions: list[tuple[str, ...]]
) -> None:
    async with read() as connection:
        divided = await divide(connection, CATALOGUE, query, divisions)
    total = count(query)
    assert [division.by for division in divided] == divisions
    for division in divided:
        wanted = broken_down(replace(query, by=division.by))
        assert {each.values: each.count for each in division.slices} == wanted
        assert all(each.share == each.count / total for each in division.slices)
        assert (division.total, division.left_off) == (total, 0)


async def test_a_panel_that_cannot_be_divided_has_no_divisions(read: Reader) -> None:
    async with read() as connection:
        assert await divide(connection, CATALOGUE, Filter(), []) == ()


async def test_several_answers_are_divided_by_alone(read: Reader) -> None:
    async with read() as connection:
        with pytest.raises(ValueError, match="alone"):
            await divide(connection, CATALOGUE, Filter(), [("region",), ("appliances",)])


async def test_a_breakdown_keeps_the_order_of_the_answers(read: Reader) -> None:
    query = parse_filter({"by": ["income"]}, CATALOGUE)
    ages = parse_filter({"by": ["age"]}, CATALOGUE)
    async with read() as connection:
        found = await search(connection, CATALOGUE, query, page_size=1)
        by_age = await search(connection, CATALOGUE, ages, page_size=1)
    assert [row.values for row in found.breakdown] == [
        ("100 미만",), ("100~199",), ("200~299",), ("300 이상",), (None,),
    ]  # fmt: skip
    decades = [row.values[0] for row in by_age.breakdown]
    assert decades == ["10–19", "20–29", "30–39", "40–49", "50–59", "60–69", "70–79", "80–89", None]


async def test_a_breakdown_with_very_many_lines_says_how_many_it_leaves_off(
    read: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.search.queries.BREAKDOWN_ROWS_MAX", 3)
    query = parse_filter({"by": ["birth_year", "region"]}, CATALOGUE)
    async with read() as connection:
        found = await search(connection, CATALOGUE, query, page_size=1)
    assert len(found.breakdown) == 3
    assert found.breakdown_left_off == len(broken_down(query)) - 3


@pytest.mark.parametrize(
    "attempt",
    [
        "'; drop schema panelens; --",
        "' or '1'='1",
        "%s %(v0)s %",
        "{} {columns}",
        "\\' or true --",
        "$$; select pg_sleep(9) $$",
        ":name ::text \\! ls",
    ],
)
async def test_a_text_that_looks_like_sql_is_only_a_text(read: Reader, attempt: str) -> None:
    asked = {"where": {"district": [attempt]}, "not": {"district": ["중구", attempt]}}
    async with read() as connection:
        found = await search(connection, CATALOGUE, parse_filter(asked, CATALOGUE), page_size=10)
        pasted = await (await connection.execute(found.sql.encode())).fetchone()
        known = await get_respondent(connection, CATALOGUE, attempt)
    assert found.total == 0
    assert found.conditions[0].alone == 0
    assert pasted is not None
    assert pasted[1] == 0
    assert known is None


async def test_a_respondent_by_id(read: Reader) -> None:
    async with read() as connection:
        for person in PEOPLE[:20]:
            known = await get_respondent(connection, CATALOGUE, person["respondent_id"])
            assert known is not None
            assert {"respondent_id": known.id, **known.fields} == person
        assert await get_respondent(connection, CATALOGUE, "nobody") is None


async def test_what_the_panel_says_of_itself(read: Reader) -> None:
    async with read() as connection:
        panel = await get_panel(connection, CATALOGUE)
    assert (panel.reference_year, panel.catalogue_version, panel.synthetic) == (2025, 1, True)


def in_order(persons: Sequence[Person], sort: Sort | None) -> list[Person]:
    """People of the panel's random order, sorted: who gave no answer comes last either way."""
    if sort is None:
        return list(persons)
    known = [p for p in persons if p[sort.field] is not None]
    unknown = [p for p in persons if p[sort.field] is None]
    known.sort(key=lambda p: stored(sort.field, p), reverse=sort.descending)
    return known + unknown


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Any columns, in any order, few to a page."""
    fields = st.sampled_from([f.name for f in CATALOGUE.fields])
    sorts = st.sampled_from([f.name for f in CATALOGUE.fields if sortable(f)])
    sort = draw(st.none() | st.builds(Sort, sorts, st.booleans()))
    return Window(tuple(draw(st.lists(fields, unique=True))), draw(st.integers(7, 60)), sort)


@given(query=filters(CATALOGUE), window=windows())
@many
async def test_pages_in_any_order_follow_on_there_and_back(
    read: Reader, query: Filter, window: Window
) -> None:
    async with read() as connection:
        every = await search(connection, CATALOGUE, query, page_size=1000)
        by_id = {p["respondent_id"]: p for p in PEOPLE}
        wanted = in_order([by_id[r.id] for r in every.respondents], window.sort)
        there: list[PeoplePage] = [await list_people(connection, CATALOGUE, query, window)]
        while there[-1].after is not None:
            behind = replace(window, after=there[-1].after)
            there.append(await list_people(connection, CATALOGUE, query, behind))
        back = [await list_people(connection, CATALOGUE, query, replace(window, last=True))]
        while back[0].before is not None:
            ahead = replace(window, before=back[0].before)
            back.insert(0, await list_people(connection, CATALOGUE, query, ahead))
    for pages in (there, back):
        seen = [r for page in pages for r in page.respondents]
        assert [r.id for r in seen] == [p["respondent_id"] for p in wanted]
        assert all(set(r.fields) == set(window.fields) for r in seen)
    assert there[0].before is None and back[-1].after is None
    for r, person in zip(there[0].respondents, wanted, strict=False):
        assert r.fields == {name: person[name] for name in window.fields}


async def test_a_bookmark_of_somebody_who_left_begins_the_list_anew(read: Reader) -> None:
    window = Window(("age",), 5)
    async with read() as connection:
        first = await list_people(connection, CATALOGUE, Filter(), window)
        for gone in (replace(window, after=NOBODY), replace(window, before=NOBODY)):
            assert (
                await list_people(connection, CATALOGUE, Filter(), gone)
            ).respondents == first.respondents


@pytest.mark.parametrize("enough", [0, 3, 1000])
async def test_people_are_counted_no_further_than_asked(read: Reader, enough: int) -> None:
    window = Window((), 2)
    async with read() as connection:
        page = await list_people(connection, CATALOGUE, Filter(), window, enough=enough)
    assert page.counted == min(enough, len(PEOPLE))


async def test_a_search_cannot_write(read: Reader) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        async with read() as connection:
            await connection.execute(sql.SQL("delete from {}").format(table(CATALOGUE)))


async def test_what_is_composed_of_a_filter_prepares(read: Reader) -> None:
    query = parse_filter(
        {"where": {"age": {"min": 20}}, "either": [{"gender": ["남성"]}], "by": ["region"]},
        CATALOGUE,
    )
    planned = plan(query, CATALOGUE, REFERENCE_YEAR)
    paging = {"page_rows": 1, "page_offset": 0, "breakdown_rows": 1, "most": 1, "enough": 1}
    window = Window(("age",), 1, Sort("region"))
    async with read() as connection:
        for statement in (
            compose_search(planned, query, CATALOGUE, REFERENCE_YEAR),
            compose_near(planned, CATALOGUE),
            compose_respondent(CATALOGUE),
            compose_panel(CATALOGUE),
            compose_place(CATALOGUE, window.sort),
            compose_people(planned, query, CATALOGUE, window, None),
        ):
            parameters = {**planned.parameters, **paging, "respondent_id": "w1", "bookmark": NOBODY}
            await connection.execute(statement, parameters, prepare=True)


def test_the_python_twin_keeps_three_values() -> None:
    """What the other tests compare with: no answer satisfies neither side."""
    nobody = dict.fromkeys(["gender"])
    condition = Condition("gender", Values(("남성",)))
    assert not satisfies(nobody, condition)
    assert not satisfies(nobody, condition, negated=True)
