"""Reads data files as a stream of rows, and finds the catalogue's field for each of their keys.

A key is looked up in this order; the first rank that knows it decides, and a key that a rank
gives to several fields is left out and reported:

1. a code of the file itself, when the data file is named after a source (welcome_2nd.csv: Q10)
2. `<source>.<code>` (welcome_1st.Q10) and a field's name (gender)
3. a code that only one source has (Q13)
4. a label or the question text, in either language (성별)
"""

import csv
import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

import ijson

from server.catalogue import Catalogue, PanelField, normalise
from server.errors import BrokenFile
from server.panel.nesting import Shallow

# Under which a row has its key in an object by id: the last of the ids, so that a row's own goes first.
OBJECT_KEY = "key in the object"
ID_KEYS = ("respondent_id", "고유번호", "패널id", "id", OBJECT_KEY)
SNIFFED_BYTES = 65_536
DELIMITERS = ",\t;|"
_QUOTED = re.compile(r'"[^"]*"')

Row = Mapping[str, object]
Rows = Iterator[tuple[int, Row]]


@dataclass(frozen=True, slots=True)
class Column:
    """The field that a key of a file fills; `is_own` when the file is the field's source."""

    field: PanelField
    is_own: bool

    @property
    def is_direct(self) -> bool:
        """Whether the field is stored itself: an age only fills the year it is derived from."""
        return self.field.derived_from is None


class Keys:
    """Which field a key of this file stands for."""

    def __init__(self, catalogue: Catalogue, file: Path) -> None:
        self._catalogue = catalogue
        sources = {f.source.file for f in catalogue.fields if f.source}
        self._stem = file.stem if any(_is_part(name, file.stem) for name in sources) else None
        self._ranks = tuple(self._rank(keys) for keys in (_own(self._stem), _full, _code, _words))
        self._ids = (normalise(catalogue.respondent_id), *map(normalise, ID_KEYS))

    def _rank(self, keys: Callable[[PanelField], Iterable[str]]) -> Mapping[str, list[PanelField]]:
        rank: dict[str, list[PanelField]] = {}
        for field in self._catalogue.fields:
            for key in {normalise(key) for key in keys(field)}:
                rank.setdefault(key, []).append(field)
        return rank

    def column(self, key: str) -> Column | str:
        """The column, or what is wrong with the key."""
        for rank in self._ranks:
            fields = rank.get(normalise(key), [])
            if len(fields) == 1:
                return Column(fields[0], is_own=self._owns(fields[0]))
            if fields:
                return f"could be {' or '.join(_full_key(field) for field in fields)}"
        return "not in the catalogue"

    def _owns(self, field: PanelField) -> bool:
        if self._stem is None:
            return True
        return field.source is not None and _is_part(field.source.file, self._stem)

    def is_id(self, key: str) -> bool:
        """Whether the key is one that can hold the respondent's id."""
        return normalise(key) in self._ids

    def respondent_id(self, row: Row) -> object:
        """The raw id of a row, from the catalogue's own key before any other."""
        if self._catalogue.respondent_id in row:
            return row[self._catalogue.respondent_id]
        held = {normalise(key): value for key, value in row.items() if self.is_id(key)}
        return next((held[key] for key in self._ids if key in held), None)


def _is_part(source: str, stem: str) -> bool:
    """Whether a file of that name holds the source: qpoll_1 holds qpoll_1-1 and qpoll_1-2."""
    return source == stem or source.startswith(f"{stem}-")


def _own(stem: str | None) -> Callable[[PanelField], Iterable[str]]:
    def codes(field: PanelField) -> Iterable[str]:
        own = stem is not None and field.source is not None and _is_part(field.source.file, stem)
        return _code(field) if own else ()

    return codes


def _full_key(field: PanelField) -> str:
    return f"{field.source.file}.{field.source.code}" if field.source else field.name


def _full(field: PanelField) -> Iterable[str]:
    return (_full_key(field), field.name)


def _code(field: PanelField) -> Iterable[str]:
    return [field.source.code] if field.source else []


def _words(field: PanelField) -> Iterable[str]:
    return (field.label.ko, field.label.en, field.question.ko, field.question.en)


def read_records(file: Path) -> Rows:
    """The rows of a JSON, JSON Lines, CSV or XLSX file, numbered from 1; BrokenFile when torn."""
    try:
        with file.open("rb") as stream:
            first = stream.read(SNIFFED_BYTES)
            stream.seek(0)
            yield from _reader(file, first)(file, stream, first)
    except OSError as error:
        raise BrokenFile(f"{file}: {error.strerror or error}") from error


def _reader(file: Path, first: bytes) -> Callable[[Path, BinaryIO, bytes], Rows]:
    """By content where it tells, else by name."""
    start = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"PK\x03\x04"):
        return _read_xlsx
    if _is_utf16(first):
        raise BrokenFile(
            f"{file}: neither UTF-8 nor cp949 text, but UTF-16 (“Unicode text”) or no text at all: "
            "save it as UTF-8 (in Excel: CSV UTF-8)"
        )
    if start.startswith(b"["):
        return _read_array
    if start.startswith(b"{"):
        return _read_lines if _is_line_of_json(file, start) else _read_object
    if file.suffix.lower() in (".json", ".jsonl", ".ndjson"):
        return _read_array
    return _read_csv


def _is_utf16(first: bytes) -> bool:
    """By its mark, or by zero bytes among the first line's: of brackets, delimiters, line ends."""
    return first.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in first.partition(b"\n")[0]


def _is_line_of_json(file: Path, start: bytes) -> bool:
    """A first line that is an object by itself, and not a file of objects by id on one line."""
    if file.suffix.lower() in (".jsonl", ".ndjson"):
        return True
    line = start.splitlines()[0]
    with suppress(ijson.JSONError, ValueError):
        values = next(iter(ijson.items(Shallow(io.BytesIO(line)), "", use_float=True)), None)
        return isinstance(values, dict) and not any(isinstance(v, dict) for v in values.values())
    return False


def _read_array(file: Path, stream: BinaryIO, first: bytes) -> Rows:
    found = ijson.items(_json(stream, first), "item", **_FLOAT)
    yield from _objects(file, stream, found)


def _read_object(file: Path, stream: BinaryIO, first: bytes) -> Rows:
    """An object of rows by id: the key is the id where the row does not hold one."""
    found = ijson.kvitems(_json(stream, first), "", **_FLOAT)
    number = 0
    with _explained(file, stream, lambda: number):
        for key, row in found:
            number += 1
            yield number, {OBJECT_KEY: key, **_checked(row, file, number)}


def _read_lines(file: Path, stream: BinaryIO, first: bytes) -> Rows:
    found = ijson.items(_json(stream, first), "", multiple_values=True, **_FLOAT)
    yield from _objects(file, stream, found)


_FLOAT = {"use_float": True}


def _objects(file: Path, stream: BinaryIO, found: Iterator[Any]) -> Rows:
    number = 0
    with _explained(file, stream, lambda: number):
        for row in found:
            number += 1
            yield number, _checked(row, file, number)


def _checked(row: object, file: Path, number: int) -> Row:
    if not isinstance(row, dict):
        raise BrokenFile(f"{file}, row {number}: expected an object of answers, got {row!r:.60}")
    return row


def _json(stream: BinaryIO, first: bytes) -> Shallow:
    """The stream behind its byte order mark."""
    stream.seek(3 if first.startswith(b"\xef\xbb\xbf") else 0)
    return Shallow(stream)


@contextmanager
def _explained(file: Path, stream: BinaryIO, row: Callable[[], int]) -> Iterator[None]:
    """Say after which row, and before which byte, a JSON file broke."""
    try:
        yield
    except (ijson.JSONError, ValueError) as error:
        place = f"after row {row()}, before byte {stream.tell()}"
        raise BrokenFile(f"{file}, {place}: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """The parser's reason without the piece of the file that it shows in the lines below."""
    said = str(error)
    if error.args and isinstance(error.args[0], bytes):
        # So it comes where that piece is not UTF-8, or was cut inside a character.
        said = error.args[0].decode("utf-8", "replace")
    reason = (said.strip() or "not JSON").splitlines()[0]
    if "UTF8" in reason:
        return "bytes that are not UTF-8: if the file is of another encoding, save it as UTF-8"
    return reason


def _read_csv(file: Path, stream: BinaryIO, first: bytes) -> Rows:
    text = io.TextIOWrapper(stream, encoding=_encoding(file), newline="")
    reader = csv.reader(text, dialect=_dialect(first, text.encoding), strict=True)
    try:
        header = _header(next(reader, []), file)
        for number, cells in enumerate(reader, start=1):
            if any(cells):
                yield number, _row(header, cells, file, reader.line_num)
    except csv.Error as error:
        raise BrokenFile(f"{file}, line {reader.line_num}: {error}") from error
    finally:
        text.detach()


def _header(names: Iterable[object], file: Path) -> list[str]:
    header = ["" if name is None else str(name).strip() for name in names]
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise BrokenFile(f"{file}: two columns are called {twice!r}")
    return header


def _row(header: list[str], cells: list[str], file: Path, line: int) -> Row:
    while len(cells) > len(header) and not cells[-1]:
        cells.pop()
    if len(cells) != len(header):
        raise BrokenFile(
            f"{file}, line {line}: {len(cells)} cells under a header of {len(header)} columns"
        )
    return dict(zip(header, cells, strict=True))


def _encoding(file: Path) -> str:
    """UTF-8 if all of the file is, else the Korean code page that Excel writes."""
    for encoding in ("utf-8-sig", "cp949"):
        with suppress(UnicodeDecodeError), file.open(encoding=encoding, newline="") as text:
            while text.read(1 << 20):
                pass
            return encoding
    raise BrokenFile(f"{file}: neither UTF-8 nor cp949 (Korean Excel) text")


def _dialect(first: bytes, encoding: str) -> type[csv.Dialect]:
    text = first.decode(encoding, "ignore").lstrip("\ufeff")
    header = _QUOTED.sub("", text).partition("\n")[0]

    class Found(csv.excel):
        delimiter = max(DELIMITERS, key=header.count)

    return Found


# What the archive and its XML stumble over; SyntaxError is what XML parsers raise.
_TORN = (
    *(EOFError, LookupError, RuntimeError, SyntaxError),
    *(AttributeError, TypeError, ValueError, zlib.error),
)


def _read_xlsx(file: Path, stream: BinaryIO, _first: bytes) -> Rows:
    import openpyxl  # noqa: PLC0415  (some megabytes that few servers need)
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # The size that a sheet states may be an older one, and only what lies within would be read.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(values_only=True)
        header = _header(next(rows, ()), file)
        for number, cells in enumerate(rows, start=1):
            if any(cell is not None for cell in cells):
                named = zip_longest(header, cells)
                # A filled cell under no name is told of, as that of a CSV file is.
                yield number, {k or "": v for k, v in named if k or v is not None}
    except (BadZipFile, InvalidFileException, *_TORN) as error:
        raise BrokenFile(f"{file}: not a whole XLSX workbook: {error}") from error
