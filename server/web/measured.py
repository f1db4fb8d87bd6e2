"""What the pages of accuracy show: frozen dataclasses, one a template, in the reader's words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from server.accuracy.corrections import Waiting
from server.accuracy.history import (
    Bin,
    Change,
    Comparison,
    ConditionFigure,
    Difference,
    Measure,
    StoredRun,
    WrongQuestion,
)
from server.accuracy.jobs import Job
from server.catalogue import Catalogue
from server.errors import InvalidFilter
from server.filter import Filter, parse_filter
from server.search.answer import NearRespondent
from server.web.addresses import Address
from server.web.phrasing import cell_in_words, condition_in_words, filter_in_words, label_of
from server.web.views import Frame
from server.web.wording import Wording

# In the order of the page; their names are said in `_names`.
_MEASURES = ("exact", "precision", "recall", "f1", "jaccard", "identical", "limit", "unsupported")
_TAG_MEASURES = ("exact", "f1", "jaccard")


def run_address(address: Address, run_id: int, name: str = "") -> str:
    """The page of one evaluation, or something below it, in the same language."""
    place = address.to(f"{address.path}/{name}" if name else address.path).href
    return f"{place}{'&' if '?' in place else '?'}run={run_id}"


@dataclass(frozen=True, slots=True)
class FilterText:
    """A filter in words, and the address that searches with it; None when it cannot be asked."""

    text: str
    href: str | None


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure with its 95 % interval; None where there is nothing to measure."""

    label: str
    questions: int
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class TagRow:
    """The main figures of the questions with one tag."""

    tag: str
    questions: int
    figures: tuple[FigureRow, ...]


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """How right the conditions of a field or an operator were."""

    label: str
    href: str | None
    gold: int
    predicted: int
    correct: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class RunRow:
    """One evaluation of the trend."""

    run: StoredRun
    when: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class WorstRow:
    """A question that was read wrong; `jaccard` is None where it tells of too few people."""

    question: str
    href: str
    gold: FilterText
    predicted: FilterText
    confidence: float | None
    gold_size: str
    predicted_size: str
    jaccard: float | None


@dataclass(frozen=True, slots=True)
class JobView:
    """An evaluation under way, or why the last one failed."""

    running: bool
    read: int
    questions: int
    problem: str


@dataclass(frozen=True, slots=True)
class JobPage:
    """How far the evaluation under way is; None when it is over."""

    here: str
    job: JobView | None


@dataclass(frozen=True, slots=True)
class Measured:
    """One evaluation in all its tables; `hidden`: some tell of too few people to be shown.

    `wrong`: how many questions were read wrong, of which `worst` are the worst.
    """

    run: StoredRun
    when: str
    total: tuple[FigureRow, ...]
    ece: Measure | None
    milliseconds: tuple[float, float]
    tags: tuple[TagRow, ...]
    fields: tuple[ConditionRow, ...]
    operators: tuple[ConditionRow, ...]
    bins: tuple[Bin, ...]
    worst: tuple[WorstRow, ...]
    wrong: int
    hidden: bool


@dataclass(frozen=True, slots=True)
class AccuracyPage:
    """How right the readings are; `measured` is None before the first evaluation.

    `outdated`: how many labelled questions the catalogue no longer allows.
    """

    frame: Frame
    title: str
    here: str
    runs: tuple[RunRow, ...]
    measured: Measured | None
    trend_chart: str
    reliability_chart: str
    compare: str
    review: str
    waiting: int
    outdated: int
    job: JobView | None
    owner: bool


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """A question that two evaluations read differently; Jaccard is None as in `WorstRow`."""

    change: str
    mark: str
    question: str
    gold: FilterText
    before: FilterText
    after: FilterText
    jaccard_before: float | None
    jaccard_after: float | None


@dataclass(frozen=True, slots=True)
class ComparePage:
    """Two evaluations question by question; `hidden` as in `Measured`."""

    frame: Frame
    title: str
    accuracy: str
    compared: Comparison
    before: str
    after: str
    counts: tuple[tuple[str, int], ...]
    rows: tuple[DifferenceRow, ...]
    hidden: bool


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A correction that waits for a decision."""

    id: int
    question: str
    href: str
    verdict: str
    original: FilterText | None
    corrected: FilterText | None
    person: str
    when: str


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """What people said of readings and nobody decided on yet; `waiting` counts all of it."""

    frame: Frame
    title: str
    accuracy: str
    rows: tuple[ReviewRow, ...]
    waiting: int


@dataclass(frozen=True, slots=True)
class SaidPage:
    """What a person said of a reading was kept."""

    frame: Frame
    title: str
    back: str


@dataclass(frozen=True, slots=True)
class NearRow:
    """One person who misses one condition: which one, and what is known instead."""

    id: str
    href: str
    label: str
    text: str
    negated: bool
    instead: str


@dataclass(frozen=True, slots=True)
class NearPage:
    """People whom exactly one condition keeps from being found; `cut`: there are more of them."""

    frame: Frame
    title: str
    filter: str
    back: str
    rows: tuple[NearRow, ...]
    cut: bool


@dataclass(frozen=True, slots=True)
class Measuring:
    """Shows one panel's evaluations in one language from one address."""

    catalogue: Catalogue
    wording: Wording
    address: Address

    def runs(self, runs: Sequence[StoredRun], current: int | None) -> tuple[RunRow, ...]:
        """The trend's table, the latest first."""
        return tuple(
            RunRow(run, self.wording.moment(run.finished_at), self._run(run), run.run_id == current)
            for run in reversed(runs)
        )

    def total(self, measures: Sequence[Measure]) -> tuple[FigureRow, ...]:
        """The figures over all questions."""
        return self._figures([m for m in measures if m.tag == ""], _MEASURES)

    def tags(self, measures: Sequence[Measure]) -> tuple[TagRow, ...]:
        """The main figures by tag, the tags with most questions first."""
        by_tag: dict[str, list[Measure]] = {}
        for measure in measures:
            if measure.tag:
                by_tag.setdefault(measure.tag, []).append(measure)
        return tuple(
            TagRow(tag, rows[0].questions, self._figures(rows, _TAG_MEASURES))
            for tag, rows in by_tag.items()
        )

    def conditions(self, figures: Sequence[ConditionFigure], kind: str) -> tuple[ConditionRow, ...]:
        """The per-field or per-operator table, the worst first."""
        operators = self._operators()
        return tuple(
            ConditionRow(
                label=self._field(f.name) if kind == "field" else operators.get(f.name, f.name),
                href=f"{self.address.to('/codebook').href}#{f.name}" if kind == "field" else None,
                gold=f.gold,
                predicted=f.predicted,
                correct=f.correct,
                precision=f.precision,
                recall=f.recall,
                f1=f.f1,
            )
            for f in figures
            if f.kind == kind
        )

    def worst(self, questions: Sequence[WrongQuestion]) -> tuple[WorstRow, ...]:
        """The questions that were read most wrong."""
        return tuple(
            WorstRow(
                question=q.question,
                href=self.address.asking(q.question).href,
                gold=self.filter(q.gold, q.question, q.gold_unsupported),
                predicted=self.filter(q.predicted, q.question, q.predicted_unsupported),
                confidence=q.confidence,
                gold_size=self._people(q.gold_size),
                predicted_size=self._people(q.predicted_size),
                jaccard=q.jaccard,
            )
            for q in questions
        )

    def differences(self, differences: Sequence[Difference]) -> tuple[DifferenceRow, ...]:
        """What changed between two evaluations."""
        changes = self.changes()
        return tuple(
            DifferenceRow(
                change=changes[d.change],
                mark=d.change,
                question=d.question,
                gold=self.filter(d.gold, d.question),
                before=self.filter(d.predicted_before, d.question),
                after=self.filter(d.predicted_after, d.question),
                jaccard_before=d.jaccard_before,
                jaccard_after=d.jaccard_after,
            )
            for d in differences
        )

    def changes(self) -> Mapping[Change, str]:
        """How a question can have changed, in words."""
        say = self.wording.say
        return {
            "broken": say("right before, wrong now"),
            "better": say("wrong before, right now"),
            "further": say("wrong, and further off"),
            "closer": say("wrong, but closer"),
            "other": say("read otherwise, no nearer"),
        }

    def review(self, waiting: Sequence[Waiting]) -> tuple[ReviewRow, ...]:
        """The corrections that wait."""
        say = self.wording.say
        verdicts = {
            "right": say("read right"),
            "wrong": say("read wrong"),
            "corrected": say("corrected"),
        }
        return tuple(
            ReviewRow(
                id=w.id,
                question=w.question,
                href=self.address.asking(w.question).href,
                verdict=verdicts[w.verdict],
                original=None
                if w.original is None
                else self.filter(w.original, w.question, w.original_unsupported),
                corrected=None
                if w.corrected is None
                else self.filter(w.corrected, w.question, w.corrected_unsupported),
                person=w.person,
                when=self.wording.moment(w.said_at),
            )
            for w in waiting
        )

    def job(self, job: Job | None) -> JobView | None:
        """The evaluation under way or the one that failed; one that went well shows as a run."""
        if job is None or job.state == "finished":
            return None
        problem = job.problem.sentences[self.wording.language] if job.problem else ""
        return JobView(job.state == "running", job.read, job.questions, problem)

    def near(self, missing: Sequence[NearRespondent]) -> tuple[NearRow, ...]:
        """People who miss one condition."""
        rows = []
        for each in missing:
            field = self.catalogue.field(each.condition.field)
            known = cell_in_words(each.respondent.fields.get(field.name), field, self.wording)
            profile = f"/respondents/{quote(each.respondent.id, safe='')}"
            rows.append(
                NearRow(
                    id=each.respondent.id,
                    href=self.address.to(profile).href,
                    label=label_of(field, self.wording),
                    text=condition_in_words(each.condition, field, self.wording),
                    negated=each.part == "not",
                    instead=known or self.wording.say("no answer"),
                )
            )
        return tuple(rows)

    def filter(
        self, raw: Mapping[str, Any], question: str, unsupported: Sequence[str] = ()
    ) -> FilterText:
        """A stored filter in words; one that the catalogue no longer takes is shown as it is."""
        try:
            query = parse_filter(raw, self.catalogue)
        except InvalidFilter:
            text, href = json.dumps(raw, ensure_ascii=False), None
        else:
            text, href = self.words(query), self.address.searching(query, question).href
        if unsupported:
            lacking = self.wording.say("not in the panel: %(n)s", n=", ".join(unsupported))
            text = f"{text}; {lacking}" if text else lacking
        return FilterText(text or self.wording.say("everyone"), href)

    def words(self, query: Filter) -> str:
        """A filter in words; nothing for everyone."""
        return filter_in_words(query, self.catalogue, self.wording)

    def _figures(self, measures: Sequence[Measure], wanted: Sequence[str]) -> tuple[FigureRow, ...]:
        names = self._names()
        by_name = {m.measure: m for m in measures}
        return tuple(
            FigureRow(names[name], m.questions, m.value, m.low, m.high)
            for name in wanted
            if (m := by_name.get(name)) is not None
        )

    def _names(self) -> Mapping[str, str]:
        say = self.wording.say
        return {
            "exact": say("the right filter"),
            "precision": say("Precision"),
            "recall": say("Recall"),
            "f1": "F1",
            "jaccard": "Jaccard",
            "identical": say("the very same people"),
            "limit": say("wanted number right"),
            "unsupported": say("what the panel lacks is named"),
        }

    def _operators(self) -> Mapping[str, str]:
        say = self.wording.say
        return {
            "any": say("any of these"),
            "all": say("all of these"),
            "range": say("Range"),
            "not": say("not"),
            "either": say("or"),
            "by": say("Breakdown"),
            "limit": say("Wanted"),
        }

    def _people(self, count: int | None) -> str:
        return (
            "–" if count is None else self.wording.say_many("%(n)s person", "%(n)s people", count)
        )

    def _field(self, name: str) -> str:
        field = self.catalogue.by_name.get(name)
        return name if field is None else label_of(field, self.wording)

    def _run(self, run: StoredRun) -> str:
        return run_address(self.address.to("/accuracy"), run.run_id)
