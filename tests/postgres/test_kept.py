"""What people keep: as many segments as a panel may hold, and whose they are when somebody is removed."""

import pytest
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from server.access.people import add_person, remove_person
from server.access.person import Role
from server.errors import InvalidInput, TooManySegments
from server.kept.searches import list_searches, store_search
from server.kept.segments import SEGMENTS_MOST, list_segments, store_segment

PASSWORD = "a password that is long"


async def keep(conn: AsyncConnection, name: str, *, by: str = "kim", panel: str = "welcome") -> int:
    return await store_segment(
        conn, panel=panel, name=name, note="", question="", query={}, people=1, made_by=by
    )


async def search(conn: AsyncConnection, who: str) -> None:
    await store_search(conn, panel="welcome", made_by=who, question="여성", query={}, people=1)


async def test_a_segment_that_nobody_would_find_again_is_refused(pool: AsyncConnectionPool) -> None:
    async with pool.connection() as connection:
        for number in range(SEGMENTS_MOST):
            await keep(connection, str(number))
        with pytest.raises(TooManySegments) as refused:
            await keep(connection, "one too many")
        assert all(str(SEGMENTS_MOST) in hint for hint in refused.value.hints.values())
        await keep(connection, "of another panel", panel="small")
        kept = await list_segments(connection, "welcome")
    assert {one.name for one in kept} == {str(number) for number in range(SEGMENTS_MOST)}


async def test_segments_of_an_earlier_time_are_all_shown(pool: AsyncConnectionPool) -> None:
    async with pool.connection() as connection:
        await connection.execute(
            "insert into panelens.segment (panel, name, note, question, filter, people, made_by)"
            " select 'welcome', number, '', '', '{}', 1, 'kim' from generate_series(1, 250) number"
        )
        assert len(await list_segments(connection, "welcome")) == 250


async def test_whoever_has_the_name_of_a_removed_person_next_owns_nothing_of_theirs(
    pool: AsyncConnectionPool,
) -> None:
    async with pool.connection() as connection:
        for name in ("Kim", "rhee"):
            await add_person(connection, name=name, role=Role.RESEARCHER, password=PASSWORD)
            await search(connection, name)
            await keep(connection, f"segment of {name}", by=name)
        await remove_person(connection, name="kim")
        await add_person(connection, name="Kim", role=Role.RESEARCHER, password=PASSWORD)
        assert await list_searches(connection, "welcome", "Kim") == []
        assert len(await list_searches(connection, "welcome", "rhee")) == 1
        kept = await list_segments(connection, "welcome")
    makers = {one.name: one.made_by for one in kept}
    assert makers == {"segment of Kim": "", "segment of rhee": "rhee"}


@pytest.mark.parametrize("name", ["local", " Local ", "LO CAL"])
async def test_nobody_is_called_like_whoever_sits_at_the_machine(
    pool: AsyncConnectionPool, name: str
) -> None:
    async with pool.connection() as connection:
        with pytest.raises(InvalidInput, match="at the machine"):
            await add_person(connection, name=name, role=Role.OWNER, password=PASSWORD)
