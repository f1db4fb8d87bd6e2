"""Filter → SQL: one predicate a condition, the whole filter, and the groups of a breakdown.

A predicate is null or false for a respondent who has no answer to its field, negated or not.
Values are bound as named parameters; a column's name comes from the catalogue only.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from psycopg import sql

from server.catalogue import Catalogue, Kind, PanelField
from server.filter import (
    Condition,
    Constraint,
    Filter,
    Part,
    Range,
    Values,
    bands_within,
    placed_conditions,
)
from server.panel.schema import spelled

TENS = 10
WIDEST_SINGLY = 30
TRUE = sql.SQL("true")
FALSE = sql.SQL("false")

Parameter = int | str | list[int]
Bind = Callable[[Parameter, str], sql.Composable]


@dataclass(frozen=True, slots=True)
class Predicate:
    """One condition as SQL over the respondent's columns, and where it stands in the filter."""

    number: int
    part: Part
    group: int
    condition: Condition
    sql: sql.Composable


@dataclass(frozen=True, slots=True)
class Plan:
    """A filter's predicates in the filter's order, and the values bound to them."""

    predicates: tuple[Predicate, ...]
    parameters: Mapping[str, Parameter]

    @property
    def required(self) -> tuple[Predicate, ...]:
        """The predicates of `where` and `not`: all must hold."""
        return tuple(p for p in self.predicates if p.part != "either")

    @property
    def groups(self) -> tuple[tuple[Predicate, ...], ...]:
        """The predicates of each group of `either`: in one group, all must hold."""
        alternatives = (p for p in self.predicates if p.part == "either")
        return tuple(tuple(group) for _, group in groupby(alternatives, key=lambda p: p.group))

    @property
    def matches(self) -> sql.Composable:
        """The whole filter, in a form that indexes can serve."""
        terms: list[sql.Composable] = [p.sql for p in self.required]
        if self.groups:
            terms.append(any_of(all_of(p.sql for p in group) for group in self.groups))
        return all_of(terms)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """How `by` groups the matched respondents: the joins, the grouped columns and their names.

    `value` is the first column without its name; `once` is true in one row of each respondent, whom
    a field with several answers gives several.
    """

    joins: sql.Composable
    value: sql.Composable
    once: sql.Composable
    columns: sql.Composable
    names: sql.Composable
    asked: bool


def plan(query: Filter, catalogue: Catalogue, reference_year: int, *, prefix: str = "v") -> Plan:
    """The predicates of a filter; `prefix` keeps the values of several in one statement apart."""
    parameters: dict[str, Parameter] = {}

    def bind(value: Parameter, as_type: str) -> sql.Composable:
        name = f"{prefix}{len(parameters)}"
        parameters[name] = value
        return sql.SQL("{}::{}").format(sql.Placeholder(name), sql.SQL(as_type))

    predicates = []
    for number, (part, group, condition) in enumerate(placed_conditions(query)):
        field = catalogue.field(condition.field)
        holds = _holds(condition.constraint, field, reference_year, bind)
        wanted = _known_and_not(holds, field) if part == "not" else holds
        predicates.append(Predicate(number, part, group, condition, wanted))
    return Plan(tuple(predicates), parameters)


def plan_breakdown(by: Sequence[str], catalogue: Catalogue, reference_year: int) -> Breakdown:
    """The groups of a breakdown; without `by` they are well formed and not asked for."""
    fields = [catalogue.field(name) for name in by]
    joins, values, columns, names, first = [], [], [], [], []
    for number, field in enumerate(fields):
        name = sql.Identifier(f"by_{number}")
        value = _grouped(field, number, reference_year)
        if field.kind is Kind.MULTI:
            joins.append(_each_answer(field, number))
            first.append(_is_first(number))
        values.append(value)
        columns.append(sql.SQL("{} as {}").format(value, name))
        names.append(name)
    return Breakdown(
        joins=sql.SQL(" ").join(joins),
        value=values[0] if values else sql.SQL("null::text"),
        once=all_of(first),
        columns=sql.SQL(", ").join(columns) if columns else sql.SQL("null::text as by_0"),
        names=sql.SQL(", ").join(names or [sql.Identifier("by_0")]),
        asked=bool(fields),
    )


def column(field: PanelField) -> sql.Identifier:
    """The column a field is kept in: its own, or that of the field it is derived from."""
    return sql.Identifier(field.column)


def columns(catalogue: Catalogue) -> sql.Composable:
    """Every column of a respondent, in the catalogue's order."""
    stored = [column(field) for field in catalogue.stored_fields]
    return sql.SQL(", ").join([sql.Identifier("respondent_id"), sql.Identifier("draw"), *stored])


def group_width(field: PanelField) -> int:
    """How many numbers one line of a breakdown holds: ten, or one where few are possible."""
    if field.max is not None and field.max - (field.min or 0) <= WIDEST_SINGLY:
        return 1
    return TENS


def all_of(terms: Iterable[sql.Composable]) -> sql.Composable:
    """All of the terms hold; true without any."""
    bracketed = [sql.SQL("({})").format(term) for term in terms]
    return sql.SQL(" and ").join(bracketed) if bracketed else TRUE


def any_of(terms: Iterable[sql.Composable]) -> sql.Composable:
    """Any of the terms holds; false without any."""
    bracketed = [sql.SQL("({})").format(term) for term in terms]
    return sql.SQL(" or ").join(bracketed) if bracketed else FALSE


def _holds(
    constraint: Constraint, field: PanelField, reference_year: int, bind: Bind
) -> sql.Composable:
    if isinstance(constraint, Values):
        return _has_values(constraint, field, bind)
    if field.kind is Kind.BAND:
        return _has_answer([band.value for band in bands_within(constraint, field)], field, bind)
    return _in_range(_base_range(constraint, field, reference_year), field, bind)


def _has_values(constraint: Values, field: PanelField, bind: Bind) -> sql.Composable:
    if field.kind is Kind.TEXT:
        return _is_spelled(constraint.values, field, bind)
    if field.kind is not Kind.MULTI:
        return _has_answer(constraint.values, field, bind)
    operator = sql.SQL("@>" if constraint.every else "&&")
    codes = bind([field.stored[value] for value in constraint.values], "smallint[]")
    return sql.SQL("{} {} {}").format(column(field), operator, codes)


def _has_answer(values: Sequence[str], field: PanelField, bind: Bind) -> sql.Composable:
    if not values:
        return FALSE
    codes = bind([field.stored[value] for value in values], "smallint[]")
    return sql.SQL("{} = any({})").format(column(field), codes)


def _is_spelled(values: Sequence[str], field: PanelField, bind: Bind) -> sql.Composable:
    """PostgreSQL normalises both sides: no second implementation can disagree with the first."""
    normalised = sql.SQL("panelens.normalised({})")
    spellings = [normalised.format(bind(value, "text")) for value in values]
    return sql.SQL("{} = any(array[{}])").format(spelled(field), sql.SQL(", ").join(spellings))


def _in_range(bounds: Range, field: PanelField, bind: Bind) -> sql.Composable:
    comparisons = [
        sql.SQL("{} {} {}").format(column(field), sql.SQL(operator), bind(bound, "integer"))
        for operator, bound in ((">=", bounds.min), ("<=", bounds.max))
        if bound is not None
    ]
    return sql.SQL(" and ").join(comparisons)


def _base_range(bounds: Range, field: PanelField, reference_year: int) -> Range:
    """The range of the stored number, so that its index serves a derived field too."""
    if field.derived_from is None:
        return bounds
    return Range(
        min=None if bounds.max is None else reference_year - bounds.max,
        max=None if bounds.min is None else reference_year - bounds.min,
    )


def _known_and_not(holds: sql.Composable, field: PanelField) -> sql.Composable:
    return sql.SQL("{} is not null and not ({})").format(column(field), holds)


def _grouped(field: PanelField, number: int, reference_year: int) -> sql.Composable:
    if field.kind is Kind.MULTI:
        return sql.Identifier(f"answer_{number}", "code")
    kept: sql.Composable = sql.SQL("{}.{}").format(sql.Identifier("matched"), column(field))
    if field.kind is not Kind.NUMBER:
        return kept
    if field.derived_from is not None:
        kept = sql.SQL("({} - {})").format(sql.Literal(reference_year), kept)
    return sql.SQL("{} / {width} * {width}").format(kept, width=sql.Literal(group_width(field)))


def _each_answer(field: PanelField, number: int) -> sql.Composable:
    return sql.SQL(
        "left join lateral unnest({}) with ordinality as {} (code, place) on true"
    ).format(sql.Identifier("matched", field.name), sql.Identifier(f"answer_{number}"))


def _is_first(number: int) -> sql.Composable:
    """True in the first answer's row, and in that of a respondent without any."""
    return sql.SQL("coalesce({}, 1) = 1").format(sql.Identifier(f"answer_{number}", "place"))
