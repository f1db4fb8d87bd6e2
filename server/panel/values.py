"""A raw cell of a survey export → what is stored for it, or the reason why it is rejected."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from server.catalogue import FORBIDDEN_IN_VALUES, Catalogue, Kind, PanelField, normalise

INTEGER_MAX = 2_147_483_647
TEXT_LENGTH_MAX = 200
# Nobody is older: an export that counts an age from no birth year gives the year itself.
AGE_MAX = 150
NO_ANSWER = frozenset(
    normalise(word)
    for word in (
        "",
        "-",
        "9998",
        "모름",
        "무응답",
        "모름/무응답",
        "null",
        "none",
        "nan",
        "n/a",
        "na",
    )
)
COUNTERS = ("명", "년", "년생", "세", "살", "개", "대")
_SEPARATORS = re.compile(r"[,;|\n]")
_DATE = re.compile(
    r"(\d{4})년(?:\d{1,2}월)?(?:\d{1,2}일)?(?:\(만\d+세\))?|(\d{4})[-./]\d{1,2}[-./]\d{1,2}(?:t?[\d:.]+)?"
    r"|((?:19|20)\d\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
)
_AGE = re.compile(r"\(?만(\d{1,4})세\)?")

Stored = int | str | tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a cell, or a part of it, is not stored."""

    reason: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What is stored for a raw cell; both parts when only some of its answers are known.

    `is_unlisted` of a name that stays as written because the open list's names do not hold it.
    """

    stored: Stored = None
    rejection: Rejection | None = None
    is_unlisted: bool = False


Reader = Callable[[object], Cell]
Spellings = Mapping[str, int | None]

EMPTY = Cell()


def rejected(reason: str) -> Cell:
    """A cell of which nothing is stored."""
    return Cell(rejection=Rejection(reason))


def cell_reader(field: PanelField, catalogue: Catalogue, reference_year: int) -> Reader:
    """How cells of this field are read; those of a derived field are read for its base field."""
    match field.kind:
        case Kind.SINGLE | Kind.ORDERED | Kind.BAND:
            return _AnswerReader(field, catalogue)
        case Kind.MULTI:
            return _AnswersReader(field)
        case Kind.NUMBER:
            return _number_reader(field, catalogue, reference_year)
        case Kind.TEXT:
            return _TextReader(field)


def plain(raw: object) -> str | None:
    """The text of a single raw value, without its file format's marks; None for a structure."""
    match raw:
        case None:
            return ""
        case str():
            return raw.strip()
        case bool() | int():
            return str(raw)
        case float():
            return str(int(raw)) if raw.is_integer() else str(raw)
        case date():
            return raw.isoformat()
    return None


def spellings(field: PanelField) -> Spellings:
    """Every spelling of every answer → its number, or None for an answer that means no answer."""
    return {spelling: _number_of(field, value) for spelling, value in _meant(field).items()}


def _meant(field: PanelField) -> Mapping[str, str]:
    """Every spelling of every answer → its value.

    A code goes before a value, a value before the official wording, the English name and the
    aliases; what two answers of the same rank share belongs to neither.
    """
    ranks: tuple[Iterable[tuple[str, str]], ...] = (
        ((a.code, a.value) for a in field.answers),
        ((a.value, a.value) for a in field.answers),
        ((a.label, a.value) for a in field.answers),
        ((a.en, a.value) for a in field.answers if a.en),
        ((alias, a.value) for a in field.answers for alias in a.aliases),
    )
    found: dict[str, str] = {}
    for rank in ranks:
        meant: dict[str, set[str]] = {}
        for spelling, value in rank:
            meant.setdefault(normalise(spelling), set()).add(value)
        for spelling, values in meant.items():
            if len(values) == 1:
                found.setdefault(spelling, values.pop())
    return found


def _number_of(field: PanelField, value: str) -> int | None:
    return None if field.by_value[value].missing else field.stored[value]


def _find(text: str, known: Spellings) -> Cell | None:
    """The answer of that spelling, an empty cell for no answer, None when it is neither."""
    if text in known:
        return Cell(known[text])
    key = normalise(text)
    for spelling in (key, _tidy_code(key)):
        if spelling in known:
            return Cell(known[spelling])
    return EMPTY if key in NO_ANSWER else None


def _tidy_code(key: str) -> str:
    """01 and 1.0 are the code 1."""
    whole = key.removesuffix(".0")
    return str(int(whole)) if whole.isdecimal() and len(whole) < 10 else key


class _AnswerReader:
    """Reads a cell that holds one listed answer."""

    def __init__(self, field: PanelField, catalogue: Catalogue) -> None:
        self._name = field.name
        self._known = spellings(field)
        self._children = {
            child.name: spellings(child)
            for child in catalogue.fields
            if child.parent == field.name and child.has_listed_answers
        }

    def __call__(self, raw: object) -> Cell:
        if isinstance(raw, list | tuple) and len(raw) < 2:
            raw = raw[0] if raw else None
        text = plain(raw)
        if text is None:
            return rejected("several answers where one is expected")
        found = _find(text, self._known)
        return rejected(self._why(text)) if found is None else found

    def _why(self, text: str) -> str:
        for name, known in self._children.items():
            if normalise(text) in known:
                return f"an answer of {name}, not of {self._name}"
        return "not one of the listed answers"


class _AnswersReader:
    """Reads a cell that holds several listed answers: an array, a list, or one slot a code."""

    def __init__(self, field: PanelField) -> None:
        self._known = spellings(field)
        self._codes = {a.code for a in field.answers if a.code.isdecimal()}
        self._exclusive = {field.stored[a.value] for a in field.answers if a.exclusive}

    def __call__(self, raw: object) -> Cell:
        pieces = self._pieces(raw)
        if pieces is None:
            return rejected("not a list of answers")
        cells = {piece: _find(piece, self._known) for piece in pieces}
        unknown = [piece for piece, cell in cells.items() if cell is None]
        numbers = {cell.stored for cell in cells.values() if cell and isinstance(cell.stored, int)}
        return self._cell(numbers, unknown)

    def _pieces(self, raw: object) -> Sequence[str] | None:
        if isinstance(raw, list | tuple):
            pieces = [plain(item) for item in raw]
            return None if None in pieces else [piece for piece in pieces if piece]
        text = plain(raw)
        if text is None:
            return None
        pieces = [piece.strip() for piece in _SEPARATORS.split(text)]
        if all(not piece or piece in self._codes for piece in pieces):
            return [piece for piece in pieces if piece]
        return tuple(self._split(text))

    def _split(self, text: str) -> Iterator[str]:
        """The longest known pieces first: an official wording may hold commas itself."""
        rest = text.strip()
        while rest:
            ends = [found.start() for found in _SEPARATORS.finditer(rest)]
            whole = (e for e in (len(rest), *reversed(ends)) if normalise(rest[:e]) in self._known)
            end = next(whole, ends[0] if ends else len(rest))
            if rest[:end].strip():
                yield rest[:end].strip()
            rest = rest[end + 1 :].strip()

    def _cell(self, numbers: set[int], unknown: Sequence[str]) -> Cell:
        reasons = []
        if unknown:
            reasons.append(f"not among the listed answers: {', '.join(unknown)}")
        if len(numbers) > 1 and numbers & self._exclusive:
            numbers = numbers - self._exclusive
            reasons.append("an answer that excludes all others stands beside others")
        stored = tuple(sorted(numbers)) or None
        return Cell(stored, Rejection("; ".join(reasons)) if reasons else None)


def _number_reader(field: PanelField, catalogue: Catalogue, reference_year: int) -> Reader:
    if field.derived_from is not None:
        base = catalogue.field(field.derived_from)
        return _YearReader(base, reference_year, derived=field)
    if any(other.derived_from == field.name for other in catalogue.fields):
        return _YearReader(field, reference_year)
    return _NumberReader(field)


class _NumberReader:
    """Reads a cell that holds a whole number, with or without its unit."""

    def __init__(self, field: PanelField) -> None:
        self._min = 0 if field.min is None else field.min
        self._max = INTEGER_MAX if field.max is None else field.max
        # Only a field that says how far it goes can say that 9998 is one of its numbers.
        self._is_bounded = field.max is not None
        units = {*COUNTERS, *((field.unit.ko, field.unit.en) if field.unit else ())}
        spelled = "|".join(sorted(re.escape(normalise(unit)) for unit in units))
        self._number = re.compile(rf"(-?\d{{1,3}}(?:,\d{{3}})+|-?\d+)(?:\.0+)?(?:{spelled})?")

    def __call__(self, raw: object) -> Cell:
        text = plain(raw)
        return rejected("not a number") if text is None else self._read(normalise(text))

    def _read(self, text: str) -> Cell:
        found = self._number.fullmatch(text)
        number = None if found is None else int(found[1].replace(",", "")[:12])
        within = number is not None and self._min <= number <= self._max
        if _tidy_code(text) in NO_ANSWER and not (within and self._is_bounded):
            return EMPTY
        if within:
            return Cell(number)
        return rejected("not a number" if number is None else self._why(number))

    def _why(self, number: int) -> str:
        return f"below {self._min}" if number < self._min else f"above {self._max}"


class _YearReader(_NumberReader):
    """Reads a year from which another field is derived: as a number, in a date, or as an age."""

    def __init__(
        self, field: PanelField, reference_year: int, *, derived: PanelField | None = None
    ) -> None:
        super().__init__(field)
        self._reference_year = reference_year
        self._derived = None if derived is None else _NumberReader(derived)

    def _read(self, text: str) -> Cell:
        if dated := _DATE.fullmatch(text):
            return super()._read(next(year for year in dated.groups() if year))
        if aged := _AGE.fullmatch(text):
            return self._from_age(int(aged[1]))
        if self._derived is None:
            return super()._read(text)
        age = self._derived._read(text)
        return self._from_age(age.stored) if isinstance(age.stored, int) else age

    def _from_age(self, age: int) -> Cell:
        return EMPTY if age > AGE_MAX else super()._read(str(self._reference_year - age))


class _TextReader:
    """Reads a cell of an open list; every spelling of a name that the catalogue lists is that name."""

    def __init__(self, field: PanelField) -> None:
        self._names = _meant(field)

    def __call__(self, raw: object) -> Cell:
        text = plain(raw)
        if text is None or FORBIDDEN_IN_VALUES.search(text) or not _is_unicode(text):
            return rejected("not a text")
        if len(text) > TEXT_LENGTH_MAX:
            return rejected(f"longer than {TEXT_LENGTH_MAX} characters")
        if normalise(text) in NO_ANSWER:
            return EMPTY
        if name := self._names.get(normalise(text)):
            return Cell(name)
        return Cell(" ".join(text.split()), is_unlisted=bool(self._names))


def _is_unicode(text: str) -> bool:
    """Whether UTF-8 can hold it: JSON can spell half a character."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
