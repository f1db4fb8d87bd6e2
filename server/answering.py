"""From a question or a filter to an answer: the way that page, API and terminal share."""

from dataclasses import dataclass, replace
from typing import Any

from server.accuracy.measured import Accuracy
from server.catalogue import Catalogue
from server.filter import Filter, Part, as_json
from server.interpret.interpretation import (
    Interpretation,
    ReadCondition,
    interpretation_as_json,
    operator_of,
    values_of,
)
from server.search.answer import CountedCondition, Found, respondent_as_json
from server.services import Services

PAGE_SIZE_MAX = 1000

Place = tuple[Part, int, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """A filter, how it was read (None when it was given), and who was found.

    `found` and `accuracy` are None before a search, and when nothing was understood: then nobody is
    searched for. `earlier` is what a filter that was edited still has of its question's reading.
    """

    filter: Filter
    interpretation: Interpretation | None
    found: Found | None
    accuracy: Accuracy | None
    earlier: Interpretation | None = None

    @property
    def understood(self) -> bool:
        """Whether there is anything to search with."""
        return self.interpretation is None or self.interpretation.understood

    @property
    def confidence(self) -> float | None:
        """How likely the whole reading is right; None where nothing was read or understood."""
        if self.interpretation is None or not self.understood:
            return None
        return self.interpretation.confidence

    @property
    def read(self) -> dict[Place, ReadCondition]:
        """The read conditions by their place in the filter."""
        conditions = self.interpretation.conditions if self.interpretation else ()
        return {(c.part, c.group, c.condition.field): c for c in conditions}


async def answer_question(
    services: Services, question: str, *, page_size: int | None, offset: int, usual: int
) -> Answer:
    """Read the question and search with what was understood; with nothing, search for nobody."""
    reading = await services.interpret(question)
    if not reading.understood:
        return Answer(reading.filter, reading, None, None)
    answer = await answer_filter(
        services, reading.filter, page_size=page_size, offset=offset, usual=usual
    )
    return replace(answer, interpretation=reading)


async def answer_filter(
    services: Services, query: Filter, *, page_size: int | None, offset: int, usual: int
) -> Answer:
    """Search with a filter that was given; the model is not asked."""
    size = min(page_size or query.limit or usual, PAGE_SIZE_MAX)
    found = await services.search(query, page_size=size, offset=offset)
    return Answer(query, None, found, await services.accuracy(query))


def answer_as_json(answer: Answer, catalogue: Catalogue, reference_year: int) -> dict[str, Any]:
    """The answer as the contract spells it; without a search, the counts that are known."""
    reading, found = answer.interpretation, answer.found
    milliseconds = (reading.milliseconds if reading else 0.0) + (found.milliseconds if found else 0)
    return {
        "interpretation": None if reading is None else interpretation_as_json(reading, catalogue),
        "filter": as_json(answer.filter),
        "population": found.population if found else None,
        "total": found.total if found else 0,
        "returned": found.returned if found else 0,
        "shortfall": found.shortfall if found else answer.filter.limit or 0,
        "accuracy": _accuracy_as_json(answer),
        "conditions": [
            _condition_as_json(counted, answer.read, catalogue)
            for counted in (found.conditions if found else ())
        ],
        "respondents": [
            respondent_as_json(respondent, catalogue.respondent_id)
            for respondent in (found.respondents if found else ())
        ],
        "breakdown": [
            {
                "values": dict(zip(answer.filter.by, row.values, strict=True)),
                "count": row.count,
                "share": row.share,
                "share_low": row.share_low,
                "share_high": row.share_high,
                "lift": row.lift,
            }
            for row in (found.breakdown if found else ())
        ],
        "breakdown_left_off": found.breakdown_left_off if found else 0,
        "sql": found.sql if found else None,
        "reference_year": found.reference_year if found else reference_year,
        "synthetic": found.synthetic if found else None,
        "warnings": list(reading.warnings) if reading else [],
        "milliseconds": round(milliseconds, 1),
    }


def _accuracy_as_json(answer: Answer) -> dict[str, Any]:
    measured = answer.accuracy
    rates = measured if measured is not None and measured.enough else None
    return {
        "enough": rates is not None,
        "questions": measured.questions if measured else 0,
        "exact": rates.exact if rates else None,
        "exact_questions": rates.exact_questions if rates else None,
        "exact_interval": [rates.exact_low, rates.exact_high] if rates else None,
        "precision": rates.precision if rates else None,
        "recall": rates.recall if rates else None,
        "f1": rates.f1 if rates else None,
        "jaccard": rates.jaccard if rates else None,
        "fields": list(measured.fields) if measured else [],
        "confidence": None if answer.confidence is None else round(answer.confidence, 4),
    }


def _condition_as_json(
    counted: CountedCondition, read: dict[Place, ReadCondition], catalogue: Catalogue
) -> dict[str, Any]:
    condition = counted.condition
    found = read.get((counted.part, counted.group, condition.field))
    return {
        "part": counted.part,
        "group": counted.group,
        "field": condition.field,
        "source": catalogue.source_code(condition.field),
        "operator": operator_of(condition),
        "values": values_of(condition),
        **({"confidence": round(found.confidence, 4), "words": list(found.words)} if found else {}),
        "alone": counted.alone,
        "without": counted.without,
    }
