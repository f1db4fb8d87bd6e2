"""The diagram of the documentation shows the readings that ship."""

from server.accuracy.recorded import read_recorded
from server.filter import load_catalogue
from tests.diagram import DIAGRAM, READINGS, REFRESH, bins_of, diagram


def test_every_reading_is_in_one_bin_and_inside_its_interval() -> None:
    catalogue = load_catalogue("welcome")
    cases = read_recorded(READINGS, catalogue).cases
    bins = list(bins_of(cases, catalogue))
    assert sum(each.questions for each in bins) == sum(c.confidence is not None for c in cases)
    for each in bins:
        assert 0 <= each.exact_low <= each.exact <= each.exact_high <= 1
        assert each.confidence_from <= each.confidence <= each.confidence_to


def test_the_drawing_has_a_dot_for_each_bin_and_stands_beside_the_readings() -> None:
    catalogue = load_catalogue("welcome")
    bins = list(bins_of(read_recorded(READINGS, catalogue).cases, catalogue))
    drawn = diagram()
    assert drawn.startswith("<svg")
    assert drawn.count("<circle") == len(bins)
    assert DIAGRAM.read_text("utf-8") == f"{drawn}\n", f"it is stale; draw it anew with: {REFRESH}"
