"""A filter changed by a form: pure functions from what was sent to the filter it means."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from server.catalogue import Catalogue, Kind, PanelField
from server.errors import InvalidFilter, InvalidInput
from server.filter import (
    TEXT_LENGTH_MAX,
    Condition,
    Filter,
    Part,
    as_json,
    conditions_at,
    parse_filter,
)
from server.web.asking import read_filter, without_condition
from server.web.wording import Wording

NEW_GROUP = -1
_PLACE = re.compile(r"(where|not)|either\.(new|\d)")
_SEPARATORS = re.compile(r"[,\n;]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a condition stands in a filter; `group` counts in `either` only."""

    part: Part
    group: int = 0

    def __str__(self) -> str:
        """As a form sends it."""
        if self.part != "either":
            return self.part
        return f"either.{'new' if self.group == NEW_GROUP else self.group}"


def read_place(text: str) -> Place:
    """The place that a form sent; InvalidFilter when it is none."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise InvalidFilter(f"place: {text[:40]!r} is neither where, not nor either.N")
    if found[1]:
        return Place("not" if found[1] == "not" else "where")
    return Place("either", NEW_GROUP if found[2] == "new" else int(found[2]))


def condition_at(query: Filter, place: Place, field: str) -> Condition | None:
    """The condition on the field at that place; None when there is none."""
    conditions = conditions_at(query, place.part, place.group)
    return next((c for c in conditions if c.field == field), None)


def with_condition(
    query: Filter, catalogue: Catalogue, *, place: Place, field: str, constraint: Any
) -> Filter:
    """The filter with that condition, in place of the one on the same field that stood there."""
    raw = as_json(query)
    if place.part == "either":
        groups = raw.setdefault("either", [])
        if place.group == NEW_GROUP:
            groups.append({field: constraint})
        elif place.group < len(groups):
            groups[place.group][field] = constraint
        else:
            raise InvalidFilter(f"either: no group {place.group}")
    else:
        raw.setdefault(place.part, {})[field] = constraint
    return parse_filter(raw, catalogue)


def changed_filter(
    parameters: QueryParams, catalogue: Catalogue, wording: Wording
) -> tuple[Filter, Filter]:
    """The filter that was there and the one that the sent form makes of it."""
    before = read_filter(parameters.get("f") or "{}", catalogue)
    if "field" in parameters:
        return before, _with_sent_condition(before, parameters, catalogue, wording)
    raw = as_json(before)
    if "limit" in parameters:
        raw["limit"] = _whole_number(parameters["limit"], "limit")
    if "by" in parameters:
        raw["by"] = [name for name in parameters.getlist("by") if name]
    return before, parse_filter(raw, catalogue)


def _with_sent_condition(
    query: Filter, sent: QueryParams, catalogue: Catalogue, wording: Wording
) -> Filter:
    field = catalogue.by_name.get(sent["field"])
    if field is None:
        raise InvalidFilter(f"field: no field {sent['field'][:60]!r}")
    place, old = read_place(sent.get("place", "where")), sent.get("old")
    rest, group = query, place.group
    if old:
        left = read_place(old)
        rest = without_condition(query, left.part, left.group, field.name)
        # A group that was left empty went, and those behind it moved up.
        gone = len(rest.either) < len(query.either)
        if gone and place.part == "either" and group == left.group:
            group = NEW_GROUP
        elif gone and group > left.group:
            group -= 1
    constraint = _sent_constraint(field, sent, wording)
    if constraint is None:
        return rest
    where = Place(place.part, group)
    return with_condition(rest, catalogue, place=where, field=field.name, constraint=constraint)


def _sent_constraint(field: PanelField, sent: QueryParams, wording: Wording) -> Any:
    """What the form's inputs ask for; None when they ask for nothing."""
    values: Sequence[str] = sent.getlist("value")
    if field.kind is Kind.TEXT:
        texts = _SEPARATORS.split(sent.get("text", ""))
        values = [text.strip() for text in texts if text.strip()]
    bounds = {name: _whole_number(sent.get(name, ""), name) for name in ("min", "max")}
    given = {name: bound for name, bound in bounds.items() if bound is not None}
    if values and given:
        raise InvalidInput(wording.say("Fill in the range or tick answers, not both."))
    if len(given) == len(bounds) and given["min"] > given["max"]:
        raise InvalidInput(wording.say("The range ends before it begins."))
    if field.kind is Kind.TEXT and any(len(text) > TEXT_LENGTH_MAX for text in values):
        longest = wording.number(TEXT_LENGTH_MAX)
        raise InvalidInput(wording.say("A name has at most %(n)s characters.", n=longest))
    if values:
        return {"all": list(values)} if sent.get("every") == "all" else list(values)
    return given or None


def _whole_number(text: str, name: str) -> int | None:
    bare = text.strip().replace(",", "")
    if not bare:
        return None
    if not bare.isascii() or not bare.isdecimal() or len(bare) > 9:
        raise InvalidFilter(f"{name}: expected a whole number, got {text[:40]!r}")
    return int(bare)
