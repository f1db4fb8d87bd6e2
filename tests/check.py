"""Every check there is, one after another: format, lint, types, supply chain, tests. Ends at the first failure."""

import subprocess
import sys
from pathlib import Path

STEPS = (
    ("ruff", "format", "--check"),
    ("ruff", "check"),
    ("mypy",),
    ("tests.supply", "licences"),
    ("tests.supply", "audit"),
    ("tests.supply", "sbom"),
    ("pytest",),
)


def main() -> int:
    """Run the steps in the project's folder; the exit code of the first that fails."""
    root = Path(__file__).resolve().parent.parent
    for step in STEPS:
        print(f"$ {' '.join(step)}", flush=True)
        code = subprocess.run([sys.executable, "-m", *step], cwd=root, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
