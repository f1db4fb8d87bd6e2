"""Sessions of people and tokens of programs: begun, recognised, ended."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from psycopg import errors

from server.access.people import Known, checked_name
from server.access.person import Person, Role
from server.access.secrets import digest, new_session_secret, new_token
from server.errors import InvalidInput
from server.postgres.statements import Connection, Present, all_rows, only_row, template


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How long a session lasts: without a request, and in all."""

    idle_minutes: int
    days: int

    @property
    def parameters(self) -> dict[str, int]:
        """As the statements name them."""
        return {"idle_minutes": self.idle_minutes, "days": self.days}


@dataclass(frozen=True, slots=True)
class Token:
    """A token as the list shows it."""

    name: str
    role: str
    prefix: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class _Holder:
    name: str
    role: str
    stale: bool


async def start_session(conn: Connection, known: Known, limits: SessionLimits) -> str | None:
    """A session for somebody whose password was right; what its cookie is to hold.

    None when the password was changed, or the person removed, since it was checked.
    """
    secret = new_session_secret()
    given = {
        "secret_sha256": digest(secret),
        "person_id": known.id,
        "password_hash": known.password_hash,
        **limits.parameters,
    }
    started = await only_row(conn, Present, template("start_session"), given)
    return secret if started.present else None


async def session_person(conn: Connection, secret: str, limits: SessionLimits) -> Person | None:
    """Whose session it is; None when it is nobody's or past its time."""
    given = {"secret_sha256": digest(secret)}
    return await _holder(conn, "session", given, {**given, **limits.parameters})


async def end_session(conn: Connection, secret: str) -> None:
    """The session opens nothing from now on."""
    await conn.execute(template("end_session"), {"secret_sha256": digest(secret)})


async def add_token(conn: Connection, *, name: str, role: Role, days: int) -> str:
    """A new token, told this once; InvalidInput when the name is taken."""
    token = new_token()
    given = {
        "name": checked_name(name),
        "role": role.value,
        "prefix": token.prefix,
        "secret_sha256": digest(token.text),
        "days": days,
    }
    if not (await only_row(conn, Present, template("add_token"), given)).present:
        raise InvalidInput(f"there was already a token called {name!r}")
    return token.text


async def list_tokens(conn: Connection) -> list[Token]:
    """Every token there was."""
    return await all_rows(conn, Token, template("list_tokens"), {})


async def revoke_token(conn: Connection, *, name: str) -> None:
    """The token opens nothing from now on; InvalidInput when none of that name was in force."""
    if not (await only_row(conn, Present, template("revoke_token"), {"name": name})).present:
        raise InvalidInput(f"there is no token called {name!r} that is in force")


async def token_person(conn: Connection, secret: str) -> Person | None:
    """The program that holds the token; None when it is not in force."""
    given = {"secret_sha256": digest(secret)}
    return await _holder(conn, "token", given, given)


async def _holder(
    conn: Connection, what: str, secret: Mapping[str, object], given: Mapping[str, object]
) -> Person | None:
    found = await all_rows(conn, _Holder, template(f"get_{what}_person"), given)
    if not found:
        return None
    holder = found[0]
    if holder.stale:
        # Where nothing can be written down, people are still who they are.
        with suppress(errors.ReadOnlySqlTransaction, errors.DiskFull):
            async with conn.transaction():
                await conn.execute(template(f"touch_{what}"), secret)
    return Person(holder.name, Role(holder.role))
