"""Who sent a request, and which role a route needs: handed to routes by dependency."""

from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from server.access.person import LOCAL, Person, Role
from server.errors import NotAllowed, NotSignedIn

EXPORTS_FROM = Role.RESEARCHER


def person_of(request: Request) -> Person:
    """The person that signed in; whoever is at the machine where nobody needs to."""
    person = request.scope.get("state", {}).get("person", LOCAL)
    if person is None:
        raise NotSignedIn()
    assert isinstance(person, Person)  # noqa: S101  (set by our own middleware only)
    return person


PersonOf = Annotated[Person, Depends(person_of)]


def requires(role: Role) -> Any:
    """A route's dependency: only people whose role reaches this one get in.

    `dependencies=[requires(Role.OWNER)]` in a route's decorator, or
    `person: Annotated[Person, requires(Role.OWNER)]` where the route wants to know who it is.
    """

    def allowed(person: PersonOf) -> Person:
        if not person.may(role):
            raise NotAllowed()
        return person

    return Depends(allowed)
