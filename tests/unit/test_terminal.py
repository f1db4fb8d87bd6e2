"""What a load reports is shown as it was written, whatever signs it holds."""

import io

from rich.console import Console

from server.panel.report import LoadReport, RejectedValue, UnknownKey
from server.terminal import print_report


def said(report: LoadReport) -> str:
    printed = io.StringIO()
    print_report(report, Console(file=printed, width=200))
    return printed.getvalue()


def test_signs_of_markup_in_a_value_stay_text() -> None:
    rejected = RejectedValue("a.csv", 2, "[b]w1", "job", "[/기타]", "not an answer")
    shown = said(LoadReport(rows_read=2, values_rejected=1, rejected=(rejected,)))
    assert "[/기타]" in shown
    assert "[b]w1" in shown


def test_who_made_room_and_what_was_left_out_is_told() -> None:
    shown = said(
        LoadReport(
            rows_read=7,
            header_rows=1,
            duplicate_rows=2,
            demo_removed=35_000,
            unknown_keys=(UnknownKey("a.csv", "혈액형", "not in the catalogue"),),
        )
    )
    for line in (
        "35,000 synthetic people made room for them",
        "1 rows held the questions' wording",
        "2 rows spoke of somebody again",
        "a.csv: key '혈액형' is left out: not in the catalogue",
    ):
        assert line in shown
