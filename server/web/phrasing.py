"""Conditions, cells and marked questions in the reader's words."""

from dataclasses import dataclass
from typing import Literal

from server.catalogue import Catalogue, Kind, PanelField
from server.filter import Condition, Filter, Range
from server.interpret.interpretation import Interpretation
from server.search.answer import Cell
from server.web.wording import Wording

NUMBERS_ARE_GROUPED_FROM = 10_000

Mark = Literal["plain", "understood", "unused", "unsupported"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the question and what became of it."""

    text: str
    mark: Mark


def condition_in_words(condition: Condition, field: PanelField, wording: Wording) -> str:
    """The condition's values as a person reads them: 서울 · 경기, 30–39 years."""
    constraint = condition.constraint
    if isinstance(constraint, Range):
        return _range_in_words(constraint, field, wording)
    names = [value_in_words(value, field, wording) for value in constraint.values]
    if constraint.every and len(names) > 1:
        return wording.say("all of: %(names)s", names=" + ".join(names))
    return " · ".join(names)


def filter_in_words(query: Filter, catalogue: Catalogue, wording: Wording) -> str:
    """The whole filter as one line; empty for everyone."""
    say = wording.say
    parts = [labelled(condition, catalogue, wording) for condition in query.where]
    parts += [say("not %(text)s", text=labelled(c, catalogue, wording)) for c in query.negated]
    if query.either:
        parts.append(alternatives_in_words(query, catalogue, wording))
    if query.by:
        parts.append(say("by %(label)s", label=labels_of(query.by, catalogue, wording)))
    if query.limit is not None:
        parts.append(say("%(n)s wanted", n=wording.number(query.limit)))
    return "; ".join(parts)


def alternatives_in_words(query: Filter, catalogue: Catalogue, wording: Wording) -> str:
    """The groups of which at least one must hold."""
    groups = [" + ".join(labelled(c, catalogue, wording) for c in group) for group in query.either]
    return wording.say(" or ").join(groups)


def labelled(condition: Condition, catalogue: Catalogue, wording: Wording) -> str:
    """The condition with its field's label: Region: Seoul · Gyeonggi."""
    field = catalogue.field(condition.field)
    return f"{label_of(field, wording)}: {condition_in_words(condition, field, wording)}"


def value_in_words(value: str, field: PanelField, wording: Wording) -> str:
    """An answer's short name in the reader's language."""
    answer = field.by_value.get(value)
    return value if answer is None else answer.named(wording.language)


def cell_in_words(cell: Cell, field: PanelField, wording: Wording) -> str:
    """What is known of one respondent; empty when nothing is."""
    if cell is None:
        return ""
    if isinstance(cell, int):
        return _with_unit(str(cell), field, wording)
    if isinstance(cell, str):
        return value_in_words(cell, field, wording)
    return ", ".join(value_in_words(value, field, wording) for value in cell)


def mark_question(reading: Interpretation) -> tuple[Segment, ...]:
    """The question cut at the words that were understood, unused or unsupported."""
    text = reading.question
    marks: list[Mark] = ["plain"] * len(text)
    understood = [word for read in reading.conditions for word in read.words]
    phrases: list[tuple[Mark, list[str]]] = [
        ("understood", understood),
        ("unused", list(reading.unused)),
        ("unsupported", list(reading.unsupported)),
    ]
    for mark, words in phrases:
        for word in words:
            _mark(text, word, mark, marks)
    return _segments(text, marks)


def label_of(field: PanelField, wording: Wording) -> str:
    """What the field is called."""
    return field.label.in_(wording.language)


def labels_of(names: tuple[str, ...], catalogue: Catalogue, wording: Wording) -> str:
    """Several fields' labels as one line."""
    return ", ".join(label_of(catalogue.field(name), wording) for name in names)


def _range_in_words(bounds: Range, field: PanelField, wording: Wording) -> str:
    low = None if bounds.min is None else _bound(bounds.min, field, wording)
    high = None if bounds.max is None else _bound(bounds.max, field, wording)
    if low is None:
        return wording.say("%(high)s or less", high=_with_unit(high or "", field, wording))
    if high is None:
        return wording.say("%(low)s or more", low=_with_unit(low, field, wording))
    if low == high:
        return _with_unit(low, field, wording)
    return _with_unit(f"{low}–{high}", field, wording)


def _bound(number: int, field: PanelField, wording: Wording) -> str:
    """Amounts are grouped (1,000), years are not (1980)."""
    grouped = field.kind is Kind.BAND or number >= NUMBERS_ARE_GROUPED_FROM
    return wording.number(number) if grouped else str(number)


def _with_unit(text: str, field: PanelField, wording: Wording) -> str:
    if field.unit is None:
        return text
    if wording.language == "ko":
        return f"{text}{field.unit.ko}"
    if field.unit.en == "year":  # "1980 year" says nothing that 1980 does not
        return text
    unit = field.unit.one if text == "1" and field.unit.one else field.unit.en
    return f"{text} × {unit}" if unit[:1].isdecimal() else f"{text} {unit}"


def _mark(text: str, word: str, mark: Mark, marks: list[Mark]) -> None:
    folded, wanted = text.casefold(), word.casefold()
    if not wanted or len(folded) != len(text):
        return
    start = folded.find(wanted)
    if start >= 0:
        marks[start : start + len(wanted)] = [mark] * len(wanted)


def _segments(text: str, marks: list[Mark]) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    start = 0
    for position in range(1, len(text) + 1):
        if position == len(text) or marks[position] != marks[start]:
            segments.append(Segment(text[start:position], marks[start]))
            start = position
    return tuple(segments)
