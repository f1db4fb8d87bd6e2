"""Loads data files into a panel: all or nothing, and the same files again change nothing."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from psycopg import sql

from server.catalogue import Catalogue
from server.errors import BrokenFile, SetupError
from server.panel.answer_counts import count_answers
from server.panel.records import read_records
from server.panel.report import SAMPLE, LoadReport, RejectedValue, UnknownKey
from server.panel.schema import PANEL, Conn, ensure_panel, table
from server.panel.sent import BATCH_ROWS, Sent, begin_alone, key_of
from server.panel.staging import RowReader
from server.postgres.pool import conninfo, explained
from server.postgres.statements import template

__all__ = ["LoadReport", "RejectedValue", "UnknownKey", "load_files"]

Progress = Callable[[str, int], None]
Note = Callable[[Conn, LoadReport], None]


def load_files(
    database_url: str,
    catalogue: Catalogue,
    files: Sequence[Path],
    *,
    reference_year: int,
    synthetic: bool = False,
    progress: Progress | None = None,
    note: Note | None = None,
) -> LoadReport:
    """Load the files in one transaction; BrokenFile when one cannot be read, and nothing changed.

    Rows are sent before that transaction, batch by batch: after a lost connection or a killed
    process the same load, run again, sends only what is not there yet. `progress` hears the file
    and its rows so far; `note` writes down what was done, in the transaction that merges them.
    A file named after a source of the catalogue overwrites that source's answers; of other
    sources' answers it only fills the missing ones. A rejected value leaves the answer as it was.
    `reference_year` is that of a new panel; one that is there keeps its own.
    Real people take the place of synthetic ones; synthetic people never join real ones.
    """
    began = perf_counter()
    with explained(), psycopg.connect(conninfo(database_url), autocommit=True) as connection:
        year = ensure_panel(connection, catalogue, reference_year=reference_year)
        begin_alone(connection, catalogue)
        loadings = [_Loading(connection, catalogue, file, year) for file in files]
        with _forgotten_when_refused(loadings):
            for loading in loadings:
                loading.send(progress)
        with _forgotten_when_refused(loadings), connection.transaction():
            report = _settle_origin(connection, catalogue, synthetic=synthetic)
            for loading in loadings:
                report += loading.merge(synthetic=synthetic)
            for loading in loadings:
                loading.sent.forget()
            connection.execute(sql.SQL("analyze {}").format(table(catalogue)))
            count_answers(connection, catalogue)
            if note is not None:
                note(connection, report)
    return replace(report, seconds=perf_counter() - began)


def _settle_origin(connection: Conn, catalogue: Catalogue, *, synthetic: bool) -> LoadReport:
    """Keep real and synthetic people apart."""
    panel, respondent = table(catalogue, PANEL), table(catalogue)
    was_synthetic, is_empty = _only(
        connection,
        sql.SQL("select synthetic, not exists (select from {}) from {}").format(respondent, panel),
    )
    if synthetic and not was_synthetic and not is_empty:
        raise SetupError(
            f"panel {catalogue.name!r} holds real people: nobody is made up beside them"
        )
    removed = 0
    if was_synthetic and not synthetic:
        removed = connection.execute(sql.SQL("delete from {}").format(respondent)).rowcount
    connection.execute(sql.SQL("update {} set synthetic = %s").format(panel), [synthetic])
    return LoadReport(demo_removed=removed)


@contextmanager
def _forgotten_when_refused(loadings: Sequence["_Loading"]) -> Iterator[None]:
    """A file that is refused will be refused again: its rows need not wait for another run."""
    try:
        yield
    except (BrokenFile, SetupError):
        for loading in loadings:
            loading.sent.forget()
        raise


class _Loading:
    """One file on its way into the panel."""

    def __init__(
        self, connection: Conn, catalogue: Catalogue, file: Path, reference_year: int
    ) -> None:
        self._connection = connection
        self._catalogue = catalogue
        self._file = file
        self._sha256 = _sha256(file)
        self._reader = RowReader(catalogue, file, reference_year)
        self._sample: list[RejectedValue] = []
        self._rows_there = 0
        self.sent = Sent(
            connection, catalogue, key_of(catalogue, file, self._sha256, reference_year)
        )

    def send(self, progress: Progress | None) -> None:
        """Read the whole file; send the batches that are not in the database yet."""
        last = self.sent.begin(self._file.name)
        rows = read_records(self._file)
        while batch := list(islice(rows, BATCH_ROWS)):
            lines = list(self._reader.lines(batch))
            rejected = list(self._reader.rejected)
            self._sample = [*self._sample, *rejected][:SAMPLE]
            self._reader.rejected.clear()
            # A batch is there as a whole or not at all.
            if batch[0][0] <= last:
                self._rows_there += len(batch)
            else:
                self.sent.add(lines, rejected)
            if progress is not None:
                progress(self._file.name, self._reader.rows_read)

    def merge(self, *, synthetic: bool) -> LoadReport:
        """Take the rows that were sent into the panel."""
        load_id = self._start(synthetic=synthetic)
        self.sent.keep_rejected(load_id)
        report = self._merge()
        self._finish(load_id, report)
        return report

    def _start(self, *, synthetic: bool) -> int:
        parameters = {
            "panel": self._catalogue.name,
            "file": self._file.name,
            "sha256": self._sha256,
            "synthetic": synthetic,
        }
        (load_id,) = _only(self._connection, template("start_load"), parameters)
        return int(load_id)

    def _merge(self) -> LoadReport:
        staged, respondents = _only(
            self._connection,
            sql.SQL("select count(*), count(distinct respondent_id) from {}").format(
                self.sent.rows
            ),
        )
        self._refuse_strangers(staged)
        answers_kept = self._keep_answers()
        return LoadReport(
            rows_read=self._reader.rows_read,
            rows_stored=respondents,
            rows_there=self._rows_there,
            rows_changed=self._store(),
            header_rows=self._reader.header_rows,
            duplicate_rows=staged - respondents,
            values_rejected=self._reader.values_rejected,
            rejected=tuple(self._sample),
            unknown_keys=tuple(self._reader.unknown),
            answers_kept=answers_kept,
            unlisted=tuple(self._reader.unlisted()),
        )

    def _refuse_strangers(self, staged: int) -> None:
        """A file about something else, or about nobody, is more likely a mistake than news."""
        if not self._reader.rows_read:
            raise BrokenFile(f"{self._file}: holds no row")
        if not staged:
            raise BrokenFile(
                f"{self._file}: no row has an id under the key {self._catalogue.respondent_id!r}"
            )
        if not self._reader.given():
            keys = ", ".join(unknown.key for unknown in self._reader.unknown[:10])
            raise BrokenFile(
                f"{self._file}: no key is one of panel {self._catalogue.name!r}, not even {keys}"
            )

    def _keep_answers(self) -> int:
        """Let a rejected value leave the answer that is there; the number of those that stay."""
        filled: dict[str, list[str]] = {}
        for name in self._reader.unclear:
            filled.setdefault(self._catalogue.field(name).column, []).append(name)
        kept = 0
        for column, fields in filled.items():
            statement = template("keep_answers").format(
                respondent=table(self._catalogue),
                rows=self.sent.rows,
                rejected=self.sent.rejected,
                column=sql.Identifier(column),
                staged=sql.Identifier("staged", column),
                known=sql.Identifier("respondent", column),
            )
            kept += self._connection.execute(statement, {"fields": fields}).rowcount
        return kept

    def _store(self) -> int:
        """Merge the staged rows; the number of respondents that are new or changed."""
        before = {name: sql.Identifier("respondent", name) for name in self._reader.given()}
        after = {name: _merged(name, is_own=own) for name, own in self._reader.given().items()}
        statement = template("merge_respondents").format(
            respondent=table(self._catalogue),
            staged=self.sent.rows,
            columns=_listed(sql.Identifier(name) for name in after),
            assignments=_listed(
                sql.SQL("{} = {}").format(sql.Identifier(name), new) for name, new in after.items()
            ),
            before=_listed(before.values()),
            after=_listed(after.values()),
        )
        return self._connection.execute(statement).rowcount

    def _finish(self, load_id: int, report: LoadReport) -> None:
        parameters = {
            "load_id": load_id,
            "rows_read": report.rows_read,
            "rows_stored": report.rows_stored,
            "rows_changed": report.rows_changed,
            "values_rejected": report.values_rejected,
        }
        self._connection.execute(template("finish_load"), parameters)


def _merged(name: str, *, is_own: bool) -> sql.Composable:
    """The file's answer in a column of its own; in another source's only where one is missing."""
    new = sql.Identifier("excluded", name)
    if is_own:
        return new
    return sql.SQL("coalesce({}, {})").format(sql.Identifier("respondent", name), new)


def _listed(parts: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL(", ").join(parts)


def _only(
    connection: Conn, statement: sql.SQL | sql.Composed, parameters: dict[str, Any] | None = None
) -> tuple[Any, ...]:
    """The one row of a statement that always has one."""
    row = connection.execute(statement, parameters).fetchone()
    if row is None:
        raise LookupError("a statement that always gives a row gave none")
    return row


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BrokenFile(f"{file}: {error.strerror or error}") from error
