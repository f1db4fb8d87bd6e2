"""The short spelling in which the model writes a filter: one condition a line, one to one with the JSON.

    region=서울|경기            where: any of these
    age=20..39                 where: a range, either bound may be absent
    appliances*=TV|냉장고       where: all of these
    -smoking=일반 담배          not
    /car_maker=테슬라           either: begins a group
    &personal_income=700..     either: goes on with it
    >job                       by
    #100                       limit
    ?우울한                     a phrase the panel cannot answer

Lines stand in the order above, fields inside a part in the catalogue's order; each line ends with
a line feed. Nothing at all is everyone.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from server.catalogue import Catalogue
from server.errors import InvalidFilter
from server.filter import Condition, Filter, Range, Values, constraint_as_json, parse_filter

PHRASE_LENGTH_MAX = 60
PHRASES_MAX = 8
WHERE, NOT, EITHER, BY, LIMIT, UNSUPPORTED = range(6)
_PARTS = {"-": NOT, "/": EITHER, "&": EITHER, ">": BY, "#": LIMIT, "?": UNSUPPORTED}
_RANGE = re.compile(r"([0-9]*)\.\.([0-9]*)")
_LINE = re.compile(r"(?P<mark>[-/&]?)(?P<field>[a-z][a-z0-9_]*)(?P<every>\*?)=(?P<values>[^\n]+)")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model wrote: a filter and the phrases the panel cannot answer."""

    filter: Filter
    unsupported: tuple[str, ...] = ()

    @property
    def asks_for_nobody(self) -> bool:
        """Whether all that was said of the people is what the panel lacks: then nobody is meant.

        Dropping those words would leave everyone, which is the one wrong answer.
        """
        return bool(self.unsupported) and not self.filter.restricts and not self.filter.by


def spell(reading: Reading) -> str:
    """The reading as lines, each ending with a line feed."""
    return "".join(f"{line}\n" for line in _lines(reading))


def read(text: str, catalogue: Catalogue) -> Reading:
    """The reading that the lines spell; InvalidFilter names the line that is wrong."""
    if text and not text.endswith("\n"):
        raise InvalidFilter(
            f"the model stopped inside the line {text.rsplit(chr(10), 1)[-1][:80]!r}"
        )
    raw: dict[str, Any] = {"where": {}, "not": {}, "either": [], "by": []}
    unsupported = []
    for line in text.split("\n")[:-1]:
        if line.startswith("?"):
            unsupported.append(line[1:])
        elif line.startswith("#") and line[1:].isdecimal():
            raw["limit"] = int(line[1:])
        elif line.startswith(">"):
            raw["by"].append(line[1:])
        else:
            _read_condition(line, raw, catalogue)
    return Reading(parse_filter(raw, catalogue), tuple(unsupported))


def part_of(line: str) -> int:
    """The part that a line, or the beginning of one, stands in; parts follow each other like that."""
    return _PARTS.get(line[:1], WHERE)


def is_condition(line: str) -> bool:
    """Whether it is a condition, in whatever part."""
    return part_of(line) < BY


def field_of(line: str) -> str:
    """The field of a condition or a breakdown."""
    return line.lstrip("-/&>").partition("=")[0].rstrip("*")


def key_of(line: str) -> tuple[str, str]:
    """A condition's sign (`-` or none) and field."""
    return "-" if line.startswith("-") else "", field_of(line)


def opposite(line: str) -> str:
    """A condition with its sign turned."""
    return line[1:] if line.startswith("-") else f"-{line}"


def values_in(line: str) -> list[str]:
    """The values of a condition that has no range."""
    return line.partition("=")[2].split("|")


def with_values(line: str, values: Iterable[str]) -> str:
    """A condition with other values."""
    return f"{line.partition('=')[0]}={'|'.join(values)}"


def range_in(line: str) -> Range | None:
    """The range of a condition; None when it has values."""
    bounds = _RANGE.fullmatch(line.partition("=")[2])
    return bounds and Range(*(int(digits) if digits else None for digits in bounds.groups()))


def condition_lines(query: Filter) -> Iterable[str]:
    """The conditions as lines, in the filter's order."""
    yield from (spell_condition(c) for c in query.where)
    yield from (spell_condition(c, "-") for c in query.negated)
    for group in query.either:
        yield from (spell_condition(c, "&" if number else "/") for number, c in enumerate(group))


def spell_condition(condition: Condition, mark: str = "") -> str:
    """One condition as a line without its line feed."""
    constraint = condition.constraint
    if isinstance(constraint, Range):
        low = "" if constraint.min is None else str(constraint.min)
        high = "" if constraint.max is None else str(constraint.max)
        return f"{mark}{condition.field}={low}..{high}"
    star = "*" if constraint.every else ""
    return f"{mark}{condition.field}{star}={'|'.join(constraint.values)}"


def _lines(reading: Reading) -> Iterable[str]:
    query = reading.filter
    yield from condition_lines(query)
    yield from (f">{name}" for name in query.by)
    if query.limit is not None:
        yield f"#{query.limit}"
    yield from (f"?{phrase}" for phrase in reading.unsupported)


def _read_condition(line: str, raw: dict[str, Any], catalogue: Catalogue) -> None:
    match = _LINE.fullmatch(line)
    if match is None:
        raise InvalidFilter(f"the model wrote {line[:80]!r}, which is no condition")
    into = _part(match["mark"], raw, line)
    if match["field"] in into:
        raise InvalidFilter(f"the model wrote two conditions on {match['field']!r}")
    field = catalogue.by_name.get(match["field"])
    bounds = range_in(line) if field is not None and field.takes_range else None
    into[match["field"]] = constraint_as_json(
        bounds or Values(tuple(values_in(line)), every=bool(match["every"]))
    )


def _part(mark: str, raw: dict[str, Any], line: str) -> dict[str, Any]:
    if mark == "/":
        raw["either"].append({})
    elif mark == "&" and not raw["either"]:
        raise InvalidFilter(f"the model wrote {line[:80]!r} before any group")
    parts: dict[str, Any] = {"": raw["where"], "-": raw["not"]}
    group: dict[str, Any] = parts[mark] if mark in parts else raw["either"][-1]
    return group
