"""Finds ranges of numbers in a question, by the patterns in which people say them (30대, 1990년생)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from server.catalogue import Catalogue, Kind, PanelField
from server.filter import NUMBER_MAX, Condition, Range
from server.interpret.names import HANJA, PARTICLES, Mention
from server.numerals import COUNTED_SLOTS, SLOT_NUMBERS, counted, slot_pattern
from server.phrases import Forms, Phrases, RangePhrases
from server.ranges import BOUNDS, bounds_of
from server.spelling import spell_condition

BEGINS_WITH_DIGITS = re.compile(r"\{(?:n|a|b|yy|ya|yb)\}")
_ENDS_OPEN = re.compile(r"^(?!.*\b(?:age|aged|old|born|year)\b)[ -~]*(?:\}\+?|\} or \w+)$")
_DIGITS = r"\d{1,4}"
# Without a word beside them that says what they count, small numbers may be of anything: 3+ apps.
_BARE = re.compile(r"(?:\{[a-z]+\}|over|under|below|up|to|and|or|[-+<>~ ])+")
_DIGITS_BARE = r"\d{2,4}"
SLOT = re.compile(r"\\\{([a-z]+)\\\}")
_DIGIT_SLOTS = frozenset(("n", "a", "b", "yy", "ya", "yb", "da", "db"))
# What turns a number in English into a bound: "aged 60 and up".
GOES_ON = (
    r"(?:(?:and|or) (?:up|over|above|older|younger|under|below|more|less)|plus\b|\+|to \d|-\s?\d"
    r"|million|m\b|won\b|krw\b|thousand|k\b|people|persons?\b|respondents|times|s\b|[,.]\d"
    r"|minutes|hours|days|weeks|months|kilos|kg\b|pounds|cm\b|percent)"
)
# In Korean such a number stands right before what it counts: "30-50만원", "30명".
_COUNTS = r"(?:\s?만\s?원|[만원명분개번회대년억천%])"
# People leave the space before a number out: "우울한20대".
BEFORE_DIGITS, BEFORE_WORD = r"(?<![0-9A-Za-z_.,])", r"(?<![\w.,])"
# "40대 초과" is not "40대 초" with a particle.
NOT_BEYOND = r"(?!(?<=초)과)"
_AFTER = rf"{NOT_BEYOND}(?=(?:{PARTICLES}|[^\w]|$|[{HANJA}]|[가-힣]{{1,2}}(?:$|\s)))"


@dataclass(frozen=True, slots=True)
class _Pattern:
    field: PanelField
    when: str
    regex: re.Pattern[str]


class Ranges:
    """The patterns of a panel's number fields, longest first."""

    def __init__(self, catalogue: Catalogue, phrases: Phrases) -> None:
        self._patterns = sorted(_patterns(catalogue, phrases), key=_length, reverse=True)

    def find(self, question: str) -> tuple[Mention, ...]:
        """The ranges in the question, in reading order; a longer pattern wins over those inside."""
        found: list[Mention] = []
        for pattern in self._patterns:
            for match in pattern.regex.finditer(question):
                mention = _mention(pattern, match)
                if mention and not any(
                    m.start < mention.end and mention.start < m.end for m in found
                ):
                    found.append(mention)
        return tuple(sorted(found, key=lambda mention: mention.start))


def _length(pattern: _Pattern) -> int:
    """How long a pattern is, whatever may stand before it."""
    return len(pattern.regex.pattern.replace(BEFORE_DIGITS, BEFORE_WORD))


def _patterns(catalogue: Catalogue, phrases: Phrases) -> Iterator[_Pattern]:
    for field in catalogue.fields:
        if field.kind is not Kind.NUMBER:
            continue
        for said in phrases.fields[field.name].ranges:
            if said.when in BOUNDS:
                for text in _texts(said):
                    yield _Pattern(field, said.when, _compiled(text))


def _texts(said: RangePhrases) -> Iterator[str]:
    """The forms whose slots are all plain digits."""
    for text in dict.fromkeys(text for forms in (said.ko, said.en) for text in _all(forms)):
        slots = set(re.findall(r"\{([a-z]+)\}", text))
        if slots and slots <= _DIGIT_SLOTS | COUNTED_SLOTS.keys():
            yield text


def _all(forms: Forms) -> Iterator[str]:
    yield from (*forms.kw, *forms.noun)
    # "under 30" may go on with "million won".
    yield from (text for text in (*forms.mod, *forms.post) if not _ENDS_OPEN.search(text))


def _compiled(text: str) -> re.Pattern[str]:
    escaped = re.escape(text).replace(r"\ ", r"\s*")
    any_digits = _DIGITS_BARE if _BARE.fullmatch(text) else _DIGITS
    digits = SLOT.sub(lambda s: rf"(?P<{s[1]}>{slot_pattern(s[1]) or any_digits})", escaped)
    before = BEFORE_DIGITS if BEGINS_WITH_DIGITS.match(text) else BEFORE_WORD
    after = _AFTER if not text.isascii() else rf"(?!\s*{GOES_ON})(?!{_COUNTS}){_AFTER}"
    return re.compile(rf"{before}{digits}{after}", re.IGNORECASE)


def _mention(pattern: _Pattern, match: re.Match[str]) -> Mention | None:
    """The range that was said; None when the field cannot hold such numbers (85 is no year)."""
    said = {SLOT_NUMBERS.get(name, name): counted(name, t) for name, t in match.groupdict().items()}
    bounds = bounds_of(pattern.when, {name: n for name, n in said.items() if n is not None})
    if bounds is None:
        return None
    low, high = pattern.field.min or 0, pattern.field.max or NUMBER_MAX
    if not all(low <= bound <= high for bound in bounds.values()):
        return None
    condition = Condition(pattern.field.name, Range(bounds.get("min"), bounds.get("max")))
    return Mention(spell_condition(condition), match.start(), match.end())
