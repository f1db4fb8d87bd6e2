"""One page of the people who satisfy a filter: any columns, any order, paged by place."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from psycopg import sql

from server.catalogue import Catalogue, Kind, PanelField
from server.filter import Filter
from server.panel.schema import table
from server.postgres.statements import Connection, all_rows, template
from server.search.answer import Respondent
from server.search.plan import TRUE, Plan, column, plan
from server.search.queries import get_panel
from server.search.words import Answers, respondents_in_words

_NO_KEY = sql.SQL("null::integer")
_DRAWN = sql.SQL("(draw, respondent_id)")
_PLACE = sql.SQL("(%(place_draw)s::bigint, %(place_id)s::text)")


@dataclass(frozen=True, slots=True)
class Sort:
    """By which field a list is sorted; who gave no answer comes last either way."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Which page of a list: the rows behind a bookmark, those before one, or the last ones.

    A bookmark stands for a respondent and says nothing of who it is.
    """

    fields: tuple[str, ...]
    size: int
    sort: Sort | None = None
    after: str | None = None
    before: str | None = None
    last: bool = False

    @property
    def backwards(self) -> bool:
        """Whether the page is read from its end."""
        return self.last or self.before is not None

    @property
    def bookmark(self) -> str | None:
        """The bookmark at which the page begins or ends."""
        return None if self.last else self.before or self.after


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """A page of a list; `before` and `after` are bookmarks, None where nobody comes.

    `counted` people match, counted no further than was asked.
    """

    respondents: tuple[Respondent, ...]
    before: str | None
    after: str | None
    counted: int
    reference_year: int
    milliseconds: float


@dataclass(frozen=True, slots=True)
class _Place:
    key: str | int | None
    draw: int
    respondent_id: str


@dataclass(frozen=True, slots=True)
class _PageRow:
    page: list[Answers]
    counted: int


@dataclass(frozen=True, slots=True)
class _Key:
    """What a list is sorted by, as it is stored: a derived number runs the other way."""

    stored: sql.Composable
    cast: sql.SQL
    descending: bool


def sortable(field: PanelField) -> bool:
    """Whether a list can be sorted by it: not by several answers at once."""
    return field.kind is not Kind.MULTI


async def list_people(
    conn: Connection, catalogue: Catalogue, query: Filter, window: Window, *, enough: int = 0
) -> PeoplePage:
    """The wanted page; its first page when the bookmark is of nobody who is there any more."""
    began = perf_counter()
    year = (await get_panel(conn, catalogue)).reference_year
    planned = plan(query, catalogue, year)
    fields = [catalogue.field(name) for name in window.fields]
    key = _key(window.sort, catalogue)
    place = await _place(conn, catalogue, key, window)
    statement = compose_people(planned, query, catalogue, window, place)
    parameters: dict[str, Any] = {
        **planned.parameters,
        "page_rows": window.size + 1,  # one more says whether anybody follows
        "enough": enough,
        "wanted": query.limit,
    }
    if place is not None:
        parameters |= {
            "place_key": place.key,
            "place_draw": place.draw,
            "place_id": place.respondent_id,
        }
    (row,) = await all_rows(conn, _PageRow, statement, parameters)
    rows, more = row.page[: window.size], len(row.page) > window.size
    backwards = window.backwards and (window.last or place is not None)
    if backwards:
        rows.reverse()
    return PeoplePage(
        respondents=respondents_in_words(rows, catalogue, year, fields),
        before=_bookmark(rows[:1], there=more if backwards else place is not None),
        after=_bookmark(rows[-1:], there=not window.last if backwards else more),
        counted=row.counted,
        reference_year=year,
        milliseconds=(perf_counter() - began) * 1000,
    )


def compose_people(
    planned: Plan, query: Filter, catalogue: Catalogue, window: Window, place: _Place | None
) -> sql.Composed:
    """The statement for one page; its values are still to be bound."""
    key = _key(window.sort, catalogue)
    backwards = window.backwards and (window.last or place is not None)
    first = sql.SQL("order by draw, respondent_id limit %(wanted)s")
    return template("list_people").format(
        respondent=table(catalogue),
        columns=_columns([catalogue.field(name) for name in window.fields]),
        matches=planned.matches,
        key=_NO_KEY if key is None else key.stored,
        first=sql.SQL("") if query.limit is None else first,
        behind=TRUE if place is None else _behind(key, place, backwards=backwards),
        page_order=_order(key, backwards=backwards),
    )


def compose_place(catalogue: Catalogue, sort: Sort | None) -> sql.Composed:
    """The statement for where a bookmark's respondent stands."""
    key = _key(sort, catalogue)
    return template("get_place").format(
        respondent=table(catalogue), key=_NO_KEY if key is None else key.stored
    )


async def _place(
    conn: Connection, catalogue: Catalogue, key: _Key | None, window: Window
) -> _Place | None:
    if window.bookmark is None:
        return None
    statement = compose_place(catalogue, window.sort)
    rows = await all_rows(conn, _Place, statement, {"bookmark": window.bookmark})
    return next(iter(rows), None)


def _key(sort: Sort | None, catalogue: Catalogue) -> _Key | None:
    if sort is None:
        return None
    field = catalogue.field(sort.field)
    derived = field.derived_from is not None
    cast = sql.SQL("text" if field.kind is Kind.TEXT else "integer")
    return _Key(column(field), cast, sort.descending is not derived)


def _order(key: _Key | None, *, backwards: bool) -> sql.Composable:
    """The list's order, or its reverse; who gave no answer stands at the list's end."""
    drawn = sql.SQL("draw desc, respondent_id desc" if backwards else "draw, respondent_id")
    if key is None:
        return drawn
    way = sql.SQL("desc" if key.descending is not backwards else "asc")
    unknown = sql.SQL("first" if backwards else "last")
    return sql.SQL("key {} nulls {}, {}").format(way, unknown, drawn)


def _behind(key: _Key | None, place: _Place, *, backwards: bool) -> sql.Composable:
    """Which rows come after the place in the list, or before it when it is read backwards."""
    drawn = sql.SQL("{} {} {}").format(_DRAWN, sql.SQL("<" if backwards else ">"), _PLACE)
    if key is None:
        return drawn
    if place.key is None:
        same = sql.SQL("key is null and {}").format(drawn)
        return sql.SQL("(key is not null or ({}))").format(same) if backwards else same
    value = sql.SQL("%(place_key)s::{}").format(key.cast)
    side = sql.SQL("<" if key.descending is not backwards else ">")
    terms: list[sql.Composable] = [
        sql.SQL("key {} {}").format(side, value),
        sql.SQL("(key = {} and {})").format(value, drawn),
    ]
    if not backwards:
        terms.append(sql.SQL("key is null"))
    return sql.SQL("({})").format(sql.SQL(" or ").join(terms))


def _columns(fields: Sequence[PanelField]) -> sql.Composable:
    shown = dict.fromkeys(field.column for field in fields)
    names = [sql.Identifier(name) for name in ("respondent_id", "draw", *shown)]
    return sql.SQL(", ").join(names)


def _bookmark(rows: Sequence[Answers], *, there: bool) -> str | None:
    return str(rows[0]["bookmark"]) if there and rows else None
