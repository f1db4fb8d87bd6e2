"""What a load reports is shown as it was written; what cannot be written is refused before the work."""

import io
import socket
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from server.cli import app
from server.listening import shown
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


@pytest.mark.parametrize(
    "command",
    [
        ("evaluate", "--record"),
        ("evaluate", "--sql"),
        ("gold", "export"),
        ("calibrate", "recorded.jsonl"),
    ],
)
def test_where_nothing_can_be_written_is_refused_before_the_work(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    for target in (tmp_path / "nowhere" / "file", tmp_path):
        done = CliRunner().invoke(app, [*command, str(target)])
        assert done.exit_code == 2
        assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")
def test_an_address_of_ipv6_is_shown_as_a_browser_takes_it() -> None:
    with socket.socket(socket.AF_INET6) as listening:
        try:
            listening.bind(("::1", 0))
        except OSError:
            pytest.skip("there is no IPv6")
        assert shown(listening) == f"http://[::1]:{listening.getsockname()[1]}"
