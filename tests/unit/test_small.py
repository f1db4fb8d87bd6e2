"""Counts that tell of too few people are left out, and so are those that would give them away."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.small import (
    all_compared_without_small,
    answers_without_small,
    compared_without_small,
    divided_without_small,
    told,
    without_small,
)
from server.errors import TooFew
from server.filter import Condition, Values
from server.panel.answer_counts import AnswerCounts
from server.search.answer import BreakdownRow, CountedCondition, Found
from server.search.divisions import Division, Slice
from server.search.groups import ComparedAnswer, ComparedField, Group, Share

Cells = dict[tuple[bool, ...], int]

SMALLEST = 5


def found(*in_panel: int) -> Found:
    """200 people of 1,000 match, 100 in each line; so many of the panel are in it."""
    rows = tuple(BreakdownRow((str(n),), 100, 0.5, 0.43, 0.57, 0.5 / (n / 1000)) for n in in_panel)
    return Found(1000, 200, 0, 0, (), (), rows, 2025, True, "", 0.0)


def searched(cells: Cells) -> Found:
    """What is found with conditions that must all hold; so many people satisfy just these."""
    size = len(next(iter(cells)))
    total = cells[(True,) * size]
    conditions = []
    for place in range(size):
        alone = sum(n for held, n in cells.items() if held[place])
        kept = tuple(i == place for i in range(size))
        without = total + cells[tuple(not k for k in kept)]
        condition = Condition(f"field{place}", Values(("x",)))
        conditions.append(CountedCondition("where", 0, condition, alone, without))
    population = sum(cells.values())
    return Found(population, total, 0, 0, tuple(conditions), (), (), 2025, True, "", 0.0)


def divided(total: int, *counts: int) -> Division:
    slices = tuple(Slice((str(n),), count, count / total) for n, count in enumerate(counts))
    return Division(("job",), total, slices)


def compared(
    *groups: Group,
    lines: tuple[tuple[int, ...], ...] = (),
    inside: tuple[tuple[int, int], ...] = (),
) -> ComparedField:
    """`inside`: of two groups, which lies wholly in which; others share people with the last only."""

    def shared(one: int, other: int) -> int:
        if one == other:
            return groups[one].people or 0
        for inner, outer in inside:
            if {one, other} == {inner, outer}:
                return groups[inner].people or 0
        return groups[min(one, other)].shared or 0 if len(groups) - 1 in (one, other) else 0

    places = range(len(groups))
    overlaps = tuple(tuple(shared(one, other) for other in places) for one in places)

    def share(count: int) -> Share:
        return Share(count, None, None, None, None, None, None, None)

    answers = tuple(
        ComparedAnswer(str(n), tuple(share(count) for count in counts))
        for n, counts in enumerate(lines)
    )
    return ComparedField("job", groups, answers, 0, "", overlaps)


def test_a_lift_that_tells_of_few_others_is_left_out() -> None:
    shown = without_small(found(100, 104, 105, 600), SMALLEST).breakdown
    assert [row.lift is None for row in shown] == [False, True, False, False]
    assert [row.count for row in shown] == [100] * 4


def test_a_lift_that_could_be_counted_back_from_the_others_takes_one_along() -> None:
    shown = without_small(found(103, 897), SMALLEST).breakdown
    assert [row.lift for row in shown] == [None, None]


def test_without_a_smallest_count_everything_is_told() -> None:
    assert without_small(found(100, 101), 0) == found(100, 101)
    assert divided_without_small(divided(102, 100, 1, 1), 0) == divided(102, 100, 1, 1)
    people = {("gender", "남성"): 1, ("gender", "여성"): 2}
    assert answers_without_small(AnswerCounts(1, people, 4), 0) == people


def test_what_all_but_few_match_is_refused() -> None:
    cells: Cells = {(True,): 34_996, (False,): 4}
    with pytest.raises(TooFew):
        without_small(searched(cells), SMALLEST)
    assert without_small(searched(cells), 4) == searched(cells)
    everyone: Cells = {(True,): 35_000, (False,): 0}
    assert without_small(searched(everyone), SMALLEST) == searched(everyone)


def test_a_condition_that_all_but_few_satisfy_tells_of_the_few() -> None:
    cells: Cells = {
        (True, True): 17_000,
        (True, False): 17_996,
        (False, True): 4,
        (False, False): 0,
    }
    assert without_small(searched(cells), SMALLEST).conditions == ()


def test_conditions_that_few_miss_together_are_not_counted() -> None:
    cells: Cells = {(True, True): 500, (True, False): 300, (False, True): 200, (False, False): 2}
    assert without_small(searched(cells), SMALLEST).conditions == ()
    cells[False, False] = SMALLEST
    assert len(without_small(searched(cells), SMALLEST).conditions) == 2


@given(st.integers(1, 3).flatmap(lambda size: st.tuples(*[st.integers(0, 15)] * 2**size)))
def test_no_sum_of_the_counts_of_conditions_tells_of_few(people: tuple[int, ...]) -> None:
    size = len(people).bit_length() - 1
    holding = list(product([True, False], repeat=size))
    cells: Cells = dict(zip(holding, people, strict=True))
    try:
        shown = without_small(searched(cells), SMALLEST)
    except TooFew:
        return
    known = [[True] * len(holding), [all(held) for held in holding]]
    for counted in shown.conditions:
        place = int(counted.condition.field.removeprefix("field"))
        known.append([held[place] for held in holding])
        known.append([all(held[:place] + held[place + 1 :]) for held in holding])
    # Whatever is a sum of counts that are known, with whatever signs, lies in what they span.
    span = np.array(known, dtype=float)
    projection = span.T @ np.linalg.pinv(span.T)
    some = np.array(list(product([0.0, 1.0], repeat=len(holding))))
    can_be_told = np.abs(some @ projection - some).max(axis=1) < 1e-6
    counts = some[can_be_told] @ np.array(people)
    assert not ((counts > 0) & (counts < SMALLEST)).any()


@pytest.mark.parametrize(
    ("total", "counts", "shown"),
    [
        (102, (100, 1, 1), ()),
        (162, (100, 60, 2), (100,)),
        (165, (60, 100, 3, 2), (60, 100)),
        (160, (60, 100), (60, 100)),
        (103, (101, 50), (50,)),  # several answers each: all but two gave the first
    ],
)
def test_what_is_hidden_cannot_be_counted_back(
    total: int, counts: tuple[int, ...], shown: tuple[int, ...]
) -> None:
    division = divided_without_small(divided(total, *counts), SMALLEST)
    assert tuple(each.count for each in division.slices) == shown
    assert division.left_off == len(counts) - len(shown)


def test_an_overlap_of_few_is_left_out() -> None:
    groups = tuple(Group(100, 90, shared) for shared in (0, 3, 50, 98, 100))
    shown = compared_without_small(compared(*groups), SMALLEST).groups
    assert [group.shared for group in shown] == [0, None, 50, None, 100]


def test_an_overlap_of_all_but_few_of_the_last_group_is_left_out() -> None:
    shown = compared_without_small(compared(Group(300, 280, 98), Group(100, 90, 100)), SMALLEST)
    assert [group.shared for group in shown.groups] == [None, 100]


def test_how_many_a_group_has_is_left_out_where_few_did_not_answer() -> None:
    given = compared(Group(102, 100, 0), Group(80, 70, 80), lines=((60, 40), (40, 30)))
    shown = compared_without_small(given, SMALLEST)
    assert [(group.people, group.shared) for group in shown.groups] == [(None, None)] * 2
    assert (shown.answers, shown.left_off) == (given.answers, 0)
    with pytest.raises(TooFew):
        compared_without_small(compared(Group(102, 3, 0), Group(80, 70, 80)), SMALLEST)


def test_how_many_a_group_has_is_not_told_by_another_field_either() -> None:
    few_silent = compared(Group(102, 100, 0), Group(80, 70, 80))
    many_silent = compared(Group(102, 90, 0), Group(80, 60, 80))
    for fields in ((few_silent, many_silent), (many_silent, few_silent)):
        shown = all_compared_without_small(fields, SMALLEST)
        assert [(g.people, g.shared) for f in shown for g in f.groups] == [(None, None)] * 4
        assert [g.answered for f in shown for g in f.groups] == [
            g.answered for f in fields for g in f.groups
        ]
    nobody_silent = compared(Group(102, 102, 0), Group(80, 60, 80))
    with pytest.raises(TooFew):
        all_compared_without_small((few_silent, nobody_silent), SMALLEST)
    together = many_silent, nobody_silent
    assert all_compared_without_small(together, SMALLEST) == together


def test_an_answer_that_few_of_one_group_gave_takes_others_along_until_they_are_enough() -> None:
    lines = ((50, 30), (40, 30), (1, 30), (1, 30))
    shown = compared_without_small(
        compared(Group(92, 92, 0), Group(120, 120, 120), lines=lines), SMALLEST
    )
    assert [answer.value for answer in shown.answers] == ["0"]
    assert shown.left_off == 3


def test_a_group_within_another_is_not_told_where_few_are_outside_of_it() -> None:
    inner, outer = Group(100, 80, 100), Group(160, 120, 160)
    lines = ((40, 42), (20, 40), (20, 38))
    shown = compared_without_small(compared(inner, outer, lines=lines), SMALLEST)
    assert [answer.value for answer in shown.answers] == ["1"]
    with pytest.raises(TooFew):
        compared_without_small(compared(inner, Group(102, 81, 102)), SMALLEST)


def test_a_group_within_one_that_is_not_the_last_is_not_told_where_few_are_outside_of_it() -> None:
    inner, outer, last = Group(180, 150, 0), Group(184, 154, 0), Group(200, 170, 200)
    with pytest.raises(TooFew):
        compared_without_small(compared(inner, outer, last, inside=((0, 1),)), SMALLEST)
    with pytest.raises(TooFew):
        compared_without_small(compared(outer, inner, last, inside=((1, 0),)), SMALLEST)
    apart = compared(inner, outer, last)
    assert compared_without_small(apart, SMALLEST) == apart
    lines = ((50, 60, 80), (50, 52, 70), (50, 54, 20))
    nested = compared(inner, Group(196, 166, 0), last, lines=lines, inside=((0, 1),))
    shown = compared_without_small(nested, SMALLEST)
    assert [answer.value for answer in shown.answers] == ["0"]


def test_two_groups_that_few_of_a_third_are_outside_of_are_not_told() -> None:
    groups = Group(100, 80, 100), Group(60, 50, 60), Group(163, 140, 163)
    with pytest.raises(TooFew):
        compared_without_small(compared(*groups, inside=((0, 2), (1, 2))), SMALLEST)
    overlapping = compared(*groups, inside=((0, 2), (1, 2), (1, 0)))
    assert compared_without_small(overlapping, SMALLEST).groups


def test_an_overlap_that_tells_of_few_beside_that_of_a_group_within_is_left_out() -> None:
    groups = Group(100, 90, 50), Group(200, 190, 53), Group(300, 290, 300)
    shown = compared_without_small(compared(*groups, inside=((0, 1),)), SMALLEST).groups
    assert [group.shared for group in shown] == [50, None, 300]


def test_an_answer_of_the_codebook_cannot_be_counted_back_from_how_many_people_there_are() -> None:
    people = {
        ("gender", "남성"): 60,
        ("gender", "여성"): 43,
        ("marital_status", "미혼"): 50,
        ("marital_status", "기혼"): 51,
        ("marital_status", "기타(사별/이혼 등)"): 2,
        ("phone_brand", "애플"): 50,
        ("phone_brand", "삼성전자"): 49,
        ("appliances", "TV"): 101,
        ("appliances", "냉장고"): 90,
    }
    shown = answers_without_small(AnswerCounts(1, people, 103), SMALLEST)
    assert set(people) - set(shown) == {
        ("marital_status", "미혼"),
        ("marital_status", "기타(사별/이혼 등)"),
        ("phone_brand", "삼성전자"),  # 4 said nothing of their phone
        ("appliances", "TV"),  # 2 have none
    }
    assert shown.items() <= people.items()


def test_a_field_that_most_answered_does_not_tell_how_few_did_not() -> None:
    people = {("gender", "남성"): 60, ("gender", "여성"): 43, ("appliances", "TV"): 101}
    shown = answers_without_small(AnswerCounts(1, people, 105), SMALLEST)
    assert shown == {("gender", "남성"): 60}
    assert answers_without_small(AnswerCounts(1, people, 108), SMALLEST) == people


def test_a_kept_count_of_too_few_or_of_all_but_too_few_is_told_no_more() -> None:
    counts = (0, 1, 4, 5, 95, 96, 99, 100)
    shown = [told(count, 100, SMALLEST) for count in counts]
    assert shown == [None, None, None, 5, 95, None, None, 100]
    assert [told(count, 100, 0) for count in counts] == list(counts)
