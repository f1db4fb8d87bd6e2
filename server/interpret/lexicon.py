"""Reads what a panel's phrases say word for word: certain where they account for the whole question."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise

from server.catalogue import Catalogue, Kind, PanelField, normalise
from server.errors import InvalidFilter
from server.filter import (
    LIMIT_MAX,
    NUMBER_MAX,
    Condition,
    Filter,
    Range,
    parse_filter,
)
from server.interpret.choices import BOTH, alternatives, every, values
from server.interpret.compared import COMPARES, VERB_GOES_ON, Sides, compared_groups
from server.interpret.endings import Ended, affirmed, modifiers
from server.interpret.exclusions import with_exclusions
from server.interpret.names import PARTICLES, Letters, Squeezed, ends_word, is_denial, squeeze
from server.interpret.phrase import Match, Meaning, between, without
from server.interpret.ranges import BEFORE_DIGITS, BEFORE_WORD, BEGINS_WITH_DIGITS, GOES_ON, SLOT
from server.interpret.spans import apart, is_within, joined
from server.interpret.words import read_plain_words, read_words
from server.korean import particle, verb_stem, with_ending
from server.numerals import (
    ENGLISH_NUMBERS,
    HANGUL_NUMBERS,
    MONEY_ENGLISH,
    MONEY_KOREAN,
    SLOT_NUMBERS,
    counted,
    read_money,
    slot_pattern,
)
from server.phrases import (
    FieldPhrases,
    Forms,
    Phrases,
    RangePhrases,
    Said,
    SetPhrases,
    reported,
)
from server.ranges import bounds_of, money_bounds
from server.spelling import (
    BY,
    EITHER,
    LIMIT,
    NOT,
    UNSUPPORTED,
    Reading,
    condition_lines,
    field_of,
    is_condition,
    key_of,
    opposite,
    part_of,
    range_in,
    read,
    spell,
    spell_condition,
    values_in,
    with_values,
)

# What a modifier with a slot ends in when another follows it: "차를 모는" → "차를 몰고".
_LINKING = ("고", "면서", "며", "지만", "는데", "시는", "거나", "든지")
_CHOICE = re.compile(r"(?:거나|든지)$")
_JOINS_ALTERNATIVES = re.compile(r"(?:이나|나|거나|든|든지|든가|도)$")
_ALSO = "도"
_NOUN_PARTICLE = re.compile(r"(?<=[가-힣A-Za-z0-9]{2})[은는이가을를도](?=\s)")
# "Who drives a Kia" says what "who drive a Kia" says.
_SINGULAR = re.compile(r"(?<!\w)(who [a-z]{3,6})s(?!\w)", re.IGNORECASE)
# Two decades in one phrase.
_DECADE = re.compile(r"\d0\s?(?:대|s)")
_TWO_DECADES = re.compile(
    r"\d0\s?(?:대|s)[^\d~-]*(?:와|과|랑|하고|대|,|vs\.?|versus|and|with)\s*\d0\s?(?:대|s)"
)
_NOTHING = (Meaning(()),)
# Beside a count alone: whoever they are.
_ANYBODY = re.compile(r"(?<!\w)(?:any|all|모두|전부|다)(?!\w)", re.IGNORECASE)
_EITHER = re.compile(r"(?<!\w)either(?!\w)", re.IGNORECASE)
_PAIR = 2
# Shorter names in Latin letters are words, too: IS, EX.
_NAME_LENGTH = 3
# Of two answers people say the other one.
_FEW = 2
# An ending may be longer than the 는 it stands for.
_ENDING_MAX = 3
_LISTS = ("와", "과", "이랑", "랑", "하고")
_PARTICLE = re.compile(PARTICLES)
_PARTICLE_TAIL = re.compile(rf"(?:{PARTICLES})*")
_WORD = re.compile(r"[^\s,/·()\[\]{}\"'“”‘’?!.;:+&~-]+")
_HANGUL_NUMBER = "[한두세네다섯여일곱덟아홉열스무물서른마흔쉰예순든이삼사오육칠팔구십백천]+"
# Some write "열 다섯 명".
_TENS = "(?:[이삼사오육칠팔구]?[십백]|열|스물|서른|마흔|쉰|예순|일흔|여든|아흔)"
_NATIVE_NUMBER = "[한두세네다섯여일곱덟아홉열스무물서른마흔쉰예순든]+"
# Three people or more are a bound, and people of a family no count of respondents.
_BOUND = (
    r"(?!\s*(?:이상|이하|미만|초과|넘|가족|가구|식구|자녀|아이|으로 구성"
    r"|이?\s?(?:같이\s|함께\s)?(?:사는|살고 있는)\s(?:집|가구|가정)))"
)
_AT_HOME = r"(?<!home\swith\s)(?<!homes\swith\s)(?<!home\sof\s)(?<!homes\sof\s)"
# What makes a bound of a number that was said as it is.
_NO_BOUND = r"(?!\s*(?:까지|부터|이내))"
_NOT_BOUNDED = "".join(
    rf"(?<!{word}\s)"
    for word in ("최소", "최대", "적어도", "많아야", "많아도", "at least", "at most")
)
# The ranges of a number that was said as it is.
_AS_SAID = frozenset({"exact", "decade", "band_at", "bare", "annual_bare"})
_ONLY = r"(?:만|씩|쯤|\s?정도)?(?:[을를이은는의요]|으로)?(?!\w)"
_LIMITS = (
    re.compile(BEFORE_DIGITS + rf"(?P<n>\d[\d,]*)\s*(?:명|분|개){_ONLY}{_BOUND}"),
    re.compile(BEFORE_DIGITS + rf"(?P<n>\d+)\s*(?P<place>[백천만])\s*명{_ONLY}{_BOUND}"),
    re.compile(rf"(?<!\w)(?P<place>만)\s*명{_ONLY}{_BOUND}"),
    # 4050인 are people of two decades, and 1인 is how many live together.
    re.compile(BEFORE_DIGITS + rf"(?P<n>[2-9]|\d{{2,3}})\s*인{_ONLY}{_BOUND}"),
    re.compile(rf"(?<!\w)(?P<nh>(?:{_TENS}\s)?{_HANGUL_NUMBER})\s*명{_ONLY}{_BOUND}"),
    re.compile(rf"(?<!\w)(?P<nh>(?:{_TENS}\s)?{_NATIVE_NUMBER})\s*분{_ONLY}{_BOUND}"),
    re.compile(
        rf"(?<![\w,.]){_AT_HOME}(?P<n>\d[\d,]*)\s+(?:people|persons|respondents|panelists|panel members"
        r"|participants|users|ppl|folks|individuals|customers|consumers)(?!\w)",
        re.IGNORECASE,
    ),
    # Right behind what is asked for a number is a count: "need 75 …", "looking for 60 …".
    re.compile(
        r"(?:give me|show me|find(?: me)?|get(?: me)?|i need|we need|^need|looking for|pull|recruit(?:ing)?)"
        r"\s+(?:about\s+|around\s+|up to\s+)?(?P<n>\d[\d,]*)(?=\s+(?!or\b|to\b|and\b|year|million|%|won\b|kids|children|persons?\b|members?\b)[A-Za-z])",
        re.IGNORECASE,
    ),
    re.compile(
        rf"(?<!\w)(?P<word>{'|'.join(sorted(ENGLISH_NUMBERS, key=len, reverse=True))})\s+(?:people"
        r"|persons|respondents|panelists|panel members|participants|users|ppl|folks|individuals"
        r"|customers|consumers|households|anyone|of them)(?!\w)",
        re.IGNORECASE,
    ),
    re.compile(r"(?:limit|\blist)\s+(?P<n>\d[\d,]*)(?![\w])", re.IGNORECASE),
    re.compile(r"(?<!\w)n\s?=\s?(?P<n>\d[\d,]*)(?!\w)", re.IGNORECASE),
)
_PLACES = {"": 1, "백": 100, "천": 1_000, "만": 10_000}
# A number before these may be a model's: iPhone 16 users.
_USERS = re.compile(r"\busers$", re.IGNORECASE)
_DISTRIBUTION = "분포도?|비율|구성비?|비중|순위|현황|통계|인원수?|비교|차이"
_BY_KOREAN = rf"\s*(?:별(?:로)?(?:\s*(?:{_DISTRIBUTION}))?|(?:{_DISTRIBUTION}))(?:\s*(?:로|은|는|을|를|이|가|도))?(?!\w)"
_BY_ENGLISH = (
    r"(?:(?:broken down|split|grouped|segmented|(?:cross-)?tabulated|sliced|divided) by|by|per)\s+"
)
# Who wants a thing does not have it; who works in a place may live in another.
_WISH = re.compile(
    r"(?<!\w)(?:(?:who|that|and)\s(?:[a-z]+\s){0,2}(?:want|need|would like|are looking)"
    r"|interested in|willing to|(?:people|persons|women|men|those|anyone) looking for)(?!\w)"
    r"|싶어\s?하",
    re.IGNORECASE,
)
_PLACE = "에서"
# Whose a condition is right before or behind these, a list of phrases cannot tell.
_KIN = re.compile(
    r"(?:자녀|아이(?=[가는를들도\s])|아들|딸|부모|남편|아내|배우자|형제|자매)"
    r"|(?:children|child|kids?|sons?|daughters?|parents?|mothers?|fathers?|moms?|dads?"
    r"|husbands?|wife|wives)\b",
    re.IGNORECASE,
)
_PARENTS, _SUBJECT = ("엄마", "아빠"), ("이", "가")
# What a condition ends in that goes on to another one, or to a noun, of the same person.
_OF_ONE_PERSON = (*VERB_GOES_ON, "는", "거나", "은데")
# What others do is not what the respondent does.
_OTHERS = re.compile(r"(?<!\w)(?:애들|친구들)[이은]\s")
# Two of a list: "맥주와 와인을 안 마시는", "don't drink beer or wine".
_IN_A_LIST = re.compile(
    r"\s*(?:와|과|이?랑|이?나|하고|및|or|and)?\s*[,/·]?\s*(?:or|and)?\s*(?:an? )?", re.IGNORECASE
)
# Who drinks is whoever is not without a drink: said without a word that denies.
_DENIES = re.compile(
    r"안|않|없|못|아닌|n't|\b(?:no|not|never|without|neither|nor)\b", re.IGNORECASE
)
_REQUEST = re.compile(
    r"(?:뽑아|추려|골라|찾아|보여|알려|구해|모아|꺼내|섭외해|추출해|검색해|조회해)[가-힣]{0,6}|뽑을[가-힣]{0,3}"
)
# Whether there are such people, and how many: what is asked anyway.
_ASKS = re.compile(
    r"(?<=[자널원객구정집층룹단분람])(?:들)?[이은는]?\s(?:있나요|있어요?|있을까요?|있나|없나요?|얼마나\s(?:되나요|돼|있어|있나요|있을까요))(?!\w)"
    r"|(?<!\w)how many(?!\w)",
    re.IGNORECASE,
)
_SLOTS = {
    "n": r"\d{1,4}", "a": r"\d{1,4}", "b": r"\d{1,4}", "yy": r"\d{2}", "ya": r"\d{2}",
    "yb": r"\d{2}", "nh": _HANGUL_NUMBER, "bare": r"\d[\d,]*", "moneybare": r"\d[\d,]*",
}  # fmt: skip
# Amounts of money that people also say without their unit: "월급 300 이상 500 미만", "연봉 5000".
_AMOUNTS = {"a": r"\d{1,5}", "b": r"\d{1,5}", "annual": r"\d{4,5}"}


@dataclass(frozen=True, slots=True)
class LexiconReading:
    """What the phrases of a question say; `complete` when they account for all of it, one way.

    `groups` are the lines of groups that the question compares or of which one must hold.
    """

    reading: Reading
    matches: tuple[Match, ...]
    complete: bool
    groups: tuple[str, ...] = ()


class Lexicon:
    """A panel's phrases, names and patterns, ready to be found in questions."""

    def __init__(self, catalogue: Catalogue, phrases: Phrases) -> None:
        self._catalogue = catalogue
        adverbs = read_words("adverbs")
        self._glue = read_plain_words(turning=False) | adverbs
        self._verbs = read_words("verbs")
        any_adverb = "|".join(sorted(adverbs, key=len, reverse=True))
        self._adverbs = re.compile(
            rf"(?<!\w)(?:{any_adverb})(?!\w)".replace("_", r"\s?"), re.IGNORECASE
        )
        index: dict[str, tuple[Meaning, ...]] = {}
        # Nearly all of the tens of thousands of phrases mean one of a thousand things.
        alone: dict[Meaning, tuple[Meaning]] = {}
        for text, meaning in fixed_phrases(catalogue, phrases):
            key = normalise(text)
            if len(key) > 1 and not key.isdecimal():
                known = index.get(key)
                if known is None:
                    index[key] = alone.setdefault(meaning, (meaning,))
                elif meaning not in known:
                    index[key] = (*known, meaning)
        self._index: Mapping[str, tuple[Meaning, ...]] = index
        self._longest = max(map(len, self._index), default=0)
        self._patterns = tuple(_patterns(catalogue, phrases))
        self._letters = Letters(catalogue.fields)
        everyone = sorted(
            (*phrases.outside.everyone.ko, *phrases.outside.everyone.en), key=len, reverse=True
        )
        self._everyone = re.compile(
            "|".join(re.escape(text).replace(r"\ ", r"\s*") for text in everyone) or r"(?!)",
            re.IGNORECASE,
        )
        self._carriers = {
            f.name: _Carriers.of(phrases.fields[f.name]) for f in catalogue.fields if f.is_long
        }
        self._names = _long_names(catalogue, self._glue)
        # Korean ones: in English a name may be the verb itself (drinks).
        self._field_names = {
            f.name: tuple(map(normalise, phrases.fields[f.name].by.ko)) for f in catalogue.fields
        }

    def read(self, question: str) -> LexiconReading:
        """The phrases in the question and what they say together."""
        matches = with_exclusions(question, self.find(question))
        if self._asks_for_everyone(question, matches):
            return LexiconReading(Reading(Filter()), matches, True)
        compared = compared_groups(question, matches)
        if not compared:
            matches = joined(question, matches)
        sides = compared or alternatives(question, matches) or apart(question, matches)
        first, last = (sides[0][0], sides[-1][1]) if sides else (0, 0)
        groups = self._grouped(matches, sides)
        chosen = tuple(values(question, matches))
        both = frozenset(every(question, matches))
        lines, one_way = self._together(
            question, (*matches[:first], *matches[last:]), {name for name, _, _ in chosen}, both
        )
        place = sum(map(is_condition, lines))
        lines[place:place] = groups
        try:
            reading = read("".join(f"{line}\n" for line in lines), self._catalogue)
        except InvalidFilter:
            return LexiconReading(Reading(Filter()), matches, False)
        said = reading.filter != Filter() or bool(reading.unsupported)
        plain = _ASKS.sub(_blank, COMPARES.sub(_blank, question) if compared else question)
        links = () if compared else sides[1:]
        joints = [(matches[n - 1].end, matches[n].start) for n, _ in links]
        plain = BOTH.sub(_blank, plain) if both else plain
        for start, end in (*joints, *((start, end) for _, start, end in chosen)):
            plain = f"{plain[:start]}{' ' * (end - start)}{plain[end:]}"
        if links:
            plain = _EITHER.sub(_blank, plain)
        if reading.filter == Filter(limit=reading.filter.limit):
            plain = _ANYBODY.sub(_blank, plain)
        complete = one_way and said and self._is_glue(plain, matches)
        return LexiconReading(reading, matches, complete, groups)

    def _asks_for_everyone(self, question: str, matches: Sequence[Match]) -> bool:
        """Whether a word for everyone is all that is said, beside what asks for nothing."""
        return (
            all(match.meanings == _NOTHING for match in matches)
            and self._everyone.search(question) is not None
            and self._is_glue(self._everyone.sub(_blank, question), matches)
        )

    def find(self, question: str) -> tuple[Match, ...]:
        """The phrases, names and patterns in the question, longest first where they overlap."""
        squeezed = squeeze(question)
        bare = _NOUN_PARTICLE.sub(" ", self._adverbs.sub(_blank, question))
        bare = _SINGULAR.sub(r"\1 ", bare)
        texts = (squeezed,) if bare == question else (squeezed, squeeze(bare))
        found = [m for text in texts for m in (*self._phrases_in(text), *self._names_in(text))]
        found += [match for pattern in self._patterns for match in pattern.find(question)]
        found += [
            Match((Meaning((letter.line,)),), letter.start, letter.end)
            for letter in self._letters.find(question)
        ]
        if COMPARES.search(question) and len(_DECADE.findall(question)) == _PAIR:
            # Together they are one range, but these two are to be told apart.
            found = [m for m in found if not _TWO_DECADES.search(question[m.start : m.end])]
        found.sort(key=lambda match: (match.start - match.end, match.start))
        kept: list[Match] = []
        for match in found:
            if not any(k.start < match.end and match.start < k.end for k in kept):
                kept.append(match)
        kept = [match for match in kept if not self._is_in_a_name(match, squeezed)]
        kept += [
            m
            for m in _limits(question)
            if not any(k.start < m.end and m.start < k.end for k in kept)
            and not (_USERS.search(question[m.start : m.end]) and _follows(question, m, kept))
        ]
        return tuple(sorted(kept, key=lambda match: match.start))

    def _is_in_a_name(self, match: Match, squeezed: Squeezed) -> bool:
        """Whether it is the beginning of the name of its own field: 피부 만족 of 피부 만족도."""
        if len(match.names) != 1:
            return False
        (name,) = match.names
        end = match.end - len(match.tail)
        return any(
            squeezed.places[start] == match.start
            and squeezed.text.startswith(said, start)
            and squeezed.places[start + len(said) - 1] >= end
            for start in squeezed.starts
            for said in self._field_names.get(name, ())
        )

    def _phrases_in(self, squeezed: Squeezed) -> Iterator[Match]:
        for start in squeezed.starts:
            longest = start + self._longest + _ENDING_MAX
            for stop in range(min(len(squeezed.text), longest), start, -1):
                meanings, choice = self._meanings(squeezed.text[start:stop])
                if meanings and ends_word(squeezed, stop):
                    yield _match(meanings, squeezed, start, stop, choice)
                    break

    def _meanings(self, key: str) -> tuple[tuple[Meaning, ...], str]:
        """What a phrase means, and the ending of choice at its end: "차있거나" says "차있는".

        "TV도없는" says what "TV없는" says.
        """
        for ended in (Ended(key), *modifiers(key)):
            found = self._index.get(ended.modifier)
            if not found and key.isascii():
                found = self._index.get(f"who{key}")
            if not found and _ALSO in ended.modifier[1:-1]:
                found = self._index.get(_without_also(ended.modifier))
            found = found or self._denied(ended.modifier)
            if found:
                return found, ended.choice
        return (), ""

    def _denied(self, modifier: str) -> tuple[Meaning, ...]:
        """What a modifier that says no means, where only its opposite is known: one answer of
        several, or not.
        """
        for said in affirmed(modifier):
            found = self._index.get(said) or self._index.get(_without_also(said))
            if found and len(found) == 1 and self._can_deny(found[0]):
                line = opposite(found[0].lines[0])
                # "Both are lacking" says so of each.
                return (Meaning((line.replace("*=", "=", 1) if part_of(line) == NOT else line,)),)
            if found and all(meaning.unsupported and meaning.lines for meaning in found):
                # No cat is not no pet: the panel cannot tell.
                return (Meaning((), unsupported=True),)
        return ()

    def _can_deny(self, meaning: Meaning) -> bool:
        """Whether it is one condition on a field with more than two answers."""
        if meaning.unsupported or len(meaning.lines) != 1:
            return False
        (line,) = meaning.lines
        if part_of(line) >= EITHER or range_in(line):
            return False
        return len(self._catalogue.field(field_of(line)).listed) > _FEW

    def _names_in(self, squeezed: Squeezed) -> Iterator[Match]:
        for start in squeezed.starts:
            if is_denial(squeezed, start):
                continue
            for stop in range(min(len(squeezed.text), start + self._names.longest), start, -1):
                said = squeezed.text[start:stop]
                for line in self._names.index.get(said, ()):
                    carriers = self._carriers[field_of(line)]
                    first, last, choice, mark = carriers.widen(squeezed, start, stop)
                    is_bare = (first, last) == (start, stop)
                    if ends_word(squeezed, last) and not (is_bare and said in self._names.words):
                        meaning = Meaning((f"{mark}{line}",))
                        yield _match((meaning,), squeezed, first, last, choice)

    def _together(
        self, question: str, matches: Sequence[Match], chosen: Set[str], both: Set[str]
    ) -> tuple[list[str], bool]:
        """The lines of all matches, in the spelling's order, and whether there is but one way.

        Of the `chosen` fields a word says that any of the values will do, of `both` that all must.
        """
        lines: dict[tuple[str, str], str] = {}
        unsupported: list[str] = []
        by: list[str] = []
        limits: list[str] = []
        one_way = True
        implied = {
            n for n, pair in enumerate(pairwise(matches)) if self._is_said_by(question, *pair)
        }
        for number, match in enumerate(matches):
            if number in implied:
                continue
            one_way &= len(match.meanings) == 1 and not self._joins(match, matches[number + 1 :])
            meaning = match.meanings[0]
            if meaning.unsupported:
                unsupported += (
                    [reported(question[match.start : match.end - len(match.tail)].strip())]
                    if not meaning.lines
                    else [line[1:] for line in meaning.lines if part_of(line) == UNSUPPORTED]
                )
            by += [line for line in meaning.lines if part_of(line) == BY]
            limits += [line for line in meaning.lines if part_of(line) == LIMIT]
            for line in filter(is_condition, meaning.lines):
                is_other = part_of(line) != NOT and lines.get(key_of(line), line) != line
                one_way &= not is_other or _follows_its_like(matches, number)
                one_way &= self._add(lines, line, chosen | both)
        for (mark, name), line in lines.items():
            if not mark and name in both and self._catalogue.field(name).kind is Kind.MULTI:
                lines[mark, name] = line.replace(f"{name}=", f"{name}*=")
        for name in [name for mark, name in lines if mark and ("", name) in lines]:
            some, none = lines["", name], lines["-", name]
            if not self._are_exclusive(some):
                # Who drinks wine drinks.
                left = [v for v in values_in(none) if not self._are_exclusive(f"{name}={v}")]
                del lines["-", name]
                if left:
                    lines["-", name] = none = with_values(none, left)
            if ("-", name) in lines and set(values_in(none)) & set(values_in(some)):
                one_way &= _is_part(none, some)
        one_way &= len(set(limits)) < 2 and all(phrase in question for phrase in unsupported)
        ordered = sorted(lines.values(), key=lambda line: (part_of(line) == NOT, self._place(line)))
        asked = [f"?{phrase}" for phrase in sorted(dict.fromkeys(unsupported), key=question.find)]
        return [*ordered, *dict.fromkeys(by), *limits[:1], *asked], one_way

    def _is_said_by(self, question: str, one: Match, other: Match) -> bool:
        """Whether the match is but the maker's name right before a model's: "BMW X5"."""
        if not (one.says_one_thing and other.says_one_thing) or one.tail:
            return False
        child = self._catalogue.field(field_of(other.line))
        if child.kind is Kind.TEXT or child.parent != field_of(one.line):
            return False
        finer = values_in(other.line)
        parents = {answer.parent for answer in child.listed if answer.value in finer}
        return parents == set(values_in(one.line)) and not question[one.end : other.start].strip()

    def _are_exclusive(self, line: str) -> bool:
        """Whether none of the line's values goes with another answer."""
        by_value = self._catalogue.field(field_of(line)).by_value
        return all(v in by_value and by_value[v].exclusive for v in values_in(line))

    def _grouped(self, matches: Sequence[Match], sides: Sides) -> tuple[str, ...]:
        """The lines of the groups, each in the catalogue's order."""
        lines: list[str] = []
        for first, last in sides:
            said = [line for m in matches[first:last] for line in m.lines]
            said.sort(key=self._place)
            lines += [f"{'&' if number else '/'}{line}" for number, line in enumerate(said)]
        return tuple(lines)

    def _place(self, line: str) -> int:
        return self._catalogue.position(field_of(line))

    def _add(self, lines: dict[tuple[str, str], str], line: str, chosen: Set[str]) -> bool:
        """Take a condition in; values of one field are alternatives. False when they clash."""
        mark, name = key_of(line)
        listed = self._catalogue.field(name)
        contrary = lines.get(key_of(opposite(line)))
        if contrary is not None and listed.kind is not Kind.MULTI:
            some, none = (contrary, line) if mark else (line, contrary)
            if not _is_part(none, some):
                return False
        known = lines.setdefault((mark, name), line)
        if known == line:
            return True
        if range_in(line) or range_in(known) or "*=" in line or "*=" in known:
            return False
        if not mark and set(values_in(known)) & set(values_in(line)):
            return False  # "lives with others, in a family of three": not any of both
        kept = _in_order({*values_in(known), *values_in(line)}, listed)
        lines[mark, name] = with_values(line, kept)
        return bool(mark) or listed.kind is not Kind.MULTI or name in chosen

    def _joins(self, match: Match, later: Sequence[Match]) -> bool:
        """Whether a particle makes this and the next one of another field alternatives, or this one
        of the fields of a breakdown.
        """
        if later and match.tail in _LISTS and later[0].names_breakdown:
            return True
        if not later or not _JOINS_ALTERNATIVES.search(match.tail):
            return False
        return match.tail.endswith("도") or later[0].names != match.names

    def _is_glue(self, question: str, matches: Sequence[Match]) -> bool:
        """Whether what no phrase accounts for are words that say nothing of their own."""
        rest = without(question, matches)
        if any(said.search(rest) for said in (_WISH, _OTHERS)) or any(
            _is_of_kin(question, *pair) or _may_share_a_denial(question, *pair)
            for pair in pairwise(matches)
        ):
            return False
        ends = {
            m.end
            for m in matches
            if m.lines
            and not m.tail.endswith((*_LISTS, _PLACE))
            and not _JOINS_ALTERNATIVES.search(m.tail)
        }
        for found in _WORD.finditer(rest):
            key = normalise(found[0])
            if key in self._verbs and len(question[: found.start()].rstrip()) in ends:
                continue
            if _JOINS_ALTERNATIVES.search(key) or not self._says_nothing(key):
                return False
        return True

    def _says_nothing(self, word: str) -> bool:
        """Whether it is a particle, or a plain word, perhaps with particles behind it."""
        if word in self._glue or _PARTICLE.fullmatch(word) or _REQUEST.fullmatch(word):
            return True
        parts = ((word[:n], word[n:]) for n in range(2, len(word)))
        return any(stem in self._glue and _PARTICLE_TAIL.fullmatch(tail) for stem, tail in parts)


def _may_share_a_denial(question: str, one: Match, other: Match) -> bool:
    """Whether what is denied of the last of a list (in English of the first) may be of both."""
    if not all(m.is_plain and len(m.lines) == 1 for m in (one, other)):
        return False
    (mark, name), (other_mark, other_name) = key_of(one.line), key_of(other.line)
    is_english = question[one.start : other.end].isascii()
    if name != other_name or (mark, other_mark) != (("-", "") if is_english else ("", "-")):
        return False
    said = question[one.start : one.end - len(one.tail)]
    denial = said if is_english else question[other.start : other.end]
    return (
        not said.endswith((*VERB_GOES_ON, "는", "도"))
        and _DENIES.search(denial) is not None
        and _IN_A_LIST.fullmatch(between(question, one, other)) is not None
    )


def _is_of_kin(question: str, one: Match, other: Match) -> bool:
    """Whether a condition may be that of the respondent's family: 성인 자녀 있는, parents of smokers."""
    if not (one.names and other.names) or other.names_breakdown:
        return False
    if one.tail:
        return one.tail in _SUBJECT and question.startswith(_PARENTS, one.start)
    link = question[one.end : other.start].strip().lower()
    said = question[one.start : one.end]
    if not link:
        return not said.endswith(_OF_ONE_PERSON) and _KIN.match(question, other.start) is not None
    if link in ("to", "to a", "to an"):
        return said.lower().endswith("married")
    return link in ("of", "with") and _KIN.match(said) is not None


def _follows_its_like(matches: Sequence[Match], number: int) -> bool:
    """Whether the last phrase before this one is of the same field: whose phone is in Ulsan, of "S23
    owners in Ulsan, S22 owners in Changwon", a list of phrases cannot tell.
    """
    before = [m for m in matches[:number] if m.lines]
    return bool(matches[number].names & before[-1].names)


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of long lists, squeezed, and the condition of each.

    `words` are those that say nothing alone: a car may be called IS, EX or Pilot and cigarettes The
    One, but "is", "ex-smoker", "pilot study" and "the ones" name none.
    """

    index: Mapping[str, tuple[str, ...]]
    words: frozenset[str]
    longest: int


def _long_names(catalogue: Catalogue, plain: Set[str]) -> _Names:
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
                    if is_short or key in homonyms or plain >= set(f"{text}s".lower().split()):
                        words.add(key)
    kept = {key: tuple(found) for key, found in index.items() if len(found) == 1}
    return _Names(kept, frozenset(words), max(map(len, kept), default=0))


@dataclass(frozen=True, slots=True)
class _Carriers:
    """What stands round a name: "who drive a {name}", "{name} 타거나", "{name} 안 타는"; each as
    before, after, the ending of choice, and the mark of its condition.
    """

    around: tuple[tuple[str, str, str, str], ...]

    @classmethod
    def of(cls, phrases: FieldPhrases) -> "_Carriers":
        around = {
            (normalise(before), after, _choice(text), mark)
            for carriers, mark in ((phrases.carriers, ""), (phrases.not_carriers, "-"))
            for forms in (carriers.ko, carriers.en)
            for form in said_forms(forms)
            if form.count("{name}") == 1
            for said in dict.fromkeys((form, form.replace(" a {name}", " an {name}")))
            for whole in dict.fromkeys((said, *_without_who(said)))
            for text in _linked_forms(whole)
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


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A phrase with slots for numbers."""

    regex: re.Pattern[str]
    line_of: Callable[[re.Match[str]], str | None] = field(compare=False)

    def find(self, question: str) -> Iterator[Match]:
        for match in self.regex.finditer(question):
            line = self.line_of(match)
            if line is not None:
                yield Match((Meaning((line,)),), match.start(), match.end(), _choice(match[0]))


def words_of(question: str, said: LexiconReading) -> tuple[tuple[str, ...], ...]:
    """The words of each condition, in `placed_conditions` order."""
    words: dict[tuple[str, str], list[str]] = {}
    alone: dict[str, list[str]] = {}
    for match in said.matches:
        for line in match.lines:
            phrase = question[match.start : match.end]
            words.setdefault(key_of(line), []).append(phrase)
            alone.setdefault(line, []).append(phrase)
    return tuple(
        tuple(alone.get(line[1:], ()) if part_of(line) == EITHER else words.get(key_of(line), ()))
        for line in condition_lines(said.reading.filter)
    )


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


def _choice(text: str) -> str:
    """The ending of choice of a phrase, or none: "타거나" ends in "거나"."""
    found = _CHOICE.search(text)
    return found[0] if found else ""


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


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


def _lines(reading: Reading, catalogue: Catalogue) -> tuple[str, ...]:
    """The lines of a reading, values in the catalogue's order: what means the same is the same."""
    return tuple(
        line
        if part_of(line) >= EITHER or range_in(line)
        else with_values(line, _in_order(values_in(line), catalogue.field(field_of(line))))
        for line in spell(reading).splitlines()
    )


def _in_order(values: Iterable[str], listed: PanelField) -> list[str]:
    """Values in the catalogue's order; what it does not list comes last."""
    order = list(listed.by_value)
    return sorted(values, key=lambda v: order.index(v) if v in order else len(order))


def _as(said: Said, meaning: Meaning) -> Iterator[tuple[str, Meaning]]:
    yield from ((text, meaning) for forms in (said.ko, said.en) for text in said_forms(forms))


def said_forms(forms: Forms) -> Iterator[str]:
    """Every form of a phrase; modifiers with and without particles."""
    yield from (*forms.noun, *forms.post, *forms.kw)
    for modifier in forms.mod:
        yield from _with_particles(modifier)


def _linked_forms(text: str) -> Iterator[str]:
    """A modifier as it stands before a noun, before another modifier, and as an alternative."""
    yield text
    stem = f"{text[:-1]}이" if text.endswith("인") else verb_stem(text)
    if stem is not None:
        yield from (with_ending(stem, ending) for ending in _LINKING)


def _with_particles(modifier: str) -> Iterator[str]:
    """ "술을 마시는", "술 마시는", "술은 마시는": people leave a particle out, put one in, or say 은."""
    yield modifier
    first, space, rest = modifier.partition(" ")
    if not space:
        return
    if first[-1] in "을를이가" and len(first) > 1:
        noun = first[:-1]
        yield f"{noun} {rest}"
        yield f"{noun}{particle(noun, '은는')} {rest}"
    elif " " not in rest and rest.endswith("는"):
        yield f"{first}{particle(first, '을를')} {rest}"
        yield f"{first}{particle(first, '은는')} {rest}"


def _patterns(catalogue: Catalogue, phrases: Phrases) -> Iterator[_Pattern]:
    for panel_field in catalogue.fields:
        said = phrases.fields[panel_field.name]
        for each in said.ranges:
            for forms, money in ((each.ko, MONEY_KOREAN), (each.en, MONEY_ENGLISH)):
                for text in dict.fromkeys(_spaced(t, said.by.ko) for t in said_forms(forms)):
                    amounts = _AMOUNTS if panel_field.kind is Kind.BAND else {}
                    slots = {name: rf"{money}|{bare}" for name, bare in amounts.items()}
                    regex = _slotted(text, money, slots, is_bound=each.when not in _AS_SAID)
                    yield _Pattern(regex, _reader(panel_field, each))
        yield from (_by_pattern(panel_field, text, korean=True) for text in said.by.ko)
        yield from (_by_pattern(panel_field, text, korean=False) for text in said.by.en)


def _spaced(text: str, names: Iterable[str]) -> str:
    """The text with a field's name in it written apart, where one is: people leave blanks out."""
    for name in names:
        text = text.replace(name.replace(" ", ""), name)
    return text


def _by_pattern(panel_field: PanelField, text: str, *, korean: bool) -> _Pattern:
    name = re.escape(text).replace(r"\ ", r"\s*" if korean else r"\s+")
    pattern = rf"(?<!\w){name}{_BY_KOREAN}" if korean else rf"(?<!\w){_BY_ENGLISH}{name}(?!\w)"
    line = f">{panel_field.name}"
    return _Pattern(re.compile(pattern, re.IGNORECASE), lambda _: line)


def _slotted(text: str, money: str, slots: Mapping[str, str], *, is_bound: bool) -> re.Pattern[str]:
    def slot(found: re.Match[str]) -> str:
        name = found[1]
        return rf"(?P<{name}>{slot_pattern(name) or slots.get(name) or _SLOTS.get(name, money)})"

    escaped = SLOT.sub(slot, re.escape(text)).replace(r"\ ", r"\s*")
    last = [form[len(text) - 2 :] for form in _linked_forms(text)]
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


def _reader(panel_field: PanelField, said: RangePhrases) -> Callable[[re.Match[str]], str | None]:
    def line_of(match: re.Match[str]) -> str | None:
        bounds = _bounds(panel_field, said.when, match.groupdict())
        if bounds is None:
            return None
        low, high = panel_field.min or 0, panel_field.max or NUMBER_MAX
        if not all(low <= bound <= high for bound in bounds.values()):
            return None
        if bounds.get("min") == low and "max" in bounds:
            del bounds["min"]  # nobody has fewer
        return spell_condition(
            Condition(panel_field.name, Range(bounds.get("min"), bounds.get("max")))
        )

    return line_of


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


def _follows(question: str, match: Match, before: Iterable[Match]) -> bool:
    """Whether nothing but a space stands between it and one of those before: "iPhone 16 users"."""
    return any(m.end < match.start and not question[m.end : match.start].strip() for m in before)


def _limits(question: str) -> Iterator[Match]:
    for pattern in _LIMITS:
        for match in pattern.finditer(question):
            slots = match.groupdict()
            if "word" in slots:
                n: int | None = ENGLISH_NUMBERS[slots["word"].lower()]
            elif "nh" in slots:
                n = HANGUL_NUMBERS.get(slots["nh"].replace(" ", ""))
            else:
                n = int(slots.get("n", "1").replace(",", "")) * _PLACES[slots.get("place", "")]
            if n and n <= LIMIT_MAX:
                yield Match((Meaning((f"#{n}",)),), match.start(), match.end())


def _match(
    meanings: tuple[Meaning, ...], squeezed: Squeezed, start: int, stop: int, choice: str = ""
) -> Match:
    """The match with the particles behind it, which belong to it, and its ending of choice."""
    end = stop if stop in squeezed.starts else squeezed.word_end(stop - 1)
    return Match(
        meanings,
        squeezed.places[start],
        squeezed.places[end - 1] + 1,
        choice + squeezed.text[stop:end],
    )


def _without_also(key: str) -> str:
    return key[0] + key[1:].replace(_ALSO, "", 1)


def _is_part(none: str, some: str) -> bool:
    """Whether what must not be is a part of what may be: the capital area, but not Seoul."""
    return set(values_in(none)) < set(values_in(some)) or is_within(none, some)
