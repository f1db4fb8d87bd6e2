"""Gold files: labelled questions, each with the filter that it means."""

from dataclasses import dataclass
from pathlib import Path

from server.accuracy.lines import Line, parse_lines, read_lines
from server.catalogue import Catalogue
from server.errors import LANGUAGES, BrokenFile
from server.spelling import Reading

KNOWN = ("id", "lang", "question", "filter", "unsupported", "tags", "sure", "note")
UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class GoldQuestion:
    """One labelled question and its right reading.

    `tags` say what it is about; its language is one of them, and "unsure" when two careful readers
    could disagree.
    """

    question: str
    reading: Reading
    tags: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class GoldFile:
    """A file of labelled questions, checked from end to end."""

    name: str
    sha256: str
    questions: tuple[GoldQuestion, ...]


def read_gold(path: Path, catalogue: Catalogue) -> GoldFile:
    """Read and check a gold file; BrokenFile names the line and the field."""
    return _gold(path, *read_lines(path), catalogue)


def parse_gold(data: bytes, name: str, catalogue: Catalogue) -> GoldFile:
    """Check the gold file that a request brought."""
    file = Path(name)
    return _gold(file, *parse_lines(data, file), catalogue)


def _gold(path: Path, sha256: str, lines: tuple[Line, ...], catalogue: Catalogue) -> GoldFile:
    seen: dict[str, int] = {}
    questions = []
    for line in lines:
        question = _question(line, catalogue)
        if question.id and seen.setdefault(question.id, line.number) != line.number:
            line.refuse("id", f"{question.id!r} is already that of line {seen[question.id]}")
        questions.append(question)
    if not questions:
        raise BrokenFile(f"{path}: holds no question")
    return GoldFile(path.name, sha256, tuple(questions))


def _question(line: Line, catalogue: Catalogue) -> GoldQuestion:
    line.refuse_others(KNOWN)
    line.text("note", "")
    reading = Reading(line.filter("filter", catalogue), line.texts("unsupported"))
    return GoldQuestion(line.text("question"), reading, _tags(line), line.text("id", ""))


def _tags(line: Line) -> tuple[str, ...]:
    language = line.text("lang", "")
    if language and language not in LANGUAGES:
        line.refuse("lang", f"expected one of {', '.join(LANGUAGES)}, got {language!r}")
    sure = line.entries.get("sure", True)
    if not isinstance(sure, bool):
        line.refuse("sure", f"expected true or false, got {sure!r}")
    tags = (*line.texts("tags"), language, "" if sure else UNSURE)
    return tuple(dict.fromkeys(tag for tag in tags if tag))
