"""The names of long lists (cars, districts), and the words that carry them: "who drive a {name}"."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from server.catalogue import Catalogue, normalise
from server.interpret.forms import choice_of, linked_forms, said_forms
from server.interpret.names import Squeezed
from server.interpret.words import read_words
from server.phrases import FieldPhrases

# Shorter names in Latin letters are words, too: IS, EX.
_NAME_LENGTH = 3


@dataclass(frozen=True, slots=True)
class LongNames:
    """The names of long lists, squeezed, and the condition of each.

    `words` are those that say nothing alone: a car may be called IS, EX or Pilot and cigarettes The
    One, but "is", "ex-smoker", "pilot study" and "the ones" name none.
    """

    index: Mapping[str, tuple[str, ...]]
    words: frozenset[str]
    longest: int


def long_names(catalogue: Catalogue, plain: Set[str]) -> LongNames:
    """The names of a catalogue's long lists that mean one thing; `plain` words say nothing alone."""
    index: dict[str, dict[str, None]] = {}
    words: set[str] = set()
    homonyms = read_words("homonyms")
    for panel_field in catalogue.fields:
        for answer in panel_field.listed if panel_field.is_long else ():
            for text in (answer.value, answer.label, answer.en, *answer.aliases):
                key = normalise(text)
                if len(key) > 1 and not key.isdecimal():
                    index.setdefault(key, {})[f"{panel_field.name}={answer.value}"] = None
                    is_short = len(key) < _NAME_LENGTH and key.isascii() and key.isalpha()
                    is_plain = any(plain >= set(t.lower().split()) for t in (text, f"{text}s"))
                    if is_short or is_plain or key in homonyms:
                        words.add(key)
    kept = {key: tuple(found) for key, found in index.items() if len(found) == 1}
    return LongNames(kept, frozenset(words), max(map(len, kept), default=0))


@dataclass(frozen=True, slots=True)
class Carriers:
    """What stands round a name: "who drive a {name}", "{name} 타거나", "{name} 안 타는"; each as
    before, after, the ending of choice, and the mark of its condition.
    """

    around: tuple[tuple[str, str, str, str], ...]

    @classmethod
    def of(cls, phrases: FieldPhrases) -> "Carriers":
        """What a field's phrases put round its names, the longest first."""
        around = {
            (normalise(before), after, choice_of(text), mark)
            for carriers, mark in ((phrases.carriers, ""), (phrases.not_carriers, "-"))
            for forms in (carriers.ko, carriers.en)
            for form in said_forms(forms)
            if form.count("{name}") == 1
            for said in dict.fromkeys((form, form.replace(" a {name}", " an {name}")))
            for whole in dict.fromkeys((said, *_without_who(said)))
            for text in linked_forms(whole)
            for before, _, rest in (text.partition("{name}"),)
            for after in _with_short_particle(normalise(rest))
        }
        return cls(tuple(sorted(around, key=lambda parts: (-len(parts[0] + parts[1]), parts))))

    def widen(self, squeezed: Squeezed, start: int, stop: int) -> tuple[int, int, str, str]:
        """The longest carrier that stands round the name, its ending and mark; or the name alone."""
        text = squeezed.text
        for before, after, choice, mark in self.around:
            first, last = start - len(before), stop + len(after)
            if first >= 0 and text[first:start] == before and text[stop:last] == after:
                return first, last, choice, mark
        return start, stop, "", ""


def _without_who(carrier: str) -> Iterator[str]:
    """ "who drive a {name}" where who was said before: "…, drink soju and drive a Kia"."""
    bare = carrier.removeprefix("who ")
    if bare != carrier:
        verb, _, rest = bare.partition(" ")
        yield from (bare, f"{verb}s {rest}")


def _with_short_particle(after: str) -> Iterator[str]:
    """ "에사는" is said "엔사는" and "에는사는" too."""
    yield after
    if after.startswith("에") and not after.startswith("에서"):
        yield from (f"엔{after[1:]}", f"에는{after[1:]}")
