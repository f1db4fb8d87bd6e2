"""What each page shows: frozen dataclasses, one a template, already in the reader's words."""

from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from server.errors import Language
from server.interpret.interpretation import ReadAs
from server.web.phrasing import Segment
from server.web.problems import Problem


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The page in another language."""

    language: Language
    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class PlaceLink:
    """One of the places of the navigation."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands round every page.

    `typed_length` is one more than is read: a longer text is refused and never cut in silence.
    Forms hand on `previous`, the filter that Undo leads to, and the list's `columns` and `sort`.
    `person` is who signed in, empty when nobody needs to. `researches`: ids, profiles, files and
    verdicts are theirs; what would be refused is not offered.
    """

    language: Language
    panel: str
    languages: tuple[LanguageLink, ...]
    home: str
    codebook: str
    places: tuple[PlaceLink, ...]
    form_language: Language | None
    question: str
    previous: str
    columns: str
    sort: str
    typed_length: int
    person: str
    researches: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A question to begin with."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another reading of a condition, one click away."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Chip:
    """One condition as it was understood; `confidence` is None when a person chose it."""

    label: str
    text: str
    source: str
    wording: str
    href: str
    negated: bool
    confidence: float | None
    doubtful: bool
    words: str
    edit: str
    turn: Alternative | None
    remove: str
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One count as a line of the funnel or the breakdown; `width` is 0–100."""

    count: int
    width: float


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """What one condition costs."""

    label: str
    text: str
    source: str
    negated: bool
    alone: Bar
    without: Bar
    gain: str
    costliest: bool
    remove: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A wanted number or a breakdown, removable like a condition."""

    text: str
    remove: str


@dataclass(frozen=True, slots=True)
class WholePart:
    """One condition of a whole reading, or all its alternatives.

    `new` where it is not in the reading that was taken.
    """

    text: str
    negated: bool
    new: bool


@dataclass(frozen=True, slots=True)
class WholeReading:
    """Another reading of the whole question, one click away."""

    parts: tuple[WholePart, ...]
    href: str


@dataclass(frozen=True, slots=True)
class ReadingView:
    """How the question was understood: with conditions that are doubtful, or doubtful as a whole,
    when it may lack some.
    """

    language: Language | None
    segments: tuple[Segment, ...]
    chips: tuple[Chip, ...]
    groups: tuple[tuple[Chip, ...], ...]
    settings: tuple[Setting, ...]
    everyone: bool
    read_as: tuple[ReadAs, ...]
    unsupported: tuple[str, ...]
    unused: tuple[str, ...]
    contradiction: bool
    doubtful: bool
    may_lack: bool
    others: tuple[WholeReading, ...]
    sure: float | None
    milliseconds: float | None
    filter: str
    chosen: bool
    ask_again: str | None
    add: str
    undo: str | None
    keep: str


@dataclass(frozen=True, slots=True)
class Rate:
    """One measured rate, 0–1."""

    label: str
    meaning: str
    value: float
    width: float


@dataclass(frozen=True, slots=True)
class AccuracyView:
    """How good readings with these fields are; no `exact` when too few questions were labelled.

    `exact` is what `exact_questions` of the `questions` were read; `low` and `high` are the ends of
    its 95 % interval.
    """

    questions: int
    needed: int
    exact_questions: int
    exact: float | None
    low: float | None
    high: float | None
    rates: tuple[Rate, ...]
    fields: str


@dataclass(frozen=True, slots=True)
class BreakdownLine:
    """One line of the breakdown: its share with the interval's ends, and its lift in words."""

    values: tuple[str, ...]
    bar: Bar
    share: float
    low: float
    high: float
    lift: str


@dataclass(frozen=True, slots=True)
class BreakdownView:
    """The matching respondents divided by the fields of `by`.

    `has_lift` is false where the filter itself says how often an answer is found.
    """

    headings: tuple[str, ...]
    rows: tuple[BreakdownLine, ...]
    has_lift: bool
    left_off: int
    several: bool


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One respondent of the list."""

    id: str
    href: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """Another page or order of the list: `href` is the whole answer's, `part` the list's alone."""

    href: str
    part: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of the list; `turn` sorts by it, None where several answers cannot be sorted by."""

    label: str
    source: str
    asked: bool
    sorted: Literal["none", "ascending", "descending"]
    turn: Turn | None


@dataclass(frozen=True, slots=True)
class Whole:
    """How many respondents the list has, and on how many pages."""

    people: int
    pages: int


@dataclass(frozen=True, slots=True)
class Paging:
    """Where the shown respondents stand; `page` counts from the end when it is below zero.

    `begins` and `ends` are None for a page that was reached from the end, `whole` where the list
    comes apart from its count.
    """

    begins: int | None
    ends: int | None
    page: int
    whole: Whole | None
    first: Turn | None
    previous: Turn | None
    next: Turn | None
    last: Turn | None


@dataclass(frozen=True, slots=True)
class FileLink:
    """The result in one form to take away."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class People:
    """The list of respondents; `drawn` leads back from a sorted one to the panel's random order."""

    id_heading: str
    headings: tuple[Heading, ...]
    rows: tuple[PersonRow, ...]
    paging: Paging
    columns: str
    drawn: Turn | None
    files: tuple[FileLink, ...]
    milliseconds: float


@dataclass(frozen=True, slots=True)
class FoundView:
    """Who was found; `hidden`: conditions that tell of too few people are not in the funnel."""

    headline: str
    remark: str
    total: int
    population: int
    share: float
    reference_year: int
    synthetic: bool
    funnel: tuple[FunnelRow, ...]
    hidden: bool
    relief: FunnelRow | None
    breakdown: BreakdownView | None
    figures: str
    near: str
    sql: str
    api: str
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the parts of an answer are that come after the reading, each as soon as it is there."""

    count: str
    people: str
    accuracy: str


@dataclass(frozen=True, slots=True)
class ProblemView:
    """An error; `retry` is the address to try again by itself.

    `place` is what htmx fetches it into; empty when the whole page is loaded again.
    """

    problem: Problem
    retry: str | None
    retry_seconds: int
    place: Literal["", "#result", "this"]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """A reading, then either everything at once, or where the `parts` are, or a `problem`.

    Without any of them nothing was understood, so nobody was searched for.
    """

    reading: ReadingView
    found: FoundView | None = None
    people: People | None = None
    accuracy: AccuracyView | None = None
    parts: Parts | None = None
    problem: ProblemView | None = None


@dataclass(frozen=True, slots=True)
class AskPage:
    """The start page, with an answer or a problem when something was asked."""

    frame: Frame
    title: str
    examples: tuple[Example, ...]
    recent: tuple[str, ...]
    answer: AnswerView | None
    problem: ProblemView | None


@dataclass(frozen=True, slots=True)
class CountPart:
    """How many were found and what each condition costs; `said` is for screen readers."""

    frame: Frame
    found: FoundView
    whole: Whole
    said: str


@dataclass(frozen=True, slots=True)
class PeoplePart:
    """The list of respondents; None when nobody matches. `turned` by a person, who hears where to."""

    frame: Frame
    people: People | None
    turned: bool


@dataclass(frozen=True, slots=True)
class AccuracyPart:
    """How far to trust such readings."""

    frame: Frame
    accuracy: AccuracyView


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to tick."""

    value: str
    text: str
    official: str
    checked: bool


@dataclass(frozen=True, slots=True)
class ColumnsPage:
    """The form that chooses the columns of the list."""

    frame: Frame
    title: str
    filter: str
    question: str
    language: Language | None
    fields: tuple[Choice, ...]
    usual: Turn
    back: str


@dataclass(frozen=True, slots=True)
class ProblemPage:
    """A page that could not be shown."""

    frame: Frame
    title: str
    problem: ProblemView


@dataclass(frozen=True, slots=True)
class ProfileAnswer:
    """One answer that a respondent gave; `code` is empty where it is the answer itself, or none."""

    code: str
    text: str
    official: str


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One thing known of a respondent."""

    label: str
    source: str
    wording: str
    href: str
    answers: tuple[ProfileAnswer, ...]


@dataclass(frozen=True, slots=True)
class ProfileGroup:
    """Everything that came from one source file."""

    name: str
    rows: tuple[ProfileRow, ...]
    unanswered: str


@dataclass(frozen=True, slots=True)
class RespondentPage:
    """One respondent's profile."""

    frame: Frame
    title: str
    id: str
    href: str
    reference_year: int
    groups: tuple[ProfileGroup, ...]


@dataclass(frozen=True, slots=True)
class CodebookAnswer:
    """One answer of a question, linked to those who gave it; `count` is of the loaded panel."""

    code: str
    text: str
    official: str
    words: str
    count: int | None
    href: str | None


@dataclass(frozen=True, slots=True)
class CodebookWords:
    """Words that stand for several answers or a part of a range, linked to whom they find."""

    words: str
    meaning: str
    href: str


@dataclass(frozen=True, slots=True)
class CodebookField:
    """One field with its official wording and answers, and how it is asked for."""

    name: str
    label: str
    source: str
    kind: str
    wording: str
    personal: bool
    note: str
    names: str
    examples: tuple[Example, ...]
    several: tuple[CodebookWords, ...]
    answers: tuple[CodebookAnswer, ...]
    has_official: bool
    has_words: bool
    has_counts: bool
    folded: bool


@dataclass(frozen=True, slots=True)
class CodebookGroup:
    """The fields of one source file."""

    name: str
    fields: tuple[CodebookField, ...]


@dataclass(frozen=True, slots=True)
class CodebookList:
    """Every field of the panel, or those in which the wanted words occur."""

    groups: tuple[CodebookGroup, ...]


@dataclass(frozen=True, slots=True)
class CodebookPage:
    """The codebook; `listed` is its list of fields, which is filled in once for many looks."""

    frame: Frame
    title: str
    wanted: str
    summary: str
    listed: Markup


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of numbers to fill in; `low` and `high` are what the field can hold.

    `most` is the largest number that a filter takes.
    """

    min: int | None
    max: int | None
    low: int | None
    high: int | None
    most: int
    unit: str


@dataclass(frozen=True, slots=True)
class ConditionForm:
    """The form that changes or adds one condition; `old` is where it stands, empty when new."""

    filter: str
    question: str
    language: Language | None
    field: str
    old: str
    label: str
    source: str
    wording: str
    personal: bool
    places: tuple[Choice, ...]
    bounds: Bounds | None
    choices: tuple[Choice, ...]
    searched: bool
    every: bool | None
    text: str | None
    remove: str | None
    cancel: str


@dataclass(frozen=True, slots=True)
class FieldLink:
    """A field that a condition can be put on."""

    label: str
    source: str
    wording: str
    href: str


@dataclass(frozen=True, slots=True)
class AdditionForm:
    """What can be added to a filter."""

    filter: str
    question: str
    language: Language | None
    wanted: str
    fields: tuple[FieldLink, ...]
    limit: int | None
    by: tuple[Choice, ...]
    cancel: str


@dataclass(frozen=True, slots=True)
class EditPage:
    """One of the two forms."""

    frame: Frame
    title: str
    condition: ConditionForm | None
    addition: AdditionForm | None


@dataclass(frozen=True, slots=True)
class SegmentDraft:
    """A filter that is about to be kept."""

    filter: str
    question: str
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One kept segment; `delete` is where it is deleted, None for who may not.

    `people` is None where they are too few to be told.
    """

    id: int
    name: str
    note: str
    words: str
    href: str
    people: int | None
    made_by: str
    made: str
    delete: str | None


@dataclass(frozen=True, slots=True)
class SegmentsPage:
    """Every segment of the panel."""

    frame: Frame
    title: str
    draft: SegmentDraft | None
    segments: tuple[SegmentRow, ...]
    compare: str
    may_keep: bool


@dataclass(frozen=True, slots=True)
class ComparedCell:
    """One answer in one segment; no `share` where nobody answered; `width` is 0–100."""

    count: int
    share: float | None
    low: float | None
    high: float | None
    width: float


@dataclass(frozen=True, slots=True)
class ComparedDifference:
    """How far a segment is from the last one, in words; `telling`: more than chance makes."""

    points: str
    interval: str
    lift: str
    telling: bool


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One answer in every segment, and each but the last held against the last."""

    label: str
    cells: tuple[ComparedCell, ...]
    differences: tuple[ComparedDifference, ...]


@dataclass(frozen=True, slots=True)
class ComparePage:
    """Segments side by side; `shared` says in words who is in two of them.

    `hidden`: counts of too few people are not shown; a total is None where it is one of them.
    """

    frame: Frame
    title: str
    language: Language | None
    by: str
    fields: tuple[Choice, ...]
    label: str
    segments: tuple[SegmentRow, ...]
    totals: tuple[int | None, ...]
    answered: tuple[int, ...]
    rows: tuple[ComparedRow, ...]
    left_off: int
    hidden: bool
    several: bool
    shared: tuple[str, ...]
    changed: tuple[str, ...]
    sql: str


@dataclass(frozen=True, slots=True)
class SearchRow:
    """One search that was made."""

    question: str
    words: str
    href: str
    people: int | None
    made: str


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One's own searches."""

    frame: Frame
    title: str
    searches: tuple[SearchRow, ...]


@dataclass(frozen=True, slots=True)
class FigureBar:
    """One count as a bar; `width` is 0–100. The count is None where it may be of too few people."""

    count: int | None
    share: float
    width: float


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One answer, with a bar for each side."""

    label: str
    bars: tuple[FigureBar, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """People divided by one field, or by two: then `heads` names the sides.

    `left_off` counts the lines that are not shown; `hidden`: some counts in the lines are not.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[FigureRow, ...]
    left_off: int
    hidden: bool
    several: bool


@dataclass(frozen=True, slots=True)
class FiguresPage:
    """Who the found people are."""

    frame: Frame
    title: str
    filter: str
    question: str
    language: Language | None
    back: str
    by: tuple[Choice, ...]
    figures: tuple[Figure, ...]
