"""Guesses what the model will write: the lines a lexicon read, forced text, words of the question."""

import re
from bisect import bisect_left
from collections.abc import Sequence

from server.catalogue import Catalogue, Kind
from server.spelling import BY, EITHER, UNSUPPORTED, field_of, part_of

# Parts whose lines follow each other in any number: groups, breakdowns, phrases.
_FREE = (EITHER, BY, UNSUPPORTED)
# Of lines guessed before anything is written, what stands further on is right too seldom to pay.
_AHEAD_MAX = 60
_RANGE = re.compile(r"(?:(\d*)\.\.)?(\d*)")
_WORD = re.compile(r"\S+|\s\S+|$")


class Forced:
    """The names and values of a catalogue, to complete the beginning of one that is unmistakable."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._names = sorted(f.name for f in catalogue.fields)
        self._heads = sorted(
            f"{f.name}{star}="
            for f in catalogue.fields
            for star in (("", "*") if f.kind is Kind.MULTI else ("",))
        )
        self._places = {f.name: number for number, f in enumerate(catalogue.fields)}
        self._values = {f.name: sorted(f.by_value) for f in catalogue.fields}

    def place(self, name: str) -> int:
        """Where the field stands in the catalogue; -1 when it is none of its fields."""
        return self._places.get(name, -1)

    def after(self, partial: str) -> str:
        """What must follow the beginning of a line, as far as the catalogue decides it.

        A value that no other one continues is taken for the line's last.
        """
        mark = partial[:1] if part_of(partial) else ""
        begun = partial[len(mark) :]
        if mark in {"#", "?"}:
            return ""
        if mark == ">":
            return _whole(begun, self._names)
        head, equals, values = begun.partition("=")
        if not equals:
            return _completed(begun, self._heads)
        last = values.rpartition("|")[2]
        listed = self._values.get(head.rstrip("*"), ())
        return _whole(last, listed) if last else ""


def _whole(begun: str, words: Sequence[str]) -> str:
    """What must follow, and the line's end after a word that no other one continues."""
    rest = _completed(begun, words)
    first = bisect_left(words, begun + rest)
    following = words[first + 1] if first + 1 < len(words) else ""
    is_only = words[first : first + 1] == [begun + rest] and not following.startswith(begun + rest)
    return f"{rest}\n" if is_only else rest


def _completed(begun: str, words: Sequence[str]) -> str:
    """What all words that begin so have in common beyond it."""
    first = bisect_left(words, begun)
    last = bisect_left(words, begun + "\U0010ffff")
    if first == last:
        return ""
    one, other = words[first], words[last - 1]
    # The words are sorted: what the first and the last have in common, all have.
    common = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    return one[len(begun) : min(len(one), len(other)) if common is None else common]


class Expected:
    """What a question will probably be read as; called with what is written so far."""

    def __init__(self, question: str, lines: Sequence[str], forced: Forced) -> None:
        self._lines = lines
        self._forced = forced
        self._question = question
        self._numbers = re.findall(r"\d+", re.sub(r"(?<=\d),(?=\d{3})", "", question))

    def __call__(self, written: str) -> str:
        """What may follow: the rest of the line begun, and the lines that come after it."""
        *done, partial = written.split("\n")
        last = self._rank(done[-1]) if done else (-1, -1)
        again = last[0] in _FREE
        ahead = [
            each
            for each in self._lines
            if self._rank(each) > last or (again and self._rank(each) == last and each not in done)
        ]
        if not written:
            return _text(ahead)[:_AHEAD_MAX]
        # Once the model went its own way, a longer guess costs more than it saves.
        following = next((line for line in ahead if line.startswith(partial)), None)
        if following is not None:
            return f"{following[len(partial) :]}\n"
        return self._forced.after(partial) or self._said(partial)

    def _said(self, partial: str) -> str:
        """What the question says where the catalogue decides nothing: its numbers and its words."""
        if partial.startswith("#"):
            return self._number(partial[1:], "\n")
        if partial.startswith("?"):
            return self._words(partial[1:])
        bounds = _RANGE.fullmatch(partial.partition("=")[2])
        if bounds is None or not any(bounds.groups()):
            return ""
        if bounds[1] is None:
            return self._number(bounds[2], "..")
        return self._number(bounds[2], "\n") if bounds[2] else "\n"

    def _number(self, begun: str, after: str) -> str:
        """The rest of the question's last number that begins so, and what follows a number."""
        found = next((n for n in reversed(self._numbers) if n.startswith(begun)), "")
        return f"{found[len(begun) :]}{after}" if found else ""

    def _words(self, begun: str) -> str:
        """The rest of the word in the question, or the next one."""
        place = self._question.find(begun) if begun else -1
        word = _WORD.match(self._question, place + len(begun)) if place >= 0 else None
        return word[0] if word else ""

    def _rank(self, line: str) -> tuple[int, int]:
        """Where a line stands; lines of groups, breakdowns and phrases follow each other freely."""
        part = part_of(line)
        return part, self._forced.place(field_of(line)) if part < EITHER else 0


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
