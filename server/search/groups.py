"""Groups side by side: shares of an answer, their difference with its interval, and the lift."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from psycopg import AsyncClientCursor, sql

from server.catalogue import Catalogue, Kind
from server.errors import InvalidInput
from server.filter import Filter
from server.panel.schema import table
from server.postgres.statements import Connection, all_rows, template
from server.search.plan import Plan, column, columns, plan, plan_breakdown
from server.search.queries import get_panel
from server.search.words import groups_in_words

GROUPS_MAX = 3
ANSWERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Group:
    """One of the compared groups; `shared` of its people are in the last group too.

    `people` and `shared` are None where they would tell of too few people. `others`: it was not
    asked for, and holds everyone whom the only filter does not find.
    """

    people: int | None
    answered: int
    shared: int | None
    others: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a group gave an answer, held against the last group; rates are 0–1.

    None where nobody answered, and a lift also where nobody of the last group gave the answer.
    """

    count: int
    share: float | None
    share_low: float | None
    share_high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    lift: float | None


@dataclass(frozen=True, slots=True)
class ComparedAnswer:
    """One answer and its share in each group, in the groups' order."""

    value: str
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class ComparedField:
    """The answers to one field in each group, and the statement that counted them.

    The answers are those that most people gave; `left_off` says how many more there are.
    `overlaps` says for each group how many of it are in each group; it is not for showing.
    """

    field: str
    groups: tuple[Group, ...]
    answers: tuple[ComparedAnswer, ...]
    left_off: int
    sql: str
    overlaps: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class _Row:
    value: str | int | None
    side: int
    people: int
    answered: int
    shared: list[int]
    answers: int
    count: int | None
    share: float | None
    share_low: float | None
    share_high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    lift: float | None


async def compare_groups(
    conn: Connection, catalogue: Catalogue, filters: Sequence[Filter], fields: Sequence[str]
) -> tuple[ComparedField, ...]:
    """How the answers to each field are shared in up to three groups, limits aside.

    Each group is compared with the last; a single one with everyone it does not find.
    """
    if not 1 <= len(filters) <= GROUPS_MAX:
        raise InvalidInput(f"filters: expected 1 to {GROUPS_MAX}, got {len(filters)}")
    year = (await get_panel(conn, catalogue)).reference_year
    plans = [plan(f, catalogue, year, prefix=f"g{n}_") for n, f in enumerate(filters, start=1)]
    return tuple([await _compare(conn, catalogue, plans, name, year) for name in fields])


def compose_groups(
    plans: Sequence[Plan], name: str, catalogue: Catalogue, reference_year: int
) -> sql.Composed:
    """The statement for one field; its values are still to be bound."""
    field = catalogue.field(name)
    breakdown = plan_breakdown((name,), catalogue, reference_year)
    known = sql.SQL("{} is not null").format(column(field))
    if field.kind is Kind.MULTI:
        known = sql.SQL("cardinality({}) > 0").format(column(field))
    return template("compare_groups").format(
        respondent=table(catalogue),
        columns=columns(catalogue),
        held=_held(plans),
        joins=breakdown.joins,
        value=breakdown.value,
        known=known,
    )


def compared_as_json(compared: ComparedField) -> dict[str, Any]:
    """A compared field as the API spells it."""
    shown = asdict(compared)
    del shown["overlaps"]
    return shown


async def _compare(
    conn: Connection, catalogue: Catalogue, plans: Sequence[Plan], name: str, year: int
) -> ComparedField:
    statement = compose_groups(plans, name, catalogue, year)
    alone = len(plans) == 1
    size = len(plans) + alone
    parameters: dict[str, Any] = {"groups": size, "most": ANSWERS_MAX}
    for planned in plans:
        parameters |= planned.parameters
    rows = await all_rows(conn, _Row, statement, parameters)
    sides = [row for _, row in sorted({row.side: row for row in rows}.items())]
    answers: dict[str | int, list[Share]] = {}
    for row in rows:
        if row.value is not None:
            answers.setdefault(row.value, []).append(_share(row))
    words = groups_in_words(tuple(answers), catalogue.field(name))
    return ComparedField(
        field=name,
        groups=tuple(
            Group(row.people, row.answered, row.shared[size - 1], others=alone and row.side == 2)
            for row in sides
        ),
        answers=tuple(ComparedAnswer(word, tuple(answers[value])) for value, word in words),
        left_off=rows[0].answers - len(answers),
        sql=AsyncClientCursor(conn).mogrify(statement, parameters),
        overlaps=tuple(tuple(row.shared[:size]) for row in sides),
    )


def _held(plans: Sequence[Plan]) -> sql.Composable:
    """For each group in turn, whether the respondent belongs to it."""
    held: list[sql.Composable] = [sql.SQL("({}) is true").format(p.matches) for p in plans]
    if len(held) == 1:
        held.append(sql.SQL("({}) is not true").format(plans[0].matches))
    return sql.SQL("array[{}]").format(sql.SQL(", ").join(held))


def _share(row: _Row) -> Share:
    return Share(
        count=row.count or 0,
        share=row.share,
        share_low=row.share_low,
        share_high=row.share_high,
        difference=row.difference,
        difference_low=row.difference_low,
        difference_high=row.difference_high,
        lift=row.lift,
    )
