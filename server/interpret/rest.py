"""Whether the words of a question that no phrase accounts for say nothing of their own."""

import re
from collections.abc import Iterable, Mapping, Sequence, Set

from server.catalogue import normalise
from server.interpret.choices import JOINS_ALTERNATIVES, LISTS
from server.interpret.names import PARTICLES, PARTICLES_PROPER
from server.interpret.phrase import Match, without
from server.interpret.words import phrase_texts, read_kinds
from server.phrases import FieldPhrases

_WORD = re.compile(r"[^\s,/·()\[\]{}\"'“”‘’?!.;:+&~-]+")
_PARTICLE = re.compile(PARTICLES_PROPER)
_PARTICLE_TAIL = re.compile(rf"(?:{PARTICLES})*")
# Who works in a place may live in another.
_PLACE = "에서"
_REQUEST = re.compile(
    r"(?:뽑아|추려|골라|찾아|보여|알려|구해|모아|꺼내|섭외해|추출해|검색해|조회해)[가-힣]{0,6}|뽑을[가-힣]{0,3}"
)


class Rest:
    """The words that say nothing: `plain` ones, and those behind a phrase in which others of its
    field end: "버는" behind an income, but not "쓰는", who may spend more than they earn.
    """

    def __init__(self, plain: Set[str], fields: Mapping[str, FieldPhrases]) -> None:
        self._plain = plain
        alike = {word: kind for kind in read_kinds("behind") for word in kind}
        self._behind = {name: _words_behind(said, alike) for name, said in fields.items()}

    def says_nothing(self, question: str, matches: Sequence[Match]) -> bool:
        """Whether what no phrase accounts for are words that say nothing of their own."""
        ends = {
            m.end: m.names
            for m in matches
            if not m.tail.endswith((*LISTS, _PLACE)) and not JOINS_ALTERNATIVES.search(m.tail)
        }
        for found in _WORD.finditer(without(question, matches)):
            key = normalise(found[0])
            names = ends.get(len(question[: found.start()].rstrip()), ())
            if any(key in self._behind[name] for name in names):
                continue
            if JOINS_ALTERNATIVES.search(key) or not self._is_plain(key):
                return False
        return True

    def _is_plain(self, word: str) -> bool:
        """Whether it is a particle, or a plain word, perhaps with particles behind it."""
        if word in self._plain or _PARTICLE.fullmatch(word) or _REQUEST.fullmatch(word):
            return True
        parts = ((word[:n], word[n:]) for n in range(2, len(word)))
        return any(stem in self._plain and _PARTICLE_TAIL.fullmatch(tail) for stem, tail in parts)


def _words_behind(phrases: FieldPhrases, alike: Mapping[str, Iterable[str]]) -> frozenset[str]:
    """The words in which a field's phrases end, and those that say the same, of those given."""
    last = {text.rpartition(" ")[2] for text in phrase_texts(phrases)}
    return frozenset(same for word in last for same in alike.get(word, ()))
