"""What a field can be asked with: the words that are understood for it, and questions to begin with."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from server.accuracy.gold import UNSURE, GoldQuestion, read_gold
from server.catalogue import Catalogue, PanelField
from server.errors import LANGUAGES, Language
from server.filter import placed_conditions
from server.phrases import FieldPhrases, Forms, Phrases, Said, read_phrases

GOLD = "gold.jsonl"
EXAMPLES_MOST = 3
# Of the labelled ones: what people ask is seldom about one field alone.
ASKED_MOST = 1
WORDS_MOST = 5
SETS_MOST = 12


@dataclass(frozen=True, slots=True)
class WordsForSeveral:
    """Words that stand for a piece of a filter: several answers, a sign, a range."""

    words: tuple[str, ...]
    filter: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldGuide:
    """How one field is asked for in one language; `answers` holds words by the answer's value."""

    names: tuple[str, ...]
    answers: Mapping[str, tuple[str, ...]]
    several: tuple[WordsForSeveral, ...]
    examples: tuple[str, ...]


def read_guides(folder: Path, catalogue: Catalogue) -> Mapping[Language, Mapping[str, FieldGuide]]:
    """The guides of every field, from the phrases and the labelled questions in a panel's folder."""
    phrases = read_phrases(folder, catalogue)
    file = folder / GOLD
    gold = read_gold(file, catalogue).questions if file.exists() else ()
    return {language: make_guide(catalogue, phrases, gold, language) for language in LANGUAGES}


def make_guide(
    catalogue: Catalogue, phrases: Phrases, gold: Sequence[GoldQuestion], language: Language
) -> Mapping[str, FieldGuide]:
    """The guide of every field."""
    asked = [q for q in gold if language in q.tags and UNSURE not in q.tags]
    return {
        field.name: _guide(field, phrases.fields[field.name], asked, language)
        for field in catalogue.fields
    }


def _guide(
    field: PanelField, said: FieldPhrases, asked: Sequence[GoldQuestion], language: Language
) -> FieldGuide:
    names = dict.fromkeys([*getattr(said.by, language), *getattr(field.aliases, language)])
    made = dict.fromkeys([*_asked_about(field, asked), *_made_of(field, said, language)])
    return FieldGuide(
        names=tuple(names),
        answers={value: _words(phrases, language) for value, phrases in said.answers.items()},
        several=tuple(
            WordsForSeveral(_words(phrases, language), phrases.filter)
            for phrases in said.sets[:SETS_MOST]
            if _words(phrases, language)
        ),
        examples=tuple(islice(made, EXAMPLES_MOST)),
    )


def _words(said: Said, language: Language) -> tuple[str, ...]:
    """The words of one meaning, nouns first: they are the shortest to say it."""
    forms: Forms = getattr(said, language)
    ways = dict.fromkeys([*forms.noun, *forms.kw, *forms.mod, *forms.post])
    return tuple(islice(ways, WORDS_MOST))


def _asked_about(field: PanelField, asked: Sequence[GoldQuestion]) -> list[str]:
    """Labelled questions about the field, those about little else first."""
    about = [
        (len(list(placed_conditions(q.reading.filter))), len(q.question), q.question)
        for q in asked
        if not q.reading.unsupported
        and any(c.field == field.name for _, _, c in placed_conditions(q.reading.filter))
    ]
    return [question for _, _, question in sorted(about)[:ASKED_MOST]]


def _made_of(field: PanelField, said: FieldPhrases, language: Language) -> Iterator[str]:
    """Questions made of the field's phrases: about single answers, then about all of them."""
    for phrases in said.answers.values():
        yield from islice(_people(getattr(phrases, language), language), 1)
    names = [answer.named(language) for answer in field.listed]
    carrier: Forms = getattr(said.carriers, language)
    for name in names if carrier else ():
        yield from islice(_people(carrier, language, name=name), 1)
    for name in getattr(said.by, language):
        yield f"{name}별 인원" if language == "ko" else f"breakdown by {name}"


def _people(forms: Forms, language: Language, **slots: str) -> Iterator[str]:
    """The people of whom one thing is said."""
    before = "{} 사람" if language == "ko" else "{} people"
    ways: Iterable[str] = (
        *(before.format(form) for form in forms.mod if language == "ko"),
        *forms.noun,
        *(f"people {form}" for form in forms.post),
        *(before.format(form) for form in forms.mod),
        *forms.kw,
    )
    for way in ways:
        yield way.format(**slots) if slots else way
