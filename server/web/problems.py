"""How an error is told over HTTP: one problem with status, code, sentence and hint (RFC 9457)."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from server.errors import (
    DatabaseAway,
    ForeignRequest,
    InvalidInput,
    Language,
    MethodRefused,
    NotAllowed,
    NotFound,
    NotSignedIn,
    PanelensError,
    TooBusy,
    TooFew,
    TooHeavy,
    TooMany,
)

PATHS_OF_PROGRAMS = ("/api/", "/healthz", "/readyz")
MEDIA_TYPE = "application/problem+json"

# What any route may answer: before it is asked, also where it reads nothing (who it is stands in
# the database), to whom its role does not reach, and by a fault.
OF_ANY_ROUTE: tuple[type[PanelensError], ...] = (
    NotSignedIn,
    NotAllowed,
    TooFew,
    ForeignRequest,
    TooMany,
    DatabaseAway,
    TooBusy,
    TooHeavy,
    PanelensError,
)

_log = logging.getLogger("panelens.web")


class Problem(BaseModel):
    """An error as programs and pages receive it."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(examples=["urn:panelens:problem:invalid-filter"])
    title: str = Field(description="a sentence in the caller's language")
    status: int = Field(examples=[422])
    code: str = Field(description="stable; for programs", examples=["invalid-filter"])
    detail: str = Field(description="what exactly, and where")
    hint: str = Field(description="what to do next, in the caller's language")
    incident: str | None = Field(
        default=None, description="to be told to the operator, who finds it in the log"
    )


def problem_of(error: Exception, language: Language, incident: str | None = None) -> Problem:
    """What can be said of an error; what a driver or an unknown error says stays in the log."""
    known = error if isinstance(error, PanelensError) else PanelensError()
    return Problem(
        type=f"urn:panelens:problem:{known.code}",
        title=known.sentences[language],
        status=known.status,
        code=known.code,
        detail="" if is_for_operators(known) else known.detail,
        hint=known.hints[language],
        incident=incident,
    )


def problem_response(problem: Problem, headers: Mapping[str, str]) -> JSONResponse:
    """The problem as application/problem+json."""
    return JSONResponse(
        problem.model_dump(exclude_none=True),
        status_code=problem.status,
        headers=dict(headers),
        media_type=MEDIA_TYPE,
    )


def is_for_programs(request: Request) -> bool:
    """Whether the address answers JSON, so that its errors do too."""
    return request.url.path.startswith(PATHS_OF_PROGRAMS)


def is_for_operators(error: Exception) -> bool:
    """Whether why it happened is none of the caller's business: addresses, users, paths."""
    if not isinstance(error, PanelensError) or error.status == 500:
        return True
    return error.status > 500 and error.__cause__ is not None


def record(error: Exception) -> str | None:
    """Log an error that is told without its reason; the incident number finds it again."""
    if not is_for_operators(error):
        return None
    incident = secrets.token_hex(4)
    known = isinstance(error, PanelensError) and error.status != 500
    # A crowd is refused by the thousand, and that is as it should be.
    level = logging.WARNING if isinstance(error, TooBusy) else logging.ERROR
    _log.log(level, "incident %s: %r", incident, error, exc_info=None if known else error)
    return incident


def headers_of(error: Exception) -> dict[str, str]:
    """Headers that belong to an error: when to try again, which methods are taken."""
    if isinstance(error, PanelensError) and error.retry_after_seconds is not None:
        return {"retry-after": str(error.retry_after_seconds)}
    return {}


def ours(error: HTTPException) -> PanelensError:
    """The framework's own refusals as ours."""
    if error.status_code == 404:
        return NotFound()
    if error.status_code == 405:
        return MethodRefused()
    return InvalidInput(str(error.detail))


def explain_validation(errors: Sequence[Mapping[str, Any]]) -> str:
    """The first complaint of a body's check, with its place."""
    first = errors[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body")
    message = str(first["msg"])
    return f"{place}: {message}" if place else message


def documented(*errors: type[PanelensError]) -> dict[int | str, dict[str, Any]]:
    """The errors of a route for OpenAPI, one entry a status, one example a code."""
    responses: dict[int | str, dict[str, Any]] = {}
    for error in dict.fromkeys((*errors, *OF_ANY_ROUTE)):
        entry = responses.setdefault(
            error.status,
            {
                "description": "",
                "content": {
                    MEDIA_TYPE: {"schema": Problem.model_json_schema(), "examples": {}},
                },
            },
        )
        entry["description"] = (
            f"{entry['description']} {error.code}: {error.sentences['en']}".strip()
        )
        entry["content"][MEDIA_TYPE]["examples"][error.code] = {
            "summary": error.sentences["en"],
            "value": problem_of(error("…"), "en").model_dump(exclude_none=True),
        }
    return responses
