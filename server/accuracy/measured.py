"""What was measured of readings like one: the figures shown beside an answer."""

from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH_QUESTIONS = 5


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What was measured on labelled questions that use these fields; rates are 0–1.

    `exact` is interpretation accuracy, the share of the `questions` that `exact_questions` are, with
    its 95 % interval; the others are the match rate of the respondents.
    """

    questions: int
    exact_questions: int
    exact: float | None
    exact_low: float | None
    exact_high: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    jaccard: float | None
    fields: Sequence[str]

    @property
    def enough(self) -> bool:
        """Whether so many questions were labelled that a rate says something."""
        return self.questions >= ENOUGH_QUESTIONS and self.exact is not None
