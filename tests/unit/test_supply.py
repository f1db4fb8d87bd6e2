"""What is installed is locked with hashes that hold for any index, and fits its licence."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.supply import (
    INSTALLED,
    LOCKED,
    OF_ONE_INDEX,
    ROOT,
    TUNING,
    fits,
    licence_of,
    pinned,
    said_of,
)

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SHA256 = re.compile(r"--hash=sha256:[0-9a-f]{64}|sha256:[0-9a-f]{64}")


def versions(requirements: list[Requirement]) -> set[tuple[str, str]]:
    return {(canonicalize_name(r.name), str(r.specifier)) for r in requirements}


def locked(file: Path) -> list[Requirement]:
    return [requirement for requirement, _ in pinned(file)]


@pytest.mark.parametrize("file", LOCKED)
def test_every_package_is_pinned_with_hashes_and_no_address_is_named(file: Path) -> None:
    for requirement, hashes in pinned(file):
        assert str(requirement.specifier).startswith("=="), requirement
        assert requirement.url is None
        assert hashes, requirement
        assert all(SHA256.fullmatch(one) for one in hashes), requirement
    assert not re.search(r"https?://|index|find-links", file.read_text("utf-8"))


def test_what_is_locked_is_what_the_project_pins() -> None:
    pins = [Requirement(line) for line in PROJECT["tool"]["uv"]["constraint-dependencies"]]
    assert versions([r for file in LOCKED for r in locked(file)]) == versions(pins)


def test_everything_that_the_project_asks_for_is_locked_in_a_version_that_it_takes() -> None:
    known = {canonicalize_name(r.name): str(r.specifier) for r in locked(INSTALLED)}
    for line in PROJECT["project"]["dependencies"]:
        asked = Requirement(line)
        version = known[canonicalize_name(asked.name)].removeprefix("==")
        assert asked.specifier.contains(version), line


def test_what_training_adds_is_locked_but_for_what_every_index_builds_anew() -> None:
    known = {canonicalize_name(r.name): str(r.specifier) for r in locked(TUNING)}
    assert not [name for name in known if name.startswith(OF_ONE_INDEX)]
    assert not set(known) & {canonicalize_name(r.name) for r in locked(INSTALLED)}
    for line in PROJECT["project"]["optional-dependencies"]["tune"]:
        asked = Requirement(line)
        if asked.name != "torch":
            version = known[canonicalize_name(asked.name)].removeprefix("==")
            assert asked.specifier.contains(version), line


@pytest.mark.parametrize(
    "licence", ["MIT", "Apache-2.0 OR GPL-3.0-only", "BSD-3-Clause AND (MIT AND Zlib)"]
)
def test_a_licence_fits_when_all_its_parts_do(licence: str) -> None:
    assert fits(licence)


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "none given", ""])
def test_a_licence_that_asks_for_more_does_not_fit(licence: str) -> None:
    assert not fits(licence)


def test_installed_packages_say_what_their_licence_is() -> None:
    assert licence_of("pydantic") == "MIT"
    assert licence_of("yoyo-migrations") == "Apache-2.0"


HOLE = '{"id": "CVE-2030-1", "fix_versions": ["1.1"]}'


@pytest.mark.parametrize(
    ("output", "complaint", "says", "holes"),
    [
        ("", "no route to host", "NOT AUDITED, the advisory service could not be asked (no", 0),
        (
            '{"dependencies": [{"name": "a", "skip_reason": "not found"}]}',
            "",
            "NOT AUDITED, the advisory service knows none of 1",
            0,
        ),
        (
            '{"dependencies": [{"name": "a", "version": "1.0", "vulns": [' + HOLE + "]}]}",
            "",
            "a 1.0: CVE-2030-1 (mended in 1.1)",
            1,
        ),
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', "", "1 of 1", 0),
    ],
)
def test_an_audit_that_asked_nobody_is_never_called_clean(
    capsys: pytest.CaptureFixture[str], output: str, complaint: str, says: str, holes: int
) -> None:
    assert len(said_of(Path("requirements.txt"), output, complaint)) == holes
    assert says in capsys.readouterr().out
