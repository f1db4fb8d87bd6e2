"""The wheel: built, installed into an empty place, and run from another folder."""

import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = "server/bundle/"
# What the product reads outside its package; a folder stands for every file in it.
CARRIED = (
    "grammars",
    "web/templates",
    "web/static",
    "web/messages",
    "models/manifest.toml",
    "models/kept-words.txt",
    "models/licences",
    "models/adapters",
    "models/calibrations",
    "models/evaluations",
    "deploy/rds-ca.pem",
)

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Installed:
    """A virtual environment with the wheel in it, and a folder that is not the checkout."""

    programs: Path
    elsewhere: Path

    def python(self, code: str) -> str:
        """What the code prints, run without anything of the caller's surroundings."""
        return self.run("python", "-I", "-c", code)

    def run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.elsewhere,
            env={"HOME": str(self.elsewhere), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (built,) = folder.glob("panelens-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel beside the project's dependencies, without the project's editable install."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, symlinks=True)
    programs = folder / "bin"
    _pip("--python", str(programs / "python"), "install", "--no-deps", str(wheel))
    # A path in a .pth file is only added: the .pth files in that folder, which would lead to the
    # checkout, are not read.
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return Installed(programs, tmp_path_factory.mktemp("elsewhere"))


def _pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_carries_every_file_that_the_product_reads(wheel: Path) -> None:
    wanted = {
        BUNDLE + file.relative_to(ROOT).as_posix()
        for path in map(ROOT.joinpath, CARRIED)
        for file in ([path] if path.is_file() else path.rglob("*"))
        if file.is_file()
    }
    assert wanted - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_what_is_put_into_it_is_what_the_product_reads() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    put = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert put == {path: BUNDLE + path for path in CARRIED}


def test_it_holds_no_tests_and_no_model(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"server"}
    models = [name for name in names if name.endswith((".gguf", ".part", ".safetensors"))]
    assert [name for name in models if not name.startswith(f"{BUNDLE}models/adapters/")] == []


def test_queries_and_migrations_are_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    statements = {p.relative_to(ROOT).as_posix() for p in (ROOT / "server").rglob("*.sql")}
    assert statements
    assert statements - names == set()


@pytest.mark.parametrize("folder", ["grammars", "web", "models", "deploy"])
def test_only_server_is_a_package(folder: str) -> None:
    assert list((ROOT / folder).rglob("__init__.py")) == []


def test_the_installed_package_is_not_the_checkout(installed: Installed) -> None:
    said = installed.python("import server; print(server.__file__)")
    assert not Path(said.strip()).is_relative_to(ROOT)


def test_the_catalogue_loads_and_its_grammar_is_built(installed: Installed) -> None:
    said = installed.python(
        "from server.filter import load_catalogue\n"
        "from server.grammar import build_grammar\n"
        "print(build_grammar(load_catalogue('welcome')))"
    )
    assert "root" in said


def test_every_folder_is_found_inside_the_package(installed: Installed) -> None:
    said = installed.python(
        "from server.resources import folder\n"
        "for name in ('grammars', 'web', 'models', 'deploy'):\n"
        "    print(folder(name))"
    )
    assert [Path(line).parts[-3:] for line in said.splitlines()] == [
        ("server", "bundle", name) for name in ("grammars", "web", "models", "deploy")
    ]


def test_the_manifest_and_the_licences_it_names_are_found(installed: Installed) -> None:
    said = installed.python(
        "from server.model.manifest import read_manifest\n"
        "manifest = read_manifest()\n"
        "model = manifest.model('default')\n"
        "print(all(text.is_file() for text in manifest.licence_texts(model)))\n"
        "print(manifest.adapter(model, 'welcome'))"
    )
    licences, adapter = said.splitlines()
    assert licences == "True"
    assert Path(adapter).name == "welcome.gguf"


def test_templates_messages_and_certificates_are_found(installed: Installed) -> None:
    said = installed.python(
        "from server.postgres.pool import rds_roots\n"
        "from server.resources import folder\n"
        "from server.web.wording import load_wordings\n"
        "print((folder('web') / 'templates' / 'base.html').is_file())\n"
        "print(sorted(load_wordings(folder('web') / 'messages')))\n"
        "print(rds_roots().is_file())"
    )
    assert said.splitlines() == ["True", "['en', 'ko']", "True"]


def test_the_command_is_there(installed: Installed) -> None:
    assert "serve" in installed.run("panelens", "--help")
    installed.run("panelens", "catalogue", "check", "welcome")
