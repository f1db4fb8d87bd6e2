"""A long list is read piece by piece; one that was begun waits for its turn."""

from collections.abc import Sequence
from typing import Any

import pytest

from server.errors import TooBusy
from server.filter import Filter, load_catalogue
from server.search import listing
from server.search.answer import Respondent
from server.search.listing import list_respondents


class Pieces:
    """Stands for reads of a panel: two people, one person, the end; some are refused."""

    def __init__(self, refused: Sequence[int]) -> None:
        self.refused = list(refused)
        self.reads = 0
        people = [(Respondent("w1", {}), Respondent("w2", {})), (Respondent("w3", {}),)]
        self.pieces = iter(zip(people, ((1, "w2"), None), strict=True))

    async def read(self, page: Any) -> Any:
        """The next piece, unless this read is one of the refused."""
        self.reads += 1
        if self.reads in self.refused:
            raise TooBusy("every connection is in use")
        return next(self.pieces)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "ROWS_A_READ", 2)
    monkeypatch.setattr(listing, "WAITS_SECONDS", (0.0, 0.0))


async def listed(panel: Pieces) -> list[str]:
    people = list_respondents(panel.read, load_catalogue("welcome"), Filter(), reference_year=2025)
    return [person.id async for piece in people for person in piece]


async def test_a_list_that_was_begun_waits_for_a_connection() -> None:
    assert await listed(Pieces(refused=[2, 3])) == ["w1", "w2", "w3"]


async def test_it_does_not_wait_forever() -> None:
    with pytest.raises(TooBusy):
        await listed(Pieces(refused=[2, 3, 4]))


async def test_one_that_was_not_begun_is_refused_at_once() -> None:
    panel = Pieces(refused=[1])
    with pytest.raises(TooBusy):
        await listed(panel)
    assert panel.reads == 1
