"""The fixed phrases of a panel, in every form in which people say them, and what they mean."""

from collections.abc import Iterator

from server.catalogue import Catalogue
from server.filter import parse_filter
from server.interpret.forms import said_forms
from server.interpret.phrase import Meaning
from server.phrases import Phrases, Said, SetPhrases
from server.spelling import (
    EITHER,
    Reading,
    field_of,
    part_of,
    range_in,
    spell,
    values_in,
    with_values,
)


def fixed_phrases(catalogue: Catalogue, phrases: Phrases) -> Iterator[tuple[str, Meaning]]:
    """Every fixed phrase with its meaning."""
    for panel_field in catalogue.fields:
        said = phrases.fields[panel_field.name]
        for value, answer in said.answers.items():
            yield from _as(answer, Meaning((f"{panel_field.name}={value}",)))
            if answer.negated:
                yield from _as(answer.negated, Meaning((f"-{panel_field.name}={value}",)))
        for each in said.sets:
            yield from _of_set(each, catalogue)
        for text in (*said.ask.ko, *said.ask.en):
            yield text, Meaning((f">{panel_field.name}",))
    for group in catalogue.groups:
        lines = _lines(Reading(parse_filter(group.filter, catalogue)), catalogue)
        for text in group.words:
            yield text, Meaning(lines)
    for finer in phrases.outside.finer:
        yield from _of_set(finer, catalogue)
    for forms in (phrases.outside.ko, phrases.outside.en):
        for text in said_forms(forms):
            yield text, Meaning((), unsupported=True)
    yield from _as(phrases.outside.neutral, Meaning(()))


def _of_set(said: SetPhrases, catalogue: Catalogue) -> Iterator[tuple[str, Meaning]]:
    query = parse_filter(dict(said.filter), catalogue)
    in_english = said.unsupported_en or said.unsupported
    for forms, unsupported in ((said.ko, said.unsupported), (said.en, in_english)):
        lines = _lines(Reading(query, tuple(unsupported)), catalogue)
        meaning = Meaning(lines, unsupported=bool(unsupported))
        yield from ((text, meaning) for text in said_forms(forms))


def _as(said: Said, meaning: Meaning) -> Iterator[tuple[str, Meaning]]:
    yield from ((text, meaning) for forms in (said.ko, said.en) for text in said_forms(forms))


def _lines(reading: Reading, catalogue: Catalogue) -> tuple[str, ...]:
    """The lines of a reading, values in the catalogue's order: what means the same is the same."""
    return tuple(
        line
        if part_of(line) >= EITHER or range_in(line)
        else with_values(line, catalogue.field(field_of(line)).in_order(values_in(line)))
        for line in spell(reading).splitlines()
    )
