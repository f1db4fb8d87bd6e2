"""Verbs before a noun that go on to something else: "차 있는" → "차 있고", "차 있거나"."""

import random

from server.korean import in_speech, verb_stem, with_ending


def and_then(modifier: str, rng: random.Random) -> str:
    """ "차 있는" → "차 있고", "기혼인" → "기혼이면서"; other endings stay."""
    if modifier.endswith("인"):
        return modifier[:-1] + rng.choice(("이고", "이면서", "이며", "이고,"))
    stem = verb_stem(modifier)
    if stem is None:
        return modifier
    return with_ending(stem, rng.choice(("고", "면서", "고,", "며")))


def or_else(modifier: str, rng: random.Random) -> str | None:
    """ "차 있는" → "차 있거나", "기혼인" → "기혼이거나"; None where the ending is another."""
    stem = verb_stem(modifier)
    if modifier.endswith("인"):
        stem = f"{modifier[:-1]}이"
    if stem is None:
        return None
    return with_ending(stem, rng.choice(("거나", "거나", "거나", "거나,", "든지", "든가")))


def though(modifier: str, rng: random.Random) -> str | None:
    """ "맥주를 마시는" → "맥주를 마시지만", "맥주를 마셔도"; None where the ending is another."""
    stem = verb_stem(modifier)
    if stem is None:
        return None
    spoken = in_speech(stem)
    ways = [with_ending(stem, "지만"), with_ending(stem, "고"), f"{modifier}데"]
    return rng.choice([*ways, f"{spoken}도"] if spoken else ways)
