"""The interpretation: a filter, and what can be said of how it was understood."""

from dataclasses import dataclass
from typing import Any, Literal

from server.catalogue import Catalogue
from server.errors import Language
from server.filter import Condition, Filter, Part, Range, as_json, constraint_as_json

Operator = Literal["any", "all", "range"]
Caution = Literal["nothing-understood", "contradiction", "doubtful"]
# Less sure conditions and readings are to be checked by whoever asked.
DOUBTFUL_BELOW = 0.8


@dataclass(frozen=True, slots=True)
class ReadCondition:
    """One condition as it was read: how sure the model is (0–1) and which words it came from.

    `alternatives` are the next best readings of the same words, the likeliest first.
    """

    part: Part
    group: int
    condition: Condition
    confidence: float
    words: tuple[str, ...]
    alternatives: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadAs:
    """Words that were read as others: as they were typed, and as they were read."""

    typed: str
    read: str


@dataclass(frozen=True, slots=True)
class Interpretation:
    """A question's filter with the model's confidence, and all that was not understood.

    `confidence` is how likely the whole of it is right, 0 to 1;
    `others` are whole readings to choose from where this one is doubtful, the likeliest first;
    `read_as` are the slips of the pen that were put right, in the question's order.
    """

    question: str
    language: Language
    filter: Filter
    conditions: tuple[ReadCondition, ...]
    unsupported: tuple[str, ...]
    unused: tuple[str, ...]
    warnings: tuple[Caution, ...]
    model: str
    milliseconds: float
    confidence: float
    others: tuple[Filter, ...] = ()
    read_as: tuple[ReadAs, ...] = ()

    @property
    def understood(self) -> bool:
        """Whether a search would say something: false when only unknown words were found."""
        return "nothing-understood" not in self.warnings


def operator_of(condition: Condition) -> Operator:
    """How the condition's values combine."""
    if isinstance(condition.constraint, Range):
        return "range"
    return "all" if condition.constraint.every else "any"


def values_of(condition: Condition) -> Any:
    """The condition's values in the contract's form: a list, or the bounds."""
    constraint = condition.constraint
    if isinstance(constraint, Range):
        return constraint_as_json(constraint)
    return list(constraint.values)


def interpretation_as_json(reading: Interpretation, catalogue: Catalogue) -> dict[str, Any]:
    """The interpretation as the contract spells it."""
    return {
        "question": reading.question,
        "language": reading.language,
        "filter": as_json(reading.filter),
        "conditions": [
            {
                "part": read.part,
                "group": read.group,
                "field": read.condition.field,
                "source": catalogue.source_code(read.condition.field),
                "operator": operator_of(read.condition),
                "values": values_of(read.condition),
                "confidence": round(read.confidence, 4),
                "words": list(read.words),
                "alternatives": [
                    {
                        "field": other.field,
                        "operator": operator_of(other),
                        "values": values_of(other),
                    }
                    for other in read.alternatives
                ],
            }
            for read in reading.conditions
        ],
        "confidence": round(reading.confidence, 4),
        "others": [as_json(other) for other in reading.others],
        "read_as": [{"typed": each.typed, "read": each.read} for each in reading.read_as],
        "unsupported": list(reading.unsupported),
        "unused": list(reading.unused),
        "warnings": list(reading.warnings),
        "model": reading.model,
        "milliseconds": round(reading.milliseconds, 1),
    }
