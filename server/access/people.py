"""People in the database: added, listed, removed, their passwords checked and changed."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime

from server.access.person import LOCAL, Person, Role
from server.access.secrets import (
    PASSWORD_LENGTH_MAX,
    PASSWORD_LENGTH_MIN,
    check_password,
    hash_password,
)
from server.catalogue import normalise
from server.errors import InvalidInput
from server.postgres.statements import Connection, Present, all_rows, only_row, template

NAME_LENGTH_MAX = 80


@dataclass(frozen=True, slots=True)
class Known:
    """A person as the database has them."""

    id: int
    name: str
    role: str
    password_hash: str

    @property
    def person(self) -> Person:
        """Who it is to everybody else."""
        return Person(self.name, Role(self.role))


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of the list of people."""

    name: str
    role: str
    created_at: datetime
    seen_at: datetime | None


async def add_person(conn: Connection, *, name: str, role: Role, password: str) -> None:
    """A new person; InvalidInput when the name is taken or name or password will not do."""
    given = {"name": checked_name(name), "role": role.value, "password_hash": _hashed(password)}
    if not (await only_row(conn, Present, template("add_person"), given)).present:
        raise InvalidInput(f"there is already somebody called {name!r}")


async def list_people(conn: Connection) -> list[Listed]:
    """Everybody who may sign in."""
    return await all_rows(conn, Listed, template("list_accounts"), {})


async def remove_person(conn: Connection, *, name: str) -> None:
    """The person goes with sessions and searches; their segments stay, as nobody's.

    InvalidInput when there is nobody of that name.
    """
    if not (await only_row(conn, Present, template("remove_person"), {"name": name})).present:
        raise InvalidInput(f"there is nobody called {name!r}")


async def change_password(conn: Connection, *, name: str, password: str) -> None:
    """A new password, which ends every session; InvalidInput when there is nobody of that name."""
    given = {"name": name, "password_hash": _hashed(password)}
    if not (await only_row(conn, Present, template("change_password"), given)).present:
        raise InvalidInput(f"there is nobody called {name!r}")
    # A statement of its own: a sign-in that the change waited for began its session meanwhile.
    await conn.execute(template("end_sessions"), {"name": name})


async def has_people(conn: Connection) -> bool:
    """Whether anybody may sign in."""
    return (await only_row(conn, Present, template("has_people"), {})).present


async def person_with_password(conn: Connection, *, name: str, password: str) -> Known | None:
    """Whoever has that name and that password; it takes as long when there is nobody.

    It may have changed during the check: a session is started only with the hash that was checked.
    """
    found = await all_rows(conn, Known, template("get_person"), {"name": name})
    known = found[0] if found else None
    right, renewed = await asyncio.to_thread(
        check_password, password, known.password_hash if known else _NOBODY
    )
    if known is None or not right:
        return None
    if renewed is None:
        return known
    given = {"person_id": known.id, "checked": known.password_hash, "renewed": renewed}
    await conn.execute(template("renew_password_hash"), given)
    return replace(known, password_hash=renewed)


def checked_name(name: str) -> str:
    """The name without spaces round it; InvalidInput when it cannot be one."""
    stripped = name.strip()
    if not stripped or len(stripped) > NAME_LENGTH_MAX or not stripped.isprintable():
        raise InvalidInput(f"a name has 1 to {NAME_LENGTH_MAX} characters that show")
    if normalise(stripped) == LOCAL.name:
        raise InvalidInput(f"{LOCAL.name!r} is whoever sits at the machine; take another name")
    return stripped


def _hashed(password: str) -> str:
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise InvalidInput(
            f"a password has {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters"
        )
    return hash_password(password)


# A hash of the same cost that no password opens: the text it was made from is nowhere.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$"
    "Yk1vbm9ib2R5a25vd3N0aGlzcGFzc3dvcmQwMTIzNDU"
)
