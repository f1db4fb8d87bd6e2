"""The clock is set while the product runs: nobody is kept out for it, no guesser gets new tries."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from psycopg import AsyncConnection

from server.access.people import add_person, person_with_password
from server.access.person import Role
from server.access.sessions import SessionLimits, add_token, start_session

LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
)

SET_CLOCK = """
import os, sys, time
from pathlib import Path

def set_clock(seconds):
    Path(os.environ["FAKETIME_TIMESTAMP_FILE"]).write_text(f"{seconds:+d}")
"""

GUESSING = """
from server.access.limits import Limits
from server.errors import TooMany

limits = Limits(600, 60)
before = time.time()
for _ in range(5):
    limits.failed("kim", "192.0.2.1")
set_clock(86400)
assert time.time() - before > 80000, "the clock was not set"
try:
    limits.may_try("kim", "192.0.2.1")
except TooMany:
    print("still waits")
"""

WAITING = """
from limits import RateLimitItemPerSecond
from limits.strategies import MovingWindowRateLimiter
from server.access.counting import SteadyStorage

counts = MovingWindowRateLimiter(SteadyStorage())
one = RateLimitItemPerSecond(1)
before = time.time()
assert counts.hit(one, "kim")
assert not counts.hit(one, "kim")
set_clock(-86400)
assert before - time.time() > 80000, "the clock was not set"
begin = time.monotonic()
while time.monotonic() - begin < 1.2:
    pass  # the library would have any sleep fail
print("goes on" if counts.hit(one, "kim") else "waits a day")
"""

HOLDERS = """
import asyncio
from psycopg import AsyncConnection
from server.access.sessions import SessionLimits, session_person, token_person

address, days, token, session = sys.argv[1:]
limits = SessionLimits(idle_minutes=60, days=1)

async def holders():
    async with await AsyncConnection.connect(address) as connection:
        yield await token_person(connection, token)
        yield await session_person(connection, session, limits)

async def names():
    return [person and person.name async for person in holders()]

before = time.time()
set_clock(int(days) * 86400)
assert abs(time.time() - before) > 300 * 86400, "the clock was not set"
print(*asyncio.run(names()))
"""
PASSWORD = "a password of some length"


@pytest.fixture(scope="module")
def faketime() -> str:
    found = next((library for library in LIBRARIES if Path(library).exists()), None)
    if found is None:
        pytest.skip("libfaketime is not installed (apt-get install faketime)")
    return found


def said(script: str, faketime: str, folder: Path, *arguments: str) -> str:
    """What the script says; it may set its own clock."""
    stamp = folder / "clock"
    stamp.write_text("+0")
    environment = os.environ | {
        "LD_PRELOAD": faketime,
        "FAKETIME_TIMESTAMP_FILE": str(stamp),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    command = [sys.executable, "-c", SET_CLOCK + script, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_clock_set_forward_gives_a_guesser_no_new_tries(faketime: str, tmp_path: Path) -> None:
    assert said(GUESSING, faketime, tmp_path) == "still waits"


def test_a_clock_set_back_keeps_nobody_waiting(faketime: str, tmp_path: Path) -> None:
    assert said(WAITING, faketime, tmp_path) == "goes on"


async def test_tokens_and_sessions_end_by_the_databases_clock(
    faketime: str, database: str, tmp_path: Path
) -> None:
    limits = SessionLimits(idle_minutes=60, days=1)
    async with await AsyncConnection.connect(database) as connection:
        await add_person(connection, name="kim", role=Role.VIEWER, password=PASSWORD)
        kim = await person_with_password(connection, name="kim", password=PASSWORD)
        assert kim is not None
        token = await add_token(connection, name="reports", role=Role.VIEWER, days=1)
        session = await start_session(connection, kim, limits) or ""
    in_force = (faketime, tmp_path, database, "400", token, session)
    assert said(HOLDERS, *in_force) == "token:reports kim", "a year ahead they are in force"
    async with await AsyncConnection.connect(database) as connection:
        await connection.execute("update panelens.token set expires_at = now()")
        await connection.execute(
            "update panelens.session set started_at = now() - interval '1 day'"
        )
    ended = (faketime, tmp_path, database, "-400", token, session)
    assert said(HOLDERS, *ended) == "None None", "a year behind they have ended"
