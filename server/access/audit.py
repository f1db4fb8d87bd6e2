"""The audit: who did what, when and from where."""

import getpass
import os
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from server.postgres.statements import Connection, all_rows, template

TEXT_LENGTH_MAX = 500
# Of an export, so that its filter is there whole: as much as a request may send.
EXPORT_LENGTH_MAX = 64 * 1024

Deed = Literal["sign-in", "sign-out", "export", "change"]


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is written down."""

    who: str
    act: Deed
    about: str
    address: str
    done: bool


@dataclass(slots=True)
class Pending:
    """What is to be written down of a request that may change something, and whether it was."""

    act: Act
    is_written: bool = False


@dataclass(frozen=True, slots=True)
class Audited:
    """Something that was written down."""

    id: int
    at: datetime
    who: str
    act: str
    about: str
    address: str
    done: bool


def at_terminal() -> str:
    """Who gives a command on the machine itself."""
    try:
        return f"terminal:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user often has no name
        return f"terminal:{os.getuid()}"


def audit_parameters(act: Act) -> dict[str, object]:
    """An act as its statement takes it; what cannot be stored as text becomes signs that show."""
    most = EXPORT_LENGTH_MAX if act.act == "export" else TEXT_LENGTH_MAX
    return {
        "who": _storable(act.who),
        "act": act.act,
        "about": _storable(act.about, most),
        "address": _storable(act.address),
        "done": act.done,
    }


async def write_audit(conn: Connection, act: Act) -> None:
    """Add an act."""
    await conn.execute(template("write_audit"), audit_parameters(act))


async def list_audit(conn: Connection, *, before: int | None, most: int) -> list[Audited]:
    """The latest acts, from before that row on."""
    given = {"before": before, "most": most}
    return await all_rows(conn, Audited, template("list_audit"), given)


def _storable(text: str, most: int = TEXT_LENGTH_MAX) -> str:
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return shown.encode("utf-8", "backslashreplace").decode()[:most]
