"""Who asks: a name and a role."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do; each role may also do what those before it may."""

    VIEWER = "viewer"
    RESEARCHER = "researcher"
    OWNER = "owner"


_ORDER = tuple(Role)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who uses the product."""

    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Whether the person's role reaches that one."""
        return _ORDER.index(self.role) >= _ORDER.index(role)


# Whoever sits at the machine itself, when the server listens on loopback without sign-in.
LOCAL = Person("local", Role.OWNER)
