"""Loads at the terminal, written down with what they changed: both or neither."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psycopg

from server.access.audit import Act, at_terminal, audit_parameters
from server.catalogue import Catalogue
from server.errors import PanelensError
from server.panel.load import LoadReport, Progress, load_files
from server.panel.schema import Conn
from server.postgres.pool import conninfo
from server.postgres.statements import template


def load_audited(
    database_url: str,
    catalogue: Catalogue,
    files: Sequence[Path],
    *,
    reference_year: int,
    synthetic: bool = False,
    progress: Progress | None = None,
) -> LoadReport:
    """Load the files as `load_files` does; a load that was refused is written down as that."""
    about = f"load {catalogue.name}: {', '.join(file.name for file in files)}"

    def note(connection: Conn, report: LoadReport) -> None:
        stored = f"{about} ({report.rows_stored} people, {report.rows_changed} new or changed)"
        _write(connection, stored, done=True)

    try:
        return load_files(
            database_url,
            catalogue,
            files,
            reference_year=reference_year,
            synthetic=synthetic,
            progress=progress,
            note=note,
        )
    except PanelensError:
        # A database that is away is the load's own error, which is told already.
        with (
            suppress(psycopg.Error),
            psycopg.connect(conninfo(database_url), autocommit=True) as connection,
        ):
            _write(connection, about, done=False)
        raise


def _write(connection: Conn, about: str, *, done: bool) -> None:
    act = Act(at_terminal(), "change", about, "", done)
    connection.execute(template("write_audit"), audit_parameters(act))
