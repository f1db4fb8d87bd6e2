"""A filter that nobody can satisfy is named as such; one that anybody might is not."""

from typing import Any

import pytest

from server.filter import parse_filter
from server.interpret.contradictions import contradicts
from tests.strategies import REFERENCE_YEAR, small_catalogue

CATALOGUE = small_catalogue()


def nobody(raw: dict[str, Any]) -> bool:
    return contradicts(parse_filter(raw, CATALOGUE), CATALOGUE, REFERENCE_YEAR)


@pytest.mark.parametrize(
    "raw",
    [
        {"where": {"age": {"min": 40, "max": 30}}},
        {"where": {"region": ["서울"]}, "not": {"region": ["서울"]}},
        {"where": {"region": ["서울"]}, "not": {"region": ["경기", "서울"]}},
        {"where": {"age": {"min": 20, "max": 29}}, "not": {"age": {"min": 10, "max": 39}}},
        {"where": {"age": {"min": 20}}, "not": {"age": {"min": 20}}},
        {"where": {"income": {"max": 99}}, "not": {"income": ["100 미만"]}},
        {"where": {"income": {"min": 110, "max": 120}}},
        {"where": {"appliances": ["TV"]}, "not": {"appliances": ["TV", "냉장고"]}},
        {"where": {"appliances": {"all": ["TV", "냉장고"]}}, "not": {"appliances": ["TV"]}},
        {
            "where": {"appliances": {"all": ["TV", "냉장고", "세탁기"]}},
            "not": {"appliances": {"all": ["TV", "냉장고"]}},
        },
        {"where": {"birth_year": {"min": 1980, "max": 1980}, "age": {"min": 20, "max": 29}}},
        {"where": {"birth_year": {"min": 2000}, "age": {"min": 30}}},
    ],
)
def test_nobody_can_satisfy_it(raw: dict[str, Any]) -> None:
    assert nobody(raw)


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"where": {"age": {"min": 30, "max": 30}}},
        {"where": {"region": ["서울", "경기"]}, "not": {"region": ["서울"]}},
        {"where": {"age": {"min": 20, "max": 39}}, "not": {"age": {"min": 30, "max": 39}}},
        {"where": {"age": {"min": 20}}, "not": {"age": {"min": 30}}},
        {"where": {"appliances": ["TV", "냉장고"]}, "not": {"appliances": ["TV"]}},
        {"where": {"appliances": ["TV"]}, "not": {"appliances": {"all": ["TV", "냉장고"]}}},
        {"where": {"gender": ["남성"]}, "not": {"region": ["서울"]}},
        {"where": {"birth_year": {"min": 1995, "max": 2005}, "age": {"min": 20, "max": 29}}},
        {"where": {"birth_year": {"min": 1980}, "age": {"max": 45}}},
        {"not": {"age": {"min": 40, "max": 30}}},
    ],
)
def test_somebody_might_satisfy_it(raw: dict[str, Any]) -> None:
    assert not nobody(raw)
