"""Readings of late, so that a search that was edited still shows what became of its words."""

from dataclasses import dataclass, field, replace

from server.filter import Filter, placed_conditions
from server.interpret.interpretation import Interpretation

READINGS_MOST = 500


@dataclass(slots=True)
class Readings:
    """How the last questions were read, by question; the oldest go first, and all with the server."""

    by_question: dict[str, Interpretation] = field(default_factory=dict)

    def remember(self, reading: Interpretation) -> None:
        """Keep a reading in place of an older one of its question."""
        self.by_question.pop(reading.question, None)
        self.by_question[reading.question] = reading
        if len(self.by_question) > READINGS_MOST:
            del self.by_question[next(iter(self.by_question))]

    def of(self, question: str | None, query: Filter) -> Interpretation | None:
        """The question's reading, where it is that filter; None when another was made of it."""
        reading = self.by_question.get(question or "")
        return reading if reading is not None and reading.filter == query else None

    def edited(self, question: str | None, query: Filter) -> Interpretation | None:
        """What is left of the question's reading in the filter; None when it is not known.

        The words of conditions that were changed or removed are used no more.
        """
        reading = self.by_question.get(question or "")
        if reading is None:
            return None
        held = [(part, condition) for part, _, condition in placed_conditions(query)]
        kept = tuple(c for c in reading.conditions if (c.part, c.condition) in held)
        gone = [word for c in reading.conditions if c not in kept for word in c.words]
        still = {word for c in kept for word in c.words}
        dropped = tuple(word for word in dict.fromkeys(gone) if word not in still)
        return replace(reading, conditions=kept, unused=(*reading.unused, *dropped))
