"""What is known of a question before the model reads it: the names and ranges found in it."""

from server.catalogue import Catalogue
from server.interpret.names import Mention, panel_names
from server.interpret.ranges import Ranges
from server.phrases import Phrases


class Hints:
    """The catalogue's names and the phrases' ranges, looked up alike in training and in use."""

    def __init__(self, catalogue: Catalogue, phrases: Phrases) -> None:
        self._names = panel_names(catalogue)
        self._ranges = Ranges(catalogue, phrases)

    def find(self, question: str) -> tuple[Mention, ...]:
        """Every name and range in the question, in reading order."""
        found = (*self._names.find(question), *self._ranges.find(question))
        return tuple(sorted(found, key=lambda mention: mention.start))
