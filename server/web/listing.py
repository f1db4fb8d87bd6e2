"""The list of respondents: its columns and its order from the address, its pages as links."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil
from urllib.parse import quote

from server.catalogue import Catalogue, PanelField
from server.errors import InvalidFilter
from server.filter import Filter
from server.search.people import PeoplePage, Sort, Window, sortable
from server.web import views
from server.web.addresses import Address, exporting
from server.web.phrasing import cell_in_words, label_of
from server.web.wording import Wording

USUAL_COLUMNS = 9
FORMS = ("csv", "xlsx", "json")


@dataclass(frozen=True, slots=True)
class Listing:
    """The list of one filter as its address asks for it."""

    catalogue: Catalogue
    wording: Wording
    address: Address
    query: Filter
    page_size: int

    @property
    def window(self) -> Window:
        """What is to be read; InvalidFilter when the address names a field that is not there."""
        return Window(
            fields=tuple(field.name for field in self.fields),
            size=min(self.page_size, self.query.limit or self.page_size),
            sort=self.sort,
            after=self.address.after,
            before=self.address.before,
            last=self.address.end,
        )

    @property
    def fields(self) -> tuple[PanelField, ...]:
        """The chosen columns; without a choice, what was asked about and the catalogue's first."""
        if self.address.columns:
            return tuple(self._field(name) for name in self.address.columns.split(","))
        asked = self.query.fields
        derived = {f.derived_from for f in self.catalogue.fields}
        free = [
            f.name for f in self.catalogue.fields if f.name not in asked and f.name not in derived
        ]
        usual = free[: max(0, USUAL_COLUMNS - len(asked))]
        return tuple(self.catalogue.field(name) for name in (*asked, *usual))

    @property
    def sort(self) -> Sort | None:
        """The order that the address asks for; None is the panel's fixed random one."""
        if not self.address.sort:
            return None
        name = self.address.sort.removeprefix("-")
        field = self._field(name)
        if not sortable(field):
            raise InvalidFilter(f"s: {name} has several answers, so nothing can be sorted by it")
        return Sort(name, descending=name != self.address.sort)

    def whole(self, offered: int) -> views.Whole:
        """The list of so many people."""
        return views.Whole(offered, ceil(offered / self.window.size))

    def people(self, page: PeoplePage, whole: views.Whole | None = None) -> views.People:
        """The page as it is shown; `whole` where the people are counted already."""
        fields, sort, asked = self.fields, self.sort, self.query.fields
        return views.People(
            id_heading=self.catalogue.respondent_id,
            headings=tuple(self._heading(field, sort, asked) for field in fields),
            rows=tuple(
                views.PersonRow(
                    id=person.id,
                    href=self.address.to(f"/respondents/{quote(person.id, safe='')}").href,
                    cells=tuple(
                        cell_in_words(person.fields.get(f.name), f, self.wording) for f in fields
                    ),
                )
                for person in page.respondents
            ),
            paging=self._paging(page, whole),
            columns=replace(self._first, path="/columns").href,
            drawn=None if sort is None else self._turn(replace(self._first, sort=None)),
            files=tuple(
                views.FileLink(
                    form.upper(),
                    exporting(self.query, self.address.question, form, self.address.language),
                )
                for form in FORMS
            ),
            milliseconds=page.milliseconds,
        )

    def choice(self) -> tuple[views.Choice, ...]:
        """Every field as a column to tick."""
        chosen = {field.name for field in self.fields}
        return tuple(
            views.Choice(
                f.name,
                label_of(f, self.wording),
                self.catalogue.source_code(f.name),
                f.name in chosen,
            )
            for f in self.catalogue.fields
        )

    @property
    def _first(self) -> Address:
        """The first page of this list, on the page of the whole answer."""
        return self.address.staying(self.query)

    def _heading(self, field: PanelField, sort: Sort | None, asked: Iterable[str]) -> views.Heading:
        by_this = sort is not None and sort.field == field.name
        descending = by_this and sort is not None and sort.descending
        turned = f"-{field.name}" if by_this and not descending else field.name
        return views.Heading(
            label=label_of(field, self.wording),
            source=self.catalogue.source_code(field.name),
            asked=field.name in asked,
            sorted=("descending" if descending else "ascending") if by_this else "none",
            turn=self._turn(replace(self._first, sort=turned)) if sortable(field) else None,
        )

    def _paging(self, page: PeoplePage, whole: views.Whole | None) -> views.Paging:
        first, size = self._first, self.window.size
        number = self._number(page)
        return views.Paging(
            begins=(number - 1) * size + 1 if number > 0 else None,
            ends=(number - 1) * size + len(page.respondents) if number > 0 else None,
            page=number,
            whole=whole,
            first=self._turn(first) if page.before else None,
            previous=self._turn(replace(first, before=page.before, page=number - 1))
            if page.before
            else None,
            next=self._turn(replace(first, after=page.after, page=number + 1))
            if page.after
            else None,
            last=self._turn(replace(first, end=True, page=-1)) if page.after else None,
        )

    def _number(self, page: PeoplePage) -> int:
        """The page's number, counted from the end (-1, -2 …) for who came from there."""
        if page.before is None and not self.window.backwards:
            return 1
        return -1 if self.address.end else self.address.page

    def _turn(self, address: Address) -> views.Turn:
        return views.Turn(address.href, replace(address, path="/people").href)

    def _field(self, name: str) -> PanelField:
        field = self.catalogue.by_name.get(name)
        if field is None:
            raise InvalidFilter(f"no field {name[:60]!r}")
        return field
