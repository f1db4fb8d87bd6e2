"""Finds the catalogue's names in a question, so that the model need not know them all by heart."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz import fuzz, process

from server.catalogue import Catalogue, PanelField, Words, normalise
from server.filter import parse_filter
from server.spelling import Reading, field_of, spell, values_in

PARTICLES_PROPER = (
    "이거나|이든지|이든가|거나|든지|이라는|이라고|에서는|에서도|으로는|이랑은|하고는|에서|으로|이나|이랑|이고|이며|이면|인데|이든|까지|부터|처럼|보다|"
    "하고|에만|에도|에는|분들|분|은|는|이|가|을|를|의|에|도|만|와|과|랑|나|로|인|들|씩|쯤|s"
)
# What may follow a name inside a Korean word: particles and the nouns that attach without a space.
PARTICLES = (
    f"{PARTICLES_PROPER}|"
    "차주|오너|유저|사용자|보유자|이용자|거주자|주민|시민|구민|도민|사람|차량|모델|시리즈|폰"
)
_TAIL = re.compile(rf"(?:{PARTICLES}){{0,2}}")
# A bound's last syllable is no particle: in "300만 원 미만" nobody lives in 원미구.
_BOUNDS = ("미만", "초과")
_PARTICLE_AT_END = re.compile(rf"(?:{PARTICLES})$")
HANJA = "一-鿿"
_WORD = re.compile(rf"[0-9a-z]+|[{HANJA}]|[^\W\d_a-z{HANJA}]+|\S", re.IGNORECASE)
# A letter that stands by itself, as screeners have them (F 25-34); 5 M are millions, F&B is a trade,
# A and I are words.
_LETTER = re.compile(r"(?<![\w&'/.-])(?<!\d\s)[B-HJ-Z](?![\w&'/-]|\.[A-Za-z])")
# "안 산" has not been bought, and is no city.
_NOT = "안"
_FUZZY_SHORTEST, _FUZZY_SHORTEST_LATIN = 3, 5
_FUZZY_CUTOFF = 88.0
_MENTIONS_MAX = 12
# A word that names answers of more fields than this (기타) says too little to be worth a hint.
_MEANINGS_MAX = 3


@dataclass(frozen=True, slots=True)
class Mention:
    """A name found in a question: the condition it stands for, as the model spells it, and where
    (`start`, `end` in characters).
    """

    line: str
    start: int
    end: int

    @property
    def field(self) -> str:
        """The field it speaks of."""
        return field_of(self.line)

    @property
    def value(self) -> str:
        """What it says of the field, as the model spells it."""
        return "|".join(values_in(self.line))


@dataclass(frozen=True, slots=True)
class Squeezed:
    """A question without its blanks, in the form names are compared in, and where each sign stood."""

    text: str
    places: tuple[int, ...]
    starts: tuple[int, ...]

    def word_end(self, place: int) -> int:
        """Where the word ends that the sign at `place` stands in."""
        return min((s for s in self.starts if s > place), default=len(self.text))


class Letters:
    """The codes of answers that are single letters, found where they stand by themselves."""

    def __init__(self, fields: Iterable[PanelField]) -> None:
        self._lines: Mapping[str, str] = {
            answer.code: f"{field.name}={answer.value}"
            for field in fields
            for answer in field.listed
            if _LETTER.fullmatch(answer.code)
        }

    def find(self, question: str) -> Iterator[Mention]:
        """What they stand for, in reading order."""
        for match in _LETTER.finditer(question):
            if match[0] in self._lines:
                yield Mention(self._lines[match[0]], match.start(), match.end())


class Names:
    """Names and what they stand for, ready to be looked up in questions.

    Only the names of long lists are also recognised when misspelt: short words are too alike.
    """

    def __init__(
        self,
        fields: Iterable[PanelField],
        groups: Iterable[tuple[Words, tuple[str, ...]]] = (),
    ) -> None:
        fields = tuple(fields)
        self._letters = Letters(fields)
        index: dict[str, dict[str, None]] = {}
        long: set[str] = set()
        for field in fields:
            for key, value in _keys(field):
                index.setdefault(key, {})[f"{field.name}={value}"] = None
                shortest = _FUZZY_SHORTEST_LATIN if key.isascii() else _FUZZY_SHORTEST
                if field.is_long and len(key) >= shortest:
                    long.add(key)
        for words, lines in groups:
            for key in filter(None, map(normalise, words)):
                index[key] = dict.fromkeys(lines)
        self._index: Mapping[str, tuple[str, ...]] = {
            key: tuple(found) for key, found in index.items() if len(found) <= _MEANINGS_MAX
        }
        self._long = frozenset(long & self._index.keys())
        self._longest = max(map(len, self._index), default=0)

    def find(self, question: str, *, fuzzy: bool = True) -> tuple[Mention, ...]:
        """The names in the question, in reading order; longer names win over those inside them."""
        squeezed = squeeze(question)
        mentions: list[Mention] = []
        end = 0
        for start in squeezed.starts:
            if start < end or len(mentions) >= _MENTIONS_MAX:
                continue
            found, stop = self._at(squeezed, start)
            if not found and fuzzy:
                found, stop = self._nearly_at(squeezed, start)
            mentions += [
                Mention(line, squeezed.places[start], squeezed.places[stop - 1] + 1)
                for line in found
            ]
            end = max(end, stop)
        mentions += self._letters.find(question)
        return tuple(sorted(mentions, key=lambda mention: mention.start))

    def _at(self, squeezed: Squeezed, start: int) -> tuple[tuple[str, ...], int]:
        text = squeezed.text
        if is_denial(squeezed, start):
            return (), start
        for stop in range(min(len(text), start + self._longest), start, -1):
            found = self._index.get(text[start:stop])
            if found and ends_word(squeezed, stop):
                return found, stop
        return (), start

    def _nearly_at(self, squeezed: Squeezed, start: int) -> tuple[tuple[str, ...], int]:
        """A name the word may be a misspelling of, compared letter by letter (Hangul in jamo)."""
        stop = squeezed.word_end(start)
        word = squeezed.text[start:stop]
        bare = _PARTICLE_AT_END.sub("", word)
        if len(word) < _FUZZY_SHORTEST or word.isdecimal() or {word, bare} & self._index.keys():
            return (), start
        best = process.extractOne(
            _jamo(word), self._spelled_out, scorer=fuzz.ratio, score_cutoff=_FUZZY_CUTOFF
        )
        return (self._index[best[2]], stop) if best else ((), start)

    @cached_property
    def _spelled_out(self) -> dict[str, str]:
        # In a fixed order: of equally near names the first is taken, in every process the same.
        return {key: _jamo(key) for key in sorted(self._long)}


def panel_names(catalogue: Catalogue) -> Names:
    """Every name that a catalogue gives its answers and groups."""
    groups = (
        (group.words, tuple(spell(Reading(parse_filter(group.filter, catalogue))).splitlines()))
        for group in catalogue.groups
    )
    return Names(catalogue.fields, groups)


def _keys(field: PanelField) -> Iterator[tuple[str, str]]:
    for answer in field.listed:
        for name in (answer.value, answer.label, answer.en, *answer.aliases):
            key = normalise(name)
            if (len(key) > 1 and not key.isdecimal()) or re.fullmatch(f"[{HANJA}]", key):
                yield key, answer.value


def squeeze(question: str) -> Squeezed:
    """The question without its blanks, and where its words begin."""
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
    return Squeezed("".join(signs), tuple(places), tuple(starts))


def is_denial(squeezed: Squeezed, start: int) -> bool:
    """Whether the word that begins here says that what follows is not done: no name begins so."""
    return squeezed.text.startswith(_NOT, start) and start + len(_NOT) in squeezed.starts


def ends_word(squeezed: Squeezed, stop: int) -> bool:
    """Whether a name may end here: at a word's end, or with only particles behind it."""
    if stop >= len(squeezed.text) or stop in squeezed.starts:
        return True
    if stop - 1 in squeezed.starts and squeezed.text.startswith(_BOUNDS, stop - 1):
        return False
    return bool(_TAIL.fullmatch(squeezed.text[stop : squeezed.word_end(stop)]))


def _jamo(text: str) -> str:
    return unicodedata.normalize("NFD", text)
