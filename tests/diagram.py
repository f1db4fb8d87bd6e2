"""The reliability diagram of models/README.md, drawn from the readings that ship.

`uv run python -m tests.diagram` draws it anew, after they were recorded anew.
"""

import math
import sys
from collections.abc import Iterator
from pathlib import Path

from server.accuracy.cases import Case
from server.accuracy.history import Bin
from server.accuracy.recorded import read_recorded
from server.catalogue import Catalogue
from server.filter import load_catalogue
from server.resources import folder
from server.web.charts import draw_reliability
from server.web.wording import load_wordings

READINGS = Path(__file__).resolve().parents[1] / "models" / "evaluations" / "welcome.jsonl"
DIAGRAM = READINGS.with_suffix(".svg")
REFRESH = "uv run python -m tests.diagram"
BINS = 10
_Z = 1.96  # of a 95 % interval


def bins_of(cases: tuple[Case, ...], catalogue: Catalogue) -> Iterator[Bin]:
    """The cases by tenths of confidence, each with the share read right and its interval."""
    held: dict[int, list[tuple[float, bool]]] = {}
    for case in cases:
        if case.confidence is not None:
            place = min(int(case.confidence * BINS), BINS - 1)
            held.setdefault(place, []).append((case.confidence, case.is_exact(catalogue)))
    for place, read in sorted(held.items()):
        exact = sum(right for _, right in read) / len(read)
        low, high = _wilson(exact, len(read))
        yield Bin(
            confidence_from=place / BINS,
            confidence_to=(place + 1) / BINS,
            questions=len(read),
            confidence=sum(confidence for confidence, _ in read) / len(read),
            exact=exact,
            exact_low=low,
            exact_high=high,
        )


def _wilson(share: float, count: int) -> tuple[float, float]:
    """Wilson's interval of a share (1927), which stays between 0 and 1."""
    middle = share + _Z**2 / (2 * count)
    spread = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    whole = 1 + _Z**2 / count
    return (middle - spread) / whole, (middle + spread) / whole


def diagram() -> str:
    """The drawing, its words in English."""
    catalogue = load_catalogue("welcome")
    bins = tuple(bins_of(read_recorded(READINGS, catalogue).cases, catalogue))
    return draw_reliability(bins, load_wordings(folder("web") / "messages")["en"])


def main() -> int:
    """Write the diagram beside the readings."""
    DIAGRAM.write_text(diagram() + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
