"""Every check there is: format, lint, types, supply chain, one after another, then the tests in two processes.

Ends at the first step that fails.
"""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STEPS = (
    ("ruff", "format", "--check"),
    ("ruff", "check"),
    ("mypy",),
    ("tests.supply", "licences"),
    ("tests.supply", "audit"),
    ("tests.supply", "sbom"),
)
# They wait for databases, servers and clocks, while the others compute: beside each other both take
# the time of one. What is not named here runs with the others.
WAITING = tuple(
    f"tests/{name}" for name in ("deploy", "faults", "packaging", "postgres", "product")
)
OTHERS = tuple(f"--ignore={folder}" for folder in WAITING)


def main() -> int:
    """Run the steps, then the tests; the exit code of the first that fails."""
    # What was started in the background, or by nohup, has these ignored by all that it starts, and
    # tests send them.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    for step in STEPS:
        print(f"$ {' '.join(step)}", flush=True)
        code = subprocess.run(_module(*step), cwd=ROOT, check=False).returncode
        if code:
            return code
    return _tests()


def _tests() -> int:
    """Both processes to their end, the output of the second after that of the first; each ends with
    what was skipped, and why.
    """
    print("$ pytest, in two processes", flush=True)
    with tempfile.TemporaryFile() as output:
        waiting = subprocess.Popen(
            _module("pytest", "-rs", *WAITING), cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
        others = subprocess.run(_module("pytest", "-rs", *OTHERS), cwd=ROOT, check=False).returncode
        code = waiting.wait()
        output.seek(0)
        print(output.read().decode(errors="replace"), flush=True)
    return others or code


def _module(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]


if __name__ == "__main__":
    sys.exit(main())
