"""Rows of a data file → lines for COPY, and all that was not understood on the way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from server.catalogue import ID_LENGTH_MAX, Catalogue
from server.panel.records import Column, Keys, Row
from server.panel.report import SAMPLE, RejectedValue, UnknownKey, UnlistedNames
from server.panel.values import Cell, Reader, Stored, cell_reader, plain

NULL = r"\N"
SHOWN_LENGTH = 200
REMEMBERED_CELLS = 5_000

# As COPY takes it, why it was rejected, and whether it is a name that the catalogue does not list.
Copied = tuple[str, str | None, bool]


@dataclass(slots=True)
class _Slot:
    """Where the cells of one key go, and the cells already read."""

    column: Column
    position: int
    read: Reader
    remembered: dict[object, Copied] = field(default_factory=dict)
    unlisted_cells: int = 0
    unlisted_names: dict[str, None] = field(default_factory=dict)

    def note_unlisted(self, raw: object) -> None:
        """Count a name that the catalogue does not list; the first ones are remembered."""
        self.unlisted_cells += 1
        if len(self.unlisted_names) < SAMPLE:
            self.unlisted_names[_shown(raw)] = None

    def cell(self, raw: object) -> Copied:
        """What becomes of the cell."""
        key = (type(raw), tuple(raw) if isinstance(raw, list) else raw)
        try:
            found = self.remembered.get(key)
        except TypeError:  # a structure that cannot be a key
            return _copied(self.read(raw))
        if found is None:
            if len(self.remembered) >= REMEMBERED_CELLS:
                self.remembered.clear()
            found = self.remembered[key] = _copied(self.read(raw))
        return found


class RowReader:
    """Reads the rows of one file; counts and collects what the report will say of them.

    `rejected` is emptied by whoever writes it down; `unclear` are the fields that it spoke of.
    """

    def __init__(self, catalogue: Catalogue, file: Path, reference_year: int) -> None:
        self._catalogue = catalogue
        self._file = file.name
        self._reference_year = reference_year
        self._keys = Keys(catalogue, file)
        self._positions = {f.name: i for i, f in enumerate(catalogue.stored_fields)}
        self._slots: dict[str, _Slot | None] = {}
        self.unknown: list[UnknownKey] = []
        self.rejected: list[RejectedValue] = []
        self.rows_read = 0
        self.header_rows = 0
        self.values_rejected = 0
        self.unclear: set[str] = set()

    def lines(self, rows: Sequence[tuple[int, Row]]) -> Iterator[str]:
        """For each respondent's row: its number, the id, and every stored field in order."""
        for number, row in rows:
            self.rows_read += 1
            respondent_id = self._respondent_id(number, row)
            if respondent_id is not None:
                cells = self._cells(number, respondent_id, row)
                yield "\t".join((str(number), _as_copy(respondent_id), *cells)) + "\n"

    def given(self) -> Mapping[str, bool]:
        """The columns that the file gives so far, and whether it is their source."""
        given: dict[str, bool] = {}
        for slot in self._slots.values():
            if slot is not None:
                name = slot.column.field.column
                given[name] = given.get(name, False) or slot.column.is_own
        return given

    def unlisted(self) -> Iterator[UnlistedNames]:
        """The open lists that were given names which the catalogue does not hold."""
        for slot in self._slots.values():
            if slot is not None and slot.unlisted_cells:
                name, first = slot.column.field.name, tuple(slot.unlisted_names)
                yield UnlistedNames(self._file, name, slot.unlisted_cells, first)

    def _respondent_id(self, number: int, row: Row) -> str | None:
        """The id, or None for a row of nobody: the header repeated, or one without an id."""
        raw = self._keys.respondent_id(row)
        text = plain(raw) or ""
        if self._keys.is_id(text):
            self.header_rows += 1
            return None
        if not text or len(text) > ID_LENGTH_MAX or not text.isprintable():
            self._reject(number, "", self._catalogue.respondent_id, raw, "not an id")
            return None
        return text

    def _cells(self, number: int, respondent_id: str, row: Row) -> list[str]:
        cells = [NULL] * len(self._positions)
        slots = self._slots
        for key, raw in row.items():
            slot = slots[key] if key in slots else self._new_slot(key)
            if slot is None:
                continue
            cell, reason, is_unlisted = slot.cell(raw)
            if cell != NULL and (cells[slot.position] == NULL or slot.column.is_direct):
                cells[slot.position] = cell
            if is_unlisted:
                slot.note_unlisted(raw)
            if reason is not None:
                self.unclear.add(slot.column.field.name)
                self._reject(number, respondent_id, slot.column.field.name, raw, reason)
        return cells

    def _new_slot(self, key: str) -> _Slot | None:
        """Find out, once, what a key stands for."""
        column = None if self._keys.is_id(key) else self._keys.column(key)
        slot = None
        if isinstance(column, str):
            self.unknown.append(UnknownKey(self._file, _shown(key), column))
        elif column is not None:
            read = cell_reader(column.field, self._catalogue, self._reference_year)
            slot = _Slot(column, self._positions[column.field.column], read)
        self._slots[key] = slot
        return slot

    def _reject(self, row: int, respondent_id: str, name: str, raw: object, reason: str) -> None:
        self.values_rejected += 1
        self.rejected.append(
            RejectedValue(self._file, row, respondent_id, name, _shown(raw), _shown(reason))
        )


def _copied(cell: Cell) -> Copied:
    reason = cell.rejection.reason if cell.rejection else None
    return _as_copy(cell.stored), reason, cell.is_unlisted


def _as_copy(stored: Stored) -> str:
    """A stored value in the text format of COPY."""
    if stored is None:
        return NULL
    if isinstance(stored, tuple):
        return f"{{{','.join(map(str, stored))}}}"
    return str(stored).replace("\\", "\\\\")


def _shown(raw: object) -> str:
    """What a report and PostgreSQL can hold of a raw value."""
    text = (raw if isinstance(raw, str) else repr(raw))[:SHOWN_LENGTH].strip()
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
