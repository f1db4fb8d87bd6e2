"""What readings are made with, and the files that came with it."""

from dataclasses import dataclass
from pathlib import Path

from server.catalogue import Catalogue, find_catalogue
from server.model.manifest import read_manifest
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Origin:
    """A model's file, the checksums that pin it and its adapter, and what ships beside them.

    `gold` are the catalogue's labelled questions, `recorded` is the evaluation of the adapter.
    """

    model: str
    model_sha256: str
    adapter: str
    gold: Path
    recorded: Path


def origin_of(settings: Settings, catalogue: Catalogue) -> Origin:
    """What the settings' model reads this catalogue's questions with."""
    manifest = read_manifest()
    model = manifest.model(settings.model)
    adapter = model.adapters.get(catalogue.name)
    return Origin(
        model=Path(model.file).stem,
        model_sha256=model.sha256,
        adapter="" if adapter is None else adapter.sha256,
        gold=find_catalogue(settings.catalogue).parent / "gold.jsonl",
        recorded=manifest.folder / "evaluations" / f"{catalogue.name}.jsonl",
    )
