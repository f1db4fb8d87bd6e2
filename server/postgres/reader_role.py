"""The role that searches run under: it may read the panel and nothing else."""

import logging

import psycopg
from psycopg import Connection, sql
from psycopg.rows import TupleRow

READER = "panelens_reader"
# What no search has any business with: hashes of passwords and secrets, and who did what.
KEPT_FROM_IT = ("person", "session", "token", "audit")

log = logging.getLogger(__name__)


def ensure_reader(connection: Connection[TupleRow]) -> None:
    """Make the role where the database's user may; without it a search is only read-only."""
    if _can_be_used(connection):
        return
    try:
        with connection.transaction():
            if not _exists(connection):
                connection.execute(sql.SQL("create role {} nologin").format(sql.Identifier(READER)))
            connection.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(READER)))
    except psycopg.Error as error:
        log.warning("searches run as the database's user, read-only: no role for them (%s)", error)


def grant_reading(connection: Connection[TupleRow], schema: str) -> None:
    """Let the role read what is and will be in a schema, secrets aside."""
    if not _can_be_used(connection):
        return
    names = {"schema": sql.Identifier(schema), "reader": sql.Identifier(READER)}
    for statement in (
        "grant usage on schema {schema} to {reader}",
        "grant select on all tables in schema {schema} to {reader}",
        "alter default privileges in schema {schema} grant select on tables to {reader}",
    ):
        connection.execute(sql.SQL(statement).format(**names))
    for table in KEPT_FROM_IT:
        if _is_table(connection, schema, table):
            connection.execute(
                sql.SQL("revoke all on {} from {}").format(
                    sql.Identifier(schema, table), names["reader"]
                )
            )


def _exists(connection: Connection[TupleRow]) -> bool:
    return _is(connection, "select exists (select from pg_roles where rolname = %s)", READER)


def _can_be_used(connection: Connection[TupleRow]) -> bool:
    return _exists(connection) and _is(
        connection, "select pg_has_role(current_user, %s, 'member')", READER
    )


def _is_table(connection: Connection[TupleRow], schema: str, table: str) -> bool:
    name = sql.Identifier(schema, table).as_string()
    return schema == "panelens" and _is(connection, "select to_regclass(%s) is not null", name)


def _is(connection: Connection[TupleRow], question: str, value: str) -> bool:
    row = connection.execute(question.encode(), [value]).fetchone()
    return row == (True,)
