"""What the product is made of: locked with hashes, its licences, known holes, a bill of materials.

`python -m tests.supply lock` writes requirements.txt (what is installed),
server/training/requirements.txt (what training adds) and tests/requirements.txt (what checks it);
`licences`, `audit` and `sbom` look at them.
"""

import importlib.metadata
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pip_requirements_parser import RequirementsFile

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "tests" / ".output"
INSTALLED = ROOT / "requirements.txt"
CHECKING = ROOT / "tests" / "requirements.txt"
TUNING = ROOT / "server" / "training" / "requirements.txt"
LOCKED = (INSTALLED, TUNING, CHECKING)
# PyTorch is built anew for each index (processor only, CUDA, ROCm), so its files have no hashes
# that hold anywhere; the others come with its CUDA build and with no other.
OF_ONE_INDEX = ("torch", "triton", "nvidia-", "cuda-")
EXPORT = ("export", "--quiet", "--no-emit-project", "--no-header", "--no-annotate")
SBOM = OUTPUT / "sbom.json"

# Licences under which an Apache-2.0 product may install a package beside itself. LGPL: psycopg,
# which is imported as it is published and can be exchanged.
ALLOWED = (
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "ISC",
    "LGPL-3.0-only",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
    "Python-2.0",
    "Zlib",
)
CLASSIFIED = {
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}


def main(arguments: list[str]) -> int:
    """Run the command that is named; 1 when it found something."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"say one of: {', '.join(COMMANDS)}")
        return 2
    return COMMANDS[arguments[0]]()


def lock() -> int:
    """Write the files from pyproject.toml; no index address is in them, hashes hold anywhere."""
    _export(INSTALLED, "--no-dev")
    _export(CHECKING, "--only-group=dev", "--only-group=load")
    _export(TUNING, "--no-dev", "--extra=tune")
    there = {requirement.name for requirement, _ in pinned(INSTALLED)}
    left_out = {
        requirement.name
        for requirement, _ in pinned(TUNING)
        if requirement.name in there or requirement.name.startswith(OF_ONE_INDEX)
    }
    without = [f"--no-emit-package={name}" for name in sorted(left_out)]
    _export(TUNING, "--no-dev", "--extra=tune", *without)
    return 0


def _export(target: Path, *which: str) -> None:
    subprocess.run(["uv", *EXPORT, *which, "--output-file", target], cwd=ROOT, check=True)


def pinned(file: Path) -> list[tuple[Requirement, list[str]]]:
    """The packages of a locked file, each with the hashes it may have."""
    locked = RequirementsFile.from_file(str(file))
    assert not locked.invalid_lines, locked.invalid_lines
    assert not locked.options, locked.options
    return [(Requirement(str(r.req) + _marker(r)), r.hash_options) for r in locked.requirements]


def _marker(requirement: Any) -> str:
    return f" ; {requirement.marker}" if requirement.marker else ""


def licences() -> int:
    """Every package that is installed with the product has a licence that fits."""
    wrong = []
    for requirement, _ in pinned(INSTALLED):
        if requirement.marker is None or requirement.marker.evaluate():
            said = licence_of(requirement.name)
            if not fits(said):
                wrong.append(f"{requirement.name}: {said}")
    print("\n".join(wrong) or "Every installed package has a licence that fits Apache-2.0.")
    return 1 if wrong else 0


def licence_of(package: str) -> str:
    """What the package says of its licence: the expression, the classifiers, or the old field."""
    about = importlib.metadata.metadata(package).json
    classified = [
        CLASSIFIED.get(name, name)
        for line in about.get("classifier", ())
        if line.startswith("License :: ")
        if (name := line.rsplit(" :: ", 1)[-1]) != "OSI Approved"
    ]
    said = about.get("license_expression") or " AND ".join(classified)
    return str(said or about.get("license") or "none given")


def fits(licence: str) -> bool:
    """Whether all parts of the licence are allowed, or of alternatives one is."""
    plain = licence.replace("(", " ").replace(")", " ")
    return any(
        all(part.strip() in ALLOWED for part in choice.split(" AND "))
        for choice in plain.split(" OR ")
    )


def audit() -> int:
    """Known holes of the locked packages; what could not be asked is said and is no failure."""
    holes: list[str] = []
    is_reachable = True
    for file in LOCKED:
        output, complaint = _asked(file, "pypi")
        if is_reachable and not knows(output):  # a mirror of the index seldom knows any
            output, complaint = _asked(file, "osv")
            is_reachable = output != ""
        holes += said_of(file.relative_to(ROOT), output, complaint)
    return 1 if holes else 0


def _asked(file: Path, service: str) -> tuple[str, str]:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip_audit",
            "--disable-pip",
            "--require-hashes",
            "--format=json",
            "--progress-spinner=off",
            f"--vulnerability-service={service}",
            "--requirement",
            file,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr


def knows(output: str) -> bool:
    """Whether a service that was asked knows at least one of the packages."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        return False
    return any("skip_reason" not in package for package in packages)


def said_of(file: Path, output: str, complaint: str) -> list[str]:
    """Print what pip-audit found out; the holes."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        reason = (complaint.strip().splitlines() or ["no reason given"])[-1]
        print(f"{file}: NOT AUDITED, the advisory service could not be asked ({reason:.200})")
        return []
    asked = [package for package in packages if "skip_reason" not in package]
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}"
        f" (mended in {', '.join(hole['fix_versions']) or 'no version yet'})"
        for package in asked
        for hole in package["vulns"]
    ]
    if not asked:
        print(f"{file}: NOT AUDITED, the advisory service knows none of {len(packages)} packages")
    else:
        print(f"{file}: {len(asked)} of {len(packages)} packages audited, {len(holes)} holes")
    print("".join(f"  {hole}\n" for hole in holes), end="")
    return holes


def sbom() -> int:
    """Write the bill of materials of this environment, CycloneDX in JSON."""
    OUTPUT.mkdir(exist_ok=True)
    subprocess.run(
        [sys.executable, "-m", "cyclonedx_py", "environment", "--pyproject", "pyproject.toml",
         "--output-reproducible", "--of", "JSON", "-o", SBOM, sys.executable],
        cwd=ROOT,
        check=True,
    )  # fmt: skip
    components = json.loads(SBOM.read_text("utf-8"))["components"]
    missing = {
        name for name in _here() if name not in {canonicalize_name(c["name"]) for c in components}
    }
    print(f"{SBOM.relative_to(ROOT)}: {len(components)} components", *missing)
    return 1 if missing else 0


def _here() -> Iterator[str]:
    for requirement, _ in pinned(INSTALLED):
        if requirement.marker is None or requirement.marker.evaluate():
            yield canonicalize_name(requirement.name)


COMMANDS: dict[str, Callable[[], int]] = {
    "lock": lock,
    "licences": licences,
    "audit": audit,
    "sbom": sbom,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
