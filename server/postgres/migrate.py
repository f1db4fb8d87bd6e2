"""Brings the `panelens` schema up to date with the SQL files in migrations/."""

import logging
import os
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import yoyo
from psycopg.conninfo import conninfo_to_dict

from server.errors import SetupError
from server.postgres.pool import conninfo
from server.postgres.reader_role import ensure_reader, grant_reading

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_LOCK = "select pg_advisory_lock(hashtextextended('panelens.migrate', 0))"

log = logging.getLogger(__name__)


def migrate(database_url: str) -> None:
    """Apply the migrations that are missing; of two processes at once, the second waits."""
    address = conninfo(database_url)
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(_LOCK)
            connection.execute("create schema if not exists panelens")
            _apply(address)
            ensure_reader(connection)
            grant_reading(connection, "panelens")
    except psycopg.Error as error:
        raise SetupError(f"the database could not be prepared: {error}") from error


def _apply(address: str) -> None:
    # yoyo asks who it is, and a container's user often has no name.
    os.environ.setdefault("LOGNAME", "panelens")
    with yoyo.get_backend(_yoyo_address(address)) as backend:
        # yoyo's own lock outlives a killed process; the advisory lock above does not.
        missing = backend.to_apply(yoyo.read_migrations(str(MIGRATIONS)))
        for migration in missing:
            # Not yoyo's own apply, which records only after it has committed: of a process that
            # is killed in between, the next one would make everything a second time.
            with backend.transaction():
                migration.process_steps(backend, "apply")
                backend.mark_one(migration)
    if missing:
        log.info("applied %d migrations", len(missing))


def _yoyo_address(address: str) -> str:
    """The same database as yoyo spells it, its own tables kept in the `panelens` schema."""
    parts = {name: str(part) for name, part in conninfo_to_dict(address).items() if part}
    return f"postgresql+psycopg:///?{urlencode({**parts, 'schema': 'panelens'})}"
