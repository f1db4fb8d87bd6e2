"""Work that is cut off in the middle: nothing of it stays, and done again it is done once."""

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from server.catalogue import Catalogue
from server.errors import DatabaseAway, NoChanges
from server.panel.load import LoadReport, load_files
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.migrate import MIGRATIONS, migrate
from tests.faults.conftest import PEOPLE, YEAR, count_loads, count_people, open_folder, operator
from tests.faults.relay import Relay
from tests.product.running import eventually

LOAD = """
import sys
from pathlib import Path
from server.filter import load_catalogue
from server.panel.load import load_files
load_files(sys.argv[1], load_catalogue("welcome"), [Path(sys.argv[2])], reference_year=2025,
           synthetic=True, progress=lambda file, rows: print(rows, flush=True))
"""
MIGRATE = """
import sys
from server.postgres.migrate import migrate
print("begins", flush=True)
migrate(sys.argv[1])
"""
EVERYBODY = (PEOPLE, PEOPLE)
NOBODY = (0, 0)


def load(database: str, catalogue: Catalogue, people: Path, **more: object) -> LoadReport:
    return load_files(
        database,
        catalogue,
        [people],
        reference_year=YEAR,
        synthetic=True,
        **more,  # type: ignore[arg-type]  # what load_files takes
    )


def test_a_load_whose_connection_is_cut_leaves_nothing(
    database: str, catalogue: Catalogue, people: Path
) -> None:
    with Relay(database) as relay:

        def cut(_file: str, rows: int) -> None:
            assert rows < PEOPLE
            relay.cut()

        with pytest.raises(DatabaseAway):
            load(relay.conninfo, catalogue, people, progress=cut)
    assert (count_people(database), count_loads(database)) == (NOBODY, 0)
    assert load(database, catalogue, people).rows_changed == PEOPLE
    assert (count_people(database), count_loads(database)) == (EVERYBODY, 1)


def test_a_load_that_is_killed_leaves_what_was_there_and_can_be_done_again(
    database: str, catalogue: Catalogue, people: Path
) -> None:
    load(database, catalogue, people)
    with operator(database) as connection:
        connection.execute("delete from panel_welcome.respondent where respondent_id like '%7'")
    some = count_people(database)
    with running(LOAD, database, str(people)) as process:
        assert process.stdout is not None
        assert 0 < int(process.stdout.readline()) < PEOPLE
        process.kill()
    eventually(lambda: connections(database) == 0)
    assert (count_people(database), count_loads(database)) == (some, 1)
    assert load(database, catalogue, people).rows_changed == PEOPLE - some[0]
    assert count_people(database) == EVERYBODY


def test_two_loads_of_one_file_at_once_are_one_load(
    database: str, catalogue: Catalogue, people: Path
) -> None:
    """As two servers do that begin on one empty database."""
    with ThreadPoolExecutor(2) as both:
        begun = [both.submit(load, database, catalogue, people) for _ in range(2)]
        changed = sorted(one.result().rows_changed for one in begun)
    assert changed == [0, PEOPLE]
    assert (count_people(database), count_loads(database)) == (EVERYBODY, 2)


def test_a_migration_that_is_killed_is_made_by_the_next_start(
    cluster: EmbeddedPostgres, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted(MIGRATIONS.glob("*.sql"))
    whole = schema(database)
    with operator(database) as connection:
        connection.execute("drop schema panelens cascade")
        connection.execute("drop schema if exists panelens_staging cascade")
    for file in files[:-3]:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with monkeypatch.context() as patched:
        patched.setattr("server.postgres.migrate.MIGRATIONS", tmp_path)
        migrate(database)
    with operator(database, autocommit=False) as operating:
        # What was made cannot be recorded as made: the worst moment to be killed.
        operating.execute("lock table panelens._yoyo_migration in share mode")
        with running(MIGRATE, database) as process:
            eventually(lambda: is_waiting(database))
            process.kill()
        operating.rollback()
    eventually(lambda: connections(database) == 0)
    migrate(database)
    assert schema(database) == whole


def test_a_full_disk_takes_nothing_and_goes_on_when_there_is_room(
    catalogue: Catalogue, people: Path
) -> None:
    with small_disk() as disk, EmbeddedPostgres(disk) as embedded:
        migrate(embedded.conninfo)
        load(embedded.conninfo, catalogue, people)
        before = schema(embedded.conninfo), count_people(embedded.conninfo)
        with operator(embedded.conninfo) as connection:
            connection.execute("delete from panel_welcome.respondent")
            connection.execute("vacuum full panel_welcome.respondent")
            connection.execute("checkpoint")
        with full(disk), pytest.raises((NoChanges, DatabaseAway)) as caught:
            for _ in range(20):
                load(embedded.conninfo, catalogue, people)
                with operator(embedded.conninfo) as connection:
                    connection.execute("delete from panel_welcome.respondent")
        assert caught.value.status == 503
        embedded.revive()
        eventually(lambda: is_up(embedded))
        load(embedded.conninfo, catalogue, people)
        assert (schema(embedded.conninfo), count_people(embedded.conninfo)) == before


@contextmanager
def running(script: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", script, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def small_disk() -> Iterator[Path]:
    """A file system of its own, with room for a cluster and little else."""
    with open_folder() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=250m,mode=755", "tmpfs", str(folder)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small disk needs the right to mount one: {done.stderr.strip()}")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Somebody else's file takes all room but a little."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(b"\0" * 100_000)
                file.flush()
        except OSError:
            file.truncate(max(0, ballast.stat().st_size - 4_000_000))
    try:
        yield
    finally:
        ballast.unlink()


def schema(database: str) -> list[tuple[object, ...]]:
    """Every column of our own tables, and which migrations are on record."""
    with operator(database) as connection:
        columns = connection.execute(
            "select table_name, column_name, data_type from information_schema.columns"
            " where table_schema = 'panelens' order by 1, 2"
        ).fetchall()
        applied = connection.execute(
            "select migration_id from panelens._yoyo_migration order by 1"
        ).fetchall()
    return [*columns, *applied]


def is_waiting(database: str) -> bool:
    with operator(database) as connection:
        row = connection.execute(
            "select exists (select from pg_locks where not granted"
            " and relation = 'panelens._yoyo_migration'::regclass)"
        ).fetchone()
    return row == (True,)


def connections(database: str) -> int:
    """Who is connected, but for the one who asks."""
    with operator(database) as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()",
            [conninfo_to_dict(database)["dbname"]],
        ).fetchone()
    assert row
    return int(row[0])


def is_up(embedded: EmbeddedPostgres) -> bool:
    try:
        with operator(embedded.conninfo):
            return True
    except psycopg.OperationalError:
        time.sleep(0.2)
        return False
