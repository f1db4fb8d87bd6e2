"""Guesses what the model will write: the lines a lexicon read, and what the grammar leaves no choice in."""

from bisect import bisect_left
from collections.abc import Sequence

from server.catalogue import Catalogue, Kind

_MARKS = "-/&>#?"
# Parts whose lines follow each other in any number: groups, breakdowns, phrases.
_FREE = (2, 3, 5)


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
        """What must follow the beginning of a line, as far as the catalogue decides it."""
        mark = partial[:1] if partial[:1] in _MARKS else ""
        begun = partial[len(mark) :]
        if mark in {"#", "?"}:
            return ""
        if mark == ">":
            return _completed(begun, self._names)
        head, equals, values = begun.partition("=")
        if not equals:
            return _completed(begun, self._heads)
        last = values.rpartition("|")[2]
        return _completed(last, self._values.get(head.rstrip("*"), ())) if last else ""


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
    """The lines a question will probably be read as; called with what is written so far."""

    def __init__(self, lines: Sequence[str], forced: Forced) -> None:
        self._lines = lines
        self._forced = forced

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
            return _text(ahead)
        # Once the model went its own way, a longer guess costs more than it saves.
        following = next((line for line in ahead if line.startswith(partial)), None)
        return (
            self._forced.after(partial) if following is None else f"{following[len(partial) :]}\n"
        )

    def _rank(self, line: str) -> tuple[int, int]:
        """Where a line stands; lines of groups, breakdowns and phrases follow each other freely."""
        part = {"-": 1, "/": 2, "&": 2, ">": 3, "#": 4, "?": 5}.get(line[:1], 0)
        name = line.lstrip("-").partition("=")[0].rstrip("*")
        return part, self._forced.place(name) if part < 2 else 0


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
