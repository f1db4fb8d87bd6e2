"""Keeps a group's sign: "smokers" and "non-smokers" name one answer, and the word says which side."""

import re
from collections.abc import Sequence
from dataclasses import replace

from server.catalogue import Catalogue
from server.interpret.lines import Line
from server.interpret.names import Mention, Named, panel_meanings

_DENIED = re.compile(
    r"(?:\s(?:사람|분|응답자)들?)?\s*(?:이|가|은|는|을|를|도)?\s*(?:아닌|아니|제외|빼고|말고|외의|외에|않)"
)
_DENIED_BEFORE = re.compile(
    r"\b(?:no|not|non|never|without|except|excluding)(?: the| any)?[\s-]*$", re.IGNORECASE
)
_MARK = {"": "-", "-": ""}


class Signs:
    """The conditions that two groups of a catalogue name with opposite signs."""

    def __init__(self, catalogue: Catalogue) -> None:
        meanings = {meaning for group in panel_meanings(catalogue) for meaning in group}
        self._paired = frozenset(m for m in meanings if _turned(m) in meanings)

    def keep(
        self, lines: Sequence[Line], question: str, mentions: Sequence[Mention]
    ) -> tuple[Line, ...]:
        """The lines, with the sign of the group that stands in the question.

        A small model copies the condition well and its sign less well; the name is certain unless
        it is denied right behind ("수도권이 아닌") or before ("no smokers").
        """
        said = {
            mention.named
            for mention in mentions
            if mention.named in self._paired
            and not _DENIED.match(question, mention.end)
            and not _DENIED_BEFORE.search(question[: mention.start])
        }
        wrong = {_turned(named).line: named.line for named in said if _turned(named) not in said}
        taken = {line.text.partition("=")[0] for line in lines}
        kept = [
            replace(line, text=wrong[line.text])
            if line.text in wrong and wrong[line.text].partition("=")[0] not in taken
            else line
            for line in lines
        ]
        return tuple(kept)


def _turned(named: Named) -> Named:
    return Named(named.field, named.value, _MARK[named.mark])
