"""Addresses of our pages, which hold a page's whole state so that it can be sent to a colleague."""

from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from server.errors import Language
from server.filter import Filter
from server.web.asking import write_filter


@dataclass(frozen=True, slots=True)
class Address:
    """What an address says; `language` only when it was asked for in the address.

    `previous` is the filter that was changed into this one, to go back to. The list of people shows
    `columns`, sorted by `sort`, behind the bookmark `after`, before the bookmark `before` or at its
    `end`; `page` is only what such a page is called, counted from the end when below zero.
    """

    path: str
    question: str | None = None
    filter: str | None = None
    previous: str | None = None
    columns: str | None = None
    sort: str | None = None
    after: str | None = None
    before: str | None = None
    end: bool = False
    page: int = 1
    language: Language | None = None

    @property
    def href(self) -> str:
        """The address as a link."""
        return link(
            self.path,
            q=self.question or None,
            f=self.filter,
            u=self.previous,
            c=self.columns,
            s=self.sort,
            after=self.after,
            before=self.before,
            end="1" if self.end else None,
            page=None if self.page == 1 else str(self.page),
            lang=self.language,
        )

    @property
    def is_first_page(self) -> bool:
        """Whether the list begins at its beginning."""
        return self.after is None and self.before is None and not self.end

    def to(self, path: str) -> "Address":
        """Another place, in the same language."""
        return Address(path, language=self.language)

    def asking(self, question: str) -> "Address":
        """That question asked of the model."""
        return replace(self._listing(), question=question)

    def searching(self, query: Filter, question: str | None) -> "Address":
        """That filter searched with, without asking the model; the list keeps its columns."""
        return replace(self._listing(), question=question, filter=write_filter(query))

    def staying(self, query: Filter) -> "Address":
        """The same search, from which one can still go back to what was there before it."""
        return replace(self.searching(query, self.question), previous=self.previous)

    def changing(self, before: Filter, after: Filter) -> "Address":
        """The search with what a filter was changed into, from which one can go back to it."""
        if after == before:
            return self.staying(after)
        return replace(self.searching(after, self.question), previous=write_filter(before))

    def editing(
        self, query: Filter, question: str | None, field: str | None, place: str | None
    ) -> str:
        """The form that changes one condition of the filter, or adds one."""
        return link(
            "/edit",
            q=question or None,
            f=write_filter(query),
            u=self.previous,
            field=field,
            place=place,
            c=self.columns,
            s=self.sort,
            lang=self.language,
        )

    def _listing(self) -> "Address":
        return Address("/", columns=self.columns, sort=self.sort, language=self.language)


def exporting(query: Filter, question: str | None, form: str, language: Language | None) -> str:
    """Where the result is as a file."""
    return link("/export", q=question or None, f=write_filter(query), lang=language, **{"as": form})


def link(path: str, **parameters: str | None) -> str:
    """The path with those of the parameters that are given."""
    query = urlencode({k: v for k, v in parameters.items() if v is not None}, quote_via=quote)
    return f"{path}?{query}" if query else path
