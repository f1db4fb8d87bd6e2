"""Model files that are truncated, missing or another's: never used, told by name, made or fetched again."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from server.catalogue import Catalogue
from server.errors import ModelAway
from server.model.manifest import read_manifest
from server.model.merge import merged_model
from server.product import open_models
from server.settings import Settings
from server.training.whole import write_whole
from tests.product.running import (
    PANELENS,
    PATIENCE_SECONDS,
    environment,
    eventually,
    panelens,
)
from tests.weights import written

CONTENT = bytes(range(256)) * 4_000
DOWNLOAD = """
import json, sys
from pathlib import Path
from rich.console import Console
from server.model.download import download
from server.model.manifest import Manifest
from server.settings import Settings
manifest = Manifest.model_validate(json.loads(sys.argv[1]))
print(download("base", settings=Settings(data_folder=Path(sys.argv[2])), console=Console(stderr=True),
               manifest=manifest))
"""
CHECKPOINTS = """
import sys, time
from pathlib import Path
from server.training.whole import write_whole

def write_half(part):
    with part.open("wb") as file:
        file.write(b"second" * 500)
        file.flush()
        print("half", flush=True)
        time.sleep(600)

write_whole(Path(sys.argv[1]), lambda part: part.write_bytes(b"first" * 1000))
write_whole(Path(sys.argv[1]), write_half)
"""


@dataclass
class Slow:
    """A server that sends half a file and waits, until it is told to go on."""

    address: str = ""
    asked: list[str | None] = field(default_factory=list)
    may_end: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def slow() -> Iterator[Slow]:
    chosen = Slow()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            chosen.asked.append(asked)
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
            body = CONTENT[start:]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(body)))
            if asked:
                whole = len(CONTENT)
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            self.end_headers()
            half = len(body) // 2
            self.wfile.write(body[:half])
            self.wfile.flush()
            chosen.may_end.wait(60)
            self.wfile.write(body[half:])

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):  # the one who fetched was killed
                super().handle()

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        chosen.address = f"http://127.0.0.1:{server.server_port}/base.gguf"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield chosen
        chosen.may_end.set()
        server.shutdown()
        thread.join()


def test_a_download_that_is_killed_goes_on_where_it_was(slow: Slow, tmp_path: Path) -> None:
    models = tmp_path / "data" / "models"
    command: list[str | Path] = [
        sys.executable,
        "-c",
        DOWNLOAD,
        manifest(tmp_path, slow.address),
        tmp_path / "data",
    ]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        eventually(lambda: any(part.stat().st_size > 100_000 for part in models.glob("*.part")))
        process.kill()
    assert not (models / "base.gguf").exists()
    had = next(models.glob("*.part")).stat().st_size
    slow.may_end.set()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert slow.asked == [None, f"bytes={had}-"]
    assert (models / "base.gguf").read_bytes() == CONTENT
    assert list(models.glob("*.part")) == []


def manifest(folder: Path, address: str) -> str:
    (folder / "licences").mkdir()
    (folder / "licences" / "free.txt").write_text("You may.", "utf-8")
    base = {
        "file": "base.gguf",
        "licence": "free",
        "sources": [{"kind": "hub", "address": address}],
        "bytes": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
    }
    licences = {"free": {"name": "Free", "files": ["free.txt"]}}
    return json.dumps({"folder": str(folder), "licences": licences, "models": {"base": base}})


def truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def swap(path: Path) -> None:
    """Another file of the same length."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"another model" * 100)


@pytest.mark.parametrize("harm", [truncate, swap, Path.unlink])
def test_without_the_right_file_and_without_network_the_server_does_not_start(
    models: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    model = read_manifest().model("default")
    folder = tmp_path / "models"
    folder.mkdir()
    for name in (model.file, f"{model.file}.verified"):
        shutil.copy2(models / name, folder / name)
    harm(folder / model.file)
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    index = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_RETRIES": "0",
        "PIP_CONFIG_FILE": os.devnull,
    }
    done = panelens("serve", "--port", "0", environment=environment(tmp_path) | nowhere | index)
    assert done.returncode == 1
    assert "The model file is not there or not the right one." in done.stderr
    if harm is not Path.unlink:
        assert f"{model.file} is not used: " in done.stderr
    assert "panelens download" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("ask", "여성"), ("evaluate",)], ids=" ".join)
def test_ctrl_c_while_a_command_fetches_the_model_ends_it(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Fetched as the first thing, so there is nothing else to put away either."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(PATIENCE_SECONDS)
        proxy = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = subprocess.Popen(
            [PANELENS, *command],
            env=environment(tmp_path) | {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            with silent.accept()[0]:
                os.killpg(process.pid, signal.SIGINT)
                _, said = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()
    assert "Stopped. What was fetched is kept" in said
    assert "Traceback" not in said
    assert not (tmp_path / "postgres").exists()


@pytest.mark.parametrize("harm", [truncate, swap, Path.unlink])
def test_a_merged_file_that_is_not_whole_is_merged_again(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    model, adapter = small_model(tmp_path), small_adapter(tmp_path)
    merged = merged_model(model, adapter, lambda _: None)
    right = merged.read_bytes()
    harm(merged)
    said: list[str] = []
    assert merged_model(model, adapter, said.append).read_bytes() == right
    assert len(said) == 1


def test_a_model_that_cannot_be_merged_is_told_and_not_called_loading(
    models: Path, tmp_path: Path, catalogue: Catalogue
) -> None:
    manifest = read_manifest()
    model = manifest.model("default")
    folder = tmp_path / "models"
    folder.mkdir()
    for name in (model.file, f"{model.file}.verified"):
        os.link(models / name, folder / name)
    mark = model.adapters[catalogue.name].sha256[:12]
    in_the_way = f"{Path(model.file).stem}-{catalogue.name}-{mark}-q4_0-head.part"
    (folder / in_the_way).mkdir()
    with pytest.raises(ModelAway, match=rf"cannot be merged into .*{model.file}: .*{in_the_way}"):
        open_models(catalogue, Settings(data_folder=tmp_path), Console(stderr=True))


def small_model(folder: Path) -> Path:
    return written(folder / "small.gguf", {"blk.0.attn_q.weight": np.eye(64, dtype=np.float32)})


def small_adapter(folder: Path) -> Path:
    rank = np.ones((4, 64), dtype=np.float32)
    tensors = {
        "blk.0.attn_q.weight.lora_a": rank,
        "blk.0.attn_q.weight.lora_b": np.ascontiguousarray(rank.T),
    }
    return written(folder / "adapter.gguf", tensors)


def test_a_checkpoint_that_was_being_written_leaves_the_last_one_whole(tmp_path: Path) -> None:
    """As training writes them; what is in them is PyTorch's."""
    checkpoint = tmp_path / "checkpoint.pt"
    command: list[str | Path] = [sys.executable, "-c", CHECKPOINTS, checkpoint]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.kill()
    assert checkpoint.read_bytes() == b"first" * 1_000
    write_whole(checkpoint, lambda part: part.write_bytes(b"second"))
    assert checkpoint.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [checkpoint]
