"""The installed command line as a person runs it: `panelens serve` in a process of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

PANELENS = Path(sys.executable).with_name("panelens")
# Long enough for a machine that is busy with something else; nothing is judged by its speed.
PATIENCE_SECONDS = 300
_ADDRESS = re.compile(r"http://[\d.]+:\d+")


@dataclass(frozen=True, slots=True)
class Served:
    """A server that is ready: its process, its address and where it keeps its data."""

    process: subprocess.Popen[bytes]
    address: str
    data_folder: Path
    environment: Mapping[str, str]
    said: Path

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.address, timeout=PATIENCE_SECONDS)


def environment(data_folder: Path, **settings: str) -> dict[str, str]:
    """This process's environment with those settings and no others of ours."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("PANELENS_")}
    # One thread: two of llama.cpp wait for each other when the machine has other work.
    ours = {
        "PANELENS_DATA_FOLDER": str(data_folder),
        "PANELENS_MODEL_THREADS": "1",
        "PANELENS_QUEUE_SECONDS": str(PATIENCE_SECONDS),
        "PANELENS_STOP_SECONDS": str(PATIENCE_SECONDS),
    }
    given = {f"PANELENS_{name.upper()}": value for name, value in settings.items()}
    return {**inherited, "COLUMNS": "200", **ours, **given}


def panelens(
    *arguments: str | Path,
    environment: Mapping[str, str],
    patience_seconds: float = PATIENCE_SECONDS,
) -> subprocess.CompletedProcess[str]:
    """One command, run to its end."""
    return subprocess.run(
        [PANELENS, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=patience_seconds,
        check=False,
    )


@contextmanager
def serving(data_folder: Path, **settings: str) -> Iterator[Served]:
    """A server on a free port, ready to answer; it is asked to stop at the end."""
    env = environment(data_folder, **settings)
    said = data_folder / f"said-{time.monotonic_ns()}.txt"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [PANELENS, "serve", "--port", "0"], env=env, stdout=output, stderr=output
        )
    try:
        eventually(lambda: _ADDRESS.search(said.read_text()) or _fail_if_ended(process, said))
        found = _ADDRESS.search(said.read_text())
        assert found
        served = Served(process, found[0], data_folder, env, said)
        with served.client() as http:
            eventually(lambda: _is_ready(http) or _fail_if_ended(process, said))
        yield served
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> int:
    """Ask the process to end; its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def eventually(happened: Callable[[], object]) -> None:
    """Wait until it happened; AssertionError when it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)


def _is_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _fail_if_ended(process: subprocess.Popen[bytes], said: Path) -> bool:
    assert process.poll() is None, said.read_text()
    return False
