"""Searches are remembered as many as are shown, each person's own."""

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from server.kept.searches import SEARCHES_SHOWN, list_searches, store_search


async def test_the_oldest_searches_are_forgotten_and_other_peoples_are_not(
    pool: AsyncConnectionPool,
) -> None:
    async def search(connection: AsyncConnection, who: str, number: int) -> None:
        question = f"question {number}"
        await store_search(
            connection, panel="welcome", made_by=who, question=question, query={}, people=number
        )

    for number in range(SEARCHES_SHOWN + 3):
        async with pool.connection() as connection:  # each at a time of its own
            await search(connection, "kim", number)
    async with pool.connection() as connection:
        await search(connection, "rhee", 0)
        kept = await list_searches(connection, "welcome", "kim")
        rows = await (
            await connection.execute("select count(*) from panelens.made_search")
        ).fetchone()
    assert [one.people for one in kept] == [*range(SEARCHES_SHOWN + 2, 2, -1)]
    # One more than is shown of kim's: the newest is added beside those that were there.
    assert rows == (SEARCHES_SHOWN + 1 + 1,)
