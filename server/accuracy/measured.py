"""What was measured of readings like one: the figures shown beside an answer."""

from dataclasses import dataclass

ENOUGH_QUESTIONS = 5


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What was measured on labelled questions that use these fields; rates are 0–1.

    `exact` is interpretation accuracy, the others are the match rate of the respondents.
    """

    questions: int
    exact: float | None
    precision: float | None
    recall: float | None
    f1: float | None
    jaccard: float | None
    fields: tuple[str, ...]

    @property
    def enough(self) -> bool:
        """Whether so many questions were labelled that a rate says something."""
        return self.questions >= ENOUGH_QUESTIONS and self.exact is not None
