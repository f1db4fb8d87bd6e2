"""How fast a result.json is loaded, and how much memory that takes."""

import tempfile
from pathlib import Path

from server.bench.figures import Loading
from server.bench.memory import peak_memory_bytes
from server.catalogue import Catalogue
from server.child import in_child
from server.panel.demo import write_demo
from server.panel.load import load_files


def measure_load(
    database_url: str, catalogue: Catalogue, *, people: int, reference_year: int
) -> Loading:
    """Draw that many synthetic people and load them in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="panelens-bench-") as folder:
        file = Path(folder) / "result.json"
        write_demo(catalogue, file, size=people)
        return in_child(_load, database_url, catalogue, file, reference_year)


def _load(database_url: str, catalogue: Catalogue, file: Path, reference_year: int) -> Loading:
    report = load_files(
        database_url, catalogue, [file], reference_year=reference_year, synthetic=True
    )
    return Loading(
        rows=report.rows_read,
        file_bytes=file.stat().st_size,
        seconds=round(report.seconds, 2),
        rows_per_second=round(report.rows_read / report.seconds, 1),
        peak_memory_bytes=peak_memory_bytes(),
    )
