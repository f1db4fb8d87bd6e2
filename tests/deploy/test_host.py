"""What is put on the machine: units that systemd understands, a proxy that starts, one archive."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from server.web.impatience import KEEP_ALIVE_SECONDS

from .conftest import not_here

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
HOST = DEPLOY / "host"
UNITS = sorted(p for p in HOST.iterdir() if p.suffix in (".service", ".socket", ".timer"))
SCRIPTS = sorted(p for p in HOST.iterdir() if p.suffix in ("", ".sh") and p.name != "Caddyfile")


@pytest.fixture(scope="module")
def bundle() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bundle_script", DEPLOY / "bundle.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """What a bundle holds, without the wheels."""
    folder = tmp_path / "content"
    shutil.copytree(HOST, folder / "host")
    shutil.copy(HOST / "install.sh", folder)
    (folder / "models").mkdir()
    shutil.copytree(DEPLOY.parent / "models" / "licences", folder / "models", dirs_exist_ok=True)
    return folder


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        not_here("the units were not verified: systemd-analyze is missing")
    for unit in UNITS:
        text = unit.read_text("utf-8")
        # The program is there only once the bundle is installed.
        lines = [
            "ExecStart=/bin/true" if line.startswith("ExecStart=") else line
            for line in text.splitlines()
        ]
        (tmp_path / unit.name).write_text("\n".join(lines), "utf-8")
    done = _run("systemd-analyze", "verify", *(tmp_path / unit.name for unit in UNITS))
    ours = [line for line in done.stderr.splitlines() if "panelens" in line]
    # A misspelt key is only warned of.
    assert ours == []


def test_the_server_is_locked_in(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        not_here("the units were not scored: systemd-analyze is missing")
    done = _run(
        *("systemd-analyze", "security", "--offline=true", "--threshold=20"),
        HOST / "panelens.service",
    )
    assert done.returncode == 0, done.stdout


def test_the_proxy_takes_its_configuration() -> None:
    if shutil.which("caddy") is None:
        not_here("the Caddyfile was not validated: caddy is missing")
    done = _run(
        *("caddy", "validate", "--adapter", "caddyfile", "--config"),
        HOST / "Caddyfile",
        PANELENS_DOMAIN="panel.example.org",
    )
    assert done.returncode == 0, done.stderr


def test_the_proxy_waits_for_a_workbook_of_the_whole_panel() -> None:
    if shutil.which("caddy") is None:
        not_here("the proxy's patience was not looked at: caddy is missing")
    adapted = _run(
        *("caddy", "adapt", "--adapter", "caddyfile", "--config"),
        HOST / "Caddyfile",
        PANELENS_DOMAIN="panel.example.org",
    )
    (server,) = json.loads(adapted.stdout)["apps"]["http"]["servers"].values()
    routes = server["routes"][0]["handle"][0]["routes"]
    waits = {
        str(route.get("match")): route["handle"][0]["transport"]["response_header_timeout"]
        for route in routes
        if route["handle"][0]["handler"] == "reverse_proxy"
    }
    quarter_of_an_hour = 15 * 60 * 10**9
    assert waits == {"[{'path': ['/export']}]": quarter_of_an_hour, "None": 120 * 10**9}
    assert server["write_timeout"] == quarter_of_an_hour


def test_the_proxy_hangs_up_before_the_server_does() -> None:
    found = re.search(r"keepalive (\d+)s", (HOST / "Caddyfile").read_text())
    assert found is not None
    assert int(found[1]) < KEEP_ALIVE_SECONDS


@pytest.mark.parametrize("script", [*SCRIPTS, DEPLOY / "rehearse.sh"], ids=lambda p: p.name)
def test_a_script_is_executable_and_parses(script: Path) -> None:
    if script.suffix in (".env", ".sql", ".conf"):
        return
    assert os.access(script, os.X_OK)
    assert _run("bash", "-n", script).returncode == 0


def test_the_same_content_gives_the_same_archive(
    bundle: ModuleType, content: Path, tmp_path: Path
) -> None:
    first = bundle.pack(content, tmp_path)
    before = first.read_bytes()
    for file in content.rglob("*"):
        os.utime(file, (1, 1))
    assert bundle.pack(content, tmp_path) == first
    assert first.read_bytes() == before
    (content / "models" / "one-more").write_text("x")
    assert bundle.pack(content, tmp_path) != first


def test_two_archives_are_compared_file_by_file(
    bundle: ModuleType, content: Path, tmp_path: Path
) -> None:
    first = bundle.pack(content, tmp_path)
    assert bundle.differing(first, first) == []
    changed = content / "host" / "panelens.env"
    changed.write_text(changed.read_text("utf-8") + "# more\n", "utf-8")
    second = bundle.pack(content, tmp_path)
    assert bundle.differing(first, second) == ["RELEASE", "SHA256SUMS", "host/panelens.env"]


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        ("vpaddd %ymm1, %ymm2, %ymm3", False),
        ("vfmadd231ps %ymm13, %ymm14, %ymm15", False),
        ("vpaddd %zmm1, %zmm2, %zmm3", True),
        ("vpaddd %ymm16, %ymm2, %ymm3", True),
        ("tilezero %tmm4", True),
        ("{vex} vpdpbusd %ymm1, %ymm2, %ymm3", True),
    ],
)
def test_a_library_with_more_than_the_baseline_is_refused(
    bundle: ModuleType, tmp_path: Path, code: str, refused: bool
) -> None:
    """Whatever the machine that compiles can do: of this one nothing may be in it."""
    if shutil.which("gcc") is None or shutil.which("objdump") is None:
        not_here("no library was disassembled: gcc or objdump is missing")
    (tmp_path / "code.c").write_text(f'void f(void) {{ __asm__("{code}"); }}\n')
    library = tmp_path / "libcode.so"
    assert _run("gcc", "-shared", "-fPIC", "-o", library, tmp_path / "code.c").returncode == 0
    wheel = tmp_path / "code.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(library, "llama_cpp/lib/libcode.so")
    assert bool(bundle.beyond_baseline(wheel)) is refused


def test_a_file_that_was_changed_on_the_way_is_refused(
    bundle: ModuleType, content: Path, tmp_path: Path
) -> None:
    bundle.pack(content, tmp_path)
    with (content / "models" / "gemma-terms.txt").open("a") as file:
        file.write("x")
    done = _run("sh", content / "install.sh", PANELENS_HOME=str(tmp_path / "home"))
    assert done.returncode == 1
    assert "not the one that was packed" in done.stderr or "root" in done.stderr
    assert not (tmp_path / "home").exists()


def test_another_architecture_is_refused(bundle: ModuleType, content: Path, tmp_path: Path) -> None:
    bundle.pack(content, tmp_path)
    done = _run("setarch", "i686", "sh", content / "install.sh", PANELENS_HOME=str(tmp_path / "h"))
    assert done.returncode == 1
    assert "this machine is i686" in done.stderr or "root" in done.stderr


def _run(*command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env={"PATH": os.environ["PATH"], "HOME": "/tmp", **more},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
