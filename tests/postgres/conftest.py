"""A private PostgreSQL, and for every test a fresh database with the `panelens` schema in it."""

import itertools
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from server.postgres.embedded import EmbeddedPostgres
from server.postgres.migrate import migrate
from server.postgres.pool import open_pool
from server.settings import Settings

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a cluster of our own; its database is migrated and serves as a template."""
    with (
        tempfile.TemporaryDirectory(prefix="panelens-", ignore_cleanup_errors=True) as folder,
        EmbeddedPostgres(_open_to_all(Path(folder))) as embedded,
    ):
        migrate(embedded.conninfo)
        yield embedded.conninfo


@pytest.fixture
def database(server: str) -> Iterator[str]:
    """The address of an empty, migrated database that only this test sees."""
    with _fresh(server) as address:
        yield address


@pytest.fixture
def other_database(server: str) -> Iterator[str]:
    """A second one beside it."""
    with _fresh(server) as address:
        yield address


@contextmanager
def _fresh(server: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(make_conninfo(server, dbname="postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template panelens strategy file_copy").format(
                sql.Identifier(name)
            )
        )
        yield make_conninfo(server, dbname=name)
        connection.execute(
            sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        )


@pytest_asyncio.fixture
async def pool(database: str) -> AsyncIterator[AsyncConnectionPool]:
    """A pool on this test's database, with the product's own settings."""
    pool = await open_pool(database, Settings(pool_size=2))
    try:
        yield pool
    finally:
        await pool.close()


def _open_to_all(folder: Path) -> Path:
    """As root the cluster runs as another user, who must be able to get here."""
    folder.chmod(0o755)
    return folder
