"""Searches are remembered as many as are shown, each person's own."""

from psycopg_pool import AsyncConnectionPool

from server.kept.searches import SEARCHES_SHOWN, list_searches, store_search


async def search(pool: AsyncConnectionPool, who: str, number: int) -> None:
    async with pool.connection() as connection:  # each at a time of its own
        await store_search(
            connection,
            panel="welcome",
            made_by=who,
            question=f"question {number}",
            query={},
            people=number,
        )


async def test_the_oldest_searches_are_forgotten_and_other_peoples_are_not(
    pool: AsyncConnectionPool,
) -> None:
    for number in range(SEARCHES_SHOWN + 3):
        await search(pool, "kim", number)
    await search(pool, "rhee", 0)
    async with pool.connection() as connection:
        kept = await list_searches(connection, "welcome", "kim")
        rows = await (
            await connection.execute("select count(*) from panelens.made_search")
        ).fetchone()
    assert [one.people for one in kept] == [*range(SEARCHES_SHOWN + 2, 2, -1)]
    # One more than is shown of kim's: the newest is added beside those that were there.
    assert rows == (SEARCHES_SHOWN + 1 + 1,)


async def test_a_search_made_before_only_moves_to_the_top(pool: AsyncConnectionPool) -> None:
    """Also after others, and when it was the oldest, which is not shown any more."""
    everything = range(SEARCHES_SHOWN + 1)
    for number in (*everything, 7, 0):
        await search(pool, "kim", number)
    async with pool.connection() as connection:
        kept = await list_searches(connection, "welcome", "kim")
    others = [number for number in reversed(everything) if number not in (0, 7)]
    assert [one.people for one in kept] == [0, 7, *others][:SEARCHES_SHOWN]
