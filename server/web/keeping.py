"""The pages of what people keep: segments, their comparison, and one's own searches."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Form
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.access.guard import refuse_telling
from server.access.person import LOCAL, Person, Role
from server.access.small import compared_without_small, told
from server.answering import Answer
from server.catalogue import PanelField
from server.errors import InvalidFilter, InvalidInput, NotFound, PanelensError
from server.filter import Filter, as_json, parse_filter, placed_conditions
from server.kept.searches import forget_searches, list_searches, store_search
from server.kept.segments import Segment, delete_segment, list_segments, store_segment
from server.search.groups import (
    GROUPS_MAX,
    ComparedAnswer,
    ComparedField,
    Share,
    compare_groups,
)
from server.web import views
from server.web.asking import read_filter, write_filter
from server.web.frame import address_of, frame_of
from server.web.person import PersonOf, requires
from server.web.phrasing import filter_in_words, label_of, value_in_words
from server.web.site import Site, SiteOf
from server.web.wording import Wording

NAME_LENGTH_MAX = 80
NOTE_LENGTH_MAX = 500
RECENT_SHOWN = 30
Researcher = Annotated[Person, requires(Role.RESEARCHER)]

keeping = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_log = logging.getLogger("panelens.web")


@keeping.api_route("/segments", methods=["GET", "HEAD"])
async def segments(request: Request, site: SiteOf, person: PersonOf) -> Response:
    """Every segment; with ?f= a form to keep that filter as one more."""
    address, wording = address_of(request), site.wording(request)
    draft = None
    if address.filter is not None:
        query = replace(read_filter(address.filter, site.services.catalogue), limit=None)
        question = address.question or ""
        draft = views.SegmentDraft(
            filter=write_filter(query),
            question=question,
            name=question[:NAME_LENGTH_MAX],
            words=_in_words(query, site, wording),
        )
    panel = site.services.catalogue.name
    kept = await site.services.read(lambda conn: list_segments(conn, panel))
    population = await _population(site)
    page = views.SegmentsPage(
        frame=frame_of(site, request, "segments"),
        title=wording.say("Segments"),
        draft=draft,
        segments=tuple(_segment_row(one, population, site, request, person) for one in kept),
        compare=address.to("/compare").href,
        may_keep=person.may(Role.RESEARCHER),
    )
    return site.html(request, "segments.html", page)


@keeping.post("/segments")
async def keep(
    *,
    request: Request,
    site: SiteOf,
    person: Researcher,
    name: Annotated[str, Form()],
    f: Annotated[str, Form()],
    note: Annotated[str, Form()] = "",
    q: Annotated[str, Form()] = "",
) -> Response:
    """Keep a filter under a name."""
    wording, catalogue = site.wording(request), site.services.catalogue
    name = _plain(name)
    if not name or len(name) > NAME_LENGTH_MAX or len(note) > NOTE_LENGTH_MAX:
        raise InvalidInput(
            wording.say(
                "A segment needs a name of at most %(name)s characters, its note has at most %(note)s.",
                name=NAME_LENGTH_MAX,
                note=NOTE_LENGTH_MAX,
            )
        )
    query = replace(read_filter(f, catalogue), limit=None)
    found = await site.services.search(query, page_size=0, offset=0)
    await site.services.write(
        lambda conn: store_segment(
            conn,
            panel=catalogue.name,
            name=name,
            note=_plain(note),
            question=_plain(q)[: site.settings.question_length],
            query=as_json(query),
            people=found.total,
            made_by=person.name,
        )
    )
    return RedirectResponse(address_of(request).to("/segments").href, 303)


@keeping.post("/segments/{number}/delete")
async def drop(request: Request, number: int, site: SiteOf, person: Researcher) -> Response:
    """Delete a segment; only its maker and owners may."""
    panel = site.services.catalogue.name
    if not await site.services.write(lambda conn: delete_segment(conn, panel, number, person)):
        raise NotFound(str(number))
    return RedirectResponse(address_of(request).to("/segments").href, 303)


@keeping.api_route("/compare", methods=["GET", "HEAD"])
async def compare(request: Request, site: SiteOf, person: PersonOf) -> Response:
    """Two or three segments (?s=) side by side, each held against the last, divided by ?by=."""
    wording, catalogue = site.wording(request), site.services.catalogue
    numbers = [int(s) for s in request.query_params.getlist("s") if s.isdecimal() and len(s) < 12]
    kept = await site.services.read(lambda conn: list_segments(conn, catalogue.name))
    by_number = {one.id: one for one in kept}
    chosen = [by_number[number] for number in dict.fromkeys(numbers) if number in by_number]
    if not 2 <= len(chosen) <= GROUPS_MAX:
        raise InvalidInput(wording.say("Choose two or three segments to compare."))
    name = request.query_params.get("by") or _first_unasked(site, chosen)
    field = catalogue.by_name.get(name)
    if field is None:
        raise InvalidFilter(f"by: no field {name[:60]!r}")
    filters = [parse_filter(one.filter, catalogue) for one in chosen]
    for query in filters:
        await refuse_telling(site.services, query, site.settings.smallest_count)
    (whole,) = await site.services.read(
        lambda conn: compare_groups(conn, catalogue, filters, [field.name])
    )
    compared = compared_without_small(whole, site.settings.smallest_count)
    population = await _population(site)
    page = views.ComparePage(
        frame=frame_of(site, request, "segments"),
        title=wording.say("Segments side by side"),
        language=address_of(request).language,
        by=field.name,
        fields=tuple(
            views.Choice(f.name, label_of(f, wording), "", f.name == field.name)
            for f in catalogue.fields
        ),
        label=label_of(field, wording),
        segments=tuple(_segment_row(one, population, site, request, person) for one in chosen),
        totals=tuple(group.people for group in compared.groups),
        answered=tuple(group.answered for group in compared.groups),
        rows=tuple(_compared_row(answer, field, wording) for answer in compared.answers),
        left_off=compared.left_off,
        hidden=compared != whole,
        several=field.kind == "multi",
        shared=tuple(_shared(chosen, compared, wording)),
        changed=tuple(
            one.name
            for one, now in zip(chosen, compared.groups, strict=True)
            if now.people is not None and one.people != now.people
        ),
        sql=compared.sql,
    )
    return site.html(request, "compare.html", page)


@keeping.api_route("/history", methods=["GET", "HEAD"])
async def history(request: Request, site: SiteOf, person: PersonOf) -> Response:
    """The person's own searches, the latest first."""
    wording, panel = site.wording(request), site.services.catalogue.name
    made = await site.services.read(lambda conn: list_searches(conn, panel, person.name))
    population = await _population(site)
    page = views.HistoryPage(
        frame=frame_of(site, request, "history"),
        title=wording.say("History"),
        searches=tuple(
            views.SearchRow(
                question=one.question,
                words=_stored_in_words(one.filter, site, wording),
                href=_result(one.filter, one.question, site, request),
                people=told(one.people, population, site.settings.smallest_count),
                made=wording.moment(one.made_at),
            )
            for one in made
        ),
    )
    return site.html(request, "history.html", page)


@keeping.post("/history/forget")
async def forget(request: Request, site: SiteOf, person: PersonOf) -> Response:
    """Forget all of the person's searches."""
    panel = site.services.catalogue.name
    await site.services.write(lambda conn: forget_searches(conn, panel, person.name))
    return RedirectResponse(address_of(request).to("/history").href, 303)


async def recent_questions(site: Site, person: Person) -> tuple[str, ...]:
    """What the person asked last, for the box to offer; none while the database is away."""
    panel = site.services.catalogue.name
    try:
        made = await site.services.read(lambda conn: list_searches(conn, panel, person.name))
    except PanelensError:
        return ()
    return tuple(dict.fromkeys(one.question for one in made if one.question))[:RECENT_SHOWN]


def remembering(site: Site, person: Person, question: str | None, answer: Answer) -> BackgroundTask:
    """Stores the search once its answer was sent; an answer never fails for its history."""

    async def remember() -> None:
        found = answer.found
        if found is None:
            return
        try:
            await site.services.write(
                lambda conn: store_search(
                    conn,
                    panel=site.services.catalogue.name,
                    made_by=person.name,
                    question=_plain(question or "")[: site.settings.question_length],
                    query=as_json(answer.filter),
                    people=found.total,
                )
            )
        except PanelensError as error:
            _log.warning("a search was not remembered: %s", error.code)

    return BackgroundTask(remember)


def _in_words(query: Filter, site: Site, wording: Wording) -> str:
    return filter_in_words(query, site.services.catalogue, wording) or wording.say("everyone")


def _stored_in_words(raw: dict[str, object], site: Site, wording: Wording) -> str:
    """A kept filter in words; the catalogue may have changed since."""
    try:
        return _in_words(parse_filter(raw, site.services.catalogue), site, wording)
    except InvalidFilter:
        return wording.say("asks for something this panel no longer holds")


async def _population(site: Site) -> int:
    """How many people there are, where kept counts must not tell of all but few; else 0."""
    if not site.settings.smallest_count:
        return 0
    return (await site.services.search(Filter(), page_size=0, offset=0)).population


def _segment_row(
    one: Segment, population: int, site: Site, request: Request, person: Person
) -> views.SegmentRow:
    wording = site.wording(request)
    return views.SegmentRow(
        id=one.id,
        name=one.name,
        note=one.note,
        words=_stored_in_words(one.filter, site, wording),
        href=_result(one.filter, one.question, site, request),
        people=told(one.people, population, site.settings.smallest_count),
        made_by="" if one.made_by == LOCAL.name else one.made_by,
        made=wording.moment(one.made_at),
        delete=address_of(request).to(f"/segments/{one.id}/delete").href
        if person.may(Role.OWNER) or (person.may(Role.RESEARCHER) and one.made_by == person.name)
        else None,
    )


def _result(raw: dict[str, object], question: str, site: Site, request: Request) -> str:
    address = address_of(request).to("/")  # what ?s= says here is no order of the list there
    try:
        query = parse_filter(raw, site.services.catalogue)
    except InvalidFilter:
        return address.asking(question).href
    return address.searching(query, question or None).href


def _first_unasked(site: Site, chosen: list[Segment]) -> str:
    """A field none of them asks about, where there is one: the asked ones only show what was asked."""
    catalogue = site.services.catalogue
    asked = {
        condition.field
        for one in chosen
        for _, _, condition in placed_conditions(parse_filter(one.filter, catalogue))
    }
    free = [f.name for f in catalogue.stored_fields if f.name not in asked]
    listed = [name for name in free if catalogue.field(name).has_listed_answers]
    return (*listed, *free, catalogue.fields[0].name)[0]


def _compared_row(answer: ComparedAnswer, field: PanelField, wording: Wording) -> views.ComparedRow:
    """One answer in every group, and each group but the last held against the last."""
    return views.ComparedRow(
        label=value_in_words(answer.value, field, wording),
        cells=tuple(
            views.ComparedCell(
                count=share.count,
                share=share.share,
                low=share.share_low,
                high=share.share_high,
                width=round(100 * (share.share or 0), 2),
            )
            for share in answer.shares
        ),
        differences=tuple(_difference(share, wording) for share in answer.shares[:-1]),
    )


def _difference(share: Share, wording: Wording) -> views.ComparedDifference:
    if share.difference is None or share.difference_low is None or share.difference_high is None:
        return views.ComparedDifference("–", "", "–", telling=False)
    low, high = share.difference_low, share.difference_high
    return views.ComparedDifference(
        points=wording.points(share.difference),
        interval=wording.say(
            "%(low)s to %(high)s", low=wording.points(low), high=wording.points(high)
        ),
        lift="–" if share.lift is None else wording.times(share.lift),
        telling=low > 0 or high < 0,
    )


def _shared(chosen: list[Segment], compared: ComparedField, wording: Wording) -> Iterable[str]:
    """How many people of each group are in the last one too."""
    last = chosen[-1].name
    for one, group in zip(chosen[:-1], compared.groups, strict=False):
        if group.shared:
            yield wording.say_many(
                "%(n)s of %(one)s is in %(last)s too.",
                "%(n)s of %(one)s are in %(last)s too.",
                group.shared,
                one=one.name,
                last=last,
            )


def _plain(text: str) -> str:
    """One line of printable text: PostgreSQL takes no NUL, a list no line breaks."""
    return "".join(c if c.isprintable() else " " for c in text).strip()
