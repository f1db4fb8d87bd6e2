"""What a person says of a reading, made into a correction that names the reading it is about."""

import re
from collections.abc import Iterable

from starlette.requests import Request

from server.access.person import Person
from server.accuracy.corrections import Correction, Verdict
from server.errors import InvalidInput, InvalidQuestion, ModelAway, TooBusy, TooMany
from server.spelling import PHRASE_LENGTH_MAX, PHRASES_MAX, Reading
from server.web.site import Site
from server.web.wanting import while_wanted
from server.web.wording import Wording

_BETWEEN = re.compile(r"[,、，;\n]")
# What cannot be stored as text or cannot be seen: control characters, half of a surrogate pair.
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


async def said_of(
    site: Site,
    request: Request,
    person: Person,
    question: str,
    *,
    verdict: Verdict,
    shown: Reading,
) -> Correction:
    """A correction of the question.

    For right and wrong, the filter is the reading that was shown. For corrected, it is the one that
    is right, and what the reader makes of the question now is kept beside it. InvalidInput for what
    is no phrase.
    """
    corrects = verdict == "corrected"
    shown = Reading(shown.filter, checked_phrases(shown.unsupported, site.wording(request)))
    return Correction(
        question=question,
        verdict=verdict,
        original=await _original(site, request, person, question) if corrects else shown,
        corrected=None if verdict == "wrong" else shown,
        model=site.origin.model,
        adapter=site.origin.adapter,
        person=person.name,
    )


def phrases_in(typed: str, wording: Wording) -> tuple[str, ...]:
    """What a person says the panel knows nothing of: phrases with commas between, each once."""
    pieces = (piece for piece in _BETWEEN.split(typed) if piece.strip())
    phrases = checked_phrases(pieces, wording)
    if len(phrases) > PHRASES_MAX:
        raise InvalidInput(wording.say("At most %(n)s phrases can be named.", n=PHRASES_MAX))
    return phrases


def checked_phrases(given: Iterable[str], wording: Wording) -> tuple[str, ...]:
    """The phrases, each once and on one line; InvalidInput when one of them is none."""
    phrases = tuple(dict.fromkeys(" ".join(phrase.split()) for phrase in given))
    if not all(0 < len(p) <= PHRASE_LENGTH_MAX and not _NO_TEXT.search(p) for p in phrases):
        raise InvalidInput(
            wording.say(
                "A phrase has 1 to %(length)s characters, no control characters among them.",
                length=PHRASE_LENGTH_MAX,
            )
        )
    return phrases


async def _original(site: Site, request: Request, person: Person, question: str) -> Reading | None:
    """What the reader makes of the question; None when it cannot be asked now."""
    try:
        read = await while_wanted(request, site.read(person, question))
    except (ModelAway, TooBusy, TooMany, InvalidQuestion):
        return None
    return None if read is None else Reading(read.filter, read.unsupported)
