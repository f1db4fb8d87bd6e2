"""Which words of a question led to which condition, and which led to none."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import yaml

from server.catalogue import Catalogue, normalise
from server.filter import Condition, Filter, Range, placed_conditions
from server.interpret.names import PARTICLES, Mention
from server.phrases import FieldPhrases, Forms, Phrases, Said
from server.resources import folder

# A comma inside a number (1,000) is part of the word.
WORD = re.compile(r"(?:(?<=\d),(?=\d{3}(?!\d))|[^\s,/·()\[\]{}\"'“”‘’?!.;:+&~-])+")
_COUNT_IN_WORDS = re.compile(
    r"[한두세네다섯여일곱덟아홉열스물무서른마흔쉰예순든이삼사오육칠팔구십백천만]+(?:명|개)"
)
_DIGITS = re.compile(r"\d+")
_TAIL = re.compile(rf"(?:{PARTICLES}|거주|살고|살|씩)+$")
_STEM = 2
_STEM_ENGLISH = 5


@dataclass(frozen=True, slots=True)
class Attribution:
    """The words of each condition (in `placed_conditions` order) and the words nothing accounts for."""

    words: tuple[tuple[str, ...], ...]
    unused: tuple[str, ...]


def read_plain_words(*, turning: bool = True) -> frozenset[str]:
    """The words of grammars/plain-words.yaml, in the form words are compared in."""
    plain = read_words("ko") | read_words("en")
    return plain if turning else plain - read_words("turning")


def read_words(name: str) -> frozenset[str]:
    """One list of grammars/plain-words.yaml, in the form words are compared in."""
    return frozenset(map(normalise, _lists()[name].split()))


def read_kinds(name: str) -> tuple[tuple[str, ...], ...]:
    """One list of grammars/plain-words.yaml, line by line: words of a line say the same."""
    return tuple(tuple(map(normalise, line.split())) for line in _lists()[name].splitlines())


@cache
def _lists() -> dict[str, str]:
    text = (folder("grammars") / "plain-words.yaml").read_text("utf-8")
    lists: dict[str, str] = yaml.load(text, Loader=yaml.CSafeLoader)
    return lists


class Vocabulary:
    """The stems of the words that speak of each field, from the catalogue and its phrases."""

    def __init__(self, catalogue: Catalogue, phrases: Phrases) -> None:
        self._plain = read_plain_words()
        self._stems: Mapping[str, frozenset[str]] = {
            field.name: frozenset(
                stem
                for text in (
                    *_catalogue_texts(catalogue, field.name),
                    *phrase_texts(phrases.fields[field.name]),
                )
                for stem in self._stems_of(text)
            )
            for field in catalogue.fields
        }

    def attribute(
        self,
        question: str,
        query: Filter,
        mentions: Sequence[Mention],
        unsupported: Iterable[str],
    ) -> Attribution:
        """Share the question's words out among the filter's conditions."""
        conditions = [condition for _, _, condition in placed_conditions(query)]
        found: list[list[str]] = [[] for _ in conditions]
        # Where a range was found by its words, no other number is taken for it.
        mentioned = {mention.field for mention in mentions}
        ranged = {c.field for c in conditions if isinstance(c.constraint, Range)} & mentioned
        unused = []
        for match in WORD.finditer(_without(question, unsupported)):
            word = match.group()
            named = {m.field for m in mentions if m.start < match.end() and match.start() < m.end}
            owners = [
                i
                for i, c in enumerate(conditions)
                if c.field in named or (c.field not in ranged and self._speaks_of(word, c))
            ]
            for owner in owners:
                if word not in found[owner]:
                    found[owner].append(word)
            if not owners and not self._is_accounted_for(word, query):
                unused.append(word)
        return Attribution(tuple(map(tuple, found)), tuple(dict.fromkeys(unused)))

    def _speaks_of(self, word: str, condition: Condition) -> bool:
        if isinstance(condition.constraint, Range) and _DIGITS.search(word):
            return _in_range_words(word, condition.constraint)
        if normalise(word) in self._plain:
            return False
        return not self._stems[condition.field].isdisjoint(self._stems_of(word))

    def _is_accounted_for(self, word: str, query: Filter) -> bool:
        key = normalise(word)
        bare = _TAIL.sub("", key)
        if key in self._plain or bare in self._plain or not bare:
            return True
        if query.limit is not None and _counts(bare, query.limit):
            return True
        return any(not self._stems[name].isdisjoint(self._stems_of(word)) for name in query.by)

    def _stems_of(self, text: str) -> set[str]:
        """The beginning of each word without its particles: what stays when endings change."""
        stems = set()
        for word in WORD.findall(text):
            key = _TAIL.sub("", normalise(word)) or normalise(word)
            if key not in self._plain and not key.isdecimal():
                stems.add(key[: _STEM_ENGLISH if key.isascii() else _STEM])
        return stems


def _without(question: str, phrases: Iterable[str]) -> str:
    """The question with the phrases blanked out; every other word keeps its place."""
    for phrase in phrases:
        question = question.replace(phrase, " " * len(phrase))
    return question


def _counts(word: str, limit: int) -> bool:
    """Whether the word says the limit in digits, or any count in words."""
    numbers = [int(digits) for digits in _DIGITS.findall(word.replace(",", ""))]
    return numbers == [limit] or bool(_COUNT_IN_WORDS.fullmatch(word))


def _in_range_words(word: str, bounds: Range) -> bool:
    """Whether the digits of a word could have given a range: 30대 gives 30 to 39."""
    limits = {bound for bound in (bounds.min, bounds.max) if bound is not None}
    for digits in _DIGITS.findall(word):
        number = int(digits)
        near = {number, number - 1, number + 1, number * 10, number * 100, number + 9, number + 99}
        shifted = {number + 1900, number + 2000, number // 12, number + 1909}
        if limits & (near | shifted):
            return True
    return False


def _catalogue_texts(catalogue: Catalogue, name: str) -> Iterable[str]:
    field = catalogue.field(name)
    yield from (field.label.ko, field.label.en, *field.aliases)
    for answer in field.listed:
        yield from (answer.value, answer.en, *answer.aliases)
    for group in catalogue.groups:
        if any(name in part for part in group.filter.values() if isinstance(part, dict)):
            yield from group.words


def phrase_texts(phrases: FieldPhrases) -> Iterable[str]:
    """Every text of a field's phrases, a blank for each slot."""
    yield from (*phrases.by.ko, *phrases.by.en, *phrases.ask.ko, *phrases.ask.en)
    said: list[Said] = [*phrases.sets, *phrases.ranges, phrases.carriers]
    for answer in phrases.answers.values():
        said += [answer, answer.negated] if answer.negated else [answer]
    for each in said:
        for forms in (each.ko, each.en):
            yield from _texts(forms)


def _texts(forms: Forms) -> Iterable[str]:
    for text in (*forms.mod, *forms.noun, *forms.post, *forms.kw):
        yield re.sub(r"\{[a-z]+\}", " ", text)
