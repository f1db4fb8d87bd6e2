"""A database that lives as long as the measurement, in the embedded server: never a user's panel."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from server.postgres.embedded import EmbeddedPostgres
from server.postgres.migrate import migrate
from server.settings import Settings


@contextmanager
def scratch_database(settings: Settings) -> Iterator[str]:
    """The address of an empty, migrated database, dropped afterwards."""
    name = f"panelens_bench_{os.getpid()}"
    drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
    with (
        EmbeddedPostgres(settings.data_folder) as embedded,
        psycopg.connect(embedded.conninfo, autocommit=True) as connection,
    ):
        connection.execute(drop)
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            address = make_conninfo(embedded.conninfo, dbname=name)
            migrate(address)
            yield address
        finally:
            connection.execute(drop)
