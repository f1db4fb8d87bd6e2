"""What must hold before a server that others can reach begins to listen."""

import asyncio

from server.access.people import has_people
from server.errors import NobodyMayEnter
from server.postgres.pool import connected


def refuse_without_people(database_url: str) -> None:
    """NobodyMayEnter when sign-in is required and there is nobody who could."""
    if not asyncio.run(_has_people(database_url)):
        raise NobodyMayEnter("nobody may sign in yet: panelens user add NAME --role owner")


async def _has_people(database_url: str) -> bool:
    async with await connected(database_url) as connection:
        return await has_people(connection)
