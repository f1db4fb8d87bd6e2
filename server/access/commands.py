"""`panelens user` and `panelens token`: who may enter, from the machine itself."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from psycopg import AsyncConnection
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.access.audit import Act, at_terminal, write_audit
from server.access.people import add_person, change_password, list_people, remove_person
from server.access.person import Role
from server.access.sessions import Token, add_token, list_tokens, revoke_token
from server.postgres.migrate import migrate
from server.postgres.pool import conninfo, explained
from server.product import open_database
from server.settings import read_settings

Result = TypeVar("Result")

user_app = typer.Typer(help="People who may sign in.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens with which programs use the API.", no_args_is_help=True)
console = Console(stderr=True)

Name = Annotated[str, typer.Argument(help="name to sign in with")]
TokenName = Annotated[str, typer.Argument(help="what the token is for")]


@user_app.command("add")
def add_user(
    name: Name,
    role: Annotated[Role, typer.Option(help="what the person may do")] = Role.VIEWER,
) -> None:
    """Add a person; the password is asked for, or read from standard input."""
    password = _password()
    _change(
        f"user add {name} ({role})",
        lambda connection: add_person(connection, name=name, role=role, password=password),
    )
    console.print(f"{name} may sign in as {role}.", markup=False, highlight=False)


@user_app.command("list")
def list_users() -> None:
    """Show who may sign in, and when they were last here."""
    table = Table("name", "role", "since", "last here")
    for person in _with_database(list_people):
        table.add_row(
            Text(person.name), person.role, _shown(person.created_at), _shown(person.seen_at)
        )
    Console().print(table)


@user_app.command("remove")
def remove_user(name: Name) -> None:
    """Remove a person; their sessions end at once, their searches go, their segments stay."""
    _change(f"user remove {name}", lambda connection: remove_person(connection, name=name))
    console.print(
        f"{name} may not sign in any more; their searches are gone, their segments stay.",
        markup=False,
        highlight=False,
    )


@user_app.command("password")
def change_user_password(name: Name) -> None:
    """Give a person a new password; their sessions end at once."""
    password = _password()
    _change(
        f"user password {name}",
        lambda connection: change_password(connection, name=name, password=password),
    )
    console.print(f"{name} has a new password.", markup=False, highlight=False)


@token_app.command("add")
def add_api_token(
    name: TokenName,
    role: Annotated[Role, typer.Option(help="what the program may do")] = Role.VIEWER,
    days: Annotated[int, typer.Option(min=1, max=3650, help="days that it is in force")] = 90,
) -> None:
    """Make a token and print it: it is shown this once."""
    token = _change(
        f"token add {name} ({role}, {days} days)",
        lambda connection: add_token(connection, name=name, role=role, days=days),
    )
    console.print("Keep this; only its hash is stored. Send it as: Authorization: Bearer …")
    typer.echo(token)


@token_app.command("list")
def list_api_tokens() -> None:
    """Show every token: how it begins, until when it is in force, its last use."""
    table = Table("name", "begins with", "role", "in force until", "last use", "state")
    for token in _with_database(list_tokens):
        table.add_row(
            Text(token.name),
            token.prefix,
            token.role,
            _shown(token.expires_at),
            _shown(token.used_at),
            _state(token),
        )
    Console().print(table)


@token_app.command("revoke")
def revoke_api_token(name: TokenName) -> None:
    """Take a token back: it opens nothing from now on."""
    _change(f"token revoke {name}", lambda connection: revoke_token(connection, name=name))
    console.print(f"{name} is revoked.", markup=False, highlight=False)


def _password() -> str:
    """Typed twice at a terminal; one line of standard input otherwise, for scripts."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _change(about: str, act: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
    """Do it and write it down, both or neither."""

    async def both(connection: AsyncConnection) -> Result:
        result = await act(connection)
        await write_audit(connection, Act(at_terminal(), "change", about, "", done=True))
        return result

    return _with_database(both)


def _with_database(act: Callable[[AsyncConnection], Awaitable[Result]]) -> Result:
    async def run(address: str) -> Result:
        async with await AsyncConnection.connect(address) as connection:
            return await act(connection)

    with open_database(read_settings()) as database:
        migrate(database.url)
        with explained():
            return asyncio.run(run(conninfo(database.url)))


def _shown(moment: datetime | None) -> str:
    return "–" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _state(token: Token) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "in force" if token.expires_at > datetime.now(UTC) else "expired"
