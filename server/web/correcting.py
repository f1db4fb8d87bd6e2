"""What a person says of a reading, made into a correction that names the reading it is about."""

import re

from starlette.requests import Request

from server.access.person import Person
from server.accuracy.corrections import Correction, Verdict
from server.errors import InvalidInput, InvalidQuestion, ModelAway, TooBusy, TooMany
from server.spelling import PHRASE_LENGTH_MAX, PHRASES_MAX, Reading
from server.web.site import Site
from server.web.wanting import while_wanted
from server.web.wording import Wording

_BETWEEN = re.compile(r"[,、，;\n]")


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
    is right, and what the reader makes of the question now is kept beside it.
    """
    corrects = verdict == "corrected"
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
    phrases = dict.fromkeys(" ".join(piece.split()) for piece in _BETWEEN.split(typed))
    phrases.pop("", None)
    if len(phrases) > PHRASES_MAX or any(len(phrase) > PHRASE_LENGTH_MAX for phrase in phrases):
        raise InvalidInput(
            wording.say(
                "At most %(n)s phrases of %(length)s characters can be named.",
                n=PHRASES_MAX,
                length=PHRASE_LENGTH_MAX,
            )
        )
    return tuple(phrases)


async def _original(site: Site, request: Request, person: Person, question: str) -> Reading | None:
    """What the reader makes of the question; None when it cannot be asked now."""
    try:
        read = await while_wanted(request, site.read(person, question))
    except (ModelAway, TooBusy, TooMany, InvalidQuestion):
        return None
    return None if read is None else Reading(read.filter, read.unsupported)
