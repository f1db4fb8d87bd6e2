"""Reads what a panel's phrases say word for word: certain where they account for the whole question."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from server.catalogue import Catalogue, Kind, normalise
from server.errors import InvalidFilter
from server.filter import Filter, Values
from server.interpret.carried import Carriers, long_names
from server.interpret.choices import (
    BOTH,
    JOINS_ALTERNATIVES,
    LISTS,
    VERB_OR,
    alternatives,
    every,
    values,
)
from server.interpret.compared import (
    COMPARES,
    Sides,
    compared_groups,
    decades_apart,
    may_be_lists,
    may_compare,
)
from server.interpret.doubts import in_doubt
from server.interpret.endings import Ended, affirmed, modifiers
from server.interpret.exclusions import may_leave_out_less, with_exclusions
from server.interpret.fixed import fixed_phrases
from server.interpret.names import Letters, Squeezed, ends_word, is_denial, squeeze
from server.interpret.phrase import Match, Meaning, between, overlap
from server.interpret.rest import Rest
from server.interpret.slotted import patterns
from server.interpret.spans import apart, is_within, joined
from server.interpret.wanted import wanted
from server.interpret.words import read_plain_words, read_words
from server.phrases import Phrases, reported
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
    values_in,
    with_values,
)

_ALSO = "도"
_NOUN_PARTICLE = re.compile(r"(?<=[가-힣A-Za-z0-9]{2})[은는이가을를도](?=\s)")
# "Who drives a Kia" says what "who drive a Kia" says.
_SINGULAR = re.compile(r"(?<!\w)(who [a-z]{3,6})s(?!\w)", re.IGNORECASE)
# What makes a phrase describe the one behind it: 은퇴한 전문직, 부산 사람인데 서울 사는.
_DESCRIBES = re.compile(r"(?:[는한인은된]|(?:고|며|면서|지만|데),?)$")
_NOTHING = (Meaning(()),)
# Beside a count alone: whoever they are.
_ANYBODY = re.compile(r"(?<!\w)(?:any|all|모두|전부|다)(?!\w)", re.IGNORECASE)
_EITHER = re.compile(r"(?<!\w)either(?!\w)", re.IGNORECASE)
# Of two answers people say the other one.
_FEW = 2
# An ending may be longer than the 는 it stands for.
_ENDING_MAX = 3
# Whether there are such people, and how many: what is asked anyway.
_ASKS = re.compile(
    r"(?<=[자널원객구정집층룹단분람])(?:들)?[이은는]?\s(?:있나요|있어요?|있을까요?|있나|없나요?|얼마나\s(?:되나요|돼|있어|있나요|있을까요))(?!\w)"
    r"|(?<!\w)how many(?!\w)",
    re.IGNORECASE,
)


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
        plain = read_plain_words(turning=False) | adverbs
        self._plain = plain
        self._rest = Rest(plain, phrases.fields)
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
        self._patterns = tuple(patterns(catalogue, phrases))
        self._letters = Letters(catalogue.fields)
        everyone = sorted(
            (*phrases.outside.everyone.ko, *phrases.outside.everyone.en), key=len, reverse=True
        )
        self._everyone = re.compile(
            "|".join(re.escape(text).replace(r"\ ", r"\s*") for text in everyone) or r"(?!)",
            re.IGNORECASE,
        )
        self._carriers = {
            f.name: Carriers.of(phrases.fields[f.name]) for f in catalogue.fields if f.is_long
        }
        self._names = long_names(catalogue, plain)
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
        if may_be_lists(question, matches, compared):
            compared = ()
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
        one_way &= not may_leave_out_less(question, matches) and not in_doubt(plain, matches)
        one_way &= bool(compared) or not may_compare(question, matches)
        one_way &= not self._asks_which(question, reading.filter)
        complete = one_way and said and self._rest.says_nothing(plain, matches)
        return LexiconReading(reading, matches, complete, groups)

    def _asks_for_everyone(self, question: str, matches: Sequence[Match]) -> bool:
        """Whether a word for everyone is all that is said, beside what asks for nothing."""
        return (
            all(match.meanings == _NOTHING for match in matches)
            and self._everyone.search(question) is not None
            and not in_doubt(question, matches)
            and self._rest.says_nothing(self._everyone.sub(_blank, question), matches)
        )

    def _asks_which(self, question: str, query: Filter) -> bool:
        """Whether all answers are named to be told apart: "who drinks wine, men or women?"."""
        return question.endswith("?") and any(
            isinstance(c.constraint, Values)
            and len(c.constraint.values) == len(self._catalogue.field(c.field).listed)
            for c in query.where
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
        found = decades_apart(question, found)
        found.sort(key=lambda match: (match.start - match.end, match.start))
        kept: list[Match] = []
        for match in found:
            if not any(overlap(match, longer) for longer in kept):
                kept.append(match)
        kept = [
            match
            for match in kept
            if not self._is_in_a_name(match, squeezed) and not self._is_word(question, match)
        ]
        return tuple(sorted((*kept, *wanted(question, kept)), key=lambda match: match.start))

    def _is_word(self, question: str, match: Match) -> bool:
        """Whether it is a word of every day: work may be in "IT", but "it" names none."""
        said = question[match.start : match.end]
        return said.islower() and said.isascii() and said in self._plain

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
            n for pair in enumerate(pairwise(matches)) for n in self._implied(question, *pair)
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
                one_way &= not (is_other and self._is_described(question, matches, number))
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

    def _implied(self, question: str, number: int, pair: tuple[Match, Match]) -> Iterator[int]:
        """The place of what is said by the match beside it, given the first one's place: the maker
        of "BMW X5", the city of "수원 영통" and of "Yeongtong, Suwon".
        """
        one, other = pair
        if not (one.says_one_thing and other.says_one_thing):
            return
        link = between(question, one, other).strip()
        is_address = link == "," and question[one.start : other.end].isascii()
        if not link and (self._is_said_by(one, other) or self._is_whole_of(one, other)):
            yield number
        elif (not link or is_address) and self._is_whole_of(other, one):
            yield number + 1

    def _is_said_by(self, one: Match, other: Match) -> bool:
        """Whether the match is but the maker's name of the other one's models."""
        child = self._catalogue.field(field_of(other.line))
        if child.kind is Kind.TEXT or child.parent != field_of(one.line):
            return False
        finer = values_in(other.line)
        parents = {answer.parent for answer in child.listed if answer.value in finer}
        return parents == set(values_in(one.line))

    def _is_whole_of(self, one: Match, other: Match) -> bool:
        """Whether the other one's answer lies in this one's, as its names say: 수원시 영통구."""
        if one.names != other.names:
            return False
        wholes, parts = values_in(one.line), values_in(other.line)
        by_value = self._catalogue.field(field_of(other.line)).by_value
        return all(
            part in by_value
            and any(name.startswith(f"{whole} ") for name in by_value[part].aliases)
            for whole in wholes
            for part in parts
        )

    def _is_described(self, question: str, matches: Sequence[Match], number: int) -> bool:
        """Whether the match before this one says more of it, and names no other answer: both "은퇴한"
        and "전문직" hold, as do "retired" and "teachers".
        """
        one, other = matches[number - 1], matches[number]
        link = question[one.end : other.start].strip()
        if one.names.isdisjoint(other.names) or link not in ("", ",") or one.tail in LISTS:
            return False
        said = question[one.start : one.end]
        if said.isascii():
            return not link
        return bool(_DESCRIBES.search(said + link)) and normalise(said) not in self._names.index

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
        kept = listed.in_order((*values_in(known), *values_in(line)))
        lines[mark, name] = with_values(line, kept)
        return bool(mark) or listed.kind is not Kind.MULTI or name in chosen

    def _joins(self, match: Match, later: Sequence[Match]) -> bool:
        """Whether a particle makes this and the next one alternatives that are no list of a field's
        answers, or this one of the fields of a breakdown.
        """
        if later and match.tail in LISTS and later[0].names_breakdown:
            return True
        if not later or not JOINS_ALTERNATIVES.search(match.tail):
            return False
        if match.tail.endswith("도") or later[0].names != match.names:
            return True
        # "TV 없거나 냉장고 없는": either may be there.
        denies = any(part_of(line) == NOT for line in (*match.lines, *later[0].lines))
        return denies and VERB_OR.search(match.tail) is not None


def _follows_its_like(matches: Sequence[Match], number: int) -> bool:
    """Whether the last phrase before this one is of the same field: whose phone is in Ulsan, of "S23
    owners in Ulsan, S22 owners in Changwon", a list of phrases cannot tell.
    """
    before = [m for m in matches[:number] if m.lines]
    return bool(matches[number].names & before[-1].names)


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


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


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
