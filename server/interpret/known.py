"""The words a panel knows: those of its catalogue and phrases, with their endings, and plain ones."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import OSA

from server.catalogue import Catalogue, normalise
from server.interpret.fixed import fixed_phrases
from server.interpret.forms import said_forms
from server.interpret.names import PARTICLES
from server.interpret.words import WORD, read_plain_words
from server.korean import is_open, with_ending
from server.numerals import COUNTED_SLOTS
from server.phrases import Phrases

# What stands for any number, in the words of phrases and of questions: 30대 is 0대.
NUMBER = "0"
DIGITS = re.compile(r"\d[\d,]*")
# What stands for any name of a long list beside other words: "{name} 타는".
_NAME = "\ufffc"
_COUNTED = tuple(f"{NUMBER}{unit}" for unit in ("", "명", "분", "인", "개", "백명", "천명", "만명"))
_IN_WORDS = re.compile(
    r"[한두세네다섯여일곱덟아홉열스물무서른마흔쉰예순든이삼사오육칠팔구십백천만억]+(?:명|분|인|개|살|세|대|원)?"
)
_JAMO = re.compile(r"[\u1100-\u11ff]")
_STUTTER = re.compile(r"([가-힣])\1")
_SLOT = re.compile(r"\{(?!name\})[a-z]+\}")
# Beside particles, what people put behind a noun or a number that phrases have alone.
_ENDINGS = (
    "이면서|이지만|이어서|이라서|이라도|이거나|이었던|이신|이에요|이야|예요|입니다|이요|인가요|인가|인지|만요|거나|한테|에게|에선|엔|별로|별|용으로|용|들의|들은|들이|"
    "대로|당|마다|라는|님|임|요|하는|하고|하며|하지|하던|하거나|하면서|하시는|하려고|한|할|해|해요|해서|해줘|해본|했던|했고|했거나|합니다"
)
# "사람" behind a verb is a word of its own.
_TAIL = re.compile(rf"(?:{PARTICLES.replace('사람|', '')}|{_ENDINGS}){{0,2}}")
_TAIL_MAX = 7
# What a verb that modifies ends in elsewhere: "쓰는" → "쓰시는", "쓰거나"; "사는" → "살고".
# fmt: off
_VERB_ENDINGS = ("고", "면서", "며", "지만", "거나", "시는", "던", "는지", "는데", "는다", "나요", "네", "지")
# fmt: on
_RIEUL = "ᆯ"
# What a word of a phrase may end in that ends in a vowel there: "땀 흘려 운동하는", 흘려야; 남성으로서.
_AFTER_VOWELS = re.compile(r"(.+)(?:야지|야|서)")
_INFLECTIONS = ("s", "'s", "es", "d", "ed", "ing", "er", "ers")
# Two signs at either end: a slip leaves one end whole in any word of five signs.
_END = 2


def signs_of(word: str) -> str:
    """The word as it is typed, key by key: Hangul in jamo."""
    return unicodedata.normalize("NFD", word)


def word_key(word: str) -> str:
    """The form in which words are looked up, numbers all alike."""
    return DIGITS.sub(NUMBER, normalise(word))


class KnownWords:
    """A panel's words, which of them stand side by side, and those one slip away from another."""

    def __init__(self, catalogue: Catalogue, phrases: Phrases) -> None:
        self._plain = frozenset(map(word_key, read_plain_words()))
        words: set[str] = {*self._plain, *_COUNTED}
        words.update(*COUNTED_SLOTS.values())
        beside: set[tuple[str, str]] = set()
        one_of: dict[str, str] = {}
        for text in _texts(catalogue, phrases):
            spoken = _SLOT.sub(NUMBER, text.replace("{name}", _NAME))
            said = [_bare_name(word_key(word)) for word in WORD.findall(spoken)]
            # One string a word, however often it is said.
            said = [one_of.setdefault(word, word) for word in said]
            words.update(said)
            beside.update(pairwise(said))
        words.discard(_NAME)
        self._names = frozenset(
            word_key(word)
            for field in catalogue.fields
            if field.is_long
            for answer in field.listed
            for name in (answer.value, answer.label, answer.en, *answer.aliases)
            for word in WORD.findall(name)
        )
        counted = Counter(syllable for word in words for syllable in set(word))
        self._syllables = frozenset(s for s, count in counted.items() if count > 1)
        # "세종시는" is no verb: what stands alone is a noun.
        stems = {
            w[:-1]
            for w in words
            if len(w) > 1 and w.endswith("는") and not (len(w) > 2 and w[:-1] in words)
        }
        # 사는 is of 사다, or of 살다.
        stems |= {unicodedata.normalize("NFC", stem + _RIEUL) for stem in stems if is_open(stem)}
        words.update(with_ending(stem, ending) for stem in stems for ending in _VERB_ENDINGS)
        self._words = frozenset(words)
        self._beside = frozenset(beside)
        self._by_end = _by_end(self._words)

    def knows(self, word: str) -> bool:
        """Whether the panel has the word, perhaps with particles behind it."""
        if word in self._words or _IN_WORDS.fullmatch(word):
            return True
        if word.isascii():
            stems = (word.removesuffix(ending) for ending in _INFLECTIONS if word.endswith(ending))
            return any(len(stem) > 2 and stem in self._words for stem in stems)
        if len(word) > 1 and _TAIL.fullmatch(word):
            return True
        if (said := _AFTER_VOWELS.fullmatch(word)) and is_open(said[1]) and said[1] in self._words:
            return True
        return any(self._takes(stem, tail) for stem, tail in _stems(word))

    def has(self, word: str) -> bool:
        """Whether a phrase or a name has the word just so."""
        return word in self._words

    def _takes(self, stem: str, tail: str) -> bool:
        """Whether a word is known to which particles are put; of single syllables, nouns alone."""
        if stem not in self._words:
            return len(stem) > 1 and _IN_WORDS.fullmatch(stem) is not None
        is_noun = f"{stem}을" in self._words or f"{stem}를" in self._words
        return len(stem) > 1 or len(tail) > 1 or is_noun or stem in self._plain

    def is_odd(self, word: str) -> bool:
        """Whether it holds a syllable that hardly a word of the panel has: it was hardly meant so."""
        return not self._syllables.issuperset(word)

    def near(self, word: str) -> Iterator[tuple[str, str, str]]:
        """Stems one slip away from that of a word nobody knows: its stem, that one, its particles."""
        for stem, tail in ((word, ""), *_stems(word)):
            once = _STUTTER.sub(r"\1", stem)
            if once != stem and once in self._words:
                yield stem, once, tail
            for near in self._near(stem) if len(stem) > 1 else ():
                yield stem, near, tail

    def is_plain(self, word: str) -> bool:
        """Whether it is one of the words that ask, count or join: the likeliest ones."""
        return word in self._plain

    def is_name(self, word: str) -> bool:
        """Whether it is a word of a name in a long list."""
        return word in self._names

    def are_beside(self, first: str, second: str) -> bool:
        """Whether a phrase has the two words side by side, perhaps with other particles.

        Single syllables are looked up as they are: "안" does not stand behind every name.
        """
        if len(first) == 1 or len(second) == 1:
            return (first, second) in self._beside
        return any(
            (one, other) in self._beside
            for one in (first, *self._bare(first))
            for other in (second, *self._bare(second))
        )

    def _bare(self, word: str) -> Iterator[str]:
        for stem in (word, *(stem for stem, _ in _stems(word))):
            if stem in self._words:
                yield stem
            if stem in self._names:
                yield _NAME

    def _near(self, word: str) -> Iterator[str]:
        signs = signs_of(word)
        alike = {each for end in _ends(signs) for each in self._by_end.get(end, ())}
        found = process.extract(
            signs, list(alike), scorer=OSA.distance, processor=None, score_cutoff=1, limit=None
        )
        for near, distance, _ in found:
            if distance == 1 and _same_kind(signs, near):
                yield unicodedata.normalize("NFC", near)


def _bare_name(word: str) -> str:
    """A name's place without particles."""
    return _NAME if _NAME in word else word


def _by_end(words: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The words in signs, by how they begin and by how they end."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    whole = (word for word in sorted(words) if not _JAMO.search(word))
    for signs in map(signs_of, whole):
        for end in _ends(signs):
            found[end].append(signs)
    return {end: tuple(signs) for end, signs in found.items()}


def _ends(signs: str) -> tuple[str, ...]:
    """How a word begins and ends; of a short one, by a single sign, too."""
    ends = (signs[:_END], f"…{signs[-_END:]}")
    return ends if len(signs) > 2 * _END + 1 else (*ends, signs[:1], f"…{signs[-1:]}")


def _same_kind(one: str, other: str) -> bool:
    """Whether they hold the same numbers and, beside Hangul, the same letters."""
    if one.isascii():
        return other.isascii() and one.count(NUMBER) == other.count(NUMBER)
    return [c for c in one if c.isascii()] == [c for c in other if c.isascii()]


def _stems(word: str) -> Iterator[tuple[str, str]]:
    """The word without particles and endings, and what those are."""
    for place in range(len(word) - 1, max(0, len(word) - 1 - _TAIL_MAX), -1):
        if _TAIL.fullmatch(word[place:]):
            yield word[:place], word[place:]


def _texts(catalogue: Catalogue, phrases: Phrases) -> Iterator[str]:
    """Everything that a catalogue and its phrases say."""
    yield from (text for text, _ in fixed_phrases(catalogue, phrases))
    for field in catalogue.fields:
        said = phrases.fields[field.name]
        yield from (field.label.ko, field.label.en, *field.aliases)
        yield from (*said.by.ko, *said.by.en)
        for answer in field.listed:
            yield from (answer.value, answer.label, answer.en, *answer.aliases)
        for each in (*said.ranges, said.carriers, said.not_carriers):
            yield from (*said_forms(each.ko), *said_forms(each.en))
    outside = phrases.outside
    yield from (*outside.ko.by, *outside.en.by, *outside.nonsense)
    yield from (*outside.everyone.ko, *outside.everyone.en)
    for finer in outside.finer:
        yield from (*finer.unsupported, *finer.unsupported_en)
