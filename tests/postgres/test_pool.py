"""Connections: read-only, bounded in time, and back after PostgreSQL was away."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool

from server.errors import DatabaseAway, SetupError, TooBusy, TooHeavy
from server.postgres.pool import conninfo, open_pool, rds_roots, read_again, reading
from server.settings import Settings


def _sleeping(pool: AsyncConnectionPool, seconds: float) -> Callable[[], Coroutine[Any, Any, int]]:
    async def read() -> int:
        async with reading(pool, 5000) as connection:
            row = await (
                await connection.execute("select 1 from pg_sleep(%s)", [seconds])
            ).fetchone()
        return int(row[0]) if row else 0

    return read


async def test_a_search_cannot_write(pool: AsyncConnectionPool) -> None:
    with pytest.raises(errors.ReadOnlySqlTransaction):
        async with reading(pool, 1000) as connection:
            await connection.execute("create table panelens.mine (id int)")


async def test_a_search_cannot_turn_writing_on(pool: AsyncConnectionPool) -> None:
    with pytest.raises(psycopg.Error):
        async with reading(pool, 1000) as connection:
            await connection.execute("select 1")
            await connection.execute("set transaction read write")


async def test_a_long_search_is_stopped_at_its_limit(pool: AsyncConnectionPool) -> None:
    with pytest.raises(TooHeavy):
        async with reading(pool, 100) as connection:
            await connection.execute("select pg_sleep(5)")


async def test_many_statements_may_take_longer_together_than_a_hanging_one(
    pool: AsyncConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.postgres.pool.SILENCE_SECONDS", 0.2)
    began = time.monotonic()
    async with reading(pool, 1000) as connection:
        for _ in range(8):
            await connection.execute("select pg_sleep(0.5)")
    assert time.monotonic() - began > 4
    with pytest.raises(DatabaseAway, match="no answer in 1 seconds"):
        async with reading(pool, 1000) as connection:
            await connection.execute("set local statement_timeout = 0")  # as if PostgreSQL hung
            await connection.execute("select pg_sleep(30)")
    assert time.monotonic() - began < 20


async def test_the_limit_ends_with_the_transaction(pool: AsyncConnectionPool) -> None:
    async with reading(pool, 100):
        pass
    async with pool.connection() as connection:
        row = await (await connection.execute("show statement_timeout")).fetchone()
    assert row == ("0",)


async def test_a_full_queue_is_busy_at_once_and_a_slow_one_after_a_while(database: str) -> None:
    pool = await open_pool(database, Settings(pool_size=1, queue_length=1))
    try:
        await _sleeping(pool, 0)()
        slow = asyncio.create_task(_sleeping(pool, 2.4)())
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(_sleeping(pool, 0)())
        await asyncio.sleep(0)
        with pytest.raises(TooBusy, match="queue is full"):
            await _sleeping(pool, 0)()
        with pytest.raises(TooBusy, match="in time"):
            await waiting
        assert await slow == 1
    finally:
        await pool.close()


async def test_reads_survive_the_loss_of_every_connection(database: str) -> None:
    pool = await open_pool(database, Settings(pool_size=4))
    try:
        await asyncio.gather(*(_sleeping(pool, 0.05)() for _ in range(4)))
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = current_database() and pid <> pg_backend_pid()"
            )
        for _ in range(4):
            assert await read_again(_sleeping(pool, 0)) == 1
    finally:
        await pool.close()


async def test_without_a_database_the_pool_opens_and_reads_say_that_it_is_away() -> None:
    pool = await open_pool("host=/nowhere dbname=none", Settings())
    try:
        with pytest.raises(DatabaseAway):
            await read_again(_sleeping(pool, 0))
    finally:
        await pool.close()


@pytest.mark.parametrize(
    "host",
    [
        "db.abc.ap-northeast-2.rds.amazonaws.com",
        "DB.ABC.AP-NORTHEAST-2.RDS.AMAZONAWS.COM",
        "db.abc.ap-northeast-2.rds.amazonaws.com.",
        "db.abc.ap-northeast-2.rds.amazonaws.com,localhost",
    ],
)
def test_on_rds_the_certificate_is_checked(host: str) -> None:
    given = conninfo_to_dict(conninfo(f"postgresql://app@{host}/p"))
    assert given["sslmode"] == "verify-full"
    assert given["sslrootcert"] == str(rds_roots())
    assert rds_roots().is_file()


def test_on_rds_in_china_it_is_checked_against_roots_of_ones_own() -> None:
    given = conninfo_to_dict(conninfo("postgresql://app@db.abc.rds.cn-north-1.amazonaws.com.cn/p"))
    assert given["sslmode"] == "verify-full"
    assert "sslrootcert" not in given


def test_what_the_address_says_itself_is_kept() -> None:
    given = conninfo_to_dict(conninfo("postgresql://app@db.rds.amazonaws.com/p?sslmode=require"))
    assert given["sslmode"] == "require"
    assert str(given["connect_timeout"]) == "3"


@pytest.mark.parametrize(
    "host",
    ["localhost", "ec2-1.cn-north-1.compute.amazonaws.com.cn", "db.rds.amazonaws.com.example.org"],
)
def test_elsewhere_no_certificate_is_asked_for(host: str) -> None:
    assert "sslmode" not in conninfo_to_dict(conninfo(f"host={host}"))


def test_an_address_that_cannot_be_read_is_named() -> None:
    with pytest.raises(SetupError, match="PANELENS_DATABASE_URL"):
        conninfo("postgresql://[")
    with pytest.raises(SetupError) as refused:
        conninfo("postgresql+psycopg://owner:secret@host/panel")
    assert "secret" not in f"{refused.value} {refused.value.detail}"


async def test_after_a_long_outage_with_many_requests_it_comes_back(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pool has stopped trying by then, and more gave up than may wait."""
    monkeypatch.setattr("server.postgres.pool.RECONNECT_SECONDS", 0.5)
    name = sql.Identifier(str(conninfo_to_dict(database)["dbname"]))
    allow = sql.SQL("alter database {} with allow_connections {}")
    pool = await open_pool(database, Settings(pool_size=2, queue_length=3))
    try:
        assert await _sleeping(pool, 0)() == 1
        with psycopg.connect(make_conninfo(database, dbname="postgres"), autocommit=True) as other:
            other.execute(allow.format(name, False))
            try:
                other.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
                    [conninfo_to_dict(database)["dbname"]],
                )
                for _ in range(2):
                    asked = [_sleeping(pool, 0)() for _ in range(3)]
                    refused = await asyncio.gather(*asked, return_exceptions=True)
                    assert {type(error) for error in refused} == {DatabaseAway}
            finally:
                other.execute(allow.format(name, True))
        assert await read_again(_sleeping(pool, 0)) == 1
    finally:
        await pool.close()
