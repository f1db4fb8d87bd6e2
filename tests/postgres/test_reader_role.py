"""Searches run under a role that may read the panel and nothing else."""

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

from server.filter import load_catalogue
from server.panel.schema import ensure_panel
from server.postgres.migrate import migrate
from server.postgres.pool import open_pool, reading
from server.postgres.reader_role import READER
from server.settings import Settings

WELCOME = load_catalogue("welcome")


@pytest.fixture
def panel(database: str) -> str:
    with psycopg.connect(database, autocommit=True) as connection:
        ensure_panel(connection, WELCOME, reference_year=2025)
    return database


@pytest.fixture
async def searches(panel: str) -> AsyncConnectionPool:
    return await open_pool(panel, Settings(pool_size=1))


async def one(pool: AsyncConnectionPool, statement: bytes) -> object:
    async with reading(pool, 1000) as connection:
        row = await (await connection.execute(statement)).fetchone()
    return row[0] if row else None


async def test_a_search_is_not_the_user_that_connected(searches: AsyncConnectionPool) -> None:
    try:
        assert await one(searches, b"select current_user::text") == READER
        assert await one(searches, b"select count(*) from panel_welcome.respondent") == 0
        assert await one(searches, b"select count(*) from panelens.evaluation_run") == 0
        async with searches.connection() as connection:
            row = await (await connection.execute("select current_user::text")).fetchone()
        assert row != (READER,)  # the next to borrow the connection is the user again
    finally:
        await searches.close()


WRITES = [
    b"delete from panel_welcome.respondent",
    b"insert into panelens.load (panel, file, sha256) values ('a', 'b', 'c')",
    b"create table panelens.mine (id int)",
    b"create table public.mine (id int)",
    b"truncate panelens.answer",
    b"drop schema panelens cascade",
]


@pytest.mark.parametrize("statement", WRITES)
def test_the_role_cannot_write_even_where_writing_is_on(panel: str, statement: bytes) -> None:
    with psycopg.connect(panel) as connection:
        connection.execute(sql.SQL("set role {}").format(sql.Identifier(READER)))
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.parametrize("table", ["person", "session", "token", "audit"])
async def test_the_role_sees_no_secrets(searches: AsyncConnectionPool, table: str) -> None:
    try:
        with pytest.raises(errors.InsufficientPrivilege):
            await one(searches, f"select count(*) from panelens.{table}".encode())
    finally:
        await searches.close()


async def test_a_user_that_may_make_no_role_searches_read_only_all_the_same(server: str) -> None:
    """As at a provider who gives one database and no more."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("create role modest login")
        connection.execute("create database modest owner modest")
    address = make_conninfo(server, dbname="modest", user="modest")
    try:
        migrate(address)
        with psycopg.connect(address, autocommit=True) as connection:
            ensure_panel(connection, WELCOME, reference_year=2025)
        pool = await open_pool(address, Settings(pool_size=1))
        try:
            assert await one(pool, b"select current_user::text") == "modest"
            with pytest.raises(errors.ReadOnlySqlTransaction):
                await one(pool, b"delete from panel_welcome.respondent returning 1")
        finally:
            await pool.close()
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("drop database modest with (force)")
            connection.execute("drop role modest")
