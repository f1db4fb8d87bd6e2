"""Pieces of a question: one thing said, with the piece of the filter that it means."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from server.catalogue import Answer, Catalogue, Kind, PanelField
from server.errors import Language
from server.korean import particle, verb_stem
from server.numerals import COUNTED_SLOTS
from server.phrases import AnswerPhrases, Forms, Phrases, RangePhrases, Said, SetPhrases, reported
from server.ranges import money_bounds
from server.training.turned import neither, turned
from server.training.verbs import and_then, or_else, though
from server.training.wording import english_money, hangul_number, korean_money, labelled

Json = dict[str, Any]

# Of two answers people say the other one; of more they turn one: "서울 제외".
_FEW = 2
# A particle or none, then the verb.
_AFTER_NAME = re.compile(r"^[을를이가은는]? (?=[가-힣])")
# Official wordings longer than this are not typed.
_LABEL_LENGTH = 30
# A number that never lies below this is a calendar year.
_FIRST_YEAR = 1800


@dataclass(frozen=True, slots=True)
class Piece:
    """What is said (`forms`), what it means (`filter`), and what of it the panel cannot answer."""

    forms: Forms
    filter: Json
    unsupported: tuple[str, ...] = ()
    tag: str = ""

    @property
    def fields(self) -> set[str]:
        """The fields the piece speaks of."""
        return {name for part in ("where", "not") for name in self.filter.get(part, {})}


Draw = Callable[[random.Random], Piece | None]


class Pieces:
    """Draws pieces at random, fields by their weight."""

    def __init__(self, catalogue: Catalogue, phrases: Phrases) -> None:
        self.catalogue = catalogue
        self.phrases = phrases
        self._names = [f.name for f in catalogue.fields]
        self._weights = [phrases.fields[name].weight for name in self._names]

    def draw(self, rng: random.Random, language: Language) -> Piece | None:
        """One condition of a random field, or None where the language has no words for it."""
        name = rng.choices(self._names, self._weights)[0]
        return self.draw_of(name, rng, language)

    def draw_of(self, name: str, rng: random.Random, language: Language) -> Piece | None:
        """One condition of that field."""
        said = self.phrases.fields[name]
        field = self.catalogue.field(name)
        ways: list[tuple[Callable[[], Piece | None], float]] = []
        if said.answers:
            ways += [(lambda: self._answer(field, rng, language), 5.0)]
            ways += [(lambda: self._several(field, rng, language), 1.2)]
            ways += [(lambda: self._negated(field, rng, language), 1.2)]
            ways += [(lambda: self._labelled(field, rng, language), 0.8)]
            ways += [(lambda: self._either_of(field, rng, language), 0.5)]
            ways += [(lambda: self._neither(field, rng, language), 0.4)]
            if field.kind is Kind.MULTI:
                ways += [(lambda: self._both_of(field, rng, language), 0.5)]
                ways += [(lambda: self._rather(field, rng, language), 0.6)]
                ways += [(lambda: self._some_but(field, rng, language), 0.4)]
        if said.sets:
            ways += [(lambda: _set(rng.choice(said.sets), language), 1.0 + 0.35 * len(said.sets))]
        if said.ranges:
            ways += [(lambda: self._range(field, rng, language), 6.0)]
        if said.carriers.ko or said.carriers.en:
            ways += [(lambda: self._carried(field, rng, language), 5.0)]
        if not ways:
            return None
        return rng.choices([way for way, _ in ways], [weight for _, weight in ways])[0]()

    def outside(self, rng: random.Random, language: Language) -> Piece | None:
        """Something the panel does not hold."""
        if self.phrases.outside.finer and rng.random() < 0.25:
            return _set(rng.choice(self.phrases.outside.finer), language)
        forms = self.phrases.outside.ko if language == "ko" else self.phrases.outside.en
        kind, words = rng.choice(
            [(k, w) for k, w in _by_form(forms).items() if w] or [("kw", ("",))]
        )
        phrase = rng.choice(words)
        if not phrase:
            return None
        return Piece(Forms(**{kind: (phrase,)}), {}, (reported(phrase),), "outside")

    def neutral(self, language: Language) -> Piece | None:
        """Something said that asks for nothing: "남녀", "of any age"."""
        said = self.phrases.outside.neutral
        return _piece(_in(said, language), {}, "neutral")

    def _answer(self, field: PanelField, rng: random.Random, language: Language) -> Piece | None:
        value, said = self._pick(field, rng)
        return _piece(_in(said, language), {"where": {field.name: [value]}}, "answer")

    def _negated(self, field: PanelField, rng: random.Random, language: Language) -> Piece | None:
        """An answer that must not be: as it is written down, or turned where it is one of many."""
        is_one_of_many = len(field.answers) > _FEW
        if is_one_of_many and rng.random() < 0.5:
            value, said = self._pick(field, rng)
            forms = (
                Forms()
                if field.by_value[value].exclusive
                else turned(_in(said, language), language)
            )
        else:
            value, said = self._pick(field, rng, lambda a: a.negated is not None)
            forms = _in(said.negated, language) if said.negated else Forms()
        return _piece(forms, {"not": {field.name: [value]}}, "not")

    def _labelled(self, field: PanelField, rng: random.Random, language: Language) -> Piece | None:
        """The field named beside its answer, as in a questionnaire: "성별: 여성", "whose job is …"."""
        said = self.phrases.fields[field.name]
        value, answer = self._pick(field, rng)
        names = said.by.ko if language == "ko" else said.by.en
        official = _official(field.by_value[value], said.sets, language)
        words = [w for w in (*official, *_in(answer, language).kw) if 0 < len(w) <= _LABEL_LENGTH]
        if not names or not words:
            return None
        forms = labelled(rng.choice(names), rng.choice(words), language)
        return _piece(forms, {"where": {field.name: [value]}}, "answer")

    def _pick(
        self,
        field: PanelField,
        rng: random.Random,
        keep: Callable[[AnswerPhrases], bool] = lambda _: True,
    ) -> tuple[str, AnswerPhrases]:
        answers = self.phrases.fields[field.name].answers
        kept = {value: said for value, said in answers.items() if keep(said)} or answers
        return rng.choice(list(kept.items()))

    def _several(self, field: PanelField, rng: random.Random, language: Language) -> Piece | None:
        """Two or three answers in one breath: any of them, or all where people say so."""
        answers = self.phrases.fields[field.name].answers
        exclusive = {a.value for a in field.answers if a.exclusive}
        options = [v for v in answers if v not in exclusive and _in(answers[v], language).kw]
        if len(options) < 3:
            return None
        values = rng.sample(options, rng.choice((2, 2, 2, 3)))
        words = [rng.choice(_in(answers[v], language).kw) for v in values]
        every = field.kind is Kind.MULTI and rng.random() < 0.4
        forms = _joined(words, every=every, language=language, rng=rng)
        if language == "ko":
            last = _in(answers[values[-1]], language)
            told = _listed(words, last, every=every, rng=rng)
            forms = Forms(mod=told or forms.mod, kw=forms.kw)
        listed = field.in_order(values)
        return Piece(
            forms, {"where": {field.name: {"all": listed} if every else listed}}, tag="several"
        )

    def _either_of(self, field: PanelField, rng: random.Random, language: Language) -> Piece | None:
        """Two answers said in full: "수영하거나 등산하는", "who swim or who hike"."""
        answers = self.phrases.fields[field.name].answers
        values = rng.sample(list(answers), 2) if len(answers) > 2 else []
        forms = [_in(answers[value], language) for value in values]
        if not values or field.by_value[values[0]].exclusive or field.by_value[values[1]].exclusive:
            return None
        if language == "en":
            if not all(f.post for f in forms):
                return None
            said = Forms(post=(" or ".join(rng.choice(f.post) for f in forms),))
        else:
            firsts = [m for m in forms[0].mod if m.endswith(("는", "인"))] if forms[1].mod else []
            if not firsts:
                return None
            first = or_else(rng.choice(firsts), rng)
            said = Forms(mod=(f"{first} {rng.choice(forms[1].mod)}",))
        return Piece(said, {"where": {field.name: field.in_order(values)}}, tag="several")

    def _both_of(self, field: PanelField, rng: random.Random, language: Language) -> Piece | None:
        """Two answers that must both be, said in full: "수영하고 등산하는", "who both swim and hike"."""
        answers = self.phrases.fields[field.name].answers
        plain = [value for value in answers if not field.by_value[value].exclusive]
        if len(plain) <= _FEW:
            return None
        values = rng.sample(plain, 2)
        one, other = (_in(answers[value], language) for value in values)
        if language == "en":
            pairs = [(a, b) for a in one.post for b in other.post if a.startswith("who ")]
            bare = [(a.removeprefix("who "), b.removeprefix("who ")) for a, b in pairs]
            both = rng.choice(("who {} and {}", "who both {} and {}", "who {} and also {}", "who {} and {}, both"))  # fmt: skip
            said = Forms(post=tuple(both.format(a, b) for a, b in bare))
        else:
            firsts = [a for a in one.mod if verb_stem(a)]
            ways = ("", "", "동시에 ", "또 ")
            mods = [f"{and_then(a, rng)} {rng.choice(ways)}{b}" for a in firsts for b in other.mod]
            said = Forms(mod=tuple(mods))
        listed = field.in_order(values)
        return _piece(said, {"where": {field.name: {"all": listed}}}, "several")

    def _rather(self, field: PanelField, rng: random.Random, language: Language) -> Piece | None:
        """One answer and not another: "걷기 말고 수영하는", "who swim, not walking"."""
        answers = self.phrases.fields[field.name].answers
        values = rng.sample(list(answers), 2) if len(answers) > 2 else []
        if not values or any(field.by_value[value].exclusive for value in values):
            return None
        wanted, other = (_in(answers[value], language) for value in values)
        if not other.kw or not (wanted.post if language == "en" else wanted.mod):
            return None
        said = _rather_english if language == "en" else _rather_korean
        forms = said(wanted, other, rng.choice(other.kw), rng)
        meaning = {"where": {field.name: [values[0]]}, "not": {field.name: [values[1]]}}
        return Piece(forms, meaning, tag="rather")

    def _neither(self, field: PanelField, rng: random.Random, language: Language) -> Piece | None:
        """Two answers that must both not be: "수영도 안 하고 등산도 안 하는"."""
        plain = [
            value
            for value in self.phrases.fields[field.name].answers
            if not field.by_value[value].exclusive
        ]
        if len(plain) <= _FEW:
            return None
        values = rng.sample(plain, 2)
        answers = self.phrases.fields[field.name].answers
        one, other = (_narrowed(_in(answers[value], language), rng) for value in values)
        said = neither(one, other, language)
        return _piece(said, {"not": {field.name: field.in_order(values)}}, "neither")

    def _some_but(self, field: PanelField, rng: random.Random, language: Language) -> Piece | None:
        """Any answer but one: "운동은 하지만 수영은 안 하는"."""
        said = self.phrases.fields[field.name]
        none = [a.value for a in field.answers if a.exclusive]
        some = [s for s in said.sets if s.filter == {"not": {field.name: none}}]
        value, answer = self._pick(field, rng, lambda a: bool(_in(a, language)))
        opposite = turned(_in(answer, language), language)
        if len(none) != 1 or not some or value in none:
            return None
        forms = _in(rng.choice(some), language)
        if language == "en":
            pairs = [(a, b) for a in forms.post for b in opposite.post if a.startswith("who ")]
            words = [f"{a} but {b.removeprefix('who ')}" for a, b in pairs]
            both = Forms(post=tuple(words))
        else:
            pairs = [(a, b) for a in forms.mod for b in opposite.mod]
            words = [f"{though(a, rng)} {b}" for a, b in pairs if verb_stem(a)]
            both = Forms(mod=(*words, *(f"{a} 사람 중 {b}" for a, b in pairs)))
        return _piece(both, {"not": {field.name: field.in_order([value, *none])}}, "some-but")

    def _carried(self, field: PanelField, rng: random.Random, language: Language) -> Piece | None:
        said = self.phrases.fields[field.name]
        negated = rng.random() < 0.1 and bool(said.not_carriers.ko)
        carriers = _in(said.not_carriers if negated else said.carriers, language)
        if not field.listed:
            return None
        answers = [rng.choice(field.listed)]
        if rng.random() < 0.15 and not negated:
            answers.append(rng.choice(field.listed))
        if not carriers or answers[0] in answers[1:]:
            return None
        name = _between_names(rng, language).join(_spoken(a, rng, language) for a in answers)
        forms = _filled(carriers, {"name": name})
        values = field.in_order([a.value for a in answers])
        return _piece(forms, {"not" if negated else "where": {field.name: values}}, "name")

    def _range(self, field: PanelField, rng: random.Random, language: Language) -> Piece | None:
        said: RangePhrases = rng.choice(self.phrases.fields[field.name].ranges)
        forms = _in(said, language)
        drawn = self._drawn(said.when, field, rng, language)
        if drawn is None or not forms:
            return None
        bounds, slots = drawn
        return _piece(_filled(forms, slots), {"where": {field.name: bounds}}, f"range-{said.when}")

    def _drawn(
        self, when: str, field: PanelField, rng: random.Random, language: Language
    ) -> tuple[Json, Mapping[str, str]] | None:
        """Bounds of a kind of range and the words for its slots."""
        if field.kind is Kind.BAND:
            return _draw_money(when, field, rng, language)
        if self._is_year_of_birth(field):
            return _draw_year(when, rng)
        if field.derived_from is not None or (field.unit and field.unit.en.startswith("year")):
            return _draw_age(when, rng)
        return _draw_count(when, rng)

    def _is_year_of_birth(self, field: PanelField) -> bool:
        """An age that is asked for itself is counted in years, too."""
        is_derived_from = any(f.derived_from == field.name for f in self.catalogue.fields)
        return is_derived_from or (field.min or 0) >= _FIRST_YEAR


def _draw_age(when: str, rng: random.Random) -> tuple[Json, Mapping[str, str]] | None:
    ten = rng.choice((10, 20, 20, 20, 30, 30, 30, 40, 40, 40, 50, 50, 50, 60, 60, 70, 80))
    later = min(ten + rng.choice((10, 10, 20, 30)), 80)
    n = rng.randint(15, 79)
    m = n + rng.choice((4, 5, 9, 10, 14, 15, 19, 20, rng.randint(1, 30)))
    decades = {"a": str(ten), "b": str(later)}
    one, pair = {"n": str(n), "nh": hangul_number(n, rng)}, {"a": str(n), "b": str(m)}
    tens = {"n": str(ten), "nh": hangul_number(ten, rng)}
    tens |= _word("tens", ten) | _word("st", ten)
    if when == "decades" and later == ten:
        return None
    kinds: dict[str, tuple[Json, Mapping[str, str]]] = {
        "decade": ({"min": ten, "max": ten + 9}, tens),
        "decades": ({"min": ten, "max": later + 9}, decades),
        "decade_min": ({"min": ten}, tens),
        "decade_max": ({"max": ten + 9}, tens),
        "decade_early": ({"min": ten, "max": ten + 3}, tens),
        "decade_mid": ({"min": ten + 4, "max": ten + 6}, tens),
        "decade_late": ({"min": ten + 7, "max": ten + 9}, tens),
        "exact": ({"min": n, "max": n}, one),
        "min": ({"min": n}, one),
        "max": ({"max": n}, one),
        "below": ({"max": n - 1}, one),
        "above": ({"min": n + 1}, one),
        "between": ({"min": n, "max": m}, pair),
    }
    return kinds.get(when)


def _draw_year(when: str, rng: random.Random) -> tuple[Json, Mapping[str, str]] | None:
    n = rng.randint(1945, 2009)
    m = min(n + rng.randint(1, 20), 2010)
    ten = rng.choice((1950, 1960, 1970, 1980, 1990, 2000))
    one = {"n": str(n), "yy": f"{n % 100:02d}"}
    pair = {
        "a": str(n),
        "b": str(m),
        "yy": f"{n % 100:02d}",
        "ya": f"{n % 100:02d}",
        "yb": f"{m % 100:02d}",
    }
    kinds: dict[str, tuple[Json, Mapping[str, str]]] = {
        "exact": ({"min": n, "max": n}, one),
        "decade": ({"min": ten, "max": ten + 9}, {"n": str(ten), "yy": f"{ten % 100:02d}"}),
        "between": ({"min": n, "max": m}, pair),
        "min": ({"min": n}, one),
        "max": ({"max": n}, one),
        "below": ({"max": n - 1}, one),
        "above": ({"min": n + 1}, one),
    }
    return kinds.get(when)


def _draw_count(when: str, rng: random.Random) -> tuple[Json, Mapping[str, str]] | None:
    n = rng.choice((1, 1, 2, 2, 2, 3, 3, 4))
    slots = {"n": str(n), "nh": hangul_number(n, rng), "a": str(n), "b": str(n + 1)}
    slots |= _word("nw", n) | _word("nc", n)
    kinds: dict[str, Json] = {
        "exact": {"min": n, "max": n},
        "min": {"min": n},
        "max": {"max": n},
        "below": {"max": n - 1},
        "above": {"min": n + 1},
        "between": {"min": n, "max": n + 1},
        "none": {"max": 0},
        "some": {"min": 1},
    }
    return (kinds[when], slots) if when in kinds else None


def _word(slot: str, number: int) -> dict[str, str]:
    """The slot filled with the word for a number, where there is one."""
    words = [word for word, n in COUNTED_SLOTS[slot].items() if n == number]
    return {slot: words[0]} if words else {}


def _draw_money(
    when: str, field: PanelField, rng: random.Random, language: Language
) -> tuple[Json, Mapping[str, str]] | None:
    money = korean_money if language == "ko" else english_money
    step = 100 if rng.random() < 0.85 else 50
    n = step * rng.randint(1, 1000 // step)
    m = n + 100 * rng.randint(1, 4)
    year = rng.choice(
        (2400, 3000, 3600, 4000, 4800, 5000, 6000, 7000, 7200, 8000, 9600, 10000, 12000)
    )
    slots = {
        "money": money(n, rng),
        "bare": str(n),
        "moneybare": str(n),
        "n": str(n),
        "a": str(n),
        "b": money(m, rng),
        "annual": money(year, rng),
    }
    if language == "en":
        slots |= {"a": f"{n / 100:g}", "bare": f"{n / 100:g}M"}
    numbers = {"year": year} if when.startswith("annual") else {"n": n, "a": n, "b": m}
    bounds = money_bounds(when, numbers, field)
    return (bounds, slots) if bounds is not None else None


def _official(listed: Answer, sets: Sequence[SetPhrases], language: Language) -> tuple[str, ...]:
    """How the questionnaire words an answer, but for its places for free text ("[Q13_ETC]") and for
    what people say of more answers than that one ("한달에 1회 이상").
    """
    if language == "en":
        return (listed.en,)
    of_more = [words for each in sets for words in each.ko.kw]
    return tuple(
        word
        for word in (listed.value, listed.label)
        if "[" not in word and not any(words.endswith(word) for words in of_more)
    )


def _set(said: SetPhrases, language: Language) -> Piece | None:
    unsupported = said.unsupported
    if language == "en" and said.unsupported_en:
        unsupported = said.unsupported_en
    piece = _piece(_in(said, language), said.filter, "set")
    return None if piece is None else replace(piece, unsupported=unsupported)


def _piece(forms: Forms, meaning: Json, tag: str) -> Piece | None:
    return Piece(forms, meaning, tag=tag) if forms else None


def _in(said: Said, language: Language) -> Forms:
    return said.ko if language == "ko" else said.en


FormName = Literal["mod", "noun", "post", "kw"]


def _by_form(forms: Forms) -> dict[FormName, tuple[str, ...]]:
    return {"mod": forms.mod, "noun": forms.noun, "post": forms.post, "kw": forms.kw}


def _filled(forms: Forms, slots: Mapping[str, str]) -> Forms:
    """The patterns with their slots filled; patterns with other slots fall away."""

    def fill(pattern: str) -> str | None:
        try:
            return pattern.format(**slots)
        except KeyError:
            return None

    return Forms(
        **{
            kind: tuple(filled for p in patterns if (filled := fill(p)) is not None)
            for kind, patterns in _by_form(forms).items()
        }
    )


def _spoken(answer: Answer, rng: random.Random, language: Language) -> str:
    ascii_only = language == "en"
    names = [a for a in (answer.value, *answer.aliases) if a.isascii() == ascii_only] or [
        answer.value
    ]
    if answer.en and ascii_only:
        names.append(answer.en)
    return answer.value if rng.random() < 0.4 and not ascii_only else rng.choice(names)


def _between_names(rng: random.Random, language: Language) -> str:
    return rng.choice(
        (", ", "나 ", "랑 ", " 또는 ", "이나 ") if language == "ko" else (" or ", ", ", "/")
    )


def _rather_english(wanted: Forms, other: Forms, word: str, rng: random.Random) -> Forms:
    ends = [f"{link} {word}" for link in ("but not", "and not", "rather than", "instead of")]
    ends += [
        f"but {t.removeprefix('who ')}" for t in turned(other, "en").post if t.startswith("who ")
    ]
    return Forms(post=(f"{rng.choice(wanted.post)} {rng.choice(ends)}",))


def _rather_korean(wanted: Forms, other: Forms, word: str, rng: random.Random) -> Forms:
    """ "걷기 말고 수영하는", "걷기는 안 하고 수영하는", "수영하지만 걷기 안 하는"."""
    mod = rng.choice(wanted.mod)
    ways = [f"{word} {rng.choice(('말고', '말고', '대신', '아니고'))} {mod}"]
    for opposite in turned(other, "ko").mod:
        if verb_stem(opposite):
            ways.append(f"{and_then(opposite, rng)} {mod}")
        if verb_stem(mod):
            ways.append(f"{though(mod, rng)} {opposite}")
    return Forms(mod=(ways[0] if rng.random() < 0.5 else rng.choice(ways),))


def _narrowed(said: Forms, rng: random.Random) -> Forms:
    """One form of each kind: two answers' forms together are many."""
    return Forms(**{kind: (rng.choice(w),) if w else () for kind, w in _by_form(said).items()})


def _listed(words: list[str], last: Forms, *, every: bool, rng: random.Random) -> tuple[str, ...]:
    """Names before the verb of the last: "TV 있는" → "세탁기랑 TV 있는", "세탁기, TV 다 있는"."""
    name = words[-1]
    verbs = [m.removeprefix(name) for m in last.mod if m.startswith(name)]
    verbs = [v for v in verbs if _AFTER_NAME.match(v)]
    joined = words[0]
    for word in words[1:]:
        joined += rng.choice((", ", ", ", "랑 ", "하고 ", particle(joined, "과와") + " ")) + word
    if every:
        both = ("모두", "다", "전부") if len(words) > 2 else ("모두", "다", "둘 다")
        return tuple(f"{joined}{_AFTER_NAME.sub(f' {rng.choice(both)} ', v)}" for v in verbs)
    chosen = rng.choice((", ", " 또는 ", "이나 ", " 혹은 ", "/")).join(words)
    return tuple(f"{chosen}{v}" for v in verbs)


def _joined(words: list[str], *, every: bool, language: Language, rng: random.Random) -> Forms:
    *first, last = words
    if language == "en":
        if every:
            return Forms(post=(f"with both {' and '.join([', '.join(first), last])}",))
        joined = f"{', '.join(first)} or {last}"
        return Forms(kw=(joined, ", ".join(words), "/".join(words)), post=(f"({joined})",))
    if every:
        also = "도 ".join(first) + f"도 {last}도"
        return Forms(
            mod=(
                f"{also} 해당되는",
                f"{', '.join(words)} 모두 해당하는",
                f"{'와 '.join(words)} 둘 다인",
            ),
            kw=(
                f"{also} 다",
                f"{', '.join(words)} 둘 다" if len(words) == 2 else f"{', '.join(words)} 모두",
            ),
        )
    joiner = rng.choice((", ", " ", "나 ", "랑 ", " 또는 ", "이나 ", "/", "와 ", " 혹은 ", "하고 "))
    return Forms(kw=(joiner.join(words),), mod=(f"{joiner.join(words)}인",))
