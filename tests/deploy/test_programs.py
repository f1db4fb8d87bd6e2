"""The host's own programs, run as root on copies of the folders that they change."""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest
import yaml

from .conftest import not_here

HOST = Path(__file__).resolve().parents[2] / "deploy" / "host"
COPIED = ("etc", "opt", "var/lib", "usr/local/sbin", "usr/lib/sysusers.d", "run")
ADDRESS = "postgresql://o@db/panelens?sslmode=verify-full&sslrootcert=/x"
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Host:
    """This machine with layers over the folders that the programs write to."""

    layers: Path

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        mounts = [
            f"mount -t overlay overlay -o 'lowerdir=/{name},upperdir={self.layer(name)},"
            f"workdir={self.layers / 'work' / name.replace('/', '-')}' '/{name}'"
            for name in COPIED
        ]
        return subprocess.run(
            [
                *("unshare", "--mount", "--propagation", "private", "sh", "-ec"),
                " && ".join((*mounts, 'exec "$@"')),
                *("sh", *command),
            ],
            env={"PATH": os.environ["PATH"], "HOME": "/root", **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def layer(self, name: str) -> Path:
        return self.layers / name

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        file = self.layers / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        file.chmod(mode)
        return file

    def know_the_user(self) -> None:
        """What systemd-sysusers does."""
        for file, line in (
            ("passwd", "panelens:x:64999:64999::/:/bin/sh"),
            ("group", "panelens:x:64999:"),
        ):
            self.write(f"etc/{file}", f"{Path('/etc', file).read_text('utf-8')}{line}\n")

    def pretend(self, **programs: str) -> str:
        """A PATH on which these programs come first."""
        for name, text in programs.items():
            self.write(f"programs/{name}", f"#!/bin/sh\n{text}\n", 0o755)
        return f"{self.layers / 'programs'}:{os.environ['PATH']}"

    def install(self, release: str) -> None:
        """A release without the server: its programs and units."""
        folder = self.layers / "opt/panelens/releases" / release
        shutil.copytree(HOST, folder / "host")
        (folder / "complete").touch()

    @property
    def current(self) -> str:
        return (self.layers / "opt/panelens/current").readlink().name


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    for name in COPIED:
        host.layer(name).mkdir(parents=True)
        (tmp_path / "work" / name.replace("/", "-")).mkdir(parents=True)
    if os.geteuid() or host.run("true").returncode:
        not_here("the host's programs were not run: no layers can be mounted here without root")
    return host


class TestSwitch:
    def test_the_releases_are_listed_and_the_running_one_is_told(self, host: Host) -> None:
        host.install("panelens-1")
        host.install("panelens-2")
        assert host.run(HOST / "panelens-switch", "panelens-2").returncode == 0
        assert host.run(HOST / "panelens-switch").stdout.splitlines() == [
            "panelens-1",
            "panelens-2 (running)",
        ]

    def test_going_back_brings_back_the_units_of_that_release(self, host: Host) -> None:
        for release in ("panelens-1", "panelens-2"):
            host.install(release)
            unit = f"opt/panelens/releases/{release}/host/panelens.service"
            host.write(unit, f"# of {release}\n")
        placed = host.layer("etc/systemd/system/panelens.service")
        for release in ("panelens-1", "panelens-2", "panelens-1"):
            assert host.run(HOST / "panelens-switch", release).returncode == 0
            assert host.current == release
            assert placed.read_text("utf-8") == f"# of {release}\n"

    def test_the_programs_are_those_of_the_running_release(self, host: Host) -> None:
        host.install("panelens-1")
        assert host.run(HOST / "panelens-switch", "panelens-1").returncode == 0
        for name in ("run", "database", "backup", "restore", "report", "switch"):
            link = host.layer(f"usr/local/sbin/panelens-{name}").readlink()
            assert link == Path(f"/opt/panelens/current/host/panelens-{name}")

    def test_a_release_that_is_not_there_changes_nothing(self, host: Host) -> None:
        host.install("panelens-1")
        host.run(HOST / "panelens-switch", "panelens-1")
        refused = host.run(HOST / "panelens-switch", "panelens-9")
        assert refused.returncode == 1 and "not installed" in refused.stderr
        assert host.current == "panelens-1"

    def test_the_proxy_is_started_again_when_it_ends(self, host: Host, tmp_path: Path) -> None:
        host.install("panelens-1")
        host.write("etc/panelens/host.env", "")
        host.layer("etc/caddy").mkdir()
        assert host.run(HOST / "panelens-switch", "panelens-1").returncode == 0
        added = host.layer("etc/systemd/system/caddy.service.d/panelens.conf")
        wanted = {"Restart=on-failure", "StartLimitIntervalSec=0"}
        assert wanted < set(added.read_text("utf-8").splitlines())
        if shutil.which("systemd-analyze") is None:
            not_here("what is added to Caddy's unit was not verified: systemd-analyze is missing")
        unit = host.write("units/caddy.service", "[Service]\nType=notify\nExecStart=/bin/true\n")
        shutil.copytree(added.parent, unit.with_name("caddy.service.d"))
        done = subprocess.run(
            ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
        )
        assert [line for line in done.stderr.splitlines() if "caddy" in line] == []


class TestInstall:
    """The installer from where the files are there, with a systemd that writes down what it is told."""

    @pytest.fixture
    def bundles(self, host: Host) -> Host:
        host.know_the_user()
        host.write("run/systemd/system/there", "")
        host.write("etc/panelens/host.env", "")
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        for release in ("panelens-1", "panelens-2", "panelens-3"):
            folder = host.layers / release
            (folder / "wheels" / version).mkdir(parents=True)
            (folder / "SHA256SUMS").write_text(f"{_sha256(release)}  RELEASE\n", "utf-8")
            (folder / "RELEASE").write_text(release, "utf-8")
            shutil.copy(HOST / "install.sh", folder)
        return host

    def test_without_a_database_nothing_is_made_ready_to_start(self, bundles: Host) -> None:
        said = self._installed(bundles, "panelens-1")
        assert "enable --quiet --now panelens-report.timer" in said
        assert [line for line in said if "panelens.s" in line] == []

    def test_without_systemd_neither(self, bundles: Host) -> None:
        shutil.rmtree(bundles.layer("run/systemd/system"))
        assert [s for s in self._installed(bundles, "panelens-1") if "panelens.s" in s] == []

    def test_with_a_database_the_server_starts_with_the_machine(self, bundles: Host) -> None:
        bundles.write("etc/panelens/database.env", f"PANELENS_DATABASE_URL={ADDRESS}\n")
        said = self._installed(bundles, "panelens-1")
        assert "enable --quiet panelens.socket panelens.service" in said
        assert "start panelens.socket" in said

    def test_the_release_before_stays_however_often_one_is_installed(self, bundles: Host) -> None:
        bundles.write("etc/panelens/database.env", f"PANELENS_DATABASE_URL={ADDRESS}\n")
        for release in ("panelens-1", "panelens-2", "panelens-3", "panelens-3"):
            self._installed(bundles, release)
        listed = bundles.run(HOST / "panelens-switch").stdout.splitlines()
        assert listed == ["panelens-2", "panelens-3 (running)"]

    def test_the_proxy_is_not_stopped_for_an_upgrade(self, bundles: Host) -> None:
        said = self._installed(bundles, "panelens-1")
        assert [line for line in said if "caddy" in line and "is-active" not in line] == [
            "reload-or-restart caddy"
        ]

    def test_a_release_that_is_not_ready_in_its_time_is_taken_back(self, bundles: Host) -> None:
        """Each try takes six seconds of it: a socket that nobody answers lets curl wait."""
        clock = bundles.write("clock", "0")
        tries = bundles.write("tries", "")
        done = self._upgraded(
            bundles,
            date=f"cat {clock}",
            curl=f"echo >> {tries}; echo $(($(cat {clock}) + 6)) > {clock}; exit 28",
            sleep="exit 0",
        )
        assert done.returncode == 1
        assert bundles.current == "panelens-1"
        # As many for the release before.
        assert len(tries.read_text("utf-8").splitlines()) == 2 * 5
        assert "back to panelens-1" in done.stderr
        # Which the bucket does not know by itself.
        assert "echo panelens-1 | aws s3 cp - s3://$bucket/releases/current" in done.stderr

    def test_a_session_that_is_lost_does_not_leave_a_bad_release(self, bundles: Host) -> None:
        clock = bundles.write("clock", "0")
        done = self._upgraded(
            bundles,
            date=f"cat {clock}",
            curl=f"echo $(($(cat {clock}) + 30)) > {clock}; kill -HUP 0; exit 7",
        )
        assert done.returncode == 1
        assert bundles.current == "panelens-1"

    def _upgraded(self, host: Host, **programs: str) -> subprocess.CompletedProcess[str]:
        """From panelens-1 to panelens-2, in a session of its own, with these programs."""
        host.write("etc/panelens/database.env", f"PANELENS_DATABASE_URL={ADDRESS}\n")
        self._installed(host, "panelens-1")
        host.install("panelens-2")
        path = host.pretend(**programs)
        install = host.layers / "panelens-2" / "install.sh"
        return host.run("setsid", install, PATH=path, PANELENS_READY_SECONDS="30")

    def _installed(self, host: Host, release: str) -> list[str]:
        """What systemd was told."""
        if not (host.layer("opt/panelens/releases") / release).exists():
            host.install(release)
        said = host.layers / "said"
        said.touch()
        path = host.pretend(
            systemctl=f'echo "$*" >> {said}',
            curl="exit 0",
            **{"systemd-sysusers": "exit 0"},
        )
        done = host.run(host.layers / release / "install.sh", PATH=path)
        assert done.returncode == 0, done.stderr + done.stdout
        return said.read_text("utf-8").splitlines()


class TestFetch:
    """The program that user data brings, with a bucket whose `aws` is ours."""

    @pytest.fixture
    def fetching(self, host: Host) -> Host:
        text = (HOST.parent / "terraform/user-data.yaml.tftpl").read_text("utf-8")
        files = yaml.safe_load(text.replace("$${", "${"))["write_files"]
        (program,) = [f["content"] for f in files if f["path"].endswith("panelens-fetch")]
        host.write("panelens-fetch", program, 0o755)
        host.write("etc/panelens/host.env", "AWS_REGION=x\nPANELENS_BUCKET=store\n")
        installer = host.write("bundle/panelens-1/install.sh", "#!/bin/sh\necho installed\n", 0o755)
        shutil.make_archive(str(host.layers / "panelens-1"), "tar", installer.parents[1])
        return host

    def test_a_session_that_is_lost_does_not_stop_it(self, fetching: Host) -> None:
        done, folder = self._fetched(fetching, meanwhile="HUP")
        assert done.stdout == "installed\n"
        assert not folder.exists()

    @pytest.mark.parametrize("end", ["INT", "TERM"])
    def test_who_stops_it_finds_nothing_left(self, fetching: Host, end: str) -> None:
        done, folder = self._fetched(fetching, meanwhile=end)
        assert done.stdout == ""
        assert not folder.exists()

    def _fetched(
        self, host: Host, *, meanwhile: str
    ) -> tuple[subprocess.CompletedProcess[str], Path]:
        """How it ended after a signal during the download, and the folder it worked in."""
        worked_in = host.layers / "worked-in"
        path = host.pretend(
            aws=f'echo "$5" > {worked_in}\ncp {host.layers}/panelens-1.tar "$5"\n'
            f"kill -{meanwhile} $PPID"
        )
        done = host.run(host.layers / "panelens-fetch", "panelens-1", PATH=path)
        return done, Path(worked_in.read_text("utf-8").strip())


class TestRun:
    @pytest.mark.parametrize("quote", ["", '"', "'"])
    def test_a_command_asks_the_database_that_the_server_asks(self, host: Host, quote: str) -> None:
        host.know_the_user()
        host.write("opt/panelens/current/venv/bin/panelens", "#!/bin/sh\nenv\n", 0o755)
        line = f"PANELENS_DATABASE_URL={quote}{ADDRESS}{quote}\n"
        settings = host.write("etc/panelens/panelens.env", f"PANELENS_SIGN_IN=true\n{line}")
        assert f"PANELENS_DATABASE_URL={ADDRESS}" in self._environment(host)
        host.write("etc/panelens/database.env", line.replace("@db/", "@rds/"))
        assert f"PANELENS_DATABASE_URL={ADDRESS.replace('@db/', '@rds/')}" in self._environment(
            host
        )
        host.layer("etc/panelens/database.env").unlink()
        settings.write_text("PANELENS_SIGN_IN=true\n", "utf-8")
        assert not any("DATABASE_URL" in line for line in self._environment(host))

    def _environment(self, host: Host) -> list[str]:
        done = host.run(HOST / "panelens-run")
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class TestHome:
    """libpq looks for a certificate in the caller's home, and ends when it may not look there."""

    @pytest.fixture
    def tls(self) -> Iterator[int]:
        """The port of a server that says yes to TLS and no more."""
        with socket.create_server(("127.0.0.1", 0)) as listening:

            def answer() -> None:
                try:
                    while True:
                        asking, _ = listening.accept()
                        with asking:
                            asking.recv(8)
                            asking.sendall(b"S")
                except OSError:
                    return

            Thread(target=answer, daemon=True).start()
            yield listening.getsockname()[1]
            listening.shutdown(socket.SHUT_RDWR)

    @pytest.fixture
    def shut(self, tmp_path: Path) -> str:
        """A home that only root may enter, such as root's own."""
        folder = tmp_path / "shut"
        folder.mkdir(mode=0o700)
        return str(folder)

    @pytest.fixture
    def asking(self, host: Host, tls: int) -> Host:
        """A host whose server asks the database and does nothing else."""
        psql = next(Path("/usr/lib/postgresql").glob("*/bin/psql"), None)
        if psql is None:
            not_here("libpq was not seen looking for certificates: PostgreSQL's psql is missing")
        ask = f"#!/bin/sh\nexec {psql} 'host=127.0.0.1 port={tls} sslmode=require' -c 'select 1'\n"
        host.write("opt/panelens/current/venv/bin/panelens", ask, 0o755)
        host.write("etc/panelens/panelens.env", "PANELENS_SIGN_IN=true\n")
        host.know_the_user()
        return host

    def test_a_command_does_not_look_into_the_home_of_who_calls_it(
        self, asking: Host, shut: str
    ) -> None:
        done = asking.run(HOST / "panelens-run", HOME=shut)
        assert done.returncode != 0  # that server says no more
        assert "certificate" not in done.stderr

    def test_with_the_callers_home_it_would_end_there(self, asking: Host, shut: str) -> None:
        """Else the test above would say nothing."""
        program = "/opt/panelens/current/venv/bin/panelens"
        user = ("setpriv", "--reuid", "panelens", "--regid", "panelens", "--clear-groups")
        done = asking.run(*user, program, HOME=shut)
        assert "could not open certificate file" in done.stderr

    def test_the_backup_has_a_home_of_its_own_too(self) -> None:
        unit = (HOST / "panelens-backup.service").read_text("utf-8")
        assert "\nEnvironment=HOME=/var/lib/panelens-backup\n" in unit


class TestReport:
    def test_backups_that_never_succeeded_grow_old(self, host: Host) -> None:
        """The alarm must not wait for a first success."""
        certificate = host.write("etc/panelens/backup.crt", "")
        two_days_ago = time.time() - 2 * DAY
        os.utime(certificate, (two_days_ago, two_days_ago))
        assert "MetricName=BackupAgeHours,Value=48" in self._figures(host)
        host.write("var/lib/panelens-backup/succeeded", f"{int(time.time()) - 3600}\n")
        assert "MetricName=BackupAgeHours,Value=1" in self._figures(host)

    def test_a_machine_without_backups_reports_none(self, host: Host) -> None:
        assert not any("BackupAge" in figure for figure in self._figures(host))

    def test_a_server_that_is_silent_is_not_ready(self, host: Host) -> None:
        assert "MetricName=Ready,Value=0" in self._figures(host)

    def test_a_server_that_no_visitor_reaches_is_not_ready_either(self, host: Host) -> None:
        """The proxy ended, or its certificate ran out: curl says 60."""
        unreached = 'case "$*" in *https://panel.example.org/*) exit 60; esac'
        assert "MetricName=Ready,Value=0" in self._figures(host, curl=unreached)
        assert "MetricName=Ready,Value=1" in self._figures(host, curl="exit 0")

    def _figures(self, host: Host, curl: str = "exit 7") -> list[str]:
        state = host.layer("var/lib")
        done = host.run(
            HOST / "panelens-report",
            PANELENS_REPORT="print",
            PANELENS_DOMAIN="panel.example.org",
            STATE_DIRECTORY=str(state),
            PATH=host.pretend(curl=curl),
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


def test_a_database_that_was_restored_is_entered_by_its_own_secret(host: Host) -> None:
    host.write(
        "etc/panelens/host.env",
        "AWS_REGION=x\nPANELENS_DATABASE_HOST=h\nPANELENS_DATABASE_SECRET=old\n",
    )
    host.write("opt/panelens/current/venv/lib/server/bundle/deploy/rds-ca.pem", "")
    said, told = host.layers / "said", host.layers / "told"
    path = host.pretend(
        aws=f'echo "$*" >> {said}\necho "{{}}"',
        jq="cat > /dev/null\necho word",
        psql="cat > /dev/null",
        systemctl=f'echo "$*" >> {told}',
    )
    for secret in ("arn:aws:secretsmanager:x:1:secret:rds!db-2", None):
        done = host.run(HOST / "panelens-database", *filter(None, [secret]), PATH=path)
        assert done.returncode == 0, done.stderr
    asked = said.read_text("utf-8").splitlines()
    assert len(asked) == 2 and all("secret:rds!db-2" in line for line in asked)
    address = host.layer("etc/panelens/database.env")
    assert address.stat().st_mode & 0o077 == 0
    assert "sslmode=verify-full" in address.read_text("utf-8")
    # From now on with the machine, and not before somebody says so.
    assert set(told.read_text("utf-8").splitlines()) == {
        "enable --quiet panelens.socket panelens.service"
    }
