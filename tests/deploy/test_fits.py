"""A gibibyte without swap holds the server and a few people; deploy/fits.py measures it at length."""

import asyncio
import importlib.util
import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console

from server.filter import load_catalogue
from server.model.download import download
from server.model.manifest import read_manifest
from server.model.merge import merged_model
from server.panel.demo import write_demo
from server.panel.load import load_files
from server.postgres.embedded import EmbeddedPostgres
from server.postgres.migrate import migrate
from server.settings import Settings
from tests.folders import open_folder

from .conftest import not_here

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = 3

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fits() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("fits_script", ROOT / "deploy" / "fits.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look for their module
    before = list(sys.path)
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = before
    del sys.modules[spec.name]


@pytest.fixture
def group(fits: ModuleType) -> Iterator[Any]:
    """A gibibyte without swap."""
    try:
        group = fits.ControlGroup(memory_mib=fits.MEMORY_MIB, percent=None)
    except OSError as error:
        not_here(f"memory was not measured: no control group can be made here ({error})")
    yield group
    group.remove()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """This checkout, arranged as an installed bundle is."""
    folder = tmp_path / "release"
    folder.mkdir()
    model = download("default", settings=Settings(), console=Console(stderr=True))
    manifest = read_manifest()
    adapter = manifest.adapter(manifest.model("default"), "welcome")
    assert adapter is not None
    # Once, at the very first start, and in a process of its own: not what is measured here.
    models = merged_model(model, adapter, print).parent
    (folder / "venv").symlink_to(sys.prefix)
    (folder / "models").symlink_to(models)
    (folder / "host").symlink_to(ROOT / "deploy" / "host")
    return folder


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    """A small panel, outside of the group."""
    catalogue = load_catalogue("welcome")
    file = tmp_path / "result.json"
    write_demo(catalogue, file, size=300)
    with open_folder() as folder, EmbeddedPostgres(folder) as embedded:
        migrate(embedded.conninfo)
        load_files(embedded.conninfo, catalogue, [file], reference_year=2025, synthetic=True)
        yield embedded.conninfo


def test_a_few_people_fit_into_a_gibibyte(
    fits: ModuleType, group: Any, release: Path, database: str, tmp_path: Path
) -> None:
    asyncio.run(fits.enter_people(database, PEOPLE))
    lines = (ROOT / "grammars" / "welcome" / "gold.jsonl").read_text("utf-8").splitlines()
    data = tmp_path / "data"
    data.mkdir()
    (data / "models").symlink_to(release / "models")
    environment = fits.environment_of(
        release, data, database_url=database, port=_free_port(), threads=1
    )
    program = release / "venv" / "bin" / "panelens"
    with (
        fits.watched(group) as seen,
        fits.served(group, program, environment, tmp_path / "log") as address,
    ):
        gold = [json.loads(line) for line in lines]
        crowd = fits.Crowd(address=address, people=PEOPLE, seconds=10, pause=(0.5, 2), gold=gold)
        asyncio.run(crowd.come(seen))
    assert group.killed() == 0
    assert seen.failures == 0
    # Everybody is in, and has seen something: whoever is not gets 401.
    assert seen.statuses["200"] >= 2 * PEOPLE
    assert not seen.statuses["401"]
    # The server really was in the group, and needed less than the whole product may.
    assert 50 * fits.MIB < seen.needed < fits.GOAL_MIB * fits.MIB


def test_what_takes_more_than_there_is_is_killed_and_counted(fits: ModuleType) -> None:
    """The group is a wall: else the other test would say nothing."""
    try:
        group = fits.ControlGroup(memory_mib=64, percent=None)
    except OSError as error:
        not_here(f"memory was not measured: no control group can be made here ({error})")
    hungry = [sys.executable, "-c", "x = bytearray(200 << 20)"]
    try:
        ended = asyncio.run(_ended(group.inside(hungry)))
        assert ended != 0
        assert group.killed() == 1
    finally:
        group.remove()


async def _ended(command: list[str]) -> int:
    return await (await asyncio.create_subprocess_exec(*command)).wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
