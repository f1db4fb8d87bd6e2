"""The codebook's list of fields, filled in once for many looks: it holds thousands of answers."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from markupsafe import Markup
from psycopg import AsyncConnection

from server.access.small import answers_without_small
from server.catalogue import Catalogue
from server.errors import Language, PanelensError
from server.guide import FieldGuide, read_guides
from server.panel.answer_counts import AnswerCounts, answer_counts_after
from server.services import Services
from server.web import views
from server.web.rendering import Renderer
from server.web.showing import Showing

# Of the lists that are kept, some 8 MB: the whole codebook in each language, and what people look
# for in it. The search for a single letter finds nearly all of it.
CHARACTERS_MOST = 4_000_000

# Language of the words and of the links, what was looked for, and the load that was counted.
Key = tuple[Language, Language | None, str, int | None]
Guides = asyncio.Task[Mapping[Language, Mapping[str, FieldGuide]]]


@dataclass(frozen=True, slots=True)
class Listed:
    """The list as it stands on the page, and how many fields are in it."""

    html: Markup
    fields: int


@dataclass(slots=True)
class Codebook:
    """What the lists are made of, and those that were filled in.

    A load of the panel brings new counts, and with them new lists.
    """

    folder: Path
    renderer: Renderer
    smallest_count: int
    counts: AnswerCounts | None = None
    lists: dict[Key, Listed] = field(default_factory=dict)
    guides: Guides | None = None

    def prepare(self, catalogue: Catalogue) -> Guides:
        """How every field is asked for, read aside; at start, so that no look waits for it."""
        if self.guides is None:
            reading = asyncio.to_thread(read_guides, self.folder, catalogue)
            self.guides = asyncio.create_task(reading)
        return self.guides

    async def listed(self, services: Services, showing: Showing, wanted: str) -> Listed:
        """The fields in which every wanted word occurs."""
        # Everybody gets this list: its links must not keep the columns of who looked first.
        showing = replace(showing, address=showing.address.to("/codebook"))
        language = showing.wording.language
        counts = await self._newest_counts(services)
        key = (language, showing.address.language, wanted, counts.load if counts else None)
        if key not in self.lists:
            guide = await self._guide(services.catalogue, language)
            people = answers_without_small(counts, self.smallest_count) if counts else {}
            groups = showing.codebook(wanted, guide, people)
            page = views.CodebookList(groups)
            html = self.renderer.fill_piece("codebook_list.html", page, language)
            listed = Listed(html, sum(len(group.fields) for group in groups))
            # Of what is in no field there is no end, and nothing to keep.
            if listed.fields:
                self._keep(key, listed)
            return listed
        return self.lists[key]

    def _keep(self, key: Key, listed: Listed) -> None:
        characters = (len(words) + len(kept.html) for (_, _, words, _), kept in self.lists.items())
        if len(listed.html) + sum(characters) > CHARACTERS_MOST:
            self.lists.clear()
        self.lists[key] = listed

    async def _guide(self, catalogue: Catalogue, language: Language) -> Mapping[str, FieldGuide]:
        """Shielded, so that whoever hangs up does not end the reading for the others."""
        return (await asyncio.shield(self.prepare(catalogue)))[language]

    async def _newest_counts(self, services: Services) -> AnswerCounts | None:
        """How many gave each answer; what was known last while the database is away."""

        async def read(connection: AsyncConnection) -> AnswerCounts:
            return await answer_counts_after(connection, services.catalogue, self.counts)

        try:
            self.counts = await services.read(read)
        except PanelensError:
            return self.counts
        return self.counts
