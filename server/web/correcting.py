"""What a person says of a reading, made into a correction that names the reading it is about."""

from server.accuracy.corrections import Correction, Verdict
from server.errors import InvalidQuestion, ModelAway, TooBusy
from server.origin import Origin
from server.services import Services
from server.spelling import Reading


async def said_of(
    services: Services,
    origin: Origin,
    question: str,
    *,
    verdict: Verdict,
    shown: Reading,
    person: str,
) -> Correction:
    """A correction of the question.

    For right and wrong, the filter is the reading that was shown. For corrected, it is the one that
    is right, and what the reader makes of the question now is kept beside it.
    """
    original = await _original(services, question) if verdict == "corrected" else shown
    return Correction(
        question=question,
        verdict=verdict,
        original=original,
        corrected=None if verdict == "wrong" else shown,
        model=origin.model,
        adapter=origin.adapter,
        person=person,
    )


async def _original(services: Services, question: str) -> Reading | None:
    """What the reader makes of the question; None when it cannot be asked now."""
    try:
        read = await services.interpret(question)
    except (ModelAway, TooBusy, InvalidQuestion):
        return None
    return Reading(read.filter, read.unsupported)
