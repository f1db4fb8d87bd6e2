"""Who sent a request, handed to routes by dependency."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from server.access.person import LOCAL, Person


def person_of(request: Request) -> Person:
    """The person that signed in; whoever is at the machine where nobody needs to."""
    person = request.scope.get("state", {}).get("person", LOCAL)
    assert isinstance(person, Person)  # noqa: S101  (set by our own middleware only)
    return person


PersonOf = Annotated[Person, Depends(person_of)]
