"""The model's short spelling says the same as the filter."""

import pytest
from hypothesis import given

from server.errors import InvalidFilter
from server.filter import Condition, Filter, Range, Values, placed_conditions
from server.spelling import (
    Reading,
    condition_lines,
    field_of,
    key_of,
    opposite,
    part_of,
    range_in,
    read,
    spell,
    values_in,
    with_values,
)
from tests.strategies import readings, small_catalogue

CATALOGUE = small_catalogue()


@given(readings(CATALOGUE))
def test_what_is_spelled_reads_back_the_same(reading: Reading) -> None:
    assert read(spell(reading), CATALOGUE) == reading


@given(readings(CATALOGUE))
def test_a_line_says_its_part_its_field_and_its_values(reading: Reading) -> None:
    lines = spell(reading).splitlines()
    assert lines == sorted(lines, key=part_of)
    conditions = tuple(condition for _, _, condition in placed_conditions(reading.filter))
    for line, condition in zip(condition_lines(reading.filter), conditions, strict=True):
        assert field_of(line) == key_of(line)[1] == condition.field
        assert with_values(line, values_in(line)) == line == opposite(opposite(line))
        if isinstance(condition.constraint, Range):
            assert range_in(line) == condition.constraint
        else:
            assert tuple(values_in(line)) == condition.constraint.values


def test_nothing_at_all_is_everyone() -> None:
    assert spell(Reading(Filter())) == ""
    assert read("", CATALOGUE) == Reading(Filter())


def test_every_kind_of_line() -> None:
    lines = (
        "region=서울|경기\n"
        "age=20..39\n"
        "appliances*=TV|냉장고\n"
        "-gender=남성\n"
        "/district=중구\n"
        "&income=200..\n"
        "/children=..1\n"
        ">education\n"
        "#100\n"
        "?우울한\n"
    )
    reading = Reading(
        Filter(
            where=(
                Condition("age", Range(20, 39)),
                Condition("region", Values(("서울", "경기"))),
                Condition("appliances", Values(("TV", "냉장고"), every=True)),
            ),
            negated=(Condition("gender", Values(("남성",))),),
            either=(
                (Condition("district", Values(("중구",))), Condition("income", Range(min=200))),
                (Condition("children", Range(max=1)),),
            ),
            by=("education",),
            limit=100,
        ),
        ("우울한",),
    )
    assert read(lines, CATALOGUE) == reading
    assert read(spell(reading), CATALOGUE) == reading


def test_a_range_is_a_text_where_the_field_holds_texts() -> None:
    (condition,) = read("district=1..2\n", CATALOGUE).filter.where
    assert condition.constraint == Values(("1..2",))


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("gender=남성", "stopped inside the line 'gender=남성'"),
        ("gender\n", "'gender', which is no condition"),
        ("gender=\n", "'gender=', which is no condition"),
        ("\n", "'', which is no condition"),
        ("#열\n", "'#열', which is no condition"),
        ("&gender=남성\n", "before any group"),
        ("gender=남성\ngender=여성\n", "two conditions on 'gender'"),
        ("/gender=남성\n&gender=여성\n", "two conditions on 'gender'"),
        ("colour=빨강\n", "where: no field 'colour'"),
        ("age=..\n", "where.age: a range needs min or max"),
        ("age=20\n", 'where.age: expected {"min", "max"}'),
        ("gender*=남성\n", '"all" needs a field with several answers'),
        (">colour\n", "by: no field 'colour'"),
        ("#0\n", "limit: expected a whole number from 1"),
    ],
)
def test_a_wrong_line_is_named(lines: str, reason: str) -> None:
    with pytest.raises(InvalidFilter) as refused:
        read(lines, CATALOGUE)
    assert reason in refused.value.detail
