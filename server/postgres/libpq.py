"""Runs a program of PostgreSQL with the server's own address in its environment.

    python -m server.postgres.libpq pg_dump --format=custom ...

An address among the arguments would show its password to whoever lists the processes.
"""

import os
import sys
from collections.abc import Mapping

from psycopg.pq import Conninfo

from server.errors import SetupError
from server.postgres.pool import conninfo


def main(command: list[str]) -> None:
    """Become the program; it reads PANELENS_DATABASE_URL taken apart, certificate checks included."""
    address = os.environ.get("PANELENS_DATABASE_URL")
    if not address or not command:
        raise SystemExit("PANELENS_DATABASE_URL and a program are needed")
    try:
        variables = libpq_variables(address)
    except SetupError as error:
        raise SystemExit(error.detail) from error
    os.execvpe(command[0], command, {**os.environ, **variables})  # noqa: S606  (our own scripts)


def libpq_variables(address: str) -> Mapping[str, str]:
    """What libpq's programs read an address from; what has no variable (keepalives) is left out."""
    parts = Conninfo.parse(conninfo(address).encode())
    return {
        part.envvar.decode(): part.val.decode()
        for part in parts
        if part.envvar is not None and part.val is not None
    }


if __name__ == "__main__":
    main(sys.argv[1:])
