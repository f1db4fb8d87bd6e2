"""Finds the catalogue's names in a question: too many car models, districts and brands to learn by heart."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz, process

from server.catalogue import Catalogue, PanelField, normalise

# What may follow a name inside a Korean word: particles and the nouns that attach without a space.
PARTICLES = (
    "이라는|이라고|에서는|에서도|으로는|이랑은|하고는|에서|으로|이나|이랑|이고|이며|이면|인데|이든|까지|부터|처럼|보다|"
    "하고|에만|에도|에는|은|는|이|가|을|를|의|에|도|만|와|과|랑|나|로|인|들|씩|쯤|"
    "차주|오너|유저|사용자|보유자|이용자|거주자|주민|시민|구민|도민|사람|차량|모델|시리즈|폰|s"
)
_TAIL = re.compile(rf"(?:{PARTICLES}){{0,2}}")
_PARTICLE_AT_END = re.compile(rf"(?:{PARTICLES})$")
_WORD = re.compile(r"[0-9a-z]+|[^\W\d_a-z]+|\S", re.IGNORECASE)
_FUZZY_SHORTEST = 3
_FUZZY_CUTOFF = 88.0
_MENTIONS_MAX = 8


@dataclass(frozen=True, slots=True)
class Mention:
    """A name found in a question: the answer it names, and where (`start`, `end` in characters)."""

    field: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Squeezed:
    """A question without its blanks, in the form names are compared in, and where each sign stood."""

    text: str
    places: tuple[int, ...]
    starts: tuple[int, ...]


class Names:
    """The names of some fields, ready to be looked up in questions."""

    def __init__(self, fields: Iterable[PanelField], known: frozenset[str] = frozenset()) -> None:
        """`known` are names of other fields: such a word is never a misspelling of one of these."""
        self._known = known
        index: dict[str, dict[tuple[str, str], None]] = {}
        for field in fields:
            for key, value in _keys(field):
                index.setdefault(key, {})[field.name, value] = None
        self._index: Mapping[str, tuple[tuple[str, str], ...]] = {
            key: tuple(found) for key, found in index.items()
        }
        self._longest = max(map(len, index), default=0)

    def find(self, question: str, *, fuzzy: bool = True) -> tuple[Mention, ...]:
        """The names in the question, in reading order; longer names win over those inside them."""
        squeezed = _squeeze(question)
        mentions: list[Mention] = []
        end = 0
        for start in squeezed.starts:
            if start < end or len(mentions) >= _MENTIONS_MAX:
                continue
            found, stop = self._at(squeezed, start)
            if not found and fuzzy:
                found, stop = self._nearly_at(squeezed, start)
            mentions += _mentions(found, squeezed, start, stop)
            end = max(end, stop)
        return tuple(mentions)

    def _at(self, squeezed: _Squeezed, start: int) -> tuple[tuple[tuple[str, str], ...], int]:
        text = squeezed.text
        for stop in range(min(len(text), start + self._longest), start, -1):
            found = self._index.get(text[start:stop])
            if found and _ends_word(squeezed, stop):
                return found, stop
        return (), start

    def _nearly_at(
        self, squeezed: _Squeezed, start: int
    ) -> tuple[tuple[tuple[str, str], ...], int]:
        """A name the word may be a misspelling of, compared letter by letter (Hangul in jamo)."""
        stop = min((s for s in squeezed.starts if s > start), default=len(squeezed.text))
        word = squeezed.text[start:stop]
        bare = _PARTICLE_AT_END.sub("", word)
        if len(word) < _FUZZY_SHORTEST or word.isdecimal() or {word, bare} & self._known:
            return (), start
        best = process.extractOne(
            _jamo(word), self._spelled_out, scorer=fuzz.ratio, score_cutoff=_FUZZY_CUTOFF
        )
        return (self._index[best[2]], stop) if best else ((), start)

    @cached_property
    def _spelled_out(self) -> dict[str, str]:
        return {key: _jamo(key) for key in self._index if len(key) >= _FUZZY_SHORTEST}


def long_names(catalogue: Catalogue) -> Names:
    """The names that are handed to the model as hints."""
    known = frozenset(key for field in catalogue.fields for key, _ in _keys(field))
    return Names((field for field in catalogue.fields if field.is_long), known)


def _keys(field: PanelField) -> Iterator[tuple[str, str]]:
    for answer in field.listed:
        for name in (answer.value, answer.label, answer.en, *answer.aliases):
            key = normalise(name)
            if len(key) > 1 and not key.isdecimal():
                yield key, answer.value


def _squeeze(question: str) -> _Squeezed:
    signs: list[str] = []
    places: list[int] = []
    starts: list[int] = []
    words = {match.start() for match in _WORD.finditer(question)}
    for place, character in enumerate(question):
        if place in words:
            starts.append(len(signs))
        for sign in normalise(character):
            signs.append(sign)
            places.append(place)
    return _Squeezed("".join(signs), tuple(places), tuple(starts))


def _ends_word(squeezed: _Squeezed, stop: int) -> bool:
    """Whether a name may end here: at a word's end, or with only particles behind it."""
    if stop >= len(squeezed.text) or stop in squeezed.starts:
        return True
    following = min((s for s in squeezed.starts if s > stop), default=len(squeezed.text))
    return bool(_TAIL.fullmatch(squeezed.text[stop:following]))


def _mentions(
    found: Iterable[tuple[str, str]], squeezed: _Squeezed, start: int, stop: int
) -> Iterator[Mention]:
    for field, value in found:
        yield Mention(field, value, squeezed.places[start], squeezed.places[stop - 1] + 1)


def _jamo(text: str) -> str:
    return unicodedata.normalize("NFD", text)
