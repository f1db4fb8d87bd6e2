"""The lines that the model wrote, as they are checked against what the question says for certain."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line the model wrote, without its line feed, and the probability of all its tokens.

    `instead` are lines that it nearly wrote in this one's place.
    """

    text: str
    probability: float
    instead: tuple[str, ...] = ()
