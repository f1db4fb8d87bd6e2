"""Connections to PostgreSQL, read-only transactions, and where the driver's errors become ours."""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from psycopg import AsyncConnection, Error, OperationalError, errors
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from server.errors import DatabaseAway, NoChanges, SetupError, TooBusy, TooHeavy
from server.postgres.reader_role import READER
from server.resources import folder
from server.settings import Settings

APPLICATION_NAME = "panelens"
RDS_HOST = re.compile(
    r"\.rds\.(?:amazonaws\.com|[a-z0-9-]+\.amazonaws\.com(?P<china>\.cn))\.?(?:,|$)", re.IGNORECASE
)
RECONNECT_SECONDS = 5
# Measured: at once for a lost connection is right after a restart; a moment more for a failover.
RETRY_SECONDS = (0.0, 0.2)
CONNECTION_SETTINGS: Mapping[str, str | int] = {
    "application_name": APPLICATION_NAME,
    # A database without an encoding (SQL_ASCII) would answer in bytes.
    "client_encoding": "utf8",
    "connect_timeout": 3,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    # Without it, what was sent into a network that broke is waited for a quarter of an hour.
    "tcp_user_timeout": 10_000,
}
# How long a server may be silent beyond the time limit of a statement.
SILENCE_SECONDS = 15

# For this transaction only; as whoever connected where there is no such role, or no right to it.
_AS_READER = """
select set_config('role', rolname, true)
from pg_roles
where rolname = %s
    and pg_has_role(current_user, oid, 'member')
    and has_schema_privilege(oid, to_regnamespace('panelens')::oid, 'usage')
"""

Result = TypeVar("Result")


def conninfo(database_url: str) -> str:
    """The address with our time limits, and on RDS with the server's certificate checked.

    What the address says itself is kept.
    """
    try:
        given = conninfo_to_dict(database_url)
    except Error:
        # libpq's own words would repeat the address, password included.
        raise SetupError(
            "PANELENS_DATABASE_URL cannot be read: it looks like "
            "postgresql://NAME:PASSWORD@HOST:5432/DATABASE, signs such as @ or / in the password "
            "written as %40 or %2F"
        ) from None
    settings: dict[str, str | int] = dict(CONNECTION_SETTINGS)
    if rds := RDS_HOST.search(str(given.get("host", ""))):
        settings["sslmode"] = "verify-full"
        # China's roots are not among ours: libpq asks for a file of them.
        if not rds["china"]:
            settings["sslrootcert"] = str(rds_roots())
    missing = {name: value for name, value in settings.items() if name not in given}
    return make_conninfo(database_url, **missing)


def rds_roots() -> Path:
    """The certificates that sign RDS servers, those in China excepted."""
    return folder("deploy") / "rds-ca.pem"


async def connected(database_url: str) -> AsyncConnection:
    """A connection of one's own, beside any pool; each of its statements is a transaction."""
    return await AsyncConnection.connect(conninfo(database_url), autocommit=True)


class Watched(AsyncConnection):
    """A connection that can be cut when a statement goes on after it must have ended.

    PostgreSQL keeps the time limits itself, which is of no use when it does not run. Cancelling
    would wait for the server's answer, too.
    """

    patience_seconds: float | None = None
    is_cut = False

    async def wait(self, gen: PQGen[RV], *how: Any, **more: Any) -> RV:
        """Wait for the server's answer; in a transaction of ours, not for ever."""
        if self.patience_seconds is None:
            return await super().wait(gen, *how, **more)
        timer = asyncio.get_running_loop().call_later(self.patience_seconds, self._cut)
        try:
            return await super().wait(gen, *how, **more)
        finally:
            timer.cancel()

    def _cut(self) -> None:
        self.is_cut = True
        if not self.closed:
            with socket.socket(fileno=os.dup(self.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)


class ReadPool(AsyncConnectionPool):
    """A pool that knows how many connections are in use: without any, a time-out is no queue.

    It counts itself who waits. The pool's own `max_waiting` also counts those who gave up, until
    a connection comes; with as many of them as may wait it refuses everybody, and as it makes
    connections only for whom it does not refuse, it never gets one again.
    """

    lent = 0
    waiting = 0
    waiting_most = 0

    async def getconn(self, timeout: float | None = None) -> AsyncConnection:  # noqa: ASYNC109  (psycopg's own)
        """Lend a connection; TooManyRequests at once when too many wait for one."""
        if self.waiting >= self.waiting_most:
            raise TooManyRequests(f"{self.waiting} requests wait")
        self.waiting += 1
        try:
            connection = await super().getconn(timeout)
        finally:
            self.waiting -= 1
        self.lent += 1
        return connection

    async def putconn(self, conn: AsyncConnection) -> None:
        """Take a connection back."""
        self.lent -= 1
        await super().putconn(conn)


async def open_pool(database_url: str, settings: Settings) -> AsyncConnectionPool:
    """A pool that opens at once, also while PostgreSQL is away, and heals by itself."""
    pool = ReadPool(
        conninfo(database_url),
        connection_class=Watched,
        min_size=1,
        max_size=settings.pool_size,
        timeout=2,
        max_lifetime=1800,
        # After this the next request tries at once, not after a pause that grows to half of it.
        reconnect_timeout=RECONNECT_SECONDS,
        name=APPLICATION_NAME,
        open=False,
    )
    pool.waiting_most = settings.queue_length
    await pool.open(wait=False)
    return pool


@asynccontextmanager
async def reading(
    pool: AsyncConnectionPool, statement_timeout_ms: int
) -> AsyncIterator[AsyncConnection]:
    """One read-only transaction with a time limit for each of its statements."""
    with explained(pool, writes=False):
        async with pool.connection() as connection:
            try:
                with _cut_when_silent(connection, statement_timeout_ms):
                    await _begin_reading(connection, statement_timeout_ms)
                    yield connection
            finally:
                if connection.broken:
                    # Whatever took this connection away has most likely taken all of them.
                    await pool.drain()


@asynccontextmanager
async def writing(
    pool: AsyncConnectionPool, statement_timeout_ms: int
) -> AsyncIterator[AsyncConnection]:
    """One transaction that may write, with a time limit for each of its statements."""
    with explained(pool):
        async with pool.connection() as connection:
            try:
                with _cut_when_silent(connection, statement_timeout_ms):
                    await _limit(connection, statement_timeout_ms)
                    yield connection
            except errors.ReadOnlySqlTransaction:
                # After a failover this address may be another server's: connect anew.
                await pool.drain()
                raise


@contextmanager
def _cut_when_silent(connection: AsyncConnection, statement_timeout_ms: int) -> Iterator[None]:
    """Cut the connection once its statement cannot be at work any more: its server hangs."""
    assert isinstance(connection, Watched)  # noqa: S101  (of a pool of ours)
    seconds = statement_timeout_ms / 1000 + SILENCE_SECONDS
    connection.patience_seconds = seconds
    try:
        yield
    except OperationalError:
        if connection.is_cut:
            # Not from the driver's error, after which a read is tried again.
            raise DatabaseAway(f"no answer in {seconds:.0f} seconds") from None
        raise
    finally:
        connection.patience_seconds = None


async def _begin_reading(connection: AsyncConnection, statement_timeout_ms: int) -> None:
    await connection.execute("set transaction isolation level repeatable read, read only")
    await _limit(connection, statement_timeout_ms)
    await connection.execute(_AS_READER, [READER])


async def _limit(connection: AsyncConnection, statement_timeout_ms: int) -> None:
    await connection.execute(
        "select set_config('statement_timeout', %s, true)", [f"{statement_timeout_ms}ms"]
    )


async def read_again(read: Callable[[], Awaitable[Result]]) -> Result:
    """The result of a read, tried up to twice more when its connection was lost."""
    for seconds in RETRY_SECONDS:
        try:
            return await read()
        except DatabaseAway as error:
            if not isinstance(error.__cause__, OperationalError) or _is_waiting(error.__cause__):
                raise
            await asyncio.sleep(seconds)
    return await read()


@contextmanager
def explained(pool: AsyncConnectionPool | None = None, *, writes: bool = True) -> Iterator[None]:
    """Turn the driver's errors into ours; what is our own mistake stays as it is.

    A read that is refused because it writes is such a mistake.
    """
    try:
        yield
    except TooManyRequests as error:
        raise TooBusy("every connection is in use and the queue is full") from error
    except PoolTimeout as error:
        if isinstance(pool, ReadPool) and pool.lent:
            raise TooBusy("no connection became free in time") from error
        raise DatabaseAway("no connection could be made in time") from error
    except errors.QueryCanceled as error:
        raise TooHeavy(str(error)) from error
    except errors.DiskFull as error:
        raise NoChanges(str(error)) from error
    except errors.ReadOnlySqlTransaction as error:
        if not writes:
            raise
        raise NoChanges(str(error)) from error
    except (OperationalError, PoolClosed) as error:
        raise DatabaseAway(str(error)) from error


def _is_waiting(error: BaseException) -> bool:
    """Whether the error came after a wait: waiting again would only add to the queue."""
    return isinstance(error, PoolTimeout | TooManyRequests)
