"""The forms in which people say a phrase: with other particles, before a noun, before another modifier."""

import re
from collections.abc import Iterator

from server.korean import particle, verb_stem, with_ending
from server.phrases import Forms

# What a modifier with a slot ends in when another follows it: "차를 모는" → "차를 몰고".
_LINKING = ("고", "면서", "며", "지만", "는데", "시는", "거나", "든지", "든가")
_CHOICE = re.compile(r"(?:거나|든지|든가)$")


def said_forms(forms: Forms) -> Iterator[str]:
    """Every form of a phrase; modifiers with and without particles."""
    yield from (*forms.noun, *forms.post, *forms.kw)
    for modifier in forms.mod:
        yield from _with_particles(modifier)


def linked_forms(text: str) -> Iterator[str]:
    """A modifier as it stands before a noun, before another modifier, and as an alternative."""
    yield text
    stem = f"{text[:-1]}이" if text.endswith("인") else verb_stem(text)
    if stem is not None:
        yield from (with_ending(stem, ending) for ending in _LINKING)


def choice_of(text: str) -> str:
    """The ending of choice of a phrase, or none: "타거나" ends in "거나"."""
    found = _CHOICE.search(text)
    return found[0] if found else ""


def _with_particles(modifier: str) -> Iterator[str]:
    """ "술을 마시는", "술 마시는", "술은 마시는": people leave a particle out, put one in, or say 은."""
    yield modifier
    first, space, rest = modifier.partition(" ")
    if not space:
        return
    if first[-1] in "을를이가" and len(first) > 1:
        noun = first[:-1]
        yield f"{noun} {rest}"
        yield f"{noun}{particle(noun, '은는')} {rest}"
    elif " " not in rest and rest.endswith("는"):
        yield f"{first}{particle(first, '을를')} {rest}"
        yield f"{first}{particle(first, '은는')} {rest}"
