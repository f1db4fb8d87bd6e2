"""Whether a question asks for a breakdown at all: the model sometimes writes one that nobody asked for."""

import re
from collections.abc import Iterable, Mapping, Sequence

from server.catalogue import Catalogue
from server.interpret.lexicon import LexiconReading
from server.interpret.words import read_words
from server.interpret.written import Line
from server.phrases import Phrases
from server.spelling import BY, field_of, part_of

# How many there are is no breakdown.
_COUNTS = re.compile(
    r"얼마나\s*(?:있|되|돼|많)\w*|몇\s?(?:명|분|이나)\s*(?:이야|인가요|임|있\w*|되\w*|돼|야)?|how many"
)


class Asked:
    """The names of a panel's fields, and the parts of words that ask."""

    def __init__(self, catalogue: Catalogue, phrases: Phrases) -> None:
        words = sorted(read_words("asking"))
        english = "|".join(word for word in words if word.isascii())
        korean = "|".join(word for word in words if not word.isascii())
        self._asks = re.compile(rf"{korean}|\b(?:{english})")
        self._names: Mapping[str, re.Pattern[str]] = {
            field.name: _any_of(
                (
                    *phrases.fields[field.name].by.ko,
                    *phrases.fields[field.name].by.en,
                    field.label.ko,
                    field.label.en,
                    *field.aliases,
                )
            )
            for field in catalogue.fields
        }

    def keep(self, question: str, lines: Sequence[Line], said: LexiconReading) -> tuple[Line, ...]:
        """The lines without breakdowns by a field that the question does not name, where no word of
        it asks for one or the phrases say by what else.

        Of the breakdowns read from the labelled questions, 38 by a field that was named were right
        and none wrong; of the others that fall away one was right and eight wrong.
        """
        asks = self._asks.search(_COUNTS.sub(" ", question.casefold())) is not None
        by = {
            line
            for m in said.matches
            for each in m.meanings
            for line in each.lines
            if part_of(line) == BY
        }
        return tuple(
            line
            for line in lines
            if part_of(line.text) != BY
            or line.text in by
            or self._is_named(question, line)
            or (asks and not by)
        )

    def _is_named(self, question: str, line: Line) -> bool:
        return self._names[field_of(line.text)].search(question.casefold()) is not None


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Any of the names: in Korean with or without their spaces, in English as words of their own."""
    said = {re.escape(name.casefold()) for name in names if name}
    return re.compile(
        "|".join(
            rf"\b{name}\b" if name.isascii() else name.replace("\\ ", r"\s*")
            for name in sorted(said)
        )
    )
