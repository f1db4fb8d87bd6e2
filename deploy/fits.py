"""Starts the installed bundle in a gibibyte without swap, puts people on it, writes down what it took.

    uv run deploy/fits.py dist/panelens-….tar --minutes 10
    uv run deploy/fits.py dist/panelens-….tar --minutes 10 --throttled

Needs root and writable control groups (version 1 or 2). PostgreSQL runs outside of the group, as
RDS does. `--throttled` gives both processors together what a t3.micro without credits has: 20 % of
one. Ends with 1 when something was killed for memory or any answer was a 5xx or never came.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any, NoReturn

import httpx
import psycopg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from server.access.people import add_person  # noqa: E402  (as a script: the checkout first)
from server.access.person import Role  # noqa: E402
from server.postgres.embedded import EmbeddedPostgres  # noqa: E402
from server.postgres.migrate import migrate  # noqa: E402

MIB = 1 << 20
MEMORY_MIB = 1024
GOAL_MIB = 450
# A t3.micro's baseline: 10 % of each of two processors.
BASELINE_PERCENT = 20
PERIOD_US = 100_000
PASSWORD = "people-of-the-rehearsal"  # noqa: S105  (of a database that lives for minutes)
ANSWER_SECONDS = 120  # what the proxy waits (host/Caddyfile)
START_SECONDS = 1_800
GROUPS = Path("/sys/fs/cgroup")
# What a person does, and how often of a hundred times.
ACTS = {"ask": 55, "filter": 15, "page": 10, "accuracy": 8, "history": 7, "export": 5}


class ControlGroup:
    """A control group of version 1 or 2 with a limit of memory, none of swap, and perhaps of time."""

    def __init__(self, *, memory_mib: int, percent: int | None) -> None:
        """Make it; OSError when this machine does not let us."""
        self._second = (GROUPS / "cgroup.controllers").is_file()
        kinds = ("",) if self._second else ("memory", "cpu")
        self._folders = [GROUPS / kind / f"panelens-fits-{os.getpid()}" for kind in kinds]
        if self._second:
            (GROUPS / "cgroup.subtree_control").write_text("+memory +cpu")
        for folder in self._folders:
            folder.mkdir()
        self.memory, self.cpu = self._folders[0], self._folders[-1]
        self._limit(memory_mib * MIB, percent)

    def _limit(self, memory: int, percent: int | None) -> None:
        quota = percent * PERIOD_US // 100 if percent else None
        if self._second:
            (self.memory / "memory.max").write_text(str(memory))
            (self.memory / "memory.swap.max").write_text("0")
            if quota:
                (self.cpu / "cpu.max").write_text(f"{quota} {PERIOD_US}")
                # A ceiling only: on a machine with other work it must also be able to reach it.
                (self.cpu / "cpu.weight").write_text("800")
            return
        (self.memory / "memory.limit_in_bytes").write_text(str(memory))
        (self.memory / "memory.swappiness").write_text("0")
        if quota:
            (self.cpu / "cpu.cfs_period_us").write_text(str(PERIOD_US))
            (self.cpu / "cpu.cfs_quota_us").write_text(str(quota))
            (self.cpu / "cpu.shares").write_text("8192")

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command, so written that it enters the group before anything else."""
        entering = " && ".join(f"echo $$ > '{folder}/cgroup.procs'" for folder in self._folders)
        return ["sh", "-c", f'{entering} && exec "$@"', "sh", *command]

    def needed(self) -> tuple[int, int]:
        """Bytes that nothing can take back (anonymous), and bytes of files that are mapped now."""
        held = dict(
            line.split(maxsplit=1)
            for line in (self.memory / "memory.stat").read_text().splitlines()
        )
        names = ("anon", "file_mapped") if self._second else ("total_rss", "total_mapped_file")
        return int(held[names[0]]), int(held[names[1]])

    def peak(self) -> int:
        """The most bytes ever charged to it, read files and all."""
        name = "memory.peak" if self._second else "memory.max_usage_in_bytes"
        return int((self.memory / name).read_text())

    def killed(self) -> int:
        """How many processes were ended because memory ran out."""
        name = "memory.events" if self._second else "memory.oom_control"
        lines = (line.split() for line in (self.memory / name).read_text().splitlines())
        return next((int(value) for key, value in lines if key == "oom_kill"), 0)

    def remove(self) -> None:
        """Take it away; whatever is still in it is ended first."""
        for folder in self._folders:
            for _ in range(100):
                try:
                    folder.rmdir()
                    break
                except OSError:
                    for pid in (folder / "cgroup.procs").read_text().split():
                        os.kill(int(pid), signal.SIGKILL)
                    time.sleep(0.1)


@dataclass(slots=True)
class Seen:
    """What was measured."""

    milliseconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[str] = field(default_factory=Counter)
    anonymous: int = 0
    needed: int = 0

    @property
    def failures(self) -> int:
        """Answers that were a 5xx or never came."""
        return sum(
            n for status, n in self.statuses.items() if not status.startswith(("2", "3", "4"))
        )

    def look(self, group: ControlGroup) -> None:
        """Note the memory of this moment."""
        anonymous, mapped = group.needed()
        self.anonymous = max(self.anonymous, anonymous)
        self.needed = max(self.needed, anonymous + mapped)


@dataclass(frozen=True, slots=True)
class Crowd:
    """Some people who ask and look, with a pause after each answer."""

    address: str
    people: int
    seconds: float
    pause: tuple[float, float]
    gold: Sequence[Mapping[str, Any]]

    async def come(self, seen: Seen) -> None:
        """Let all of them in at once; note what they saw."""
        end = time.monotonic() + self.seconds
        await asyncio.gather(*(self._person(number, seen, end) for number in range(self.people)))

    async def _person(self, number: int, seen: Seen, end: float) -> None:
        chance = random.Random(number)  # noqa: S311  (the same people every time)
        # As in a browser: a question that was read leads on to its own address.
        async with httpx.AsyncClient(
            base_url=self.address, timeout=ANSWER_SECONDS, follow_redirects=True
        ) as http:
            entering = {"name": f"person{number}", "password": PASSWORD}
            await _timed(http, seen, "sign-in", "POST", "/sign-in", data=entering)
            # However long signing in took, everybody does something.
            while True:
                await asyncio.sleep(chance.uniform(*self.pause))
                (act,) = chance.choices(list(ACTS), list(ACTS.values()))
                await self._act(http, seen, act, chance.choice(self.gold))
                if time.monotonic() > end:
                    return

    async def _act(
        self, http: httpx.AsyncClient, seen: Seen, act: str, gold: Mapping[str, Any]
    ) -> None:
        written = json.dumps(gold["filter"], ensure_ascii=False)
        if act == "ask":
            await _timed(http, seen, act, "GET", "/", params={"q": gold["question"]})
        elif act == "filter":
            body = {"filter": gold["filter"], "page_size": 50}
            await _timed(http, seen, act, "POST", "/api/search", json=body)
        elif act == "page":
            await _timed(http, seen, act, "GET", "/", params={"f": written, "page": "2"})
        elif act == "export":
            await _timed(http, seen, act, "GET", "/export", params={"f": written, "as": "csv"})
        else:
            await _timed(http, seen, act, "GET", f"/{act}")


async def _timed(
    http: httpx.AsyncClient, seen: Seen, act: str, method: str, path: str, **sent: Any
) -> None:
    began = time.perf_counter()
    try:
        status = str((await http.request(method, path, **sent)).status_code)
    except httpx.HTTPError as error:
        status = type(error).__name__
    seen.milliseconds[act].append((time.perf_counter() - began) * 1000)
    seen.statuses[status] += 1


@contextmanager
def watched(group: ControlGroup) -> Iterator[Seen]:
    """Look at the group's memory four times a second."""
    seen, ended = Seen(), Event()

    def look() -> None:
        while not ended.wait(0.25):
            seen.look(group)

    watcher = Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def forget_files(folder: Path) -> None:
    """Let the system drop what it keeps of these files: whoever reads one first is charged for it."""
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as stream:
                os.fsync(stream.fileno())
                os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def installed(archive: Path, into: Path) -> Path:
    """The bundle's release, installed as on a host but without touching this machine."""
    if archive.is_dir():
        return archive.resolve()
    with tarfile.open(archive) as tar:
        tar.extractall(into, filter="data")
    release = into / archive.name.removesuffix(".tar")
    home = into / "opt"
    env = {**os.environ, "PANELENS_HOME": str(home), "PANELENS_FILES_ONLY": "1"}
    subprocess.run([release / "install.sh"], env=env, check=True)  # noqa: S603  (our own bundle)
    return home / "releases" / release.name


def settings(file: Path) -> dict[str, str]:
    """What the bundle's own settings file says."""
    lines = (line.strip() for line in file.read_text("utf-8").splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def environment_of(
    release: Path, data: Path, *, database_url: str, port: int, threads: int
) -> dict[str, str]:
    """The host's own settings, with what must be another on this machine."""
    return {
        "PATH": os.environ["PATH"],
        **settings(release / "host" / "panelens.env"),
        "PANELENS_DATA_FOLDER": str(data),
        "PANELENS_DATABASE_URL": database_url,
        "PANELENS_PORT": str(port),
        "PANELENS_METRICS_PORT": str(port + 1),
        "PANELENS_MODEL_THREADS": str(threads),
    }


@contextmanager
def served(
    group: ControlGroup, program: Path, environment: Mapping[str, str], log: Path
) -> Iterator[str]:
    """The server in its group, ready; its address."""
    port = environment["PANELENS_PORT"]
    command = group.inside([str(program), "serve"])
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  (our own program)
            command, env=dict(environment), stdout=output, stderr=output
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(address, process, log)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            _end(f"the server ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        try:
            if httpx.get(f"{address}/readyz", timeout=10).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    _end("the server never became ready")


def _end(why: str) -> NoReturn:
    raise SystemExit(why)


async def enter_people(database_url: str, count: int) -> None:
    """Somebody for everyone who will come: researchers, who may also take results away."""
    migrate(database_url)
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        for number in range(count):
            await add_person(
                connection, name=f"person{number}", role=Role.RESEARCHER, password=PASSWORD
            )


def told(
    seen: Seen, at_start: Seen, group: ControlGroup, start: float, arguments: argparse.Namespace
) -> str:
    """The figures as JSON."""
    return json.dumps(
        {
            "minutes": arguments.minutes,
            "people": arguments.people,
            "pause_seconds": list(arguments.pause),
            "throttled": arguments.throttled,
            "processors": len(os.sched_getaffinity(0)),
            "seconds_to_ready": round(start, 1),
            "memory_mib": {
                "limit": MEMORY_MIB,
                "goal": GOAL_MIB,
                "until_ready": round(at_start.needed / MIB, 1),
                "peak_anonymous": round(seen.anonymous / MIB, 1),
                "peak_anonymous_and_mapped": round(seen.needed / MIB, 1),
                "peak_with_files_read": round(group.peak() / MIB, 1),
            },
            "killed": group.killed(),
            "failures": seen.failures,
            "statuses": dict(sorted(seen.statuses.items())),
            "milliseconds": {
                act: _spread(times) for act, times in sorted(seen.milliseconds.items())
            },
        },
        indent=1,
    )


def _spread(times: Sequence[float]) -> dict[str, float]:
    cuts = statistics.quantiles([*times, times[-1]], n=20, method="inclusive")
    return {
        "count": len(times),
        "p50": round(statistics.median(times)),
        "p95": round(cuts[18]),
        "max": round(max(times)),
    }


def main() -> int:
    """Install, start, let people in, and print the figures."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="panelens-fits-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        release = installed(arguments.archive, folder)
        percent = BASELINE_PERCENT if arguments.throttled else None
        group = ControlGroup(memory_mib=MEMORY_MIB, percent=percent)
        try:
            return _measure(folder, release, group, arguments)
        finally:
            group.remove()


def _measure(
    folder: Path, release: Path, group: ControlGroup, arguments: argparse.Namespace
) -> int:
    data, rds = folder / "data", folder / "rds"
    for place in (data, rds):
        place.mkdir()
    (data / "models").symlink_to(release / "models")
    lines = (ROOT / "grammars" / "welcome" / "gold.jsonl").read_text("utf-8").splitlines()
    with EmbeddedPostgres(rds) as postgres:
        asyncio.run(enter_people(postgres.conninfo, arguments.people))
        environment = environment_of(
            release,
            data,
            database_url=postgres.conninfo,
            port=arguments.port,
            threads=arguments.threads,
        )
        began = time.monotonic()
        program = release / "venv" / "bin" / "panelens"
        forget_files(release)
        with (
            watched(group) as seen,
            served(group, program, environment, folder / "log") as address,
        ):
            start, at_start = time.monotonic() - began, replace(seen)
            crowd = Crowd(
                address=address,
                people=arguments.people,
                seconds=arguments.minutes * 60,
                pause=arguments.pause,
                gold=[json.loads(line) for line in lines],
            )
            asyncio.run(crowd.come(seen))
        print(told(seen, at_start, group, start, arguments))
    return 1 if group.killed() or seen.failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "archive", type=Path, help="what bundle.py packed, or a release installed from it"
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--people", type=int, default=10)
    parser.add_argument("--throttled", action="store_true", help="without processor credits")
    parser.add_argument(
        "--threads", type=int, default=2, help="threads of the model; panelens.env has two"
    )
    parser.add_argument("--port", type=int, default=18_000)
    parser.add_argument(
        "--pause",
        type=float,
        nargs=2,
        default=(5.0, 15.0),
        help="shortest and longest pause after an answer, in seconds",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
