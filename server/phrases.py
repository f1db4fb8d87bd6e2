"""How people name each answer: the hand-written phrases of a panel, or plain ones from its catalogue."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from server.catalogue import Catalogue, PanelField
from server.errors import BrokenCatalogue, InvalidFilter
from server.filter import parse_filter
from server.ranges import RangeKind

OUTSIDE = "phrases-outside.yaml"

# "who go to church": what the panel lacks is "go to church".
_PRONOUN = re.compile(r"who (?:are |is )?", re.IGNORECASE)

Strings = tuple[str, ...]
Model = TypeVar("Model", bound=BaseModel)


def reported(phrase: str) -> str:
    """What is reported of a phrase that the panel cannot answer: the phrase without its pronoun."""
    pronoun = _PRONOUN.match(phrase)
    return phrase[pronoun.end() :] if pronoun else phrase


class _Checked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Forms(_Checked):
    """Ways to say one thing in one language, by where they stand.

    `mod` stands before a noun (adnominal in Korean), `noun` is one, `post` follows one (English),
    `kw` is a bare keyword.
    """

    mod: Strings = ()
    noun: Strings = ()
    post: Strings = ()
    kw: Strings = ()

    def __bool__(self) -> bool:
        return bool(self.mod or self.noun or self.post or self.kw)


class Said(_Checked):
    """Ways to say one thing in both languages."""

    ko: Forms = Forms()
    en: Forms = Forms()


class AnswerPhrases(Said):
    """How one answer is said, and its negation (`not`) where people say that."""

    negated: Said | None = None


class SetPhrases(Said):
    """Words that stand for a piece of a filter; what is finer than the panel is `unsupported`."""

    filter: dict[str, Any]
    unsupported: Strings = ()
    unsupported_en: Strings = ()


class RangePhrases(Said):
    """Patterns with slots for a range of numbers; `when` names the kind of range."""

    when: RangeKind


class ByWords(_Checked):
    """Noun phrases that name a field (or ask for its distribution)."""

    ko: Strings = ()
    en: Strings = ()


class FieldPhrases(_Checked):
    """Everything people say about one field."""

    weight: float = 1.0
    by: ByWords = ByWords()
    ask: ByWords = ByWords()
    answers: dict[str, AnswerPhrases] = {}
    sets: tuple[SetPhrases, ...] = ()
    ranges: tuple[RangePhrases, ...] = ()
    carriers: Said = Said()
    not_carriers: Said = Said()


class OutsideForms(Forms):
    """What the panel does not hold, in one language."""

    by: Strings = ()


class Outside(_Checked):
    """What no field can answer, and what is no question at all."""

    ko: OutsideForms = OutsideForms()
    en: OutsideForms = OutsideForms()
    finer: tuple[SetPhrases, ...] = ()
    neutral: Said = Said()
    nonsense: Strings = ()
    everyone: ByWords = ByWords()


@dataclass(frozen=True, slots=True)
class Phrases:
    """All phrases of a panel, by field name."""

    fields: Mapping[str, FieldPhrases]
    outside: Outside = field(default_factory=Outside)


def read_phrases(folder: Path, catalogue: Catalogue) -> Phrases:
    """The phrases in a panel's folder, completed from the catalogue where none were written."""
    raw: dict[str, Any] = {}
    for path in sorted(folder.glob("phrases-*.yaml")):
        if path.name != OUTSIDE:
            raw = _merged(raw, _load(path))
    fields = {name: _field_phrases(name, said, catalogue) for name, said in raw.items()}
    outside_path = folder / OUTSIDE
    outside = (
        _check(Outside, _load(outside_path), str(outside_path))
        if outside_path.exists()
        else Outside()
    )
    for finer in outside.finer:
        _check_filter(finer, catalogue, f"{outside_path}: finer")
    for panel_field in catalogue.fields:
        fields.setdefault(panel_field.name, plain_phrases(panel_field))
    return Phrases(fields, outside)


def plain_phrases(panel_field: PanelField) -> FieldPhrases:
    """Phrases made from labels, values and aliases alone, for a field nobody wrote phrases for."""
    answers = {
        answer.value: AnswerPhrases(
            ko=Forms(kw=tuple(_korean_names(panel_field, answer.value, answer.aliases))),
            en=Forms(kw=(answer.en,) if answer.en else ()),
        )
        for answer in panel_field.listed
    }
    labels = panel_field.label
    return FieldPhrases(
        by=ByWords(
            ko=(labels.ko, *panel_field.aliases.ko), en=(labels.en, *panel_field.aliases.en)
        ),
        answers={} if panel_field.is_long else answers,
        carriers=Said(ko=Forms(kw=("{name}",)), en=Forms(kw=("{name}",)))
        if panel_field.is_long
        else Said(),
    )


def _korean_names(panel_field: PanelField, value: str, aliases: Sequence[str]) -> Iterator[str]:
    yield f"{panel_field.label.ko} {value}"
    yield value
    yield from (alias for alias in aliases if not alias.isascii())


def _merged(one: Any, other: Any) -> Any:
    """What several files say of one field, together; what is said twice counts once."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: _merged(one.get(key), other.get(key)) for key in (one | other)}
    if isinstance(one, list) and isinstance(other, list):
        return [*one, *(each for each in other if each not in one)]
    return one if other is None else other


def _field_phrases(name: str, raw: object, catalogue: Catalogue) -> FieldPhrases:
    where = f"phrases: field {name!r}"
    if name not in catalogue.by_name:
        raise BrokenCatalogue(f"{where} is not in the catalogue")
    if not isinstance(raw, dict) or not isinstance(raw.get("answers") or {}, dict):
        raise BrokenCatalogue(f"{where}: expected phrases by kind, and answers by value")
    phrases = _check(FieldPhrases, _negations_named(raw), where)
    _check_values(phrases, catalogue.field(name), catalogue, where)
    return phrases


def _negations_named(raw: dict[str, Any]) -> dict[str, Any]:
    """`not` is a word of Python, so the model calls it `negated`."""
    answers = {
        value: {("negated" if key == "not" else key): said for key, said in (entry or {}).items()}
        if isinstance(entry or {}, dict)
        else entry
        for value, entry in (raw.get("answers") or {}).items()
    }
    return {**raw, "answers": answers}


def _check_values(
    phrases: FieldPhrases, panel_field: PanelField, catalogue: Catalogue, where: str
) -> None:
    for value in phrases.answers:
        if value not in panel_field.by_value:
            raise BrokenCatalogue(f"{where}: no answer {value!r}")
    for said in phrases.sets:
        if not set(said.filter) <= {"where", "not"}:
            raise BrokenCatalogue(f"{where}: a set may hold conditions of where and not alone")
        _check_filter(said, catalogue, where)


def _check_filter(said: SetPhrases, catalogue: Catalogue, where: str) -> None:
    try:
        parse_filter(said.filter, catalogue)
    except InvalidFilter as error:
        raise BrokenCatalogue(f"{where}: {error.detail}") from error


def _load(path: Path) -> dict[str, Any]:
    try:
        loaded = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise BrokenCatalogue(f"{path}: {error}") from error
    return loaded if isinstance(loaded, dict) else {}


def _check(model: type[Model], raw: object, where: str) -> Model:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise BrokenCatalogue(f"{where}: {place}: {first['msg']}") from error
