"""The catalogue: every field and answer of a panel, the one source of table, grammar, prompt and page."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from server.errors import BrokenCatalogue, Language
from server.resources import folder

SMALLINT_MAX = 32767
LONG_LIST = 30
# Of a respondent: what is loaded can be opened by its address.
ID_LENGTH_MAX = 200
FORBIDDEN_IN_VALUES = re.compile(r"[|\x00-\x1f\x7f]")
# Of the panel's table, of the rows on their way into it, and of its list of people; the last six are
# those that every table of PostgreSQL has.
COLUMNS_TAKEN = frozenset({
    "respondent_id", "draw", "bookmark", "row", "key",
    "cmax", "cmin", "ctid", "tableoid", "xmax", "xmin",
})  # fmt: skip
# What statements that read respondents call their own: a column of that name would be taken for it.
NAMES_TAKEN = frozenset({
    "answer_0", "answer_1", "answer_2", "answer_3", "answered", "answers", "asked", "belongs",
    "by_0", "by_1", "by_2", "by_3", "code", "field", "filter", "found", "given", "held",
    "held_against", "in_panel", "is_found", "known", "lacking", "matched", "member", "near",
    "once", "one", "page", "people", "place", "respondent", "shared", "side", "staged", "stored",
    "value", "wanted",
})  # fmt: skip
_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """The form in which two spellings of a name are the same: NFKC, lower case, no white space."""
    # Twice: without its blank a sign (¸) may combine with the letter before it.
    return _compatible(_compatible(text).casefold())


def _compatible(text: str) -> str:
    return _SPACES.sub("", unicodedata.normalize("NFKC", text))


class Kind(StrEnum):
    """What a field holds; `design` of conditions follows from it."""

    SINGLE = "single"
    ORDERED = "ordered"
    BAND = "band"
    MULTI = "multi"
    NUMBER = "number"
    TEXT = "text"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Text(_Frozen):
    """One wording in the product's two languages."""

    ko: str
    en: str

    def in_(self, language: Language) -> str:
        """The wording in that language."""
        return self.ko if language == "ko" else self.en


class Unit(Text):
    """What a number counts; `one` is the English for a single one, where it differs."""

    one: str | None = None


class Words(_Frozen):
    """What people say, per language."""

    ko: tuple[str, ...] = ()
    en: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]  # a model of words is read as words
        yield from self.ko
        yield from self.en


class Source(_Frozen):
    """Where the survey owner keeps the field: a file and the codebook's own code in it."""

    file: str
    code: str


class Answer(_Frozen):
    """One listed value of a field.

    `code` is the codebook's, `value` the short name used in filters and on the page, `label` the
    official wording, `en` its English, `aliases` other spellings of the same answer. `min`/`max`
    bound a band (inclusive, open when absent). `parent` is the value of the parent field this
    answer belongs to. `count` is the published number of respondents.
    """

    value: Annotated[str, Field(min_length=1, max_length=120)]
    code: str = ""
    label: str = ""
    en: str = ""
    aliases: tuple[str, ...] = ()
    min: int | None = None
    max: int | None = None
    missing: bool = False
    exclusive: bool = False
    parent: str | None = None
    count: int | None = None

    def named(self, language: Language) -> str:
        """The short name as that language's reader sees it."""
        return self.value if language == "ko" or not self.en else self.en


class PanelField(_Frozen):
    """One thing known of a respondent. `name` is the column and the JSON key."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
    kind: Kind
    label: Text
    question: Text
    source: Source | None = None
    derived_from: str | None = None
    parent: str | None = None
    personal: bool = False
    unit: Unit | None = None
    note: str | None = None
    respondents: int | None = None
    min: int | None = None
    max: int | None = None
    aliases: Words = Words()
    answers: tuple[Answer, ...] = ()

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        answers = tuple(
            a.model_copy(update={"code": a.code or a.value, "label": a.label or a.value})
            for a in self.answers
        )
        object.__setattr__(self, "answers", answers)
        return self

    @property
    def column(self) -> str:
        """The column of the panel's table that holds it: a derived field has that of its base."""
        return self.derived_from or self.name

    @cached_property
    def listed(self) -> tuple[Answer, ...]:
        """The answers a filter may name: all but those that mean "no answer"."""
        return tuple(a for a in self.answers if not a.missing)

    @cached_property
    def by_value(self) -> Mapping[str, Answer]:
        """Answers by short name."""
        return {a.value: a for a in self.answers}

    @cached_property
    def stored(self) -> Mapping[str, int]:
        """The small integer each answer is stored as: its code where all codes are different numbers
        from 1 on that fit, else its position.
        """
        codes = {int(a.code) for a in self.answers if a.code.isdecimal()}
        fits = all(0 < code <= SMALLINT_MAX for code in codes)
        numeric = fits and len(codes) == len(self.answers)
        return {
            a.value: int(a.code) if numeric else position
            for position, a in enumerate(self.answers, start=1)
        }

    @property
    def has_listed_answers(self) -> bool:
        """Whether a condition names answers from a closed list."""
        return self.kind in (Kind.SINGLE, Kind.ORDERED, Kind.BAND, Kind.MULTI)

    @property
    def is_long(self) -> bool:
        """Whether its names are too many to learn by heart and are looked up in the question."""
        return self.kind is Kind.TEXT or len(self.listed) >= LONG_LIST

    @property
    def takes_range(self) -> bool:
        """Whether a condition may be a range of numbers."""
        return self.kind in (Kind.NUMBER, Kind.BAND)

    def in_order(self, values: Iterable[str]) -> list[str]:
        """Values in the catalogue's order, each once; what it does not list comes last."""
        order = list(self.by_value)
        return sorted(
            dict.fromkeys(values), key=lambda v: order.index(v) if v in order else len(order)
        )


class Group(_Frozen):
    """Everyday words that stand for a piece of a filter (수도권, 직장인, 흡연자)."""

    name: str
    words: Words
    filter: dict[str, Any]


class Catalogue(_Frozen):
    """All fields of one panel, checked when it is read."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
    title: Text
    version: int
    respondent_id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
    fields: tuple[PanelField, ...]
    groups: tuple[Group, ...] = ()
    examples: Words = Words()

    @cached_property
    def by_name(self) -> Mapping[str, PanelField]:
        """Fields by name, in the catalogue's order."""
        return {f.name: f for f in self.fields}

    @cached_property
    def stored_fields(self) -> tuple[PanelField, ...]:
        """The fields that have a column of their own: all but the derived ones."""
        return tuple(f for f in self.fields if f.derived_from is None)

    def field(self, name: str) -> PanelField:
        """The field of that name; KeyError when there is none."""
        return self.by_name[name]

    def source_code(self, name: str) -> str:
        """The codebook's own code of a field, for checking a reading against the questionnaire.

        A derived field has that of the field it is derived from.
        """
        field = self.by_name[name]
        if field.source is not None:
            return field.source.code
        return self.source_code(field.derived_from) if field.derived_from else field.name

    def position(self, name: str) -> int:
        """Where the field stands in the catalogue, from 0."""
        return self._positions[name]

    @cached_property
    def _positions(self) -> Mapping[str, int]:
        return {f.name: i for i, f in enumerate(self.fields)}

    @cached_property
    def searchable(self) -> Mapping[str, str]:
        """Of each field, its names, code, wordings and answers as one text that is normalised."""
        return {f.name: "\n".join(map(normalise, self._said_of(f))) for f in self.fields}

    def _said_of(self, field: PanelField) -> Iterator[str]:
        yield from (field.name, self.source_code(field.name))
        yield from (*field.label.model_dump().values(), *field.question.model_dump().values())
        yield from (*field.aliases.ko, *field.aliases.en)
        for answer in field.answers:
            yield from (answer.value, answer.label, answer.en, *answer.aliases)


def find_catalogue(name_or_path: str) -> Path:
    """The file meant by a panel's name or by a path; BrokenCatalogue when there is none."""
    bundled = folder("grammars") / name_or_path / "catalogue.yaml"
    for path in (bundled, Path(name_or_path)):
        if path.is_file():
            return path
    known = sorted(p.parent.name for p in folder("grammars").glob("*/catalogue.yaml"))
    raise BrokenCatalogue(
        f"no catalogue {name_or_path!r}: give one of {', '.join(known)} or a path to a file"
    )


def read_catalogue(path: Path) -> Catalogue:
    """Read and check a catalogue file; BrokenCatalogue names the field and the reason."""
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BrokenCatalogue(f"{path}: {error}") from error
    return check_catalogue(raw, str(path))


def check_catalogue(raw: object, where: str) -> Catalogue:
    """Build a catalogue from parsed YAML or JSON and check that it agrees with itself."""
    try:
        catalogue = Catalogue.model_validate_json(json.dumps(raw, ensure_ascii=False, default=str))
    except ValidationError as error:
        raise BrokenCatalogue(f"{where}: {_explain(error, raw)}") from error
    problem = next(_problems(catalogue), None)
    if problem:
        raise BrokenCatalogue(f"{where}: {problem}")
    return catalogue


def _explain(error: ValidationError, raw: object) -> str:
    """The first complaint, with the field's name in place of its number."""
    first = error.errors()[0]
    place = list(first["loc"])
    names = []
    if isinstance(raw, dict) and len(place) > 1 and place[0] == "fields":
        fields = raw.get("fields")
        if isinstance(fields, list) and isinstance(place[1], int):
            entry = fields[place[1]]
            named = isinstance(entry, dict) and "name" in entry
            names.append(f"field {entry['name']!r}" if named else f"field number {place[1] + 1}")
            place = place[2:]
    names += [str(part) for part in place]
    return f"{', '.join(n for n in names if n)}: {first['msg']}"


def _problems(catalogue: Catalogue) -> Iterator[str]:
    """Contradictions in a catalogue, in reading order."""
    seen: set[str] = set()
    for field in catalogue.fields:
        if field.name in seen or field.name == catalogue.respondent_id:
            yield f"field {field.name!r}: the name is used twice"
        if field.name in COLUMNS_TAKEN:
            yield f"field {field.name!r}: the panel's table has a column of that name already"
        if field.name in NAMES_TAKEN:
            yield f"field {field.name!r}: searches use that name themselves; give it another"
        seen.add(field.name)
        yield from _field_problems(field, catalogue)


def _field_problems(field: PanelField, catalogue: Catalogue) -> Iterator[str]:
    me = f"field {field.name!r}"
    if field.has_listed_answers and not field.listed:
        yield f"{me}: kind {field.kind} needs answers"
    if field.kind is Kind.NUMBER and field.answers:
        yield f"{me}: a number has no listed answers"
    if field.source is None and field.derived_from is None:
        yield f"{me}: give its source, or the field it is derived from"
    for other in (field.derived_from, field.parent):
        if other is not None and other not in catalogue.by_name:
            yield f"{me}: refers to a field {other!r} that does not exist"
    base = catalogue.by_name.get(field.derived_from or "")
    if base is not None and base.derived_from is not None:
        yield f"{me}: is derived from {base.name!r}, which is derived itself"
    if field.min is not None and field.max is not None and field.min > field.max:
        yield f"{me}: min {field.min} is above max {field.max}"
    for what, keys in (
        ("value", [normalise(a.value) for a in field.answers]),
        ("code", [a.code for a in field.answers]),
    ):
        twice = {k for k in keys if keys.count(k) > 1}
        if twice:
            yield f"{me}: {what} {min(twice)!r} is given to two answers"
    for answer in field.answers:
        yield from _answer_problems(answer, field, catalogue)


def _answer_problems(answer: Answer, field: PanelField, catalogue: Catalogue) -> Iterator[str]:
    me = f"field {field.name!r}, answer {answer.value!r}"
    if FORBIDDEN_IN_VALUES.search(answer.value):
        yield f"{me}: a value may hold neither '|' nor control characters"
    if field.kind is Kind.BAND and not answer.missing and answer.min is None and answer.max is None:
        yield f"{me}: a band needs min or max"
    if answer.min is not None and answer.max is not None and answer.min > answer.max:
        yield f"{me}: min {answer.min} is above max {answer.max}"
    if answer.parent is not None:
        parent = catalogue.by_name.get(field.parent or "")
        if parent is None or answer.parent not in parent.by_value:
            yield f"{me}: its parent {answer.parent!r} is no answer of {field.parent!r}"
