"""A load that was cut off is run again: it goes on after what reached the database, and no further."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from server.errors import BrokenFile, DatabaseAway
from server.filter import load_catalogue
from server.panel.load import LoadReport, load_files
from server.panel.sent import BATCH_ROWS, SCHEMA

CATALOGUE = load_catalogue("welcome")
ROWS = 3 * BATCH_ROWS - 10
Progress = Callable[[str, int], None]


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three batches, each with a value that is rejected; the second ends in rows of nobody."""
    people = [
        {"mb_sn": f"w{n}", "Q10": "M", "Q11": "soon" if n % 500 == 0 else str(1930 + n % 80)}
        for n in range(ROWS)
    ]
    for n in range(2 * BATCH_ROWS - 5, 2 * BATCH_ROWS):
        people[n] = {"mb_sn": "", "Q10": "M", "Q11": ""}
    file = tmp_path_factory.mktemp("big") / "welcome_1st.json"
    file.write_text(json.dumps(people), "utf-8")
    return file


def _load(database: str, *files: Path, progress: Progress | None = None) -> LoadReport:
    return load_files(database, CATALOGUE, files, reference_year=2025, progress=progress)


def _rows(database: str, query: str) -> list[Any]:
    with psycopg.connect(database) as connection:
        return connection.execute(query.encode()).fetchall()


def _everything(database: str) -> tuple[list[Any], list[Any]]:
    """The panel and what was not accepted, as they are in the end."""
    people = "select respondent_id, gender, birth_year from panel_welcome.respondent order by 1"
    refused = "select file, row, respondent_id, field, value, reason from panelens.rejected_value"
    return _rows(database, people), _rows(database, f"{refused} order by row, field")


def _waiting(database: str) -> dict[str, int]:
    """The tables in which rows wait, and how many."""
    tables = _rows(
        database,
        f"select tablename::text from pg_tables where schemaname = '{SCHEMA}' order by 1",
    )
    with psycopg.connect(database) as connection:
        return {
            name: (connection.execute(_count_of(name)).fetchone() or (0,))[0] for (name,) in tables
        }


def _count_of(name: str) -> sql.Composed:
    return sql.SQL("select count(*) from {}").format(sql.Identifier(SCHEMA, name))


def _cut_after(database: str, rows: int) -> Progress:
    """Take the loading connection away once that many rows were read."""

    def cut(_file: str, read: int) -> None:
        if read >= rows:
            _rows(
                database,
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()",
            )

    return cut


def test_a_load_that_was_cut_off_goes_on_where_it_was(database: str, big: Path) -> None:
    with pytest.raises(DatabaseAway):
        _load(database, big, progress=_cut_after(database, 2 * BATCH_ROWS))
    assert _rows(database, "select count(*) from panel_welcome.respondent") == [(0,)]
    assert _rows(database, "select count(*) from panelens.load") == [(0,)]
    before = _waiting(database)
    assert sum(before.values()) > 2 * BATCH_ROWS - 10

    seen: list[dict[str, int]] = []

    def look(_file: str, read: int) -> None:
        if read <= 2 * BATCH_ROWS:
            seen.append(_waiting(database))

    report = _load(database, big, progress=look)
    assert seen == [before, before]  # not a row was sent a second time
    assert report.rows_there == 2 * BATCH_ROWS
    assert (report.rows_read, report.rows_stored) == (ROWS, ROWS - 5)
    assert report.duplicate_rows == 0


def test_what_comes_of_it_is_what_one_load_makes(
    database: str, other_database: str, big: Path
) -> None:
    with pytest.raises(DatabaseAway):
        _load(database, big, progress=_cut_after(database, BATCH_ROWS))
    report, whole = _load(database, big), _load(other_database, big)
    assert report.values_rejected == whole.values_rejected > 3
    assert report.rejected == whole.rejected
    assert _everything(database) == _everything(other_database)


def test_when_all_is_merged_nothing_waits_any_more(database: str, big: Path) -> None:
    _load(database, big)
    assert _waiting(database) == {}
    assert _rows(database, "select * from panelens.staging") == []
    assert _load(database, big).rows_there == 0


def test_a_file_that_is_refused_leaves_nothing_waiting(
    database: str, big: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "welcome_1st.json"
    torn.write_bytes(big.read_bytes()[:-200])
    with pytest.raises(BrokenFile):
        _load(database, torn)
    assert _waiting(database) == {}
    assert _rows(database, "select * from panelens.staging") == []


def test_a_changed_file_begins_anew(database: str, big: Path, tmp_path: Path) -> None:
    with pytest.raises(DatabaseAway):
        _load(database, big, progress=_cut_after(database, BATCH_ROWS))
    changed = tmp_path / big.name
    changed.write_text(big.read_text("utf-8").replace('"M"', '"F"', 1), "utf-8")
    assert _load(database, changed).rows_there == 0


def test_what_nobody_went_on_with_for_a_week_is_forgotten(
    database: str, big: Path, tmp_path: Path
) -> None:
    with pytest.raises(DatabaseAway):
        _load(database, big, progress=_cut_after(database, BATCH_ROWS))
    other = tmp_path / "other.json"
    other.write_text('[{"mb_sn": "x1", "gender": "남성"}]', "utf-8")
    _load(database, other)
    assert len(_waiting(database)) == 2
    with psycopg.connect(database) as connection:
        connection.execute("update panelens.staging set started_at = now() - interval '8 days'")
    _load(database, other)
    assert _waiting(database) == {}


def test_a_load_that_was_taken_up_again_waits_another_week(
    database: str, big: Path, tmp_path: Path
) -> None:
    for rows in (BATCH_ROWS, 2 * BATCH_ROWS):
        with pytest.raises(DatabaseAway):
            _load(database, big, progress=_cut_after(database, rows))
        if rows == BATCH_ROWS:
            _age(database, 6)
    _age(database, 2)
    other = tmp_path / "other.json"
    other.write_text('[{"mb_sn": "x1", "gender": "남성"}]', "utf-8")
    _load(database, other)
    assert len(_waiting(database)) == 2


def _age(database: str, days: int) -> None:
    """Let what waits have begun so many days earlier."""
    with psycopg.connect(database) as connection:
        connection.execute(
            "update panelens.staging set started_at = started_at - make_interval(days => %s)",
            [days],
        )


def test_a_killed_process_is_no_different(database: str, big: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from server.filter import load_catalogue; "
        "from server.panel.load import load_files; "
        "load_files(sys.argv[1], load_catalogue('welcome'), [Path(sys.argv[2])], "
        "reference_year=2025, progress=lambda _, rows: (print(rows, flush=True), time.sleep(600)))"
    )
    command = [sys.executable, "-c", program, database, str(big)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == BATCH_ROWS
        process.send_signal(signal.SIGKILL)
    report = _load(database, big)
    assert report.rows_there == BATCH_ROWS
    assert report.rows_stored == ROWS - 5


def test_searches_cannot_see_what_waits(database: str, big: Path) -> None:
    with pytest.raises(DatabaseAway):
        _load(database, big, progress=_cut_after(database, BATCH_ROWS))
    name = next(iter(_waiting(database)))
    with psycopg.connect(database) as connection:
        connection.execute("set role panelens_reader")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(_count_of(name))
