"""JSON Lines whose every complaint names the file, the line and the field."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from server.catalogue import Catalogue
from server.errors import BrokenFile, InvalidFilter
from server.filter import Filter, parse_filter

# Neither is text that PostgreSQL can be sent: NUL, and half of a surrogate pair.
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Line:
    """One object of a JSON Lines file, and where it stands."""

    file: Path
    number: int
    entries: Mapping[str, Any]

    def refuse(self, field: str, reason: str) -> NoReturn:
        """Say what is wrong with a field of this line."""
        raise BrokenFile(f"{self.file}, line {self.number}, {field}: {reason}")

    def refuse_others(self, known: Sequence[str]) -> None:
        """Refuse a field that is not known: a slip of the pen would be lost silently."""
        for field in self.entries:
            if field not in known:
                self.refuse(repr(field), f"unknown; known: {', '.join(known)}")

    def text(self, field: str, default: str | None = None) -> str:
        """A text; without a default it must be there and not be blank."""
        value = self.entries.get(field, default)
        if not _is_text(value) or (default is None and not value.strip()):
            self.refuse(field, f"expected a text, got {_shown(value)}")
        return str(value)

    def texts(self, field: str) -> tuple[str, ...]:
        """A list of texts, none of them blank; empty when it is absent. Repetitions are dropped."""
        values = self.entries.get(field, [])
        if not isinstance(values, list) or not all(_is_text(v) and v.strip() for v in values):
            self.refuse(field, f"expected a list of texts, got {_shown(values)}")
        return tuple(dict.fromkeys(values))

    def whole_number(self, field: str) -> int:
        """A whole number that must be there, not negative and of PostgreSQL's integer."""
        value = self.entries.get(field)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
            self.refuse(field, f"expected a whole number, got {_shown(value)}")
        return value

    def number_within(self, field: str, low: float, high: float) -> float:
        """A number from `low` to `high` that must be there."""
        return self._number(field, self.entries.get(field), low, high)

    def _number(self, field: str, value: object, low: float, high: float) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        self.refuse(field, f"expected a number from {low:g} to {high:g}, got {_shown(value)}")

    def numbers_within(self, field: str, low: float, high: float) -> tuple[float, ...]:
        """A list of numbers from `low` to `high`; empty when it is absent."""
        values = self.entries.get(field, [])
        if not isinstance(values, list):
            self.refuse(field, f"expected a list of numbers, got {_shown(values)}")
        return tuple(self._number(field, value, low, high) for value in values)

    def filter(self, field: str, catalogue: Catalogue) -> Filter:
        """A valid filter that must be there."""
        if field not in self.entries:
            self.refuse(field, "missing")
        try:
            return parse_filter(self.entries[field], catalogue)
        except InvalidFilter as error:
            self.refuse(field, error.detail)


def read_lines(path: Path) -> tuple[str, tuple[Line, ...]]:
    """The file's SHA-256 and its objects; blank lines are passed over."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BrokenFile(f"{path}: {error.strerror or error}") from error
    return parse_lines(data, path)


def parse_lines(data: bytes, file: Path) -> tuple[str, tuple[Line, ...]]:
    """The SHA-256 and the objects of a file that was read already."""
    return hashlib.sha256(data).hexdigest(), tuple(_lines(file, data))


def _lines(path: Path, data: bytes) -> Iterator[Line]:
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            entries = json.loads(line.decode("utf-8"), object_pairs_hook=without_repetition)
        except (ValueError, RecursionError) as error:
            raise BrokenFile(f"{path}, line {number}: {error}") from error
        if not isinstance(entries, dict):
            raise BrokenFile(f"{path}, line {number}: expected an object, got {_shown(entries)}")
        yield Line(path, number, entries)


def without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object that was sent; ValueError for two equal keys, of which JSON keeps the last."""
    entries = dict(pairs)
    if len(entries) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"{_shown(max(keys, key=keys.count))} is given twice")
    return entries


def _is_text(value: object) -> bool:
    return isinstance(value, str) and _NO_TEXT.search(value) is None


def _shown(value: object) -> str:
    text = ascii(value) if isinstance(value, str) and not _is_text(value) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
