"""What a filter may say, what it may not, and when two filters say the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from server.errors import BrokenCatalogue, InvalidFilter
from server.filter import (
    Condition,
    Filter,
    Range,
    Values,
    as_json,
    bands_within,
    canonical,
    conditions_at,
    equal,
    load_catalogue,
    parse_filter,
    placed_conditions,
    with_conditions,
)
from tests.strategies import filters, raw_filters, small_catalogue

CATALOGUE = small_catalogue()


def parse(raw: object) -> Filter:
    return parse_filter(raw, CATALOGUE)


@given(filters(CATALOGUE))
def test_a_filter_written_as_json_reads_back_the_same(query: Filter) -> None:
    assert parse(json.loads(json.dumps(as_json(query)))) == query


@given(filters(CATALOGUE))
def test_the_canonical_form_is_its_own_and_equals_what_it_came_from(query: Filter) -> None:
    form = canonical(query, CATALOGUE)
    assert canonical(form, CATALOGUE) == form
    assert equal(form, query, CATALOGUE)


@given(raw_filters(CATALOGUE))
def test_the_order_of_fields_says_nothing(raw: dict[str, Any]) -> None:
    turned = {
        name: dict(reversed(part.items())) if isinstance(part, dict) else part
        for name, part in reversed(raw.items())
    }
    assert parse(turned) == parse(raw)


def test_nothing_asked_is_everyone() -> None:
    empty = parse({"where": {}, "not": {}, "either": [], "by": [], "limit": None})
    assert parse({}) == empty == Filter()
    assert not empty.restricts
    assert as_json(empty) == {}


def test_every_part() -> None:
    query = parse(
        {
            "where": {"age": {"min": 30, "max": None}, "gender": ["여성", "여성"]},
            "not": {"income": {"max": 199}},
            "either": [{"appliances": {"all": ["TV", "냉장고"]}}, {"district": [" 중구 "]}],
            "by": ["region", "age", "region"],
            "limit": 100,
        }
    )
    assert query == Filter(
        where=(Condition("gender", Values(("여성",))), Condition("age", Range(30))),
        negated=(Condition("income", Range(max=199)),),
        either=(
            (Condition("appliances", Values(("TV", "냉장고"), every=True)),),
            (Condition("district", Values(("중구",))),),
        ),
        by=("region", "age"),
        limit=100,
    )
    assert [(part, group, c.field) for part, group, c in placed_conditions(query)] == [
        ("where", 0, "gender"),
        ("where", 0, "age"),
        ("not", 0, "income"),
        ("either", 0, "appliances"),
        ("either", 1, "district"),
    ]
    assert query.fields == ("gender", "age", "income", "appliances", "district", "region")


@given(filters(CATALOGUE))
def test_the_conditions_of_a_place_stand_in_for_themselves_and_go_with_their_group(
    query: Filter,
) -> None:
    for part, group, condition in placed_conditions(query):
        there = conditions_at(query, part, group)
        assert condition in there
        assert with_conditions(query, part, group, there) == query
        rest = with_conditions(query, part, group, ())
        assert len(list(placed_conditions(rest))) == len(list(placed_conditions(query))) - len(
            there
        )
        assert () not in rest.either


REFUSALS: list[tuple[object, str]] = [
    ([], "filter: expected an object, got []"),
    ({"wher": {}}, "filter: unknown part 'wher'; known: where, not, either, by, limit"),
    ({"where": []}, "where: expected an object, got []"),
    ({"not": None}, "not: expected an object, got None"),
    ({"either": {}}, "either: expected a list, got {}"),
    ({"either": ["gender"]}, "either[0]: expected an object, got 'gender'"),
    ({"either": [{"gender": ["남성"]}, {}]}, "either[1]: an empty group would mean everyone"),
    ({"either": [{"gender": ["남성"]}] * 9}, "either: 9 groups, at most 8 are allowed"),
    ({"by": "region"}, "by: expected a list, got 'region'"),
    ({"by": [1]}, "by: no field 1"),
    ({"by": ["regio"]}, "by: no field 'regio'; did you mean region?"),
    (
        {"by": ["gender", "age", "region", "district", "income"]},
        "by: 5 fields, at most 4 are allowed",
    ),
    *(
        ({"limit": wrong}, f"limit: expected a whole number from 1 to 999999, got {wrong!r}")
        for wrong in (0, -1, 1_000_000, 1.5, True, "10", [10])
    ),
    ({"where": {"gendr": ["남성"]}}, "where: no field 'gendr'; did you mean gender"),
    ({"where": {"gender": "남성"}}, "where.gender: expected a list, got '남성'"),
    ({"where": {"gender": None}}, "where.gender: expected a list, got None"),
    ({"where": {"gender": []}}, "where.gender: expected 1 to 2 answers, got 0"),
    ({"where": {"gender": ["남성"] * 3}}, "where.gender: expected 1 to 2 answers, got 3"),
    ({"where": {"gender": ["남자"]}}, "where.gender: no answer '남자'"),
    ({"where": {"gender": [1]}}, "where.gender: no answer 1"),
    ({"where": {"region": ["서울시"]}}, "where.region: no answer '서울시'; did you mean 서울?"),
    ({"where": {"income": ["모름"]}}, "where.income: '모름' counts as no answer"),
    ({"where": {"gender": {"min": 1}}}, "where.gender: expected a list of answers"),
    ({"where": {"gender": {"all": ["남성"]}}}, '"all" needs a field with several answers'),
    ({"where": {"appliances": {"all": []}}}, "where.appliances.all: expected 1 to 4 answers"),
    ({"where": {"appliances": {"all": "TV"}}}, "where.appliances.all: expected a list"),
    ({"where": {"appliances": {"all": ["TV"], "min": 1}}}, "unknown part 'min'; known: all"),
    ({"where": {"age": [30]}}, 'where.age: expected {"min", "max"}, got [30]'),
    ({"where": {"age": {}}}, "where.age: a range needs min or max"),
    ({"where": {"age": {"min": None}}}, "where.age: a range needs min or max"),
    ({"where": {"age": {"from": 30}}}, "where.age: unknown part 'from'; known: min, max"),
    *(
        ({"not": {"age": {"max": wrong}}}, "not.age.max: expected a whole number from 0 to 99999")
        for wrong in (-1, 100_000, 30.0, False, "30")
    ),
    *(
        ({"where": {"district": [wrong]}}, "where.district: expected a text of 1 to 40 characters")
        for wrong in ("", "  ", "구" * 41, "중구|서구", "중\n구", "중\x00구", 5, None, "\ud800")
    ),
    ({"where": {"district": []}}, "where.district: expected 1 to 50 answers, got 0"),
    ({"where": {"district": ["중구"] * 51}}, "where.district: expected 1 to 50 answers, got 51"),
    ({"either": [{"gender": ["남자"]}]}, "either[0].gender: no answer '남자'"),
]


@pytest.mark.parametrize(("raw", "reason"), REFUSALS)
def test_a_refusal_names_place_and_reason(raw: object, reason: str) -> None:
    with pytest.raises(InvalidFilter) as refused:
        parse(raw)
    assert reason in refused.value.detail


def test_a_refusal_shows_little_of_what_was_sent() -> None:
    with pytest.raises(InvalidFilter) as refused:
        parse({"where": {"gender": ["남" * 100_000]}})
    assert len(refused.value.detail) < 200


def test_a_refusal_of_deeply_nested_data_is_a_refusal() -> None:
    nested: list[Any] = []
    for _ in range(50_000):
        nested = [nested]
    with pytest.raises(InvalidFilter):
        parse({"where": {"gender": nested}})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"where": {"region": ["서울", "경기"]}}, {"where": {"region": ["경기", "서울"]}}),
        (
            {"where": {"income": {"min": 100, "max": 299}}},
            {"where": {"income": ["200~299", "100~199"]}},
        ),
        ({"where": {"income": {"max": 300}}}, {"where": {"income": {"max": 299}}}),
        (
            {"where": {"income": {"min": 150, "max": 160}}},
            {"where": {"income": {"min": 10, "max": 20}}},
        ),
        ({"where": {"district": ["MAPO-GU"]}}, {"where": {"district": ["Mapo -gu"]}}),
        ({"where": {"appliances": {"all": ["TV"]}}}, {"where": {"appliances": ["TV"]}}),
        (
            {"either": [{"gender": ["남성"]}, {"gender": ["여성"]}]},
            {"either": [{"gender": ["여성"]}, {"gender": ["남성"]}, {"gender": ["여성"]}]},
        ),
        ({"by": ["age", "region"]}, {"by": ["region", "age"]}),
    ],
)
def test_two_filters_that_say_the_same(one: object, other: object) -> None:
    assert equal(parse(one), parse(other), CATALOGUE)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"where": {"gender": ["남성", "여성"]}}, {}),  # those who did not answer are left out
        ({"where": {"gender": ["남성"]}}, {"not": {"gender": ["여성"]}, "limit": 1}),
        (
            {"where": {"appliances": {"all": ["TV", "냉장고"]}}},
            {"where": {"appliances": ["TV", "냉장고"]}},
        ),
        ({"where": {"age": {"min": 30}}}, {"where": {"age": {"min": 31}}}),
        ({"either": [{"gender": ["남성"]}]}, {"where": {"gender": ["남성"]}, "by": ["age"]}),
        ({"limit": 10}, {}),
    ],
)
def test_two_filters_that_differ(one: object, other: object) -> None:
    assert not equal(parse(one), parse(other), CATALOGUE)


@pytest.mark.parametrize(
    ("bounds", "inside"),
    [
        (Range(100, 299), ["100~199", "200~299"]),
        (Range(max=300), ["100 미만", "100~199", "200~299"]),
        (Range(min=101), ["200~299", "300 이상"]),
        (Range(min=300), ["300 이상"]),
        (Range(max=99), ["100 미만"]),
        (Range(min=0), ["100~199", "200~299", "300 이상"]),
        (Range(150, 250), []),
        (Range(299, 200), []),
    ],
)
def test_a_band_counts_when_it_lies_wholly_inside(bounds: Range, inside: list[str]) -> None:
    income = CATALOGUE.field("income")
    assert [band.value for band in bands_within(bounds, income)] == inside


def test_a_catalogue_whose_group_is_no_filter_is_refused(tmp_path: Path) -> None:
    raw = json.loads(CATALOGUE.model_dump_json())
    raw["groups"] = [{"name": "수도권", "words": {}, "filter": {"where": {"region": ["인천"]}}}]
    path = tmp_path / "catalogue.yaml"
    path.write_text(json.dumps(raw), "utf-8")
    with pytest.raises(BrokenCatalogue, match=r"group '수도권': where\.region: no answer"):
        load_catalogue(str(path))
