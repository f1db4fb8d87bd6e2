"""What must hold before a server that others can reach begins to listen."""

import asyncio

from psycopg import Error
from psycopg.errors import UndefinedTable

from server.access.people import has_people
from server.errors import NobodyMayEnter, SetupError
from server.postgres.pool import connected


def refuse_without_people(database_url: str) -> None:
    """NobodyMayEnter when sign-in is required and there is nobody who could."""
    try:
        present = asyncio.run(_has_people(database_url))
    except UndefinedTable:
        present = False  # Nothing is made here, where a dump may still be restored.
    except Error as error:
        raise SetupError(f"the database cannot be asked who may sign in: {error}") from error
    if not present:
        raise NobodyMayEnter("nobody may sign in yet: panelens user add NAME --role owner")


async def _has_people(database_url: str) -> bool:
    async with await connected(database_url) as connection:
        return await has_people(connection)
