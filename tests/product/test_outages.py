"""The database goes away while the product serves, and comes back; the server stays."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from server.postgres.embedded import EmbeddedPostgres

from .conftest import DataFolder
from .running import Served, environment, eventually, panelens, serving

pytestmark = pytest.mark.slow

WOMEN = {"filter": {"where": {"gender": ["여성"]}}}
WOMEN_PAGE = {"f": '{"where":{"gender":["여성"]}}', "lang": "en"}


def test_the_embedded_server_is_started_again_when_it_is_killed(small: Path) -> None:
    with serving(small) as served, served.client() as http:
        before = http.post("/api/search", json=WOMEN).raise_for_status().json()
        os.kill(postmaster(EmbeddedPostgres(small)), signal.SIGKILL)
        eventually(lambda: http.post("/api/search", json=WOMEN).status_code != 200)
        eventually(lambda: is_told_or_mended(http))
        after = http.post("/api/search", json=WOMEN).raise_for_status().json()
        assert after["respondents"] == before["respondents"]
        assert served.process.poll() is None


def test_a_database_of_ones_own_may_stop_and_start(
    data_folder: DataFolder, few_people: Path
) -> None:
    with data_folder() as theirs, data_folder() as ours, EmbeddedPostgres(theirs) as postgres:
        env = environment(ours, database_url=postgres.conninfo)
        assert panelens("load", few_people, "--synthetic", environment=env).returncode == 0
        with serving(ours, database_url=postgres.conninfo) as served, served.client() as http:
            before = http.post("/api/search", json=WOMEN).raise_for_status().json()
            os.kill(postmaster(postgres), signal.SIGINT)  # a fast shutdown
            eventually(lambda: not is_running(postgres))
            assert_says_that_the_database_is_away(served)
            assert_says_that_the_database_is_away(served)  # and nothing of ours starts it
            postgres.revive()
            eventually(lambda: is_told_or_mended(http))
            after = http.post("/api/search", json=WOMEN).raise_for_status().json()
            assert after["respondents"] == before["respondents"]
            assert http.get("/readyz").status_code == 200
        assert not (ours / "postgres").exists()


def test_two_servers_share_a_data_folder_and_either_may_stop(small: Path) -> None:
    postgres = EmbeddedPostgres(small)
    with serving(small) as first, first.client() as one:
        with serving(small) as second, second.client() as other:
            assert first.address != second.address
            found = [http.post("/api/search", json=WOMEN).json() for http in (one, other)]
            assert found[0]["respondents"] == found[1]["respondents"]
        assert second.process.returncode == 0
        assert is_running(postgres)
        assert one.post("/api/search", json=WOMEN).status_code == 200
    assert first.process.returncode == 0
    assert not is_running(postgres)


def test_a_port_in_use_is_said_at_once(served: Served) -> None:
    port = served.address.rsplit(":", 1)[1]
    done = panelens("serve", "--port", port, environment=served.environment)
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def is_told_or_mended(http: httpx.Client) -> bool:
    """Whether a search works; until then program and person are told that it cannot."""
    answer = http.post("/api/search", json=WOMEN)
    assert answer.status_code in (200, 503), answer.text
    return answer.status_code == 200


def assert_says_that_the_database_is_away(served: Served) -> None:
    with served.client() as http:
        answer = http.post("/api/search", json=WOMEN)
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "database-away"
        page = http.get("/", params=WOMEN_PAGE)
        assert page.status_code == 503
        assert answer.json()["title"] in page.text or "database" in page.text.lower()
        assert "/respondents/" not in page.text
        ready = http.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["database"] is False
        assert http.get("/healthz").status_code == 200


def postmaster(postgres: EmbeddedPostgres) -> int:
    return int((postgres.folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])


def is_running(postgres: EmbeddedPostgres) -> bool:
    """PostgreSQL takes its note away when it ends in order."""
    return (postgres.folder / "data" / "postmaster.pid").exists()
