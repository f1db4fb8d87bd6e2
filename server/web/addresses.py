"""Addresses of our pages, which hold a page's whole state so that it can be sent to a colleague."""

from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from server.errors import Language
from server.filter import Filter
from server.web.asking import write_filter


@dataclass(frozen=True, slots=True)
class Address:
    """What an address says; `language` only when it was asked for in the address.

    `previous` is the filter that was changed into this one, to go back to.
    """

    path: str
    question: str | None = None
    filter: str | None = None
    page: int = 1
    previous: str | None = None
    language: Language | None = None

    @property
    def href(self) -> str:
        """The address as a link."""
        return _link(
            self.path,
            q=self.question or None,
            f=self.filter,
            page=str(self.page) if self.page > 1 else None,
            u=self.previous,
            lang=self.language,
        )

    def in_(self, language: Language) -> "Address":
        """The same page in that language."""
        return replace(self, language=language)

    def on_page(self, page: int) -> "Address":
        """Another page of the same result."""
        return replace(self, page=page)

    def to(self, path: str) -> "Address":
        """Another place, in the same language."""
        return Address(path, language=self.language)

    def asking(self, question: str) -> "Address":
        """That question asked of the model."""
        return Address("/", question=question, language=self.language)

    def searching(self, query: Filter, question: str | None) -> "Address":
        """That filter searched with, without asking the model."""
        return Address("/", question=question, filter=write_filter(query), language=self.language)

    def after(self, query: Filter) -> "Address":
        """The same place, reached by changing that filter."""
        return replace(self, previous=write_filter(query))

    def editing(
        self, query: Filter, question: str | None, field: str | None, place: str | None
    ) -> str:
        """The form that changes one condition of the filter, or adds one."""
        return _link(
            "/edit",
            q=question or None,
            f=write_filter(query),
            field=field,
            place=place,
            lang=self.language,
        )


def exporting(query: Filter, question: str | None, form: str, language: Language | None) -> str:
    """Where the result is as a file."""
    return _link(
        "/export", q=question or None, f=write_filter(query), lang=language, **{"as": form}
    )


def _link(path: str, **parameters: str | None) -> str:
    query = urlencode({k: v for k, v in parameters.items() if v is not None}, quote_via=quote)
    return f"{path}?{query}" if query else path
