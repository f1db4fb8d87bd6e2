"""Rows of a data file that have reached the database: a load that was cut off goes on after them."""

import hashlib
import importlib.metadata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from psycopg import sql

from server.catalogue import Catalogue
from server.panel.report import RejectedValue
from server.panel.schema import COLUMN_TYPES, Conn, panel_fingerprint, schema_name
from server.postgres.statements import template

BATCH_ROWS = 2_000
SCHEMA = "panelens_staging"
_REJECTED = "file, row, respondent_id, field, value, reason"


def begin_alone(connection: Conn, catalogue: Catalogue) -> None:
    """Let loads of one panel wait for each other until this connection ends.

    A client that vanished without a word is noticed by the server after a minute, so that the
    next run does not wait for hours. Loads that nobody went on with are forgotten.
    """
    for setting in ("idle = 30", "interval = 10", "count = 3"):
        connection.execute(f"set tcp_keepalives_{setting}".encode())
    connection.execute("select pg_advisory_lock(hashtextextended(%s, 1))", [schema_name(catalogue)])
    forgotten = template("list_forgotten_staging")
    for (key,) in connection.execute(forgotten, {"panel": catalogue.name}).fetchall():
        Sent(connection, catalogue, str(key)).forget()


def key_of(catalogue: Catalogue, file: Path, sha256: str, reference_year: int) -> str:
    """The same for another run only when that would send the very same rows in the same batches."""
    parts = (
        *(catalogue.name, panel_fingerprint(catalogue), file.name, sha256, str(reference_year)),
        *(importlib.metadata.version("panelens"), str(BATCH_ROWS)),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Sent:
    """The rows of one file that wait in the database, and what was rejected of them."""

    connection: Conn
    catalogue: Catalogue
    key: str

    @property
    def rows(self) -> sql.Identifier:
        """Where the rows wait."""
        return sql.Identifier(SCHEMA, self.key)

    @property
    def rejected(self) -> sql.Identifier:
        """Where the rejected values wait."""
        return sql.Identifier(SCHEMA, f"{self.key}_rejected")

    def begin(self, file: str) -> int:
        """Make room, or find what an earlier run left: the last row that is there.

        The tables are unlogged. After a crash of the server they are empty, and so it begins anew.
        """
        columns = sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(f.name), sql.SQL(COLUMN_TYPES[f.kind]))
            for f in self.catalogue.stored_fields
        )
        noted = {"key": self.key, "panel": self.catalogue.name, "file": file}
        with self.connection.transaction():
            self.connection.execute(template("start_staging"), noted)
            self.connection.execute(
                sql.SQL(
                    "create unlogged table if not exists {} (row bigint, respondent_id text, {})"
                ).format(self.rows, columns)
            )
            self.connection.execute(
                sql.SQL(
                    "create unlogged table if not exists {}"
                    " (file text, row bigint, respondent_id text, field text, value text, reason text)"
                ).format(self.rejected)
            )
        last = self.connection.execute(self._composed("last_sent_row")).fetchone()
        return int(last[0]) if last else 0

    def add(self, lines: Iterable[str], rejected: Sequence[RejectedValue]) -> None:
        """One batch: all of it is there, or none."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            with cursor.copy(sql.SQL("copy {} from stdin").format(self.rows)) as copy:
                copy.write("".join(lines).encode())
            into = sql.SQL("copy {} ({}) from stdin").format(self.rejected, sql.SQL(_REJECTED))
            with cursor.copy(into) as copy:
                for one in rejected:
                    copy.write_row(tuple(asdict(one).values()))

    def keep_rejected(self, load_id: int) -> None:
        """What was rejected belongs to the load from now on."""
        self.connection.execute(self._composed("keep_rejected"), {"load_id": load_id})

    def forget(self) -> None:
        """They are merged, or nobody wants them any more."""
        for name in (self.rows, self.rejected):
            self.connection.execute(sql.SQL("drop table if exists {}").format(name))
        self.connection.execute("delete from panelens.staging where key = %s", [self.key])

    def _composed(self, name: str) -> sql.Composed:
        return template(name).format(rows=self.rows, rejected=self.rejected)
