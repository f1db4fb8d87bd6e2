"""Packs everything a machine without network needs to run Panelens into one archive.

    uv run deploy/bundle.py dist            # compiles llama.cpp once, then seconds
    uv run deploy/bundle.py dist --python 3.13
    uv run deploy/bundle.py dist --twice    # builds all of it again elsewhere and compares bytes

The same inputs give the same bytes: names are sorted, times and owners fixed.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
HOST = ROOT / "deploy" / "host"
PYTHONS = ("3.11", "3.12", "3.13")
# x86-64-v3: every processor that a t3 or a later type can have. Without OpenMP nothing has to be
# installed beside it.
BASELINE = " ".join(
    f"-DGGML_{name}"
    for name in ("NATIVE=OFF", "AVX=ON", "AVX2=ON", "FMA=ON", "F16C=ON", "BMI2=ON", "OPENMP=OFF")
)
# AVX-512 by its registers and masks, AMX by its tiles, and AVX-VNNI.
BEYOND = re.compile(r"%(?:zmm|tmm|k[0-7]\b|[xy]mm(?:1[6-9]|2\d|3[01])\b)|\bvpdp(?:busd|wssd)")
LLAMA = "llama-cpp-python"
BACKEND = "scikit-build-core==1.1.2"  # its version stands in the wheel
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
EPOCH = 1_700_000_000


def main() -> int:
    """Pack, and print where the archive is."""
    arguments = _arguments()
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise SystemExit("A bundle is built on Linux on x86-64, as what it is installed on")
    out: Path = arguments.out
    archive = _build(out, arguments)
    if arguments.twice:
        _compare(archive, arguments)
    print(archive)
    return 0


def _build(out: Path, arguments: argparse.Namespace) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="panelens-bundle-") as name:
        folder = Path(name)
        _collect(folder, out, arguments.python or PYTHONS, arguments.model)
        return pack(folder, out)


def _compare(archive: Path, arguments: argparse.Namespace) -> None:
    """Build again with nothing of the first build but, unless it is compiled too, llama.cpp."""
    with tempfile.TemporaryDirectory(prefix="panelens-again-") as name:
        again = Path(name)
        if not arguments.compile:
            shutil.copytree(arguments.out / "x86-64-v3", again / "x86-64-v3")
        other = _build(again, arguments)
        if archive.name == other.name and _sum(archive) == _sum(other):
            print(f"Both builds are the same {archive.stat().st_size:,} bytes.", file=sys.stderr)
            return
        raise SystemExit(f"The builds differ: {', '.join(differing(archive, other)) or 'order'}")


def differing(one: Path, other: Path) -> list[str]:
    """The files that are not the same in two archives, or only in one of them."""
    listed = [dict(_members(archive)) for archive in (one, other)]
    names = sorted(set(listed[0]) | set(listed[1]))
    return [name for name in names if listed[0].get(name) != listed[1].get(name)]


def _members(archive: Path) -> Iterator[tuple[str, tuple[str, int]]]:
    with tarfile.open(archive) as tar:
        for entry in tar:
            content = tar.extractfile(entry)
            if content is not None:
                digest = hashlib.sha256(content.read()).hexdigest()
                yield entry.name.split("/", 1)[1], (digest, entry.mode)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("out", type=Path, help="folder for the archive and the compiled wheel")
    parser.add_argument(
        "--python", action="append", help="a version to carry wheels for; all when absent"
    )
    parser.add_argument(
        "--model", type=Path, help="the model file, when it is not in the data folder"
    )
    parser.add_argument(
        "--twice", action="store_true", help="build again elsewhere and compare byte for byte"
    )
    parser.add_argument(
        "--compile", action="store_true", help="with --twice: compile llama.cpp again too"
    )
    return parser.parse_args()


def _collect(folder: Path, out: Path, pythons: tuple[str, ...], model: Path | None) -> None:
    anywhere = folder / "wheels" / "any"
    anywhere.mkdir(parents=True)
    _run("uv", "build", "--quiet", "--wheel", "--out-dir", str(anywhere), str(ROOT))
    _copy(_llama(out), anywhere)
    for version in pythons:
        _fetch_wheels(version, folder / "wheels" / version)
    _share_wheels(folder / "wheels")
    for file in sorted(HOST.iterdir()):
        _copy(file, folder / "host")
    _copy(HOST / "install.sh", folder)
    _copy_model(folder / "models", model)


def pack(folder: Path, out: Path) -> Path:
    """Name, list, sum and archive what is in the folder; the same content gives the same bytes."""
    (folder / "RELEASE").unlink(missing_ok=True)
    (folder / "sbom.cdx.json").write_text(bill_of_materials(folder), "utf-8")
    sums = _sums(folder)
    release = f"panelens-{_version()}-{hashlib.sha256(sums.encode()).hexdigest()[:10]}"
    (folder / "RELEASE").write_text(f"{release}\n", "utf-8")
    (folder / "SHA256SUMS").write_text(_sums(folder), "utf-8")
    archive = out / f"{release}.tar"
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for file in _files(folder):
            tar.add(file, f"{release}/{file.relative_to(folder)}", filter=_plain)
    return archive


def bill_of_materials(folder: Path) -> str:
    """What is in the bundle as CycloneDX: each wheel with version, licence and checksum, the models."""
    parts = [_wheel_component(file) for file in _files(folder) if file.suffix == ".whl"]
    parts += [
        {"type": "machine-learning-model", "name": f.name, "hashes": [_hash(f)]}
        for f in _files(folder)
        if f.suffix == ".gguf"
    ]
    unique = {json.dumps(part, sort_keys=True): part for part in parts}
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {
                "component": {"type": "application", "name": "panelens", "version": _version()}
            },
            "components": [unique[key] for key in sorted(unique)],
        },
        ensure_ascii=False,
        indent=1,
    )


def _wheel_component(file: Path) -> dict[str, Any]:
    with zipfile.ZipFile(file) as wheel:
        metadata = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
        about = HeaderParser().parsestr(wheel.read(metadata).decode("utf-8"))
    named = [
        c.removeprefix("License :: ") for c in about.get_all("Classifier", []) if "License" in c
    ]
    licence = (
        about["License-Expression"] or "; ".join(named) or (about["License"] or "").split("\n")[0]
    )
    return {
        "type": "library",
        "name": about["Name"],
        "version": about["Version"],
        "purl": f"pkg:pypi/{about['Name'].lower().replace('_', '-')}@{about['Version']}",
        "hashes": [_hash(file)],
        **({"licenses": [{"license": {"name": licence}}]} if licence else {}),
    }


def _llama(out: Path) -> Path:
    """The wheel of llama-cpp-python for the baseline; compiled when it is not there yet."""
    wanted = _locked(PYTHONS[0])[LLAMA]
    name = wanted.partition(" ")[0].replace("==", "-").replace("-", "_", 2)
    folder = out / "x86-64-v3"
    if not list(folder.glob(f"{name}-*-linux_x86_64.whl")):
        print(f"Compiling {name} for x86-64-v3: some minutes.", file=sys.stderr)
        _compile(_source(wanted, folder), folder)
    wheel = next(folder.glob(f"{name}-*-linux_x86_64.whl"))
    if found := beyond_baseline(wheel):
        raise SystemExit(f"{wheel} is not for x86-64-v3: {', '.join(found)}")
    return wheel


def beyond_baseline(wheel: Path) -> list[str]:
    """The wheel's libraries with an instruction that processors of the baseline lack."""
    found = []
    with tempfile.TemporaryDirectory() as name, zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if Path(member).suffix == ".so" or ".so." in member:
                code = ("objdump", "-d", "--no-show-raw-insn", archive.extract(member, name))
                with subprocess.Popen(code, stdout=subprocess.PIPE, text=True) as listing:  # noqa: S603
                    for line in listing.stdout or ():
                        if BEYOND.search(line):
                            found.append(f"{member}: {line.strip()}")
                            listing.kill()
                            break
                    else:
                        if listing.wait():
                            raise SystemExit(f"objdump could not read {member}")
    return found


def _source(wanted: str, folder: Path) -> Path:
    """The package's source, unpacked where the compiler will find it."""
    source = folder / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    # Only this one as source: what builds it need not be compiled as well.
    _download(source, [wanted], "--no-binary", LLAMA, "--no-cache-dir")
    with tarfile.open(next(source.glob("*.tar.gz"))) as tar:
        tar.extractall(source, filter="data")
    return next(path for path in source.iterdir() if path.is_dir())


def _compile(source: Path, folder: Path) -> None:
    """Its wheel, with nothing in it of where, when and by whose settings it was compiled."""
    here = source.resolve()
    unseen = f"-ffile-prefix-map={here}=."
    # The package insists on llama.cpp's command-line library, which nobody loads and which takes
    # longer to compile than the rest. A plain variable goes before the entry that it forces.
    (here / "less.cmake").write_text("set(LLAMA_BUILD_COMMON OFF)\n", "utf-8")
    (here / "backend.txt").write_text(f"{BACKEND}\n", "utf-8")
    options = f"-DLLAVA_BUILD=OFF -DCMAKE_PROJECT_llama_cpp_INCLUDE={here}/less.cmake"
    _run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-cache-dir", "--no-deps"),
        *("--build-constraint", str(here / "backend.txt"), "-w", str(folder), str(here)),
        CMAKE_ARGS=f"{BASELINE} {options} -DCMAKE_C_FLAGS={unseen} -DCMAKE_CXX_FLAGS={unseen}",
        SKBUILD_BUILD_DIR=str(here / "compiled"),
        # What links to these files would make is a copy of each in a wheel.
        SKBUILD_WHEEL_EXCLUDE="bin/**;include/**;lib/**;llama_cpp/lib/*.so.*.*",
        # The package's source is a repository: with git its commit would stand in the libraries.
        GIT_DIR=str(here / "no-repository"),
        **dict.fromkeys(("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "SKBUILD_CMAKE_ARGS"), ""),
    )
    shutil.rmtree(folder / "source")


def _fetch_wheels(version: str, folder: Path) -> None:
    """The wheels of everything else, each one of those that the checks passed with."""
    tags = [part for tag in PLATFORMS for part in ("--platform", tag)]
    needed = [line for name, line in _locked(version).items() if name != LLAMA]
    _download(folder, needed, "--only-binary", ":all:", "--python-version", version, *tags)


def _download(folder: Path, wanted: list[str], *options: str) -> None:
    """Fetch what `requirements.txt` locks; a file of another hash is refused."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as file:
        file.write("\n".join(wanted))
        file.flush()
        _run(
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
            *("--dest", str(folder), *options, "-r", file.name),
        )


def _locked(version: str) -> dict[str, str]:
    """What Linux and this Python need of `requirements.txt`, by name, with the hashes."""
    target = {
        "python_version": version,
        "python_full_version": f"{version}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
    }
    found = {}
    text = (ROOT / "requirements.txt").read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        said, _, hashes = line.partition("--hash=")
        wanted = Requirement(said)
        if wanted.marker is None or wanted.marker.evaluate(target):
            found[wanted.name] = f"{wanted.name}{wanted.specifier} --hash={hashes}"
    return found


def _share_wheels(wheels: Path) -> None:
    """What fits every Python is carried once."""
    for file in sorted(wheels.glob("3.*/*-none-*.whl")):
        file.replace(wheels / "any" / file.name)


def _copy_model(folder: Path, model: Path | None) -> None:
    manifest = tomllib.loads((ROOT / "models" / "manifest.toml").read_text("utf-8"))
    entry = manifest["models"]["default"]
    if model is None:
        model = _data_folder() / "models" / entry["file"]
    if not model.is_file() or hashlib.sha256(model.read_bytes()).hexdigest() != entry["sha256"]:
        raise SystemExit(
            f"{model} is not the model of the manifest: run `uv run panelens download`"
        )
    _copy(model, folder)
    _merge_adapters(folder / model.name, entry["adapters"])
    for text in sorted((ROOT / "models" / "licences").iterdir()):
        _copy(text, folder)


def _merge_adapters(model: Path, adapters: dict[str, Any]) -> None:
    """What a server makes at its first start, made here: that one may not write beside its model."""
    sys.path.insert(0, str(ROOT))
    from server.model.merge import merged_model  # noqa: PLC0415  (numpy only when it is needed)

    for adapter in adapters.values():
        merged = merged_model(model, ROOT / "models" / adapter["file"], _say)
        merged.with_suffix(".lock").unlink()


def _say(what: str) -> None:
    """Beside the one line of standard output, which is the archive's name."""
    print(what, file=sys.stderr)


def _data_folder() -> Path:
    sys.path.insert(0, str(ROOT))
    from server.settings import Settings  # noqa: PLC0415  (only when the model was not named)

    return Settings().data_folder


def _sums(folder: Path) -> str:
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder)}\n"
        for file in _files(folder)
        if file.name != "SHA256SUMS"
    ]
    return "".join(lines)


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.mtime, entry.uid, entry.gid, entry.uname, entry.gname = EPOCH, 0, 0, "root", "root"
    entry.mode = 0o755 if entry.mode & 0o100 else 0o644
    return entry


def _copy(file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file.name
    target.write_bytes(file.read_bytes())
    target.chmod(file.stat().st_mode & 0o755)


def _hash(file: Path) -> dict[str, str]:
    return {"alg": "SHA-256", "content": _sum(file)}


def _sum(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return project


def _version() -> str:
    return str(_project()["version"])


def _run(*command: str, **more: str) -> None:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH), **more}
    subprocess.run(command, check=True, env=environment)  # noqa: S603  (our own words)


if __name__ == "__main__":
    sys.exit(main())
