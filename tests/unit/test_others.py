"""A doubtful question offers whole readings; a sure one offers none."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.filter import (
    Condition,
    Filter,
    Values,
    as_json,
    canonical,
    parse_filter,
    placed_conditions,
)
from server.interpret.interpretation import ReadCondition
from server.interpret.others import OTHERS_MAX, other_readings
from tests.strategies import filters, small_catalogue

PANEL = small_catalogue()
SURE, DOUBTED = 0.95, 0.5


def others(
    raw: dict[str, Any], *, doubts: dict[str, float], instead: dict[str, list[Condition]]
) -> list[dict[str, Any]]:
    query = parse_filter(raw, PANEL)
    found = other_readings(query, read(query, doubts, instead), PANEL, doubtful_below=0.8)
    return [as_json(other) for other in found]


def read(
    query: Filter, doubts: dict[str, float], instead: dict[str, list[Condition]]
) -> list[ReadCondition]:
    return [
        ReadCondition(
            part, group, c, doubts.get(c.field, SURE), (), tuple(instead.get(c.field, ()))
        )
        for part, group, c in placed_conditions(query)
    ]


def any_of(field: str, *values: str) -> Condition:
    return Condition(field, Values(values))


ASKED = {"where": {"gender": ["여성"], "region": ["서울"]}, "limit": 50}


def test_a_sure_reading_offers_nothing() -> None:
    assert others(ASKED, doubts={}, instead={"region": [any_of("region", "경기")]}) == []


def test_the_least_sure_condition_is_read_another_way_first_and_the_rest_stays() -> None:
    assert others(
        ASKED,
        doubts={"gender": 0.7, "region": 0.4},
        instead={"region": [any_of("region", "경기")], "gender": [any_of("gender", "남성")]},
    ) == [
        {"where": {"gender": ["여성"], "region": ["경기"]}, "limit": 50},
        {"where": {"gender": ["남성"], "region": ["서울"]}, "limit": 50},
    ]


def test_without_another_way_to_read_it_a_doubtful_condition_is_left_out() -> None:
    assert others(ASKED, doubts={"region": DOUBTED}, instead={}) == [
        {"where": {"gender": ["여성"]}, "limit": 50}
    ]


def test_everyone_is_never_offered() -> None:
    assert others({"where": {"region": ["서울"]}}, doubts={"region": DOUBTED}, instead={}) == []


def test_another_field_that_is_asked_about_already_is_not_overwritten() -> None:
    found = others(
        ASKED, doubts={"region": DOUBTED}, instead={"region": [any_of("gender", "남성")]}
    )
    assert found == [{"where": {"gender": ["여성"]}, "limit": 50}]


def test_alternatives_and_negations_are_changed_where_they_stand() -> None:
    raw = {"not": {"region": ["제주"]}, "either": [{"gender": ["여성"]}, {"region": ["서울"]}]}
    query = parse_filter(raw, PANEL)
    negated, first, second = (
        ReadCondition(part, group, c, SURE, ()) for part, group, c in placed_conditions(query)
    )
    doubted = ReadCondition(
        second.part, second.group, second.condition, DOUBTED, (), (any_of("region", "부산"),)
    )
    found = other_readings(query, [negated, first, doubted], PANEL, doubtful_below=0.8)
    assert [as_json(other) for other in found] == [
        {**raw, "either": [{"gender": ["여성"]}, {"region": ["부산"]}]},
        {**raw, "either": [{"gender": ["여성"]}]},
    ]


@given(filters(PANEL), st.data())
def test_what_is_offered_is_valid_and_never_what_was_taken(
    query: Filter, data: st.DataObject
) -> None:
    conditions = [c for _, _, c in placed_conditions(query)]
    doubts = {c.field: data.draw(st.sampled_from((SURE, DOUBTED))) for c in conditions}
    instead = {c.field: [data.draw(st.sampled_from(conditions))] for c in conditions}
    found = other_readings(query, read(query, doubts, instead), PANEL, doubtful_below=0.8)
    forms = [canonical(each, PANEL) for each in (query, *found)]
    assert len(found) <= OTHERS_MAX
    assert all(form not in forms[:place] for place, form in enumerate(forms))
    for other in found:
        assert parse_filter(as_json(other), PANEL) == other
