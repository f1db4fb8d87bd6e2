"""What a lift and an overlap would tell of too few people is left out; the rest stays."""

from server.access.small import compared_without_small, told, without_small
from server.search.answer import BreakdownRow, Found
from server.search.groups import ComparedField, Group


def found(*in_panel: int) -> Found:
    """200 people of 1,000 match, 100 in each line; so many of the panel are in it."""
    rows = tuple(BreakdownRow((str(n),), 100, 0.5, 0.43, 0.57, 0.5 / (n / 1000)) for n in in_panel)
    return Found(1000, 200, 0, 0, (), (), rows, 2025, True, "", 0.0)


def test_a_lift_that_tells_of_few_others_is_left_out() -> None:
    shown = without_small(found(100, 104, 105, 600), 5).breakdown
    assert [row.lift is None for row in shown] == [False, True, False, False]
    assert [row.count for row in shown] == [100] * 4


def test_without_a_smallest_count_every_lift_is_told() -> None:
    assert without_small(found(100, 101), 0) == found(100, 101)


def test_an_overlap_of_few_is_left_out() -> None:
    groups = tuple(Group(100, 90, shared) for shared in (0, 3, 50, 98, 100))
    shown = compared_without_small(ComparedField("job", groups, (), 0, ""), 5).groups
    assert [group.shared for group in shown] == [0, None, 50, None, 100]


def test_a_kept_count_of_too_few_is_told_no_more() -> None:
    assert [told(count, 5) for count in (0, 1, 4, 5)] == [0, None, None, 5]
    assert told(1, 0) == 1
