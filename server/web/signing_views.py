"""What the pages of signing in and of the audit show."""

from dataclasses import dataclass

from server.web.views import Frame


@dataclass(frozen=True, slots=True)
class SignInPage:
    """The form where people say who they are; `problem` says why it did not work.

    `ended` when they had said it and their session is over.
    """

    frame: Frame
    title: str
    name: str
    next: str
    problem: str
    ended: bool


@dataclass(frozen=True, slots=True)
class AuditRow:
    """Something that somebody did."""

    at: str
    who: str
    act: str
    about: str
    address: str
    done: bool


@dataclass(frozen=True, slots=True)
class AuditPage:
    """What was done; `older` leads on."""

    frame: Frame
    title: str
    rows: tuple[AuditRow, ...]
    older: str | None
