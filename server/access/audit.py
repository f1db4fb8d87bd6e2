"""The audit: who did what, when and from where."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from server.postgres.statements import Connection, all_rows, template

TEXT_LENGTH_MAX = 500

Deed = Literal["sign-in", "sign-out", "export", "change"]


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is written down."""

    who: str
    act: Deed
    about: str
    address: str
    done: bool


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


async def write_audit(conn: Connection, act: Act) -> None:
    """Add an act; what cannot be stored as text is written as signs that show."""
    given = {
        "who": _storable(act.who),
        "act": act.act,
        "about": _storable(act.about),
        "address": _storable(act.address),
        "done": act.done,
    }
    await conn.execute(template("write_audit"), given)


async def list_audit(conn: Connection, *, before: int | None, most: int) -> list[Audited]:
    """The latest acts, from before that row on."""
    given = {"before": before, "most": most}
    return await all_rows(conn, Audited, template("list_audit"), given)


def _storable(text: str) -> str:
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return shown.encode("utf-8", "backslashreplace").decode()[:TEXT_LENGTH_MAX]
