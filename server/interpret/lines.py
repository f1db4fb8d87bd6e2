"""The lines that the model wrote, as they are checked against what the question says for certain."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line the model wrote, without its line feed, and the probability of all its tokens."""

    text: str
    probability: float
