"""The database fails while the product serves: told honestly, mended by itself, nothing doubled.

What is killed, stopped or shared is in tests/product/test_outages.py.
"""

import io
import json
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import httpx
import psutil
import psycopg
import pytest

from tests.faults.conftest import PEOPLE, Broken
from tests.product.running import eventually

WOMEN = {"filter": {"where": {"gender": ["여성"]}}}
# Not in the panel's own words, so the model is asked.
UNSAID = "요새 살림이 나아졌다는 여성"
WRONG = {"question": "여성", "verdict": "wrong", "filter": {}}
POOL = 4


def search(http: httpx.Client) -> httpx.Response:
    return http.post("/api/search", json=WOMEN)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def corrections(broken: Broken) -> int:
    with broken.connect() as connection:
        row = connection.execute("select count(*) from panelens.correction").fetchone()
    assert row
    return int(row[0])


def test_a_slow_search_ends_at_its_limit_and_the_next_one_works(
    broken: Broken, http: httpx.Client
) -> None:
    with broken.locked():
        assert problem(search(http)) == (504, "too-heavy")
        assert http.get("/healthz").status_code == 200
        assert broken.at_work() == 0
    assert search(http).status_code == 200


def test_a_server_that_hangs_is_given_up_and_taken_back(broken: Broken, http: httpx.Client) -> None:
    """Its statements know nothing of their time limit: the processes stand still."""
    assert search(http).status_code == 200
    with frozen(broken):
        answer = search(http)
        assert problem(answer) == (503, "database-away")
        assert http.get("/healthz").status_code == 200
        assert http.get("/readyz").json()["database"] is False
    eventually(lambda: search(http).status_code == 200)


def test_connections_that_are_cut_cost_no_search(broken: Broken, http: httpx.Client) -> None:
    before = search(http).json()["respondents"]
    assert broken.relay.cut() >= 1
    after = search(http)
    assert after.status_code == 200
    assert after.json()["respondents"] == before


def test_without_a_free_connection_it_says_so_and_goes_on_by_itself(
    broken: Broken, http: httpx.Client
) -> None:
    with ExitStack() as taken:
        take_all(broken, taken)
        broken.relay.cut()
        take_all(broken, taken)
        assert problem(search(http)) == (503, "database-away")
        assert http.get("/readyz").status_code == 503
        assert "too many clients" in broken.served.said.read_text()
    eventually(lambda: search(http).status_code == 200)


def test_a_read_only_database_is_searched_and_changes_are_refused(
    broken: Broken, http: httpx.Client
) -> None:
    before = corrections(broken)
    with read_only(broken):
        assert search(http).status_code == 200
        assert http.get("/", params={"f": json.dumps(WOMEN["filter"])}).status_code == 200
        refused = http.post("/api/corrections", json=WRONG, headers={"accept-language": "en"})
        assert problem(refused) == (503, "no-changes")
        assert refused.json()["title"] == "The database takes no changes now."
        assert corrections(broken) == before
    assert http.post("/api/corrections", json=WRONG).status_code == 201
    assert corrections(broken) == before + 1


def test_an_export_whose_connection_is_cut_is_whole_all_the_same(
    broken: Broken, http: httpx.Client
) -> None:
    with http.stream("GET", "/export", params={"f": "{}", "as": "json"}) as answer:
        assert answer.status_code == 200
        text = io.BytesIO()
        for number, piece in enumerate(answer.iter_bytes(4096)):
            if number == 0:
                broken.relay.cut()
            text.write(piece)
    found = json.loads(text.getvalue())["respondents"]
    assert len(found) == len({person["mb_sn"] for person in found}) == PEOPLE


def test_an_export_whose_database_goes_away_never_looks_whole(
    broken: Broken, http: httpx.Client
) -> None:
    with (
        pytest.raises(httpx.RemoteProtocolError),
        http.stream("GET", "/export", params={"f": "{}", "as": "csv"}) as answer,
    ):
        assert answer.status_code == 200
        with broken.relay.away():
            for _ in answer.iter_bytes(4096):
                pass
    eventually(lambda: search(http).status_code == 200)


def test_searches_of_clients_who_hang_up_are_cancelled(broken: Broken, http: httpx.Client) -> None:
    told = "canceling statement due to user request"
    before = broken.log().count(told)
    with broken.locked():
        vanishing = [ask_raw(broken) for _ in range(POOL)]
        eventually(lambda: broken.at_work() == POOL)
        for line in vanishing:
            line.close()
        eventually(lambda: broken.at_work() == 0)
        assert broken.log().count(told) == before + POOL
        assert http.get("/readyz").status_code == 200  # a connection is free
    assert search(http).status_code == 200


def test_clients_who_do_not_read_hold_no_connection(broken: Broken, http: httpx.Client) -> None:
    lines: list[socket.socket] = []
    try:
        # One after another: begun at once, the later ones may wait longer than a busy machine lets.
        for _ in range(2 * POOL):
            lines.append(ask_raw(broken, "GET /export?f=%7B%7D&as=csv"))
            assert lines[-1].recv(15) == b"HTTP/1.1 200 OK"
        eventually(lambda: broken.at_work() == 0)
        assert search(http).status_code == 200
    finally:
        for line in lines:
            line.close()


def ask_raw(broken: Broken, request: str = "POST /api/search") -> socket.socket:
    """A request on a line of its own, whose answer nobody reads."""
    host, _, port = broken.served.address.removeprefix("http://").partition(":")
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect((host, int(port)))
    body = json.dumps(WOMEN).encode() if request.startswith("POST") else b""
    head = f"{request} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
    line.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    return line


def take_all(broken: Broken, taken: ExitStack) -> None:
    """Take every connection that PostgreSQL still gives."""
    while True:
        try:
            taken.enter_context(broken.connect())
        except psycopg.OperationalError as error:
            assert "too many clients" in str(error)
            return


@contextmanager
def read_only(broken: Broken) -> Iterator[None]:
    """What an operator sets who wants no more changes, or what a replica is."""
    with broken.connect() as connection:
        connection.execute("alter system set default_transaction_read_only = on")
        connection.execute("select pg_reload_conf()")
        is_on = (
            "select setting = 'on' from pg_settings where name = 'default_transaction_read_only'"
        )
        try:
            eventually(lambda: _fresh(broken, is_on))
            yield
        finally:
            connection.execute("alter system reset default_transaction_read_only")
            connection.execute("select pg_reload_conf()")
            eventually(lambda: not _fresh(broken, is_on))


def _fresh(broken: Broken, query: str) -> bool:
    with psycopg.connect(broken.cluster.conninfo) as connection:
        return connection.execute(query.encode()).fetchone() == (True,)


@contextmanager
def frozen(broken: Broken) -> Iterator[None]:
    """Every process of the cluster stands still."""
    noted = (broken.cluster.folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0]
    postmaster = psutil.Process(int(noted))
    family = [postmaster, *postmaster.children(recursive=True)]
    for process in family:
        os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in family:
            os.kill(process.pid, signal.SIGCONT)


def test_at_the_end_the_server_answers_what_it_began(broken: Broken) -> None:
    """The last one: afterwards this module's server is gone."""
    with broken.client() as http, ThreadPoolExecutor(4) as aside, broken.locked() as lock:
        asked = [aside.submit(ask, http, f"{UNSAID} {n}명") for n in range(1, 4)]
        eventually(lambda: http.get("/waiting").json()["waiting"] == len(asked))
        searched = aside.submit(search, http)
        eventually(lambda: broken.at_work() == 1)
        broken.served.process.send_signal(signal.SIGTERM)
        eventually(lambda: is_refused(broken))
        assert not searched.done()
        lock.rollback()
        assert [answer.result().status_code for answer in (searched, *asked)] == [200] * 4
    assert broken.served.process.wait(60) == 0


def ask(http: httpx.Client, question: str) -> httpx.Response:
    return http.post("/api/interpret", json={"question": question})


def is_refused(broken: Broken) -> bool:
    try:
        with broken.client() as http:
            http.get("/healthz", timeout=1)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    return False
