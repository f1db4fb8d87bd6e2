"""A cluster that may be broken, a panel in it, and a real server that reaches it over a line."""

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from server.catalogue import Catalogue
from server.panel.demo import write_demo
from server.panel.load import load_files
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.migrate import migrate
from tests.faults.relay import Relay
from tests.product.conftest import catalogue, data_folder, models  # noqa: F401  (fixtures)
from tests.product.running import Served, eventually, serving

HERE = Path(__file__).resolve().parent
# Several reads of an export, several batches of a load.
PEOPLE = 7_000
STATEMENT_TIMEOUT_MS = 5_000
YEAR = 2025

_numbers = itertools.count(1)

DataFolder = Any


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.faults)


@dataclass(frozen=True)
class Broken:
    """A real server, the cluster behind it, and the line between the two."""

    served: Served
    cluster: EmbeddedPostgres
    relay: Relay
    folder: Path

    def connect(self) -> psycopg.Connection[TupleRow]:
        """As the operator, past the line."""
        return operator(self.cluster.conninfo)

    def client(self) -> httpx.Client:
        return self.served.client()

    def at_work(self) -> int:
        """Statements and open transactions of the server, seen by PostgreSQL."""
        with self.connect() as connection:
            return _only(
                connection,
                "select count(*) from pg_stat_activity where application_name = 'panelens'"
                " and state <> 'idle'",
            )

    def log(self) -> str:
        """What PostgreSQL wrote."""
        return (self.cluster.folder / "server.log").read_text("utf-8", "replace")

    @contextmanager
    def locked(self) -> Iterator[psycopg.Connection[TupleRow]]:
        """Nobody can read the panel: every search waits until the transaction ends."""
        with operator(self.cluster.conninfo, autocommit=False) as connection:
            connection.execute("lock table panel_welcome.respondent in access exclusive mode")
            yield connection
            connection.rollback()


def operator(database: str, *, autocommit: bool = True) -> psycopg.Connection[TupleRow]:
    """A connection that may write also where nobody else may."""
    return psycopg.connect(
        database, autocommit=autocommit, options="-c default_transaction_read_only=off"
    )


@contextmanager
def open_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="panelens-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root PostgreSQL runs as another user, who must get here
        yield folder


@pytest.fixture(scope="session")
def people(tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue) -> Path:  # noqa: F811
    """A result.json that takes several batches to load."""
    file = tmp_path_factory.mktemp("people") / "result.json"
    write_demo(catalogue, file, size=PEOPLE)
    return file


@pytest.fixture(scope="module")
def cluster() -> Iterator[EmbeddedPostgres]:
    """A cluster of this module's own, to be broken."""
    with open_folder() as folder, EmbeddedPostgres(folder) as embedded:
        yield embedded


@pytest.fixture
def database(cluster: EmbeddedPostgres) -> Iterator[str]:
    """The address of an empty, migrated database that only this test sees."""
    address = make_conninfo(cluster.conninfo, dbname=f"test_{next(_numbers)}")
    name = sql.Identifier(psycopg.conninfo.conninfo_to_dict(address)["dbname"])  # type: ignore[arg-type]  # it is text
    with operator(cluster.conninfo) as connection:
        connection.execute(sql.SQL("create database {}").format(name))
    migrate(address)
    yield address
    with operator(cluster.conninfo) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(name))


@pytest.fixture(scope="module")
def broken(
    cluster: EmbeddedPostgres,
    people: Path,
    catalogue: Catalogue,  # noqa: F811
    data_folder: DataFolder,  # noqa: F811
) -> Iterator[Broken]:
    """The product as it is installed, with a database of its operator's."""
    migrate(cluster.conninfo)
    load_files(cluster.conninfo, catalogue, [people], reference_year=YEAR, synthetic=True)
    with Relay(cluster.conninfo) as relay, data_folder() as folder:
        settings = {
            "database_url": relay.conninfo,
            "statement_timeout_ms": str(STATEMENT_TIMEOUT_MS),
        }
        with serving(folder, **settings) as served:
            yield Broken(served, cluster, relay, folder)


@pytest.fixture
def http(broken: Broken) -> Iterator[httpx.Client]:
    """A client of a server that is whole before the test and after it."""
    with broken.client() as client:
        yield client
        eventually(lambda: client.get("/readyz").status_code == 200)


def count_people(database: str) -> tuple[int, int]:
    """How many rows the panel has, and how many of them are different people."""
    with operator(database) as connection:
        known = connection.execute("select to_regclass('panel_welcome.respondent')").fetchone()
        if known == (None,):
            return 0, 0
        row = connection.execute(
            "select count(*), count(distinct respondent_id) from panel_welcome.respondent"
        ).fetchone()
    assert row
    return int(row[0]), int(row[1])


def count_loads(database: str) -> int:
    """How many loads are on record."""
    with operator(database) as connection:
        return _only(connection, "select count(*) from panelens.load")


def _only(connection: psycopg.Connection[TupleRow], query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    assert row
    return int(row[0])
