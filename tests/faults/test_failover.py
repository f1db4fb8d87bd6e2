"""The database's machine dies and its replica, at another address, takes over."""

import os
import signal
from pathlib import Path

import httpx
import psutil
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from server.catalogue import Catalogue
from server.panel.load import load_files
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.migrate import migrate
from tests.faults.conftest import PEOPLE, YEAR, DataFolder, count_people, open_folder, operator
from tests.faults.relay import Relay
from tests.product.running import eventually, serving

WOMEN = {"filter": {"where": {"gender": ["여성"]}}}
WRONG = {"question": "여성", "verdict": "wrong", "filter": {}}


def test_after_a_failover_everything_is_there_once(
    cluster: EmbeddedPostgres, people: Path, catalogue: Catalogue, data_folder: DataFolder
) -> None:
    migrate(cluster.conninfo)
    load_files(cluster.conninfo, catalogue, [people], reference_year=YEAR, synthetic=True)
    with (
        open_folder() as elsewhere,
        replica_of(cluster, elsewhere) as replica,
        Relay(cluster.conninfo) as first,
        Relay(replica.conninfo) as second,
        data_folder() as folder,
        serving(folder, database_url=either(cluster, first, second)) as served,
        served.client() as http,
    ):
        before = http.post("/api/search", json=WOMEN).raise_for_status().json()
        assert http.post("/api/corrections", json=WRONG).status_code == 201
        eventually(lambda: corrections(replica) == 1)
        kill(cluster)
        eventually(lambda: is_told(http))
        with operator(replica.conninfo) as connection:
            connection.execute("select pg_promote()")
        eventually(lambda: http.post("/api/search", json=WOMEN).status_code == 200)
        after = http.post("/api/search", json=WOMEN).json()
        assert after["respondents"] == before["respondents"]
        assert http.post("/api/corrections", json=WRONG).status_code == 201
        assert corrections(replica) == 2
        assert count_people(replica.conninfo) == (PEOPLE, PEOPLE)
        assert served.process.poll() is None


def replica_of(cluster: EmbeddedPostgres, folder: Path) -> EmbeddedPostgres:
    """A copy that follows what happens in the cluster."""
    replica = EmbeddedPostgres(folder)
    replica._prepare_folder()
    given = conninfo_to_dict(cluster.conninfo)
    to = ("-D", str(replica.folder / "data"), "--write-recovery-conf", "--checkpoint=fast")
    cluster._run("pg_basebackup", "-h", str(given["host"]), "-U", str(given["user"]), *to)
    return replica


def either(cluster: EmbeddedPostgres, first: Relay, second: Relay) -> str:
    """Both addresses; whichever may be written to is the one."""
    given = conninfo_to_dict(cluster.conninfo)
    return make_conninfo(
        "",
        host="127.0.0.1,127.0.0.1",
        port=f"{first.port},{second.port}",
        user=given["user"],
        dbname=given["dbname"],
        target_session_attrs="primary",
    )


def kill(cluster: EmbeddedPostgres) -> None:
    noted = (cluster.folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0]
    postmaster = psutil.Process(int(noted))
    for process in (postmaster, *postmaster.children(recursive=True)):
        os.kill(process.pid, signal.SIGKILL)


def is_told(http: httpx.Client) -> bool:
    answer = http.post("/api/search", json=WOMEN)
    assert answer.status_code in (200, 503), answer.text
    return answer.status_code == 503


def corrections(cluster: EmbeddedPostgres) -> int:
    with operator(cluster.conninfo) as connection:
        row = connection.execute("select count(*) from panelens.correction").fetchone()
    assert row
    return int(row[0])
