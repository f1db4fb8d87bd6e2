"""Serves the product on a free port, sends it a crowd, and says how it went.

`python -m tests.load --clients 100 --minutes 10`; the figures are left in tests/.output/.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from server.settings import Settings
from tests.load.cast import CAST, engage
from tests.product.running import Served, serving

HERE = Path(__file__).resolve().parent
OUTPUT = HERE.parent / ".output"
SAMPLE_SECONDS = 5.0
REFUSED = " (refused)"
HANG_UP = "hang up"


@dataclass(frozen=True, slots=True)
class Memory:
    """What the server and its PostgreSQL held at one moment: megabytes, open files, threads."""

    second: float
    server: float
    postgres: float
    files: int
    threads: int


@dataclass(frozen=True, slots=True)
class Crowd:
    """How it went."""

    clients: int
    seconds: float
    answered: int
    refused: int
    failed: int
    per_second: float
    milliseconds: dict[str, dict[str, float]]
    memory: list[Memory]

    @property
    def failed_share(self) -> float:
        """Of everything that was sent, what was neither answered nor refused in order."""
        return self.failed / max(1, self.answered + self.refused + self.failed)


def main() -> int:
    """Run it; 1 when a request failed."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--clients", type=int, default=10)
    given.add_argument("--minutes", type=float, default=10)
    given.add_argument("--threads", default="2", help="threads of the model")
    options = given.parse_args()
    seconds = round(options.minutes * 60)
    with tempfile.TemporaryDirectory(prefix="panelens-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root PostgreSQL runs as another user, who must get here
        (folder / "models").symlink_to(Settings().data_folder / "models")
        cast = folder / "cast.json"
        engage(Settings(data_folder=folder)).write(cast)
        usual = str(Settings.model_fields["queue_seconds"].default)
        with serving(
            folder, model_threads=options.threads, sign_in="true", queue_seconds=usual
        ) as served:
            crowd = send(served, cast, clients=options.clients, seconds=seconds)
        said = served.said.read_text("utf-8", "replace")
    OUTPUT.mkdir(exist_ok=True)
    kept = OUTPUT / f"load-{options.clients}-{seconds}s.json"
    kept.write_text(json.dumps(asdict(crowd), indent=1), "utf-8")
    kept.with_suffix(".log").write_text(said, "utf-8")
    show(crowd)
    print(f"{kept}: every figure")
    return 1 if crowd.failed else 0


def send(served: Served, cast: Path, *, clients: int, seconds: int) -> Crowd:
    """Send the crowd for so long, and watch the memory meanwhile."""
    command: list[str | Path] = [
        sys.executable, "-m", "locust", "--locustfile", HERE / "locustfile.py", "--headless", "--only-summary",
        "--host", served.address, "--users", str(clients), "--spawn-rate", str(max(1, clients / 10)),
        "--run-time", f"{seconds}s", "--stop-timeout", "60", "--json", "--exit-code-on-error", "0",
        "--loglevel", "ERROR",
    ]  # fmt: skip
    with watched(served.process.pid) as memory:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env={**os.environ, CAST: str(cast)},
        )
    return crowd_of(json.loads(done.stdout), clients, memory)


def crowd_of(entries: list[dict[str, Any]], clients: int, memory: list[Memory]) -> Crowd:
    """What locust counted, summed up: refusals apart from answers, for which some did not wait."""
    refused = [e for e in entries if e["name"].endswith(REFUSED)]
    answered = [e for e in entries if e not in refused and e["name"] != HANG_UP]
    failed = sum(e["num_failures"] for e in entries)
    sent = sum(e["num_requests"] for e in answered)
    begun = min(e["start_time"] for e in entries)
    ended = max(e["last_request_timestamp"] for e in entries)
    return Crowd(
        clients,
        round(ended - begun, 1),
        sent - failed,
        sum(e["num_requests"] for e in refused),
        failed,
        round((sent - failed) / max(1.0, ended - begun), 2),
        {
            **{e["name"]: percentiles(e["response_times"]) for e in answered},
            "all": percentiles(*(e["response_times"] for e in answered)),
            "refusals": percentiles(*(e["response_times"] for e in refused)),
        },
        memory,
    )


def percentiles(*times: dict[str, int]) -> dict[str, float]:
    """p50, p95 and p99 of milliseconds that are counted by their length."""
    counted = sorted((float(ms), n) for given in times for ms, n in given.items())
    total = sum(n for _, n in counted)
    found: dict[str, float] = {"n": total}
    for share in (50, 95, 99):
        rank, below = total * share / 100, 0
        for milliseconds, n in counted:
            below += n
            if below >= rank:
                found[f"p{share}"] = milliseconds
                break
    return found


@contextmanager
def watched(pid: int) -> Iterator[list[Memory]]:
    """Samples of the server's memory and that of the PostgreSQL of the same data folder."""
    samples: list[Memory] = []
    ends = threading.Event()
    server, begun = psutil.Process(pid), time.monotonic()

    def watch() -> None:
        while True:
            try:
                samples.append(held(server, round(time.monotonic() - begun, 1)))
            except psutil.Error:
                return  # it has ended: whoever asks it is told
            if ends.wait(SAMPLE_SECONDS):
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield samples
    finally:
        ends.set()
        thread.join()


def held(server: psutil.Process, second: float) -> Memory:
    """What it and its PostgreSQL hold now."""
    return Memory(
        second,
        round(server.memory_info().rss / 1e6, 1),
        round(sum(map(own, postgres_of(server.pid))), 1),
        server.num_fds(),
        server.num_threads(),
    )


def postgres_of(pid: int) -> list[psutil.Process]:
    """The cluster that the server started and uses: found by its data folder."""
    folder = psutil.Process(pid).environ()["PANELENS_DATA_FOLDER"]
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if any(part.startswith(folder) for part in command) and "postgres" in command[0]:
            return [process, *process.children(recursive=True)]
    return []


def own(process: psutil.Process) -> float:
    """Megabytes that are this process's alone: PostgreSQL's processes share the rest."""
    try:
        return round(process.memory_full_info().uss / 1e6, 1)
    except psutil.Error:
        return 0.0


def show(crowd: Crowd) -> None:
    """Print the figures as a table."""
    print(
        f"{crowd.clients} clients, {crowd.seconds} s: {crowd.answered} answered"
        f" ({crowd.per_second} a second), {crowd.refused} refused,"
        f" {crowd.failed} failed ({crowd.failed_share:.2%})"
    )
    for name, figures in crowd.milliseconds.items():
        if figures["n"]:
            print(
                f"  {name:<28} {figures['n']:>7.0f}"
                f"  p50 {figures['p50']:>7.0f}  p95 {figures['p95']:>7.0f}"
                f"  p99 {figures['p99']:>7.0f} ms"
            )
    for what in ("server", "postgres", "files", "threads"):
        seen = [getattr(sample, what) for sample in crowd.memory]
        tenth = max(1, len(seen) // 10)
        means = [statistics.fmean(seen[at : at + tenth]) for at in range(0, len(seen), tenth)]
        print(f"  {what:<10} {' '.join(f'{mean:.0f}' for mean in means)}, {max(seen):.0f} at most")


if __name__ == "__main__":
    sys.exit(main())
