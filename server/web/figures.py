"""Who the found people are: the result divided by a few fields, and by any field of choice."""

from collections import Counter
from collections.abc import Iterable

from fastapi import APIRouter
from psycopg import AsyncConnection
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from server.access.guard import refuse_telling
from server.access.small import divided_without_small
from server.catalogue import Catalogue, Kind, PanelField
from server.errors import InvalidFilter
from server.filter import Filter, Values
from server.search.divisions import Division, divide
from server.web import views
from server.web.asking import read_filter, write_filter
from server.web.frame import address_of, frame_of, wants_fragment
from server.web.phrasing import label_of, value_in_words
from server.web.site import SiteOf
from server.web.wording import Wording

USUAL = 3
ANSWERS_MAX = 20
SIDES_MAX = 3
ROWS_MAX = 40

figures = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@figures.api_route("/figures", methods=["GET", "HEAD"])
async def who_they_are(request: Request, site: SiteOf) -> Response:
    """The people of ?f= divided: by ?by= when a field is chosen, else by what tells people apart."""
    address, wording, catalogue = (
        address_of(request),
        site.wording(request),
        site.services.catalogue,
    )
    query = read_filter(address.filter or "{}", catalogue)
    chosen = request.query_params.get("by") or ""
    if chosen and chosen not in catalogue.by_name:
        raise InvalidFilter(f"by: no field {chosen[:60]!r}")
    divisions = [(chosen,)] if chosen else usual_divisions(catalogue, query)

    async def divided(connection: AsyncConnection) -> tuple[Division, ...]:
        return await divide(connection, catalogue, query, divisions)

    smallest = site.settings.smallest_count
    await refuse_telling(site.services, query, smallest)
    shown = [
        figure_of(division, catalogue, wording, smallest=smallest)
        for division in await site.services.read(divided)
    ]
    page = views.FiguresPage(
        frame=frame_of(site, request, "ask"),
        title=wording.say("Who they are"),
        filter=write_filter(query),
        question=address.question or "",
        language=address.language,
        back=address.staying(query).href,
        by=tuple(
            views.Choice(f.name, label_of(f, wording), "", f.name == chosen)
            for f in catalogue.fields
        ),
        figures=tuple(shown),
    )
    template = "figures_box.html" if wants_fragment(request) else "figures.html"
    return site.html(request, template, page)


def usual_divisions(catalogue: Catalogue, query: Filter) -> list[tuple[str, ...]]:
    """Ages by sexes, then regions and the like: the first fields that still tell people apart.

    A field whose one answer was asked for says nothing new; a division has few enough lines.
    """
    settled = {
        c.field
        for c in query.where
        if isinstance(c.constraint, Values) and len(c.constraint.values) == 1
    }
    sources = {f.derived_from for f in catalogue.fields}
    free = [f for f in catalogue.fields if f.name not in settled and f.name not in sources]
    listed = [
        f
        for f in free
        if f.kind is not Kind.MULTI and f.has_listed_answers and len(f.listed) <= ANSWERS_MAX
    ]
    number = next((f for f in free if f.kind is Kind.NUMBER), None)
    side = next((f for f in listed if len(f.listed) <= SIDES_MAX), None)
    first = tuple(f.name for f in (number, side) if f is not None)
    rest: list[tuple[str, ...]] = [(f.name,) for f in listed if f.name not in first]
    return [first, *rest][:USUAL] if first else rest[:USUAL]


def figure_of(
    whole: Division, catalogue: Catalogue, wording: Wording, *, smallest: int
) -> views.Figure:
    """One division as bars: a line for each answer, one bar for each answer of a second field.

    TooFew when it is of too few people.
    """
    division = divided_without_small(whole, smallest)
    hidden = len(division.slices) < len(whole.slices)
    fields = [catalogue.field(name) for name in division.by]
    first, *others = fields
    counts: Counter[str | None] = Counter()
    for each in division.slices:
        counts[each.values[0]] += each.count
    largest = {line for line, _ in counts.most_common(ROWS_MAX)}
    lines = [line for line in counts if line in largest]
    if first.kind in (Kind.SINGLE, Kind.TEXT):
        lines.sort(key=lambda line: (line is None, -counts[line]))
    sides = list(dict.fromkeys(s.values[1] for s in division.slices)) if others else [None]
    by_place = {each.values: each for each in division.slices}
    most = max((each.count for each in division.slices if each.values[0] in largest), default=0)

    def bars(line: str | None) -> Iterable[views.FigureBar]:
        for side in sides:
            here = by_place.get((line, side) if others else (line,))
            if here is None:
                # None and too few look the same, else the difference would tell.
                yield views.FigureBar(None if hidden else 0, 0.0, 0.0)
            else:
                yield views.FigureBar(here.count, here.share, round(100 * here.count / most, 2))

    return views.Figure(
        title=" × ".join(label_of(field, wording) for field in fields),
        heads=tuple(_named(side, others[0], wording) for side in sides) if others else (),
        rows=tuple(
            views.FigureRow(_named(line, first, wording), tuple(bars(line))) for line in lines
        ),
        left_off=len({each.values[0] for each in whole.slices}) - len(lines),
        hidden=hidden and bool(others),
        several=any(field.kind is Kind.MULTI for field in fields),
    )


def _named(value: str | None, field: PanelField, wording: Wording) -> str:
    return wording.say("no answer") if value is None else value_in_words(value, field, wording)
