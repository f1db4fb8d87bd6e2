"""What an operator relies on: restarts that refuse nobody, figures, logs, a look at the database."""

import json
import re
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from server.catalogue import Catalogue

from .conftest import DataFolder
from .running import PANELENS, PATIENCE_SECONDS, environment, eventually, panelens, serving, stop

QUESTION = "부산 사는 40대 여성"


def _activated(listening: socket.socket, folder: Path) -> subprocess.Popen[bytes]:
    """The server as systemd starts it: with a socket that somebody else opened."""
    given = listening.fileno()
    return subprocess.Popen(
        # The process id is known only once it runs, and the shell hands its own on.
        [
            "/bin/bash",
            "-c",
            f'exec 3<&{given}; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" serve',
            PANELENS,
        ],
        env=environment(folder),
        pass_fds=[given],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _is_ready(http: httpx.Client) -> bool:
    return http.get("/readyz").status_code == 200


def test_a_request_made_while_the_server_restarts_is_answered(small: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with (
            httpx.Client(base_url=address, timeout=PATIENCE_SECONDS) as http,
            ThreadPoolExecutor(1) as meanwhile,
        ):
            first = _activated(listening, small)
            eventually(lambda: _is_ready(http))
            assert stop(first) == 0
            # Nobody is there now, and still the connection is taken.
            waiting = meanwhile.submit(
                httpx.get, f"{address}/api/catalogue", timeout=PATIENCE_SECONDS
            )
            second = _activated(listening, small)
            try:
                assert waiting.result(PATIENCE_SECONDS).status_code == 200
            finally:
                stop(second)


def test_figures_count_requests_by_route_and_the_log_never_says_what_was_asked(
    small: Path, catalogue: Catalogue
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serving(small, metrics_port=str(port), log_format="json") as served:
        with served.client() as http:
            asked = http.post(
                "/api/search", json={"question": QUESTION}, headers={"x-request-id": "from-proxy-1"}
            )
            found = asked.json()["respondents"][0][catalogue.respondent_id]
            http.get(f"/api/respondents/{found}")
            http.get("/", params={"q": QUESTION})
            odd = http.get("/nowhere", headers={"x-request-id": "<script>" * 30})
            figures = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        said = served.said.read_text("utf-8")
    assert asked.headers["x-request-id"] == "from-proxy-1"
    assert re.fullmatch(r"[0-9a-f]{16}", odd.headers["x-request-id"])
    assert 'panelens_requests_total{method="POST",route="/api/search",status="200"} 1.0' in figures
    assert 'route="/api/respondents/{respondent_id:path}"' in figures
    assert "panelens_model_ready 1.0" in figures
    assert "panelens_connections" in figures
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    (line,) = [entry for entry in lines if entry.get("request_id") == "from-proxy-1"]
    assert (line["route"], line["status"]) == ("/api/search", 200)
    assert found not in said
    assert not any(word in said for word in QUESTION.split())


def test_the_database_check_says_where_it_is_as_whom_and_how_to_look(small: Path) -> None:
    env = environment(small)
    checked = panelens("database", "check", "--json", environment=env)
    figures = json.loads(checked.stdout)
    assert figures["session"]["prepared"] is True
    assert figures["session"]["encrypted"] is False and figures["certificate_checked"] is False
    assert figures["round_trip_milliseconds"] > 0
    assert figures["psql"].startswith('psql "host=')
    assert "as          " in panelens("database", "check", environment=env).stdout


@pytest.mark.parametrize("command", [("database", "check"), ("serve", "--port", "0")])
def test_a_database_that_cannot_be_reached_is_told_with_its_reason(
    data_folder: DataFolder, command: tuple[str, ...]
) -> None:
    with data_folder() as folder:
        away = "postgresql://somebody:a-secret@127.0.0.1:1/panelens"
        env = environment(folder, database_url=away, sign_in="true")
        done = panelens(*command, environment=env)
    assert done.returncode == 1
    assert "refused" in done.stderr
    assert "Traceback" not in done.stderr
    assert "a-secret" not in done.stdout + done.stderr
