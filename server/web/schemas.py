"""The API's bodies as OpenAPI documents them; a test holds real answers against them."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from server.accuracy.history import StoredRun
from server.accuracy.jobs import State
from server.answering import PAGE_SIZE_MAX
from server.errors import Language
from server.filter import BY_MAX, Part
from server.interpret.interpretation import Caution, Operator
from server.search.groups import GROUPS_MAX, ComparedAnswer, Group
from server.spelling import PHRASE_LENGTH_MAX, PHRASES_MAX
from server.web.problems import Problem

# Of PostgreSQL's integer: no panel is larger.
OFFSET_MAX = 2**31 - 1
# Examples are of the panel that is served: openapi.py puts them in place of these.
QUESTION, FILTER, FIELD = "{a question}", "{a filter}", "{a field}"


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class InterpretRequest(_Body):
    """A question to be read."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"question": QUESTION}]}
    )

    question: str = Field(strict=True)


class SearchRequest(_Body):
    """A question to be read and answered, or a filter to be searched with: one of the two."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"question": QUESTION}, {"filter": FILTER, "page_size": 20, "offset": 20}]
        },
    )

    question: str | None = Field(default=None, strict=True)
    filter: dict[str, Any] | None = None
    page_size: int | None = Field(default=None, ge=1, le=PAGE_SIZE_MAX, strict=True)
    offset: int = Field(default=0, ge=0, le=OFFSET_MAX, strict=True)

    @model_validator(mode="after")
    def _one_of_two(self) -> "SearchRequest":
        if (self.question is None) == (self.filter is None):
            raise ValueError("give either a question or a filter")
        return self


class AlternativeBody(_Body):
    """Another reading of the same words."""

    field: str
    operator: Operator
    values: list[str] | dict[Literal["min", "max"], int]


class EvaluationRequest(_Body):
    """Labelled questions to evaluate; without them, the panel's gold set is."""

    gold: list[dict[str, Any]] | None = Field(
        default=None,
        min_length=1,
        description="questions as in a gold file",
        examples=[[{"question": QUESTION, "filter": FILTER}]],
    )

    @property
    def lines(self) -> bytes:
        """The questions as a gold file, whose complaints name the line."""
        return "\n".join(json.dumps(line) for line in self.gold or ()).encode()


class CorrectionRequest(_Body):
    """What a person says of a reading: the filter is the one shown, or the one that is right."""

    question: str = Field(strict=True, examples=[QUESTION])
    verdict: Literal["right", "wrong", "corrected"]
    filter: dict[str, Any] = Field(examples=[FILTER])
    unsupported: list[Annotated[str, Field(min_length=1, max_length=PHRASE_LENGTH_MAX)]] = Field(
        default=[], max_length=PHRASES_MAX, description="phrases the panel cannot answer"
    )


class ReviewRequest(_Body):
    """What is decided of a correction."""

    accepted: bool = Field(strict=True)


class NearRequest(_Body):
    """A filter whose near misses are wanted."""

    filter: dict[str, Any] = Field(examples=[FILTER])
    count: int = Field(default=20, ge=1, le=PAGE_SIZE_MAX, strict=True)


class CompareRequest(_Body):
    """Groups to be held side by side, and the fields whose answers are compared."""

    filters: list[dict[str, Any]] = Field(min_length=1, max_length=GROUPS_MAX, examples=[[FILTER]])
    by: list[str] = Field(min_length=1, max_length=BY_MAX, examples=[[FIELD]])


class ReadConditionBody(_Body):
    """One condition as it was read."""

    part: Part
    group: int = Field(description="number of the group in `either`, else 0")
    field: str
    source: str = Field(description="the codebook's own code")
    operator: Operator
    values: list[str] | dict[Literal["min", "max"], int]
    confidence: float
    words: list[str] = Field(description="the words of the question it came from")
    alternatives: list[AlternativeBody] = Field(description="the next best readings, best first")


class CorrectionBody(_Body):
    """Words that were taken for a slip of the pen, and what they were read as."""

    typed: str
    read: str


class InterpretationBody(_Body):
    """A question's filter and all that was not understood."""

    question: str
    language: Language
    filter: dict[str, Any] = Field(examples=[FILTER])
    conditions: list[ReadConditionBody]
    confidence: float = Field(description="how likely the reading is right as a whole, 0 to 1")
    others: list[dict[str, Any]] = Field(
        description="whole readings to choose from where this one is doubtful, likeliest first"
    )
    read_as: list[CorrectionBody] = Field(description="slips of the pen that were put right")
    unsupported: list[str] = Field(description="phrases the panel cannot answer")
    unused: list[str] = Field(description="words that led to nothing")
    warnings: list[Caution]
    model: str
    milliseconds: float


class AccuracyBody(_Body):
    """What was measured on labelled questions with the same fields; null: not enough of them."""

    enough: bool
    questions: int
    exact: float | None = Field(description="share of the questions that get the right filter")
    exact_questions: int | None = Field(description="how many of the questions that is")
    exact_interval: tuple[float, float] | None = Field(description="its 95 % interval (Wilson)")
    precision: float | None
    recall: float | None
    f1: float | None
    jaccard: float | None
    fields: list[str]
    confidence: float | None = Field(description="of this answer; null when a filter was sent")


class CountedConditionBody(_Body):
    """One condition and what it costs; confidence and words only when it was read."""

    part: Part
    group: int
    field: str
    source: str
    operator: Operator
    values: list[str] | dict[Literal["min", "max"], int]
    confidence: float | None = None
    words: list[str] | None = None
    alone: int = Field(description="respondents who satisfy this condition by itself")
    without: int = Field(description="respondents found if it were dropped")


class BreakdownBody(_Body):
    """One line of a breakdown; a null value means no answer."""

    values: dict[str, str | None]
    count: int
    share: float = Field(description="of the respondents who match")
    share_low: float = Field(description="lower end of its 95 % interval (Wilson)")
    share_high: float = Field(description="upper end of its 95 % interval (Wilson)")
    lift: float | None = Field(
        description="the share as a multiple of the share in the whole panel; null: not to be told"
    )


class AnswerBody(_Body):
    """The answer to a question or a filter."""

    interpretation: InterpretationBody | None = Field(description="null when a filter was sent")
    filter: dict[str, Any] = Field(examples=[FILTER])
    population: int | None = Field(description="respondents in the panel; null: not searched")
    total: int
    returned: int
    shortfall: int
    accuracy: AccuracyBody
    conditions: list[CountedConditionBody]
    respondents: list[dict[str, Any]]
    breakdown: list[BreakdownBody]
    breakdown_left_off: int = Field(description="further lines, when there are very many")
    sql: str | None
    reference_year: int = Field(description="age is this year minus the birth year")
    synthetic: bool | None = Field(description="whether no real person is in the panel")
    warnings: list[Caution]
    milliseconds: float


class JobBody(_Body):
    """An evaluation under way, or what became of it."""

    id: int
    questions: int
    read: int = Field(description="how many of the questions were read")
    state: State
    run: int | None = Field(description="its number among the evaluations, once stored")
    problem: Problem | None = Field(description="why it failed")


@dataclass(frozen=True, slots=True)
class EvaluationBody(StoredRun):
    """One evaluation with all its figures: beside these, every one that `by_tag` has of a tag."""

    by_tag: dict[str, dict[str, Any]]
    by_field: dict[str, dict[str, Any]]
    by_operator: dict[str, dict[str, Any]]


class CorrectionIdBody(_Body):
    """The number under which a correction waits for review."""

    id: int


class AddedBody(_Body):
    """How many of the imported questions were new."""

    added: int


class ConditionBody(_Body):
    """One condition of a filter."""

    part: Part
    group: int = Field(description="number of the group in `either`, else 0")
    field: str
    source: str = Field(description="the codebook's own code")
    operator: Operator
    values: list[str] | dict[Literal["min", "max"], int]


class NearMissBody(_Body):
    """A respondent, and the one condition that is missed."""

    respondent: dict[str, Any]
    missed: ConditionBody


class NearBody(_Body):
    """Who misses exactly one condition of the filter."""

    filter: dict[str, Any] = Field(examples=[FILTER])
    near: list[NearMissBody]


class ComparedFieldBody(_Body):
    """The answers to one field in each group, those that most people gave."""

    field: str
    groups: list[Group]
    answers: list[ComparedAnswer]
    left_off: int = Field(description="how many answers more there are")
    sql: str


class ComparedBody(_Body):
    """Groups side by side, in the order of their filters."""

    filters: list[dict[str, Any]] = Field(examples=[[FILTER]])
    fields: list[ComparedFieldBody]


class HealthBody(_Body):
    """The process answers."""

    status: Literal["ok"] = "ok"


class ReadyBody(_Body):
    """Which parts can work now."""

    ready: bool
    model: bool
    database: bool
    details: dict[str, str]
