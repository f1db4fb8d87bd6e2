"""The manifest refuses what is not pinned and names the entry."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from server.accuracy.recorded import read_recorded
from server.errors import BrokenDownload, SetupError
from server.filter import load_catalogue
from server.model.manifest import Manifest, Pin, read_manifest
from server.origin import origin_of
from server.settings import Settings

CONTENT = b"weights"
PIN = {"bytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}
HUB = {"kind": "hub", "address": "https://models.example/base.gguf"}
LICENCES = {"free": {"name": "Free", "files": ["free.txt"]}}
BASE = {"file": "base.gguf", "licence": "free", "sources": [HUB], **PIN}
CUT = {"file": "cut.gguf", "licence": "free", "made_from": "base", "step": "cut-vocabulary", **PIN}


def manifest(**models: dict[str, Any]) -> Manifest:
    return Manifest.model_validate({"folder": Path(), "licences": LICENCES, "models": models})


def test_the_manifest_that_ships_is_pinned_and_complete() -> None:
    shipped = read_manifest()
    model = shipped.model("default")
    assert model.decoding is not None
    assert shipped.base(model) is shipped.model("gemma-3-270m")
    assert all(text.is_file() for text in shipped.licence_texts(model))


def test_the_evaluation_that_ships_is_of_the_adapter_and_the_catalogue_that_ship() -> None:
    catalogue = load_catalogue("welcome")
    origin = origin_of(Settings(), catalogue)
    recorded = read_recorded(origin.recorded, catalogue)
    assert (recorded.adapter, recorded.catalogue_version) == (origin.adapter, catalogue.version)


def test_the_notice_that_the_gemma_terms_ask_for_ships() -> None:
    notice = Path("models/licences/gemma-notice.txt").read_text(encoding="utf-8")
    assert (
        "Gemma is provided under and subject to the Gemma Terms of Use found at"
        " ai.google.dev/gemma/terms" in notice
    )


def test_a_model_and_what_it_is_made_from() -> None:
    both = manifest(base=BASE, cut=CUT)
    assert both.base(both.model("cut")) is both.model("base")
    assert both.base(both.model("base")) is None


def test_an_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(SetupError, match=r"'gpt'.*base, cut"):
        manifest(base=BASE, cut=CUT).model("gpt")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"bytes": 0}, "bytes"),
        ({"sha256": ""}, "sha256"),
        ({"sha256": "A" * 64}, "sha256"),
        ({"file": "../base.gguf"}, "file"),
        ({"file": ".lock"}, "file"),
        ({"licence": "stolen"}, "no licence named 'stolen'"),
        ({"sources": []}, "either sources or made_from"),
        ({"sources": [{"kind": "torrent"}]}, "kind"),
        ({"sources": [{"kind": "hub", "address": "ftp://models.example/x"}]}, "address"),
        ({"sources": [{"kind": "wheels", "wheels": []}]}, "wheels"),
        ({"made_from": "base", "step": "cut-vocabulary"}, "not both"),
        ({"step": "cut-vocabulary"}, "belong together"),
        ({"adapters": {"welcome": {"file": "/etc/passwd", **PIN}}}, "inside its folder"),
        ({"adapters": {"welcome": {"file": "a/../../b", **PIN}}}, "inside its folder"),
        (
            {"decoding": {"context_tokens": 64, "output_tokens_max": 64}},
            "no room",
        ),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_entry_that_is_not_right_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        manifest(base=BASE | change)


@pytest.mark.parametrize("made_from", ["nothing", "cut"])
def test_a_model_is_made_only_from_one_that_is_fetched(made_from: str) -> None:
    with pytest.raises(ValueError, match=f"made_from '{made_from}' has no sources"):
        manifest(base=BASE, cut=CUT | {"made_from": made_from})


def test_two_models_cannot_share_a_file_name() -> None:
    with pytest.raises(ValueError, match="same file name"):
        manifest(base=BASE, twin=BASE)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("models = [", "cannot be read"),
        ('[licences.free]\nname = "Free"\nfiles = ["free.txt"]', "models: Field required"),
        (
            '[licences]\n[models.default]\nfile = "a.gguf"\nbytes = 0\nsha256 = ""\nlicence = "x"',
            r"models\.default\.bytes: .*models\.default\.sha256: ",
        ),
    ],
)
def test_a_file_that_is_not_a_manifest_names_the_place(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "manifest.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SetupError, match=reason):
        read_manifest(path)


def test_a_missing_manifest_is_a_setup_error(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"manifest\.toml cannot be read"):
        read_manifest(tmp_path / "manifest.toml")


def test_a_pin_says_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "file"
    pin = Pin.model_validate(PIN)
    path.write_bytes(CONTENT)
    assert pin.difference(path) is None
    path.write_bytes(CONTENT + b"!")
    assert pin.difference(path) == "8 bytes instead of 7"
    path.write_bytes(CONTENT[::-1])
    assert f"instead of {PIN['sha256']}" in str(pin.difference(path))


def test_an_adapter_is_given_only_when_its_checksum_is_right(tmp_path: Path) -> None:
    adapters = {"welcome": {"file": "adapters/welcome.gguf", **PIN}}
    entries = {
        "folder": tmp_path,
        "licences": LICENCES,
        "models": {"m": BASE | {"adapters": adapters}},
    }
    with_adapter = Manifest.model_validate(entries)
    model = with_adapter.model("m")
    with pytest.raises(BrokenDownload, match="missing"):
        with_adapter.adapter(model, "welcome")
    path = tmp_path / "adapters" / "welcome.gguf"
    path.parent.mkdir()
    path.write_bytes(b"changed")
    with pytest.raises(BrokenDownload, match="SHA-256"):
        with_adapter.adapter(model, "welcome")
    path.write_bytes(CONTENT)
    assert with_adapter.adapter(model, "welcome") == path
    assert with_adapter.adapter(model, "another panel") is None
