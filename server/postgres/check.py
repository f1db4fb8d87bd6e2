"""Can this machine reach the database, as whom, over TLS, how fast."""

import statistics
import time
from dataclasses import dataclass

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow, class_row

from server.errors import DatabaseAway
from server.postgres.pool import conninfo
from server.postgres.statements import template

ROUNDS = 20
# What whoever types the line must see or is asked for; never the password.
_TYPED = ("host", "port", "user", "dbname", "sslmode", "sslrootcert")


@dataclass(frozen=True, slots=True)
class Session:
    """The session as the server sees it."""

    person: str
    database: str
    encoding: str
    version: str
    connections_max: int
    server: str
    encrypted: bool
    tls: str | None
    cipher: str | None
    may_create: bool
    prepared: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """A connection that was made, and how long that and a round trip took."""

    session: Session
    certificate_checked: bool
    connect_milliseconds: float
    round_trip_milliseconds: float
    psql: str


def check_database(database_url: str) -> Checked:
    """Connect as the server would; DatabaseAway with the driver's reason when that fails."""
    address = conninfo(database_url)
    started = time.perf_counter()
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            connected = time.perf_counter() - started
            with connection.cursor(row_factory=class_row(Session)) as cursor:
                session = cursor.execute(template("check_connection")).fetchone()
            rounds = [_round_trip(connection) for _ in range(ROUNDS)]
    except psycopg.Error as error:
        raise DatabaseAway(str(error).strip()) from error
    assert session is not None  # noqa: S101  (the query has always one row)
    mode = conninfo_to_dict(address).get("sslmode")
    return Checked(
        session,
        certificate_checked=session.encrypted and mode in ("verify-ca", "verify-full"),
        connect_milliseconds=round(connected * 1000, 1),
        round_trip_milliseconds=round(statistics.median(rounds) * 1000, 2),
        psql=psql_line(address),
    )


def psql_line(address: str) -> str:
    """What to type to look for oneself; psql asks for the password."""
    parts = conninfo_to_dict(address)
    given = [f"{name}={parts[name]}" for name in _TYPED if parts.get(name)]
    return f'psql "{" ".join(given)}"'


def _round_trip(connection: Connection[TupleRow]) -> float:
    started = time.perf_counter()
    connection.execute("select 1")
    return time.perf_counter() - started
