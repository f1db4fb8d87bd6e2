"""What `panelens tune` does: gather model, phrases and gold questions, train, write the adapter."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from server.accuracy.gold import read_gold
from server.catalogue import Catalogue, find_catalogue
from server.model.download import download
from server.phrases import read_phrases
from server.settings import Settings
from server.training.tune import Progress, Recipe, tune
from server.training.written import read_written

GOLD = "gold*.jsonl"


def tune_adapter(
    settings: Settings,
    catalogue: Catalogue,
    *,
    steps: int,
    folder: Path,
    start: Path | None,
    gold: Sequence[Path],
    console: Console,
    report: Callable[[Progress], None],
) -> Path:
    """Train for the catalogue; the adapter's path. The panel's own gold files are never trained on."""
    panel = find_catalogue(settings.catalogue).parent
    files = [*gold, *sorted(panel.glob(GOLD))]
    adapter = folder / f"{catalogue.name}.gguf"

    def hear(now: Progress) -> None:
        report(now)
        if now.exact is not None:
            console.print(f"step {now.step}: {now.exact:.1%} of held-out questions read exactly")

    tune(
        base=download(settings.model, settings=settings, console=console),
        catalogue=catalogue,
        phrases=read_phrases(panel, catalogue),
        recipe=Recipe(steps=steps, threads=settings.model_threads),
        folder=folder,
        adapter=adapter,
        report=hear,
        start=start,
        written=read_written(panel, catalogue),
        skip=frozenset(q.question for file in files for q in read_gold(file, catalogue).questions),
    )
    return adapter
