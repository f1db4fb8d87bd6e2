"""An evaluation before it is stored: every question with its right reading and the model's."""

from dataclasses import dataclass
from datetime import datetime

from server.catalogue import Catalogue, normalise
from server.filter import Filter, canonical, equal, placed_conditions
from server.spelling import Reading


@dataclass(frozen=True, slots=True)
class Case:
    """One question as it should be read and as it was.

    `confidence` is how likely the reading was said to be right, None when the question was refused;
    `conditions` are those of its conditions, in `placed_conditions` order.
    """

    question: str
    gold: Reading
    predicted: Reading
    tags: tuple[str, ...]
    confidence: float | None
    milliseconds: float
    conditions: tuple[float, ...] = ()

    def is_exact(self, catalogue: Catalogue) -> bool:
        """Whether the filter is the gold filter, limit and breakdown included.

        Nobody is not everyone, though neither has a condition.
        """
        gold, predicted = self.gold, self.predicted
        return gold.asks_for_nobody == predicted.asks_for_nobody and equal(
            gold.filter, predicted.filter, catalogue
        )

    def right_conditions(self, catalogue: Catalogue) -> tuple[bool, ...]:
        """Which conditions of the reading the gold filter has too, in `placed_conditions` order."""

        def placed(reading: Reading) -> list[tuple[str, Filter]]:
            return [
                (part, canonical(Filter(where=(each,)), catalogue))
                for part, _, each in placed_conditions(reading.filter)
            ]

        gold = placed(self.gold)
        return tuple(each in gold for each in placed(self.predicted))

    @property
    def unsupported_is_correct(self) -> bool:
        """Whether just the right phrases were said to be beyond the panel, in whatever order."""
        gold, predicted = (
            {normalise(phrase) for phrase in reading.unsupported}
            for reading in (self.gold, self.predicted)
        )
        return gold == predicted

    @property
    def limit_is_correct(self) -> bool:
        """Whether as many respondents were asked for as the question wants."""
        return self.gold.filter.limit == self.predicted.filter.limit


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a model made of a file of questions. `recorded`: elsewhere, and brought along."""

    file: str
    file_sha256: str
    model: str
    adapter: str
    catalogue_version: int
    started_at: datetime
    cases: tuple[Case, ...]
    recorded: bool = False
    model_sha256: str = ""


def fields_of(query: Filter, catalogue: Catalogue) -> tuple[str, ...]:
    """The fields that a filter uses in any of its parts, in the catalogue's order."""
    return tuple(sorted(query.fields, key=catalogue.position))
