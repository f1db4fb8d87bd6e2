"""What a reading passed over: stretches of the question that led to nothing, to be read by themselves."""

import re
from collections.abc import Iterator, Sequence

# Rereading costs as much as a short question.
STRETCHES_MAX = 2
_WORD = re.compile(r"\S+")


def passed_over(question: str, used: Sequence[str], unused: Sequence[str]) -> tuple[str, ...]:
    """The stretches between words that led to something, where one has a word that led to nothing.

    Plain words beside it belong to it: "운동을 (안 하는) 사람" is no longer the same without them. A
    stretch that ends in a number was cut off: "under 2 (million)".
    """
    kept = [
        stretch
        for stretch in _stretches(question, used)
        if any(word in stretch for word in unused) and not stretch[-1:].isdecimal()
    ]
    return tuple(kept[:STRETCHES_MAX])


def _stretches(question: str, used: Sequence[str]) -> Iterator[str]:
    words: list[str] = []
    for match in _WORD.finditer(question):
        if any(word in match.group() for word in used):
            if words:
                yield " ".join(words)
            words = []
        else:
            words.append(match.group())
    if words:
        yield " ".join(words)
