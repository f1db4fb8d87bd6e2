"""The phrases of a panel with slots for numbers, and those that ask for a breakdown."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from server.catalogue import Catalogue, Kind, PanelField
from server.filter import NUMBER_MAX, Condition, Range
from server.interpret.forms import choice_of, linked_forms, said_forms
from server.interpret.names import PARTICLES
from server.interpret.phrase import Match, Meaning
from server.interpret.ranges import (
    BEFORE_DIGITS,
    BEFORE_WORD,
    BEGINS_WITH_DIGITS,
    GOES_ON,
    NOT_BEYOND,
    SLOT,
)
from server.numerals import (
    HANGUL_NUMBER,
    MONEY_ENGLISH,
    MONEY_KOREAN,
    SLOT_NUMBERS,
    counted,
    read_money,
    slot_pattern,
)
from server.phrases import Phrases, RangePhrases
from server.ranges import bounds_of, money_bounds
from server.spelling import spell_condition

# What makes a bound of a number that was said as it is.
_NO_BOUND = rf"(?!\s*(?:까지|부터|이내)){NOT_BEYOND}"
_NOT_BOUNDED = "".join(
    rf"(?<!{word}\s)"
    for word in ("최소", "최대", "적어도", "많아야", "많아도", "at least", "at most")
)
# The ranges of a number that was said as it is.
_AS_SAID = frozenset({"exact", "decade", "band_at", "bare", "annual_bare"})
_DISTRIBUTION = "분포도?|비율|구성비?|비중|순위|현황|통계|인원수?|비교|차이"
_BY_KOREAN = rf"\s*(?:별(?:로)?(?:\s*(?:{_DISTRIBUTION}))?|(?:{_DISTRIBUTION}))(?:\s*(?:로|은|는|을|를|이|가|도))?(?!\w)"
_BY_ENGLISH = (
    r"(?:(?:broken down|split|grouped|segmented|(?:cross-)?tabulated|sliced|divided) by|by|per)\s+"
)
_SLOTS = {
    "n": r"\d{1,4}", "a": r"\d{1,4}", "b": r"\d{1,4}", "yy": r"\d{2}", "ya": r"\d{2}",
    "yb": r"\d{2}", "nh": HANGUL_NUMBER, "bare": r"\d[\d,]*", "moneybare": r"\d[\d,]*",
}  # fmt: skip
# Amounts of money that people also say without their unit: "월급 300 이상 500 미만", "연봉 5000".
_AMOUNTS = {"a": r"\d{1,5}", "b": r"\d{1,5}", "annual": r"\d{4,5}"}


@dataclass(frozen=True, slots=True)
class Pattern:
    """A phrase with slots for numbers."""

    regex: re.Pattern[str]
    lines_of: Callable[[re.Match[str]], tuple[str, ...]] = field(compare=False)

    def find(self, question: str) -> Iterator[Match]:
        """Where it stands in the question with numbers that the field can hold."""
        for match in self.regex.finditer(question):
            meanings = tuple(Meaning((line,)) for line in self.lines_of(match))
            if meanings:
                yield Match(meanings, match.start(), match.end(), choice_of(match[0]))


def patterns(catalogue: Catalogue, phrases: Phrases) -> Iterator[Pattern]:
    """The patterns of every field, in the catalogue's order."""
    for panel_field in catalogue.fields:
        said = phrases.fields[panel_field.name]
        owners = dict(_owners(panel_field, catalogue, phrases))
        for each in said.ranges:
            lines_of = _reader(panel_field, each, owners)
            for forms, money in ((each.ko, MONEY_KOREAN), (each.en, MONEY_ENGLISH)):
                for text in dict.fromkeys(_spaced(t, said.by.ko) for t in said_forms(forms)):
                    amounts = _AMOUNTS if panel_field.kind is Kind.BAND else {}
                    slots = {name: rf"{money}|{bare}" for name, bare in amounts.items()}
                    regex = _slotted(text, money, slots, is_bound=each.when not in _AS_SAID)
                    yield Pattern(regex, lines_of)
        yield from (_by_pattern(panel_field, text, korean=True) for text in said.by.ko)
        yield from (_by_pattern(panel_field, text, korean=False) for text in said.by.en)


def _owners(
    panel_field: PanelField, catalogue: Catalogue, phrases: Phrases
) -> Iterator[tuple[str, PanelField]]:
    """Words that make the name of another field of one of this field's: 가구 of "가구 소득"."""
    own = set(phrases.fields[panel_field.name].by.ko)
    for other in catalogue.fields:
        for name in phrases.fields[other.name].by.ko if other.kind is panel_field.kind else ():
            word, _, rest = name.partition(" ")
            if rest in own and name not in own:
                yield word, other


def _spaced(text: str, names: Iterable[str]) -> str:
    """The text with a field's name in it written apart, where one is: people leave blanks out."""
    for name in names:
        text = text.replace(name.replace(" ", ""), name)
    return text


def _by_pattern(panel_field: PanelField, text: str, *, korean: bool) -> Pattern:
    name = re.escape(text).replace(r"\ ", r"\s*" if korean else r"\s+")
    pattern = rf"(?<!\w){name}{_BY_KOREAN}" if korean else rf"(?<!\w){_BY_ENGLISH}{name}(?!\w)"
    line = f">{panel_field.name}"
    return Pattern(re.compile(pattern, re.IGNORECASE), lambda _: (line,))


def _slotted(text: str, money: str, slots: Mapping[str, str], *, is_bound: bool) -> re.Pattern[str]:
    def slot(found: re.Match[str]) -> str:
        name = found[1]
        return rf"(?P<{name}>{slot_pattern(name) or slots.get(name) or _SLOTS.get(name, money)})"

    escaped = SLOT.sub(slot, re.escape(text)).replace(r"\ ", r"\s*")
    last = [form[len(text) - 2 :] for form in linked_forms(text)]
    if len(last) > 1:
        escaped = escaped.removesuffix(re.escape(text[-2:])) + f"(?:{'|'.join(last)})"
    tail = rf"{_NO_BOUND}(?=(?:{PARTICLES})?(?:\W|$))"
    if text.isascii():
        tail = rf"(?!\s*{GOES_ON}){tail}"
    begins = BEGINS_WITH_DIGITS.match(text)
    before = BEFORE_DIGITS if begins else BEFORE_WORD
    if not is_bound:
        before = f"{_NOT_BOUNDED}{before}"
    return re.compile(rf"{before}{escaped}{tail}", re.IGNORECASE)


def _reader(
    panel_field: PanelField, said: RangePhrases, owners: Mapping[str, PanelField]
) -> Callable[[re.Match[str]], tuple[str, ...]]:
    """Reads a match as a condition, or as one of two: "가구 월급 300 이상" may be the household's."""

    def lines_of(match: re.Match[str]) -> tuple[str, ...]:
        line = _line(panel_field, said.when, match)
        if line is None:
            return ()
        before = match.string[: match.start()].split()
        owner = owners.get(before[-1].removesuffix("의")) if before else None
        other = _line(owner, said.when, match) if owner else None
        return (line, other) if other else (line,)

    return lines_of


def _line(panel_field: PanelField, when: str, match: re.Match[str]) -> str | None:
    bounds = _bounds(panel_field, when, match.groupdict())
    if bounds is None:
        return None
    low, high = panel_field.min or 0, panel_field.max or NUMBER_MAX
    if not all(low <= bound <= high for bound in bounds.values()):
        return None
    if bounds.get("min") == low and "max" in bounds:
        del bounds["min"]  # nobody has fewer
    return spell_condition(Condition(panel_field.name, Range(bounds.get("min"), bounds.get("max"))))


def _bounds(panel_field: PanelField, when: str, slots: Mapping[str, str]) -> dict[str, int] | None:
    if panel_field.kind is Kind.BAND:
        numbers = _amounts(slots)
        return None if numbers is None else money_bounds(when, numbers, panel_field)
    if when in ("none", "some"):
        return {"max": 0} if when == "none" else {"min": 1}
    numbers_said = {SLOT_NUMBERS.get(name, name): counted(name, t) for name, t in slots.items()}
    known = {name: number for name, number in numbers_said.items() if number is not None}
    return bounds_of(when, known) if len(known) == len(numbers_said) else None


def _amounts(slots: Mapping[str, str]) -> dict[str, int] | None:
    names = {
        "money": "n",
        "bare": "n",
        "moneybare": "n",
        "annual": "year",
        "n": "n",
        "a": "a",
        "b": "b",
    }
    amounts = {names[slot]: read_money(text) for slot, text in slots.items()}
    if {"a", "b"} <= slots.keys():
        amounts["a"] = _least(slots["a"], slots["b"])
    known = {name: amount for name, amount in amounts.items() if amount}
    return known if len(known) == len(amounts) else None


def _least(low: str, high: str) -> int | None:
    """The lower amount, in the unit of the higher one where it has none: 5 of "5-8 million won"."""
    most = read_money(high)
    bare = low.strip()
    shared = read_money(bare + high.lstrip("0123456789.,")) if bare.isdecimal() else None
    return shared if shared and most and shared <= most else read_money(low)
