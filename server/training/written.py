"""Questions written to be trained on, mixed into those that are generated."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from server.accuracy.gold import GoldQuestion, read_gold
from server.catalogue import Catalogue
from server.filter import as_json, parse_filter
from server.interpret.prompt import tidy
from server.interpret.reader import language_of
from server.phrases import Phrases
from server.spelling import Reading
from server.training.questions import SLIP_SHARE, Example, generate, held_out, sorted_values
from server.training.wording import with_slips

WRITTEN = "written*.jsonl"


def read_written(panel: Path, catalogue: Catalogue) -> tuple[Example, ...]:
    """What a panel's folder holds of them, in the form of gold files; BrokenFile names file and line."""
    files = sorted(panel.glob(WRITTEN))
    return tuple(
        _example(question, catalogue)
        for file in files
        for question in read_gold(file, catalogue).questions
    )


def trained_on(
    catalogue: Catalogue,
    phrases: Phrases,
    written: Sequence[Example],
    *,
    skip: frozenset[str],
    share: float,
    seed: int,
) -> Iterator[Example]:
    """Generated and written questions, `mixed`, but for those in `skip` and those held out.

    A text from a list (nonsense, everyone) is in every stream, so another seed is not enough.
    """
    unseen = skip | {example.question for example in held_out(catalogue, phrases)}
    # Before slips are put in: a labelled question with a slip is still that question.
    return mixed(
        (e for e in generate(catalogue, phrases, seed=seed) if e.question not in unseen),
        [example for example in written if example.question not in unseen],
        share=share,
        seed=seed,
    )


def mixed(
    generated: Iterator[Example], written: Sequence[Example], *, share: float, seed: int
) -> Iterator[Example]:
    """The generated stream with a share of written questions, each once before any comes again."""
    rng = random.Random(seed)  # noqa: S311  (reproducible, not secret)
    left: list[Example] = []
    while True:
        if not written or rng.random() >= share:
            yield next(generated)
            continue
        left = left or rng.sample(written, len(written))
        yield _slipped(left.pop(), rng)


def _slipped(example: Example, rng: random.Random) -> Example:
    """The example, now and then with slips; phrases to be copied are left as they are."""
    if example.reading.unsupported or rng.random() >= SLIP_SHARE:
        return example
    question = tidy(with_slips(example.question, rng, language=example.language))
    return Example(question, example.language, example.reading, (*example.tags, "slip"))


def _example(labelled: GoldQuestion, catalogue: Catalogue) -> Example:
    question = tidy(labelled.question)
    query = parse_filter(sorted_values(as_json(labelled.reading.filter), catalogue), catalogue)
    phrases = tuple(sorted(labelled.reading.unsupported, key=question.find))
    return Example(question, language_of(question), Reading(query, phrases), labelled.tags)
