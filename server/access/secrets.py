"""Passwords and the secrets of sessions and tokens: made, hashed, compared."""

import hashlib
import secrets
from dataclasses import dataclass

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 256
TOKEN_MARK = "pnl_"  # noqa: S105  (how every token begins, so that scanners find a leaked one)
_PREFIX_LENGTH = len(TOKEN_MARK) + 6

_passwords = PasswordHash((Argon2Hasher(),))


@dataclass(frozen=True, slots=True)
class TokenSecret:
    """A fresh token: shown once, then only its prefix and hash are known."""

    text: str

    @property
    def prefix(self) -> str:
        """What people may see of it."""
        return self.text[:_PREFIX_LENGTH]


def hash_password(password: str) -> str:
    """The password as it is stored: Argon2id with a salt of its own. Takes a while, on purpose."""
    return _passwords.hash(password)


def check_password(password: str, hashed: str) -> tuple[bool, str | None]:
    """Whether it is that password, and a new hash when the stored one is of an older cost."""
    return _passwords.verify_and_update(password, hashed)


def new_session_secret() -> str:
    """What the cookie of a session holds."""
    return secrets.token_urlsafe(32)


def new_token() -> TokenSecret:
    """A token for a program."""
    return TokenSecret(TOKEN_MARK + secrets.token_urlsafe(32))


def digest(secret: str) -> bytes:
    """How a random secret is stored; it is too long to be guessed, so one round is enough."""
    return hashlib.sha256(secret.encode()).digest()
