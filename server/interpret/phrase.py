"""A phrase of a panel, found in a question, and what it says."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase says: conditions in the model's spelling, and what the panel cannot answer."""

    lines: tuple[str, ...]
    unsupported: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The fields it speaks of, with their marks left out."""
        return frozenset(line_key(line)[1] for line in self.lines)


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found in a question, where it stands (in characters), and its particles behind it."""

    meanings: tuple[Meaning, ...]
    start: int
    end: int
    tail: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it says conditions in one way, and nothing that the panel lacks."""
        return len(self.meanings) == 1 and not self.meanings[0].unsupported

    @property
    def names_breakdown(self) -> bool:
        """Whether it names a field to break the result down by."""
        return any(line.startswith(">") for line in self.meanings[0].lines)

    @property
    def says_one_thing(self) -> bool:
        """Whether it says one condition that must hold, and nothing else."""
        return self.says_what_holds and len(self.meanings[0].lines) == 1

    @property
    def says_what_holds(self) -> bool:
        """Whether it says conditions that must hold, and nothing else."""
        lines = self.meanings[0].lines
        return self.is_plain and bool(lines) and all(line[0] not in "->#?/&" for line in lines)


def between(question: str, one: Match, other: Match) -> str:
    """What stands between two phrases, the particles of the first one included."""
    return one.tail + question[one.end : other.start]


def without(question: str, matches: Iterable[Match]) -> str:
    """The question with the phrases blanked out; every other word keeps its place."""
    rest = list(question)
    for match in matches:
        rest[match.start : match.end] = " " * (match.end - match.start)
    return "".join(rest)


def opposite(line: str) -> str:
    """A condition with its sign turned."""
    return line[1:] if line.startswith("-") else f"-{line}"


def line_key(line: str) -> tuple[str, str]:
    """A condition's mark (`-` or none) and field."""
    mark = "-" if line.startswith("-") else ""
    return mark, line.lstrip("-/&").partition("=")[0].rstrip("*").lstrip(">#")
