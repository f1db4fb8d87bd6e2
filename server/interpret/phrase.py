"""A phrase of a panel, found in a question, and what it says."""

from collections.abc import Iterable
from dataclasses import dataclass

from server.spelling import BY, LIMIT, WHERE, field_of, part_of


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase says: conditions in the model's spelling, and what the panel cannot answer."""

    lines: tuple[str, ...]
    unsupported: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The fields of its conditions and breakdowns."""
        return frozenset(field_of(line) for line in self.lines if part_of(line) < LIMIT)


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found in a question, where it stands (in characters), and its particles behind it."""

    meanings: tuple[Meaning, ...]
    start: int
    end: int
    tail: str = ""

    @property
    def lines(self) -> tuple[str, ...]:
        """What it says, in its first meaning."""
        return self.meanings[0].lines

    @property
    def line(self) -> str:
        """The first thing it says."""
        return self.lines[0]

    @property
    def names(self) -> frozenset[str]:
        """The fields it speaks of, in its first meaning."""
        return self.meanings[0].names

    @property
    def is_plain(self) -> bool:
        """Whether it says conditions in one way, and nothing that the panel lacks."""
        return len(self.meanings) == 1 and not self.meanings[0].unsupported

    @property
    def names_breakdown(self) -> bool:
        """Whether it names a field to break the result down by."""
        return any(part_of(line) == BY for line in self.lines)

    @property
    def says_one_thing(self) -> bool:
        """Whether it says one condition that must hold, and nothing else."""
        return self.says_what_holds and len(self.lines) == 1

    @property
    def says_what_holds(self) -> bool:
        """Whether it says conditions that must hold, and nothing else."""
        holds = bool(self.lines) and all(part_of(line) == WHERE for line in self.lines)
        return self.is_plain and holds


def overlap(one: Match, other: Match) -> bool:
    """Whether they share a character of the question."""
    return one.start < other.end and other.start < one.end


def between(question: str, one: Match, other: Match) -> str:
    """What stands between two phrases, the particles of the first one included."""
    return one.tail + question[one.end : other.start]


def without(question: str, matches: Iterable[Match]) -> str:
    """The question with the phrases blanked out; every other word keeps its place."""
    rest = list(question)
    for match in matches:
        rest[match.start : match.end] = " " * (match.end - match.start)
    return "".join(rest)
