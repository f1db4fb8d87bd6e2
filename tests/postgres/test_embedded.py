"""The embedded PostgreSQL: shared, stopped by the last, and back after anything was killed."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import psutil
import psycopg
import pytest

from server.errors import SetupError
from server.postgres import embedded as module
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.migrate import MIGRATIONS, migrate
from tests.folders import open_folder

HOLD = """
import sys, time
from pathlib import Path
from server.postgres.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as embedded:
    print(embedded.conninfo, flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A data folder that the user of PostgreSQL can reach, with a cluster in it."""
    with open_folder() as folder:
        with EmbeddedPostgres(folder):
            pass
        yield folder


def _answers(conninfo: str) -> bool:
    try:
        with psycopg.connect(conninfo) as connection:
            return connection.execute("select 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def _hold(folder: Path, seconds: float) -> "subprocess.Popen[str]":
    """Another process that uses the cluster."""
    command = [sys.executable, "-c", HOLD, str(folder), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


def _postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "postgres/data/postmaster.pid").read_text().split()[0]))


def test_it_answers_on_a_socket_only_and_stops_with_its_user(folder: Path) -> None:
    with EmbeddedPostgres(folder) as embedded, psycopg.connect(embedded.conninfo) as connection:
        assert connection.execute("show listen_addresses").fetchone() == ("",)
        assert connection.execute("select length('서울특별시')").fetchone() == (5,)
    assert not _answers(embedded.conninfo)


def test_two_processes_share_it_and_the_last_one_stops_it(folder: Path) -> None:
    other = _hold(folder, 60)
    with EmbeddedPostgres(folder) as embedded:
        other.terminate()
        other.communicate()
        assert _answers(embedded.conninfo)
    assert not _answers(embedded.conninfo)


def test_after_its_user_was_killed_the_next_one_takes_it_over(folder: Path) -> None:
    other = _hold(folder, 60)
    other.kill()
    other.communicate()
    with EmbeddedPostgres(folder) as embedded:
        assert _answers(embedded.conninfo)
    assert not _answers(embedded.conninfo)


def test_after_the_server_was_killed_it_starts_again(folder: Path) -> None:
    with EmbeddedPostgres(folder) as embedded:
        _postmaster(folder).kill()
        _until(lambda: not _answers(embedded.conninfo))
        embedded.revive()
        assert _answers(embedded.conninfo)


def test_a_number_in_the_pid_file_that_is_another_program_is_no_server(folder: Path) -> None:
    data = folder / "postgres/data"
    alive = str(psutil.Process().ppid())
    (data / "postmaster.pid").write_text(f"{alive}\n{data}\n1\n5432\n\n\n\nready\n")
    with EmbeddedPostgres(folder) as embedded:
        assert _answers(embedded.conninfo)


@pytest.mark.parametrize("is_older", [False, True])
def test_a_folder_by_another_path_is_the_same_cluster(folder: Path, is_older: bool) -> None:
    """Also when an older version has started it there by the path as it was given."""
    other = folder / f"other-{is_older}"
    other.symlink_to(folder)
    first = EmbeddedPostgres(other)
    if is_older:
        first.folder = other / "postgres"
    with first:
        running = _postmaster(folder)
        with EmbeddedPostgres(folder) as second:
            assert second.owner == first.owner
            assert _postmaster(folder) == running
            assert _answers(second.conninfo)
        assert _answers(first.conninfo)
    assert not _answers(first.conninfo)


def test_a_folder_of_another_version_is_refused_with_both_versions(folder: Path) -> None:
    version = folder / "postgres/data/PG_VERSION"
    ours = version.read_text()
    version.write_text("9\n")
    try:
        with pytest.raises(SetupError, match=r"made by PostgreSQL 9 and this is PostgreSQL \d+"):
            EmbeddedPostgres(folder).__enter__()
    finally:
        version.write_text(ours)


def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    (folder / "file").write_text("")
    with pytest.raises(SetupError, match="PANELENS_DATA_FOLDER"):
        EmbeddedPostgres(folder / "file").__enter__()


def test_a_torn_first_start_leaves_nothing_that_the_next_one_would_trust(folder: Path) -> None:
    fresh = folder / "fresh"
    unfinished = fresh / "postgres/data.unfinished"
    unfinished.mkdir(parents=True)
    fresh.chmod(0o755)
    (unfinished / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(fresh) as embedded:
        assert _answers(embedded.conninfo)


def test_a_long_path_gets_a_short_socket(folder: Path) -> None:
    deep = folder / ("d" * 100)
    deep.mkdir()
    deep.chmod(0o755)
    with EmbeddedPostgres(deep) as embedded:
        assert _answers(embedded.conninfo)


def test_processes_that_migrate_at_once_wait_for_each_other(server: str, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("drop schema panelens cascade")
    with get_context("spawn").Pool(3) as processes:
        processes.map(migrate, [database] * 3)
    with psycopg.connect(database) as connection:
        applied = connection.execute("select count(*) from panelens._yoyo_migration").fetchone()
    assert applied == (len(list(MIGRATIONS.glob("*.sql"))),)


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_programs_that_their_user_cannot_reach_work_where_they_are_copied_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for root in a checkout that nobody else can enter."""
    monkeypatch.setattr(module, "SHARED_HOME", tmp_path / "shared")
    monkeypatch.setattr(module, "_may_enter", lambda _folder, _owner: False)
    programs = module._programs(module.Owner(65534, 65534))
    assert programs.is_relative_to(tmp_path)
    for program in ("initdb", "postgres", "pg_ctl"):
        subprocess.run([programs / program, "--version"], check=True, capture_output=True, env={})
