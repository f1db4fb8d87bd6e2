"""The command line lets people in; a server that others can reach refuses to start without any."""

import re
import subprocess
from pathlib import Path

import psycopg
import pytest

from server.postgres.embedded import EmbeddedPostgres

from .conftest import DataFolder
from .running import PANELENS, PATIENCE_SECONDS, environment, panelens, serving

pytestmark = pytest.mark.slow

PASSWORD = "a password that is long"


def typed(text: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PANELENS, *arguments],
        env=environment(folder),
        input=text,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_nobody_is_made_up_where_nobody_may_enter(data_folder: DataFolder) -> None:
    with data_folder() as folder:
        done = panelens("serve", "--port", "0", environment=environment(folder, sign_in="true"))
        assert done.returncode == 1
        assert "panelens user add NAME --role owner" in done.stderr
        assert not list(folder.glob("demo-*"))
        with EmbeddedPostgres(folder) as postgres, psycopg.connect(postgres.conninfo) as connection:
            # As deploy/host/panelens-restore looks whether a dump may be restored.
            made = connection.execute("select from pg_namespace where nspname ~ '^panel'")
            assert made.fetchall() == []


def test_where_others_can_reach_it_somebody_must_be_able_to_sign_in(small: Path) -> None:
    env = environment(small)
    for reachable in ({}, {"PANELENS_SIGN_IN": "true"}):
        host = "127.0.0.1" if reachable else "0.0.0.0"
        done = panelens("serve", "--host", host, "--port", "0", environment=env | reachable)
        assert done.returncode == 1
        assert "panelens user add NAME --role owner" in done.stderr
        assert "Traceback" not in done.stderr

    short = typed("short\n", "user", "add", "kim", folder=small)
    assert (short.returncode, "10 to 256 characters" in short.stderr) == (1, True)
    added = typed(f"{PASSWORD}\n", "user", "add", "kim", "--role", "owner", folder=small)
    assert added.returncode == 0, added.stderr
    assert PASSWORD not in added.stdout + added.stderr
    again = typed(f"{PASSWORD}\n", "user", "add", " KIM ", folder=small)
    assert (again.returncode, "already" in again.stderr) == (1, True)
    made = panelens("token", "add", "reports", "--role", "researcher", environment=env)
    token = made.stdout.strip()
    assert re.fullmatch(r"pnl_[\w-]{43}", token), made.stderr

    with serving(small, sign_in="true") as served, served.client() as http:
        assert http.get("/").status_code == 303
        bearer = {"authorization": f"Bearer {token}"}
        found = http.post(
            "/api/search", json={"filter": {"where": {"gender": ["여성"]}}}, headers=bearer
        )
        assert found.status_code == 200
        assert "mb_sn" in found.json()["respondents"][0]
        signed_in = http.post("/sign-in", data={"name": "kim", "password": PASSWORD})
        assert signed_in.status_code == 303
        assert http.get("/audit").status_code == 200
        listed = panelens("token", "list", environment=env).stdout
        assert token[:10] in listed
        assert token not in listed
        assert panelens("token", "revoke", "reports", environment=env).returncode == 0
        assert http.post("/api/search", json={"filter": {}}, headers=bearer).status_code == 401
        assert "kim" in panelens("user", "list", environment=env).stdout
        assert panelens("user", "remove", "kim", environment=env).returncode == 0
        assert http.get("/audit").status_code == 303
    for name in ("[kim]", "[/kim]"):
        assert typed(f"{PASSWORD}\n", "user", "add", name, folder=small).returncode == 0
        assert panelens("token", "add", name, environment=env).returncode == 0
    for what in ("user", "token"):
        told = panelens(what, "list", environment=env)
        assert (told.returncode, "[kim]" in told.stdout, "[/kim]" in told.stdout) == (0, True, True)
    left = panelens("user", "list", environment=env)
    assert left.returncode == 0
    assert " kim " not in left.stdout
