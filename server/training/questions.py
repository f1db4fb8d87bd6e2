"""Questions with their right filters, generated from a catalogue and its phrases."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Any

from server.accuracy.gold import GoldQuestion
from server.catalogue import Catalogue
from server.errors import InvalidFilter, Language
from server.filter import Filter, parse_filter
from server.interpret.prompt import tidy
from server.phrases import Phrases
from server.spelling import PHRASE_LENGTH_MAX, PHRASES_MAX, Reading
from server.training.pieces import Json, Piece, Pieces
from server.training.sentences import Sentence, compose
from server.training.wording import with_slips

# So many, the first of the stream of that seed, are there to be measured and are never trained on.
HELD_OUT_SEED = 1_000_003
HELD_OUT = 1_000
ENGLISH_SHARE = 0.22
SLIP_SHARE = 0.15
EITHER_SHARE = 0.17
COMPARED_SHARE = 0.18
BREAKDOWN_SHARE = 0.27
NEUTRAL_SHARE = 0.06
_CONDITIONS = ((0, 0.03), (1, 0.3), (2, 0.28), (3, 0.2), (4, 0.11), (5, 0.055), (6, 0.025))
# Beside groups people say little else.
_CONDITIONS_BESIDE_GROUPS = ((0, 0.45), (1, 0.4), (2, 0.15))


# How many conditions the groups have of which one must hold, and how often.
_GROUPS = (((1, 1), 0.66), ((2, 2), 0.14), ((1, 2), 0.07), ((2, 1), 0.07), ((1, 1, 1), 0.06))


@dataclass(frozen=True, slots=True)
class Example:
    """A question and how it should be read; `tags` name what is in it."""

    question: str
    language: Language
    reading: Reading
    tags: tuple[str, ...]


@dataclass(slots=True)
class _Meaning:
    """A filter being put together from pieces."""

    raw: Json
    unsupported: list[str]
    tags: list[str]


def generate(catalogue: Catalogue, phrases: Phrases, *, seed: int) -> Iterator[Example]:
    """An endless stream of examples; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311  (reproducible, not secret)
    pieces = Pieces(catalogue, phrases)
    while True:
        example = _draw(rng, catalogue, phrases, pieces)
        if example is not None:
            yield example


def held_out(catalogue: Catalogue, phrases: Phrases) -> tuple[Example, ...]:
    """The examples that are never trained on."""
    return tuple(islice(generate(catalogue, phrases, seed=HELD_OUT_SEED), HELD_OUT))


def labelled(examples: Iterable[Example]) -> Iterator[GoldQuestion]:
    """The examples as labelled questions, tagged with the language and what is in them."""
    for number, example in enumerate(examples, start=1):
        tags = tuple(dict.fromkeys((*example.tags, example.language)))
        yield GoldQuestion(example.question, example.reading, tags, f"made-{number}")


def _draw(
    rng: random.Random, catalogue: Catalogue, phrases: Phrases, pieces: Pieces
) -> Example | None:
    language: Language = "en" if rng.random() < ENGLISH_SHARE else "ko"
    kind = rng.random()
    if kind < 0.03 and phrases.outside.nonsense:
        return _whole(rng.choice(phrases.outside.nonsense), language, nonsense=True)
    if kind < 0.04:
        everyone = phrases.outside.everyone.ko if language == "ko" else phrases.outside.everyone.en
        return _whole(rng.choice(everyone), language, nonsense=False) if everyone else None
    return _sentence(rng, language, catalogue, phrases, pieces)


def _whole(text: str, language: Language, *, nonsense: bool) -> Example:
    question = tidy(text)
    phrase = (question[:PHRASE_LENGTH_MAX].strip(),) if nonsense else ()
    reading = Reading(Filter(), phrase)
    return Example(question, language, reading, ("nonsense" if nonsense else "everyone",))


def _sentence(
    rng: random.Random, language: Language, catalogue: Catalogue, phrases: Phrases, pieces: Pieces
) -> Example | None:
    meaning = _Meaning({}, [], [])
    has_groups = rng.random() < EITHER_SHARE
    said = _said_pieces(rng, language, pieces, meaning, has_groups=has_groups)
    groups = _alternatives(rng, language, pieces, meaning) if has_groups else []
    by = _breakdown(rng, language, catalogue, phrases, meaning)
    limit = _limit(rng, meaning, has_by=bool(by.names or by.ask))
    if not said and not groups and not by.names and not by.ask and limit is None:
        return None
    compares = len(groups) == 2 and rng.random() < COMPARED_SHARE
    sentence = Sentence(said, groups, compares, by.names, by.ask, limit)
    question = compose(sentence, rng, language)
    if question is None:
        return None
    if not meaning.unsupported and rng.random() < SLIP_SHARE:
        question = with_slips(question, rng, language=language)
        meaning.tags.append("slip")
    question = tidy(question)
    if any(phrase not in question for phrase in meaning.unsupported):
        return None
    try:
        query = parse_filter(sorted_values(meaning.raw, catalogue), catalogue)
    except InvalidFilter:
        return None
    phrases_in_order = tuple(sorted(dict.fromkeys(meaning.unsupported), key=question.index))
    return Example(question, language, Reading(query, phrases_in_order), tuple(meaning.tags))


def _said_pieces(
    rng: random.Random, language: Language, pieces: Pieces, meaning: _Meaning, *, has_groups: bool
) -> list[Piece]:
    said: list[Piece] = []
    counts = _CONDITIONS_BESIDE_GROUPS if has_groups else _CONDITIONS
    wanted = rng.choices([n for n, _ in counts], [w for _, w in counts])[0]
    for _ in range(wanted):
        outside = rng.random() < 0.085
        piece = pieces.outside(rng, language) if outside else pieces.draw(rng, language)
        if piece is not None and _add(piece, meaning):
            said.append(piece)
    neutral = pieces.neutral(language) if rng.random() < NEUTRAL_SHARE else None
    if neutral is not None:
        said.append(neutral)
        meaning.tags.append(neutral.tag)
    return said


def _add(piece: Piece, meaning: _Meaning) -> bool:
    """Take a piece in unless its fields are spoken of already."""
    taken = {name for part in ("where", "not") for name in meaning.raw.get(part, {})}
    if piece.fields & taken or len(meaning.unsupported) >= PHRASES_MAX - 2:
        return False
    for part, conditions in piece.filter.items():
        meaning.raw.setdefault(part, {}).update(conditions)
    meaning.unsupported += piece.unsupported
    meaning.tags.append(piece.tag)
    return True


def _alternatives(
    rng: random.Random, language: Language, pieces: Pieces, meaning: _Meaning
) -> list[list[Piece]]:
    """Groups of which one must hold, all said plainly; they may speak of the same fields."""
    taken = {name for part in ("where", "not") for name in meaning.raw.get(part, {})}
    sizes = rng.choices([sizes for sizes, _ in _GROUPS], [share for _, share in _GROUPS])[0]
    groups = [_group(rng, language, pieces, taken, size) for size in sizes]
    conditions: list[Json] = [_conditions(group) for group in groups]
    if not all(groups):
        return []
    for one, other in combinations(conditions, 2):
        # Of one field alternatives are values.
        if one == other or (len(one) == len(other) == 1 and one.keys() == other.keys()):
            return []
    meaning.raw["either"] = conditions
    meaning.tags.append("either")
    return groups


def _group(
    rng: random.Random, language: Language, pieces: Pieces, taken: set[str], size: int
) -> list[Piece]:
    found: list[Piece] = []
    spoken = set(taken)
    for _ in range(6 * size):
        piece = pieces.draw(rng, language)
        if piece is None or set(piece.filter) != {"where"} or piece.unsupported:
            continue
        if piece.fields & spoken or len(piece.fields) != 1:
            continue
        found.append(piece)
        spoken |= piece.fields
        if len(found) == size:
            return found
    return []


def _conditions(group: list[Piece]) -> Json:
    return {name: wanted for piece in group for name, wanted in piece.filter["where"].items()}


@dataclass(frozen=True, slots=True)
class _By:
    names: tuple[str, ...] = ()
    ask: str = ""


def _breakdown(
    rng: random.Random,
    language: Language,
    catalogue: Catalogue,
    phrases: Phrases,
    meaning: _Meaning,
) -> _By:
    if rng.random() > BREAKDOWN_SHARE:
        return _By()
    outside = phrases.outside.ko.by if language == "ko" else phrases.outside.en.by
    if outside and rng.random() < 0.06:
        phrase = rng.choice(outside)
        meaning.unsupported.append(phrase)
        meaning.tags.append("outside")
        return _By(names=(phrase,))
    weights = [phrases.fields[f.name].weight for f in catalogue.fields]
    count = rng.choice((1, 1, 1, 1, 2))
    fields = list(dict.fromkeys(f.name for f in rng.choices(catalogue.fields, weights, k=count)))
    meaning.raw["by"] = fields
    meaning.tags.append("by")
    said = phrases.fields[fields[0]]
    asks = said.ask.ko if language == "ko" else said.ask.en
    if len(fields) == 1 and asks and rng.random() < 0.6:
        return _By(ask=rng.choice(asks))
    names = tuple(_name_of(name, phrases, rng, language) for name in fields)
    if "" in names:
        del meaning.raw["by"]
        return _By()
    return _By(names=names)


def _name_of(name: str, phrases: Phrases, rng: random.Random, language: Language) -> str:
    words = phrases.fields[name].by.ko if language == "ko" else phrases.fields[name].by.en
    return rng.choice(words) if words else ""


def _limit(rng: random.Random, meaning: _Meaning, *, has_by: bool) -> int | None:
    if rng.random() > (0.05 if has_by else 0.4):
        return None
    limit = rng.choice(
        (10, 12, 20, 30, 30, 50, 50, 100, 100, 100, 200, 300, 500, 1000, rng.randint(1, 300))
    )
    meaning.raw["limit"] = limit
    meaning.tags.append("limit")
    return limit


def sorted_values(raw: Json, catalogue: Catalogue) -> Json:
    """Values in the catalogue's order, so that one filter has one spelling."""

    def each(name: str, constraint: Any) -> Any:
        if isinstance(constraint, dict) and "all" in constraint:
            return {"all": each(name, constraint["all"])}
        if isinstance(constraint, dict):
            return constraint
        return catalogue.field(name).in_order(constraint)

    tidy_raw = dict(raw)
    for part in ("where", "not"):
        if part in raw:
            tidy_raw[part] = {name: each(name, c) for name, c in raw[part].items()}
    if "either" in raw:
        tidy_raw["either"] = [{n: each(n, c) for n, c in group.items()} for group in raw["either"]]
    return tidy_raw
