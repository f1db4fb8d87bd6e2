"""What became of the data files that were loaded."""

from dataclasses import dataclass

SAMPLE = 20


@dataclass(frozen=True, slots=True)
class RejectedValue:
    """One value that no answer of the catalogue explains."""

    file: str
    row: int
    respondent_id: str
    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnknownKey:
    """A key of a file that fills no field, and why."""

    file: str
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnlistedNames:
    """Cells of an open list whose names the catalogue does not hold, stored as written."""

    file: str
    field: str
    cells: int
    first: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What became of the files; `rejected` holds the first few, panelens.rejected_value all.

    `rows_read` counts all rows, `rows_stored` the respondents they speak of, `rows_changed` those
    that were new or different, `rows_there` those that a run before, cut off, had sent.
    `demo_removed` counts synthetic people who made room for real ones, `answers_kept` the answers
    of before that stay because the value in their place was rejected.
    """

    rows_read: int = 0
    rows_stored: int = 0
    rows_changed: int = 0
    header_rows: int = 0
    duplicate_rows: int = 0
    demo_removed: int = 0
    values_rejected: int = 0
    rejected: tuple[RejectedValue, ...] = ()
    unknown_keys: tuple[UnknownKey, ...] = ()
    seconds: float = 0.0
    rows_there: int = 0
    answers_kept: int = 0
    unlisted: tuple[UnlistedNames, ...] = ()

    def __add__(self, other: "LoadReport") -> "LoadReport":
        return LoadReport(
            self.rows_read + other.rows_read,
            self.rows_stored + other.rows_stored,
            self.rows_changed + other.rows_changed,
            self.header_rows + other.header_rows,
            self.duplicate_rows + other.duplicate_rows,
            self.demo_removed + other.demo_removed,
            self.values_rejected + other.values_rejected,
            (*self.rejected, *other.rejected)[:SAMPLE],
            (*self.unknown_keys, *other.unknown_keys),
            self.seconds + other.seconds,
            self.rows_there + other.rows_there,
            self.answers_kept + other.answers_kept,
            (*self.unlisted, *other.unlisted),
        )
