"""A filter's way into SQL: what the predicates say, and that no value ever becomes SQL."""

from typing import Any

import pytest
from hypothesis import given
from psycopg import sql

from server.filter import Filter, load_catalogue, parse_filter, placed_conditions
from server.search.plan import Plan, group_width, plan, plan_breakdown
from server.search.queries import compose_near, compose_search
from tests.strategies import REFERENCE_YEAR, filters, small_catalogue

CATALOGUE = small_catalogue()
WELCOME = load_catalogue("welcome")


def planned(raw: object) -> Plan:
    return plan(parse_filter(raw, CATALOGUE), CATALOGUE, REFERENCE_YEAR)


def text(composed: sql.Composable) -> str:
    return composed.as_string(None)


@pytest.mark.parametrize(
    ("raw", "matches", "values"),
    [
        ({}, "true", []),
        (
            {"where": {"region": ["경기", "서울"]}},
            '("region" = any(%(v0)s::smallint[]))',
            [[2, 1]],
        ),
        (
            {"not": {"region": ["서울"]}},
            '("region" is not null and not ("region" = any(%(v0)s::smallint[])))',
            [[1]],
        ),
        (
            {"where": {"income": {"min": 100, "max": 299}}},
            '("income" = any(%(v0)s::smallint[]))',
            [[2, 3]],
        ),
        ({"where": {"income": {"min": 150, "max": 160}}}, "(false)", []),
        (
            {"not": {"income": {"min": 150, "max": 160}}},
            '("income" is not null and not (false))',
            [],
        ),
        (
            {"where": {"appliances": ["TV", "없음"]}},
            '("appliances" && %(v0)s::smallint[])',
            [[1, 4]],
        ),
        (
            {"where": {"appliances": {"all": ["TV"]}}},
            '("appliances" @> %(v0)s::smallint[])',
            [[1]],
        ),
        (
            {"where": {"children": {"min": 1, "max": 2}}},
            '("children" >= %(v0)s::integer and "children" <= %(v1)s::integer)',
            [1, 2],
        ),
        (
            {"where": {"district": ["중구", "강남 구"]}},
            '("district normalised" = any(array['
            "panelens.normalised(%(v0)s::text), panelens.normalised(%(v1)s::text)]))",
            ["중구", "강남 구"],
        ),
        (
            {
                "where": {"gender": ["여성"]},
                "either": [
                    {"region": ["서울"], "children": {"min": 1}},
                    {"region": ["제주"]},
                ],
            },
            '("gender" = any(%(v0)s::smallint[])) and ('
            '(("region" = any(%(v1)s::smallint[])) and ("children" >= %(v2)s::integer)) or '
            '(("region" = any(%(v3)s::smallint[]))))',
            [[2], [1], 1, [4]],
        ),
    ],
)
def test_what_a_filter_becomes(raw: object, matches: str, values: list[Any]) -> None:
    result = planned(raw)
    assert text(result.matches) == matches
    assert list(result.parameters.values()) == values


@pytest.mark.parametrize(
    ("age", "born", "values"),
    [
        ({"min": 30}, '("birth_year" <= %(v0)s::integer)', [1995]),
        ({"max": 39}, '("birth_year" >= %(v0)s::integer)', [1986]),
        (
            {"min": 30, "max": 39},
            '("birth_year" >= %(v0)s::integer and "birth_year" <= %(v1)s::integer)',
            [1986, 1995],
        ),
    ],
)
def test_an_age_is_asked_of_the_birth_year(
    age: dict[str, int], born: str, values: list[int]
) -> None:
    result = planned({"where": {"age": age}})
    assert text(result.matches) == born
    assert list(result.parameters.values()) == values


@given(filters(CATALOGUE))
def test_predicates_stand_in_the_filters_order(query: Filter) -> None:
    predicates = plan(query, CATALOGUE, REFERENCE_YEAR).predicates
    placed = [(p.part, p.group, p.condition) for p in predicates]
    assert placed == list(placed_conditions(query))
    assert [p.number for p in predicates] == list(range(len(predicates)))


@given(filters(WELCOME))
def test_the_statement_holds_no_value_of_the_filter(query: Filter) -> None:
    """Two filters of the same form give the same text: values travel beside it."""
    result = plan(query, WELCOME, REFERENCE_YEAR)
    for statement in (
        compose_search(result, query, WELCOME, REFERENCE_YEAR),
        compose_near(result, WELCOME),
    ):
        assert text(statement).isascii()
        assert all(f"%({name})s" in text(statement) for name in result.parameters)


def test_a_text_that_looks_like_sql_is_a_value() -> None:
    attempt = "'; drop table respondent; --"
    result = planned({"where": {"district": [attempt]}})
    assert attempt not in text(result.matches)
    assert list(result.parameters.values()) == [attempt]


def test_a_breakdown_by_age_is_shown_in_tens_and_by_children_singly() -> None:
    assert group_width(CATALOGUE.field("age")) == 10
    assert group_width(CATALOGUE.field("children")) == 1


def test_a_breakdown_counts_each_answer_of_a_multi_field() -> None:
    breakdown = plan_breakdown(["age", "appliances"], CATALOGUE, REFERENCE_YEAR)
    assert breakdown.asked
    assert text(breakdown.columns) == (
        '(2025 - "matched"."birth_year") / 10 * 10 as "by_0", "answer_1"."code" as "by_1"'
    )
    assert text(breakdown.joins) == (
        'left join lateral unnest("matched"."appliances") with ordinality'
        ' as "answer_1" (code, place) on true'
    )
    assert text(breakdown.once) == '(coalesce("answer_1"."place", 1) = 1)'


def test_no_breakdown_is_well_formed_and_not_asked_for() -> None:
    breakdown = plan_breakdown([], CATALOGUE, REFERENCE_YEAR)
    assert not breakdown.asked
    assert text(breakdown.columns) == "null::text as by_0"
