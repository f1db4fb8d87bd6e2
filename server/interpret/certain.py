"""Corrects what the model wrote by what the panel's phrases say for certain."""

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import replace
from itertools import pairwise

from server.catalogue import Catalogue
from server.interpret.choices import link
from server.interpret.lexicon import LexiconReading
from server.interpret.lines import Line
from server.interpret.phrase import Match, between, line_key, opposite
from server.spelling import spell

# A word between two phrases, or the particle of the first, that makes them alternatives.
_ALTERNATIVES = re.compile(
    r"^(?:[가-힣]{1,2} )?(?:[가-힣]{0,3}거나|또는|혹은|아니면|or),?$|^이나$", re.IGNORECASE
)
_NUMBER = re.compile(r"\d+")
# As probable as tokens of a doubtful condition are.
_STANDS_IN = 0.5
_LISTS = re.compile(r"\s*(?:와|과|이?랑|이?나|하고|,|/|및|또는|or|and|nor)?\s*", re.IGNORECASE)
# Words that turn what stands beside them into its opposite.
_TURNS = re.compile(
    r"안|않|못|없|아니|아닌|빼|제외|말고|외의|외에"
    r"|\b(?:no|not|non|never|neither|nor|none|without|except|exclud\w*|other than|\w+n['’]t)\b",
    re.IGNORECASE,
)


def corrected(
    question: str, lines: Sequence[Line], said: LexiconReading, catalogue: Catalogue
) -> tuple[Line, ...]:
    """The lines without what the phrases of the question contradict.

    A compared pair of groups stands as the phrases say it; a condition is not negated where no word
    turns it, nor does a group ask for what a phrase denies; a count stands as it is said, and the
    digits of a range are none; what a phrase says is no unknown phrase.
    """
    known = [match for match in said.matches if match.is_plain]
    kept = _with_signs(question, lines, known)
    kept = _with_other_answers(kept, known, catalogue)
    kept = _with_alternatives(question, kept, said)
    kept = _with_count([line for line in kept if not _is_cut(question, line.text, known)], said)
    return _with_groups(kept, said)


def left_out(
    question: str, said: LexiconReading, *, fields: Set[str], unused: Sequence[str]
) -> tuple[str, ...]:
    """The conditions of phrases that a reading left out: plain ones, on fields it does not speak of.

    Only phrases with a word among `unused` count: the others led to something already.
    """
    found: dict[str, set[str]] = {}
    for match in said.matches:
        words = question[match.start : match.end]
        if len(match.meanings) == 1 and any(word in words or words in word for word in unused):
            for line in match.meanings[0].lines:
                if line[0] not in ">#?" and line_key(line)[1] not in fields:
                    found.setdefault(line_key(line)[1], set()).add(line)
    return tuple(line for lines in found.values() if len(lines) == 1 for line in lines)


def settled(
    lines: Sequence[Line], said: LexiconReading, *, wrong: Callable[[float], bool]
) -> tuple[Line, ...]:
    """The lines, those that are most probably wrong replaced by what phrases say of their field.

    Groups, breakdowns and counts stay as they are. What stands in is doubtful too: of ten such
    phrases seven were right.
    """
    doubtful = {
        _field(line): line for line in lines if _is_condition(line.text) and wrong(line.probability)
    }
    sure = {_field(line) for line in lines if line not in doubtful.values()}
    stands_in = {
        name: Line(text, _STANDS_IN, (doubtful[name].text,))
        for text in spell(said.reading).splitlines()
        if (name := line_key(text)[1]) in doubtful and name not in sure and _is_condition(text)
    }
    kept = [line for line in lines if _field(line) not in stands_in]
    return (*kept, *stands_in.values())


def unfounded(
    words: Sequence[Sequence[str]],
    confidences: Sequence[float],
    *,
    below: float,
    always_below: float,
) -> frozenset[int]:
    """Which conditions stand on nothing: they are less sure than `below`, and every word they have,
    if any, a surer condition has too; or less sure than `always_below`, whatever their words.
    """
    sure = {
        word
        for own, confidence in zip(words, confidences, strict=True)
        for word in own
        if confidence >= below
    }
    return frozenset(
        place
        for place, (own, confidence) in enumerate(zip(words, confidences, strict=True))
        if confidence < always_below or (confidence < below and sure.issuperset(own))
    )


def _with_signs(question: str, lines: Sequence[Line], known: Sequence[Match]) -> list[Line]:
    """The lines, each with the sign that a phrase gives it plainly where no word beside it turns it."""
    plain = {
        line
        for place, match in enumerate(known)
        for line in match.meanings[0].lines
        if not _TURNS.search(_beside(question, known, place))
    }
    said = {line for match in known for line in match.meanings[0].lines}
    written = {line.text.partition("=")[0] for line in lines}

    def signed(line: Line) -> Line:
        turned = opposite(line.text)
        is_said = turned in plain and line.text not in said
        is_free = turned.partition("=")[0] not in written
        return replace(line, text=turned) if is_said and is_free else line

    return [signed(line) for line in lines]


def _with_other_answers(
    lines: Sequence[Line], known: Sequence[Match], catalogue: Catalogue
) -> list[Line]:
    """The lines, a group's condition that a phrase denies replaced by the field's other answers: in
    a group nothing can be negated.
    """
    said = {line for match in known for line in match.meanings[0].lines}
    return [
        replace(line, text=_turned_over(line.text, catalogue), instead=())
        if line.text[:1] in "/&" and f"-{line.text[1:]}" in said and line.text[1:] not in said
        else line
        for line in lines
    ]


def _turned_over(line: str, catalogue: Catalogue) -> str:
    """A group's condition with the answers that it does not name; as it is where there are none."""
    key, _, values = line.partition("=")
    named = values.split("|")
    answers = [answer.value for answer in catalogue.field(line_key(line)[1]).listed]
    others = [value for value in answers if value not in named]
    is_listed = len(others) + len(named) == len(answers)
    return f"{key}={'|'.join(others)}" if others and is_listed else line


def _beside(question: str, known: Sequence[Match], place: int) -> str:
    """What stands between a phrase and those around it; behind a list, what stands behind its end."""
    before = question[known[place - 1].end if place else 0 : known[place].start]
    last = place
    while last + 1 < len(known) and _LISTS.fullmatch(
        between(question, known[last], known[last + 1])
    ):
        last += 1
    end = known[last + 1].start if last + 1 < len(known) else len(question)
    return f"{before} {question[known[last].end : end]}"


def _with_alternatives(question: str, lines: Sequence[Line], said: LexiconReading) -> list[Line]:
    """The lines, two of which are alternatives where a word between their phrases says so.

    Of one field alternatives are values; groups that the model wrote stay.
    """
    written = {line.text: line for line in lines}
    if any(text[:1] in "/&" for text in written):
        return list(lines)
    for one, other in pairwise(said.matches):
        if not (one.says_one_thing and other.says_one_thing):
            continue
        either = [match.meanings[0].lines[0] for match in (one, other)]
        if (
            all(text in written for text in either)
            and line_key(either[0])[1] != line_key(either[1])[1]
            and _ALTERNATIVES.search(link(question, one, other))
        ):
            others = [line for line in lines if line.text not in either]
            groups = [replace(written[text], text=f"/{text}", instead=()) for text in either]
            return [*others, *groups]
    return list(lines)


def _with_count(lines: Sequence[Line], said: LexiconReading) -> list[Line]:
    """The lines with the one count that is said in digits or words, in place of any other."""
    counts = {line for m in said.matches for line in m.meanings[0].lines if line.startswith("#")}
    if len(counts) != 1:
        return list(lines)
    others = [line for line in lines if not line.text.startswith("#")]
    return [*others, Line(counts.pop(), 1.0)]


def _is_cut(question: str, line: str, known: Sequence[Match]) -> bool:
    """Whether a count or an unknown phrase was cut out of a phrase that says something else, or a
    count out of another number: 200 of 2000년.
    """
    if line.startswith("?"):
        return any(line[1:] in question[m.start : m.end] for m in known)
    if not line.startswith("#"):
        return False
    numbers = _NUMBER.findall(question.replace(",", ""))
    if line[1:] not in numbers and any(line[1:] in number for number in numbers):
        return True
    places = [m.start() for m in re.finditer(rf"(?<!\d){line[1:]}(?!\d)", question)]
    others = [m for m in known if not any(said.startswith("#") for said in m.meanings[0].lines)]
    return bool(places) and all(any(m.start <= p < m.end for m in others) for p in places)


def _with_groups(lines: Sequence[Line], said: LexiconReading) -> tuple[Line, ...]:
    """The lines with the groups that are compared, in place of others on the same fields."""
    if not said.groups:
        return tuple(lines)
    fields = {line_key(text)[1] for text in said.groups}
    others = [
        line
        for line in lines
        if line.text[:1] in ">#?" or (line.text[:1] not in "/&" and _field(line) not in fields)
    ]
    return (*others, *(Line(text, 1.0) for text in said.groups))


def _is_condition(text: str) -> bool:
    return text[:1] not in ">#?/&"


def _field(line: Line) -> str:
    return line_key(line.text)[1]
