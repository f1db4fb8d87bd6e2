"""What is known of a question before the model reads it: the names and ranges found in it."""

from server.catalogue import Catalogue, normalise
from server.interpret.names import Mention, panel_names
from server.interpret.ranges import Ranges
from server.interpret.words import read_plain_words, read_words
from server.phrases import Phrases


class Hints:
    """The catalogue's names and the phrases' ranges, looked up alike in training and in use."""

    def __init__(self, catalogue: Catalogue, phrases: Phrases) -> None:
        self._names = panel_names(catalogue)
        self._plain = read_plain_words()
        self._homonyms = read_words("homonyms")
        self._ranges = Ranges(catalogue, phrases)

    def find(self, question: str) -> tuple[Mention, ...]:
        """Every name and range in the question, in reading order."""
        names = (m for m in self._names.find(question) if not self._is_plain(m, question))
        found = (*names, *self._ranges.find(question))
        return tuple(sorted(found, key=lambda mention: mention.start))

    def _is_plain(self, mention: Mention, question: str) -> bool:
        """Whether it is a word of every day: a car may be called "IS", but not "is", nor "a class"."""
        said = question[mention.start : mention.end]
        if said.islower() and said.isascii():
            return said.startswith("a ") or said in self._homonyms or said in self._plain
        return normalise(mention.value) in self._plain and said != mention.value
