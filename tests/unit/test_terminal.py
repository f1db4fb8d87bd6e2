"""What is told in a terminal is true and shown as it was written; the rest is refused in time."""

import io
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from server.accuracy.history import StoredRun
from server.answering import Answer
from server.cli import app
from server.errors import Language, SetupError
from server.filter import load_catalogue, parse_filter, placed_conditions
from server.interpret.interpretation import Interpretation
from server.listening import listening_socket, shown
from server.panel.report import LoadReport, RejectedValue, UnknownKey, UnlistedNames
from server.search.answer import CountedCondition, Found, Respondent
from server.settings import Settings
from server.terminal import print_answer, print_evaluation, print_report, print_runs

CATALOGUE = load_catalogue("welcome")


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
            answers_kept=3,
            unknown_keys=(UnknownKey("a.csv", "혈액형", "not in the catalogue"),),
            unlisted=(UnlistedNames("a.csv", "district", 4, ("수원[시", "어느 새 구")),),
        )
    )
    for line in (
        "35,000 synthetic people made room for them",
        "1 rows held the questions' wording",
        "2 rows spoke of somebody again",
        "3 answers of before stay in place of rejected values",
        "a.csv: key '혈액형' is left out: not in the catalogue",
        "a.csv: 4 names of district are not in the catalogue and stay as written: 수원[시, 어느 새 구",
    ):
        assert line in shown


def answered(raw: dict[str, Any], *, total: int, returned: int, language: Language = "en") -> str:
    """What is printed of a search that found so many and brought back a page of them."""
    query = parse_filter(raw, CATALOGUE)
    people = tuple(Respondent(f"w{n}", {"gender": "여성"}) for n in range(returned))
    counted = tuple(CountedCondition(*placed, 1, 1) for placed in placed_conditions(query))
    wanted = total if query.limit is None else query.limit
    found = Found(
        35_000, total, returned, max(0, wanted - total), counted, people, (), 2025,
        synthetic=False, sql="", milliseconds=0.0, offered=min(wanted, total),
    )  # fmt: skip
    reading = Interpretation("", language, query, (), (), (), (), "", 0.0, 1.0)
    printed = io.StringIO()
    console = Console(file=printed, width=200)
    print_answer(Answer(query, reading, found, None), CATALOGUE, console)
    return printed.getvalue()


def test_how_many_more_there_are_is_of_all_and_not_of_a_page() -> None:
    women = {"where": {"gender": ["여성"]}}
    assert "… and 4,980 more" in answered(women, total=5000, returned=100)
    assert "more" not in answered(women, total=20, returned=20)


def test_whoever_asks_for_many_is_told_how_many_were_found() -> None:
    many = {"where": {"gender": ["여성"]}, "limit": 5000}
    shown = answered(many, total=6000, returned=1000)
    assert "5,000 asked for, 5,000 found" in shown
    assert "… and 4,980 more" in shown
    assert "5,000명 요청, 300명 찾음" in answered(many, total=300, returned=300, language="ko")


@pytest.mark.parametrize(
    ("language", "marks"),
    [
        ("en", ("not: Job", "alternative 1: ", "alternative 2: ")),
        ("ko", ("제외: 직업", "대안 1: ", "대안 2: ")),
    ],
)
def test_a_condition_says_in_the_questions_language_where_it_stands(
    language: Language, marks: tuple[str, ...]
) -> None:
    either = [{"gender": ["여성"], "region": ["서울"]}, {"region": ["부산"]}]
    raw = {"not": {"job": ["사무직"]}, "either": either}
    shown = answered(raw, total=3, returned=3, language=language)
    assert [shown.count(mark) for mark in marks] == [1, 2, 1]


def test_a_tag_that_is_called_all_does_not_stand_in_for_the_total() -> None:
    printed = io.StringIO()
    figures = {
        "questions": 240, "by_tag": {"all": {"questions": 13}}, "by_field": {}, "by_operator": {},
        "milliseconds": {}, "run": 1,
    }  # fmt: skip
    print_evaluation(figures, Console(file=printed, width=200))
    rows = [line.split() for line in printed.getvalue().splitlines()]
    assert [row[1:5] for row in rows if "all" in row] == [
        ["all", "questions", "│", "240"],
        ["all", "│", "13", "│"],
    ]


def test_a_figure_without_an_interval_says_so() -> None:
    printed = io.StringIO()
    figures = {
        "exact": 1.0, "exact_interval": [0.5, 1.0], "f1": 1.0, "f1_interval": [None, None],
        "by_tag": {}, "by_field": {}, "by_operator": {}, "milliseconds": {}, "run": 1,
    }  # fmt: skip
    print_evaluation(figures, Console(file=printed, width=200))
    assert "95 % intervals: exact 0.500–1.000, f1 –\n" in printed.getvalue()


def test_signs_of_markup_in_a_tag_or_a_files_name_stay_text() -> None:
    printed = io.StringIO()
    console = Console(file=printed, width=200)
    ours = {
        "questions": 1, "by_tag": {"[/x]": {}, "[either]": {}}, "by_field": {}, "by_operator": {},
        "milliseconds": {}, "run": 1,
    }  # fmt: skip
    print_evaluation(ours, console)
    figures = (1.0,) * 9
    now = datetime.now(UTC)
    run = StoredRun(
        1, now, "[b]gold[/i].jsonl", "", "", 1, "", False, "", 1, *figures, *(None,) * 3
    )
    print_runs((run,), console)
    for said in ("[/x]", "[either]", "[b]gold[/i].jsonl"):
        assert said in printed.getvalue()


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


def test_a_training_of_no_steps_is_refused() -> None:
    assert CliRunner().invoke(app, ["tune", "--steps", "0"]).exit_code == 2


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")
def test_an_address_of_ipv6_is_shown_as_a_browser_takes_it() -> None:
    with socket.socket(socket.AF_INET6) as listening:
        try:
            listening.bind(("::1", 0))
        except OSError:
            pytest.skip("there is no IPv6")
        assert shown(listening) == f"http://[::1]:{listening.getsockname()[1]}"


def test_a_port_is_taken_before_the_server_on_it_is_up() -> None:
    with listening_socket(Settings(port=0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(SetupError, match=f"cannot listen on .* port {port}"):
            listening_socket(Settings(port=port))
        with socket.create_connection(first.getsockname(), timeout=10):
            pass
