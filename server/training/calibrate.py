"""Fits how often readings are right to the model's own probability, on questions it never saw."""

import json
from collections.abc import Iterable
from pathlib import Path

from server.accuracy.recorded import read_recorded
from server.catalogue import Catalogue
from server.errors import SetupError

# No reading is called certain or impossible on a few hundred questions.
SURE_MOST, SURE_LEAST = 0.98, 0.02


def calibrate(recorded: Path, catalogue: Catalogue, target: Path) -> int:
    """Write the calibration of recorded readings that were made without one; their number.

    SetupError when they were made with one, or hold nothing to fit.

    Isotonic regression (Zadrozny and Elkan 2002): of "the filter is the gold filter" on the
    probability of all that was written for a reading, and of "the gold filter has it" on that of a
    condition. A confidence of exactly 1 was read by the lexicon alone; its share is by Laplace's
    rule of succession.
    """
    read = [
        (case.confidence, case.is_exact(catalogue), case)
        for case in read_recorded(recorded, catalogue).cases
        if case.confidence is not None
    ]
    model = [(confidence, right, case) for confidence, right, case in read if confidence != 1.0]
    lexicon = [right for confidence, right, _ in read if confidence == 1.0]
    if not lexicon:  # a calibration calls none of them certain
        raise SetupError(
            f"{recorded}: no reading has a confidence of 1, as those of the lexicon have without a "
            "calibration: take `calibration` out of the adapter's entry in models/manifest.toml "
            "and record anew"
        )
    conditions = [
        pair
        for _, _, case in model
        for pair in zip(case.conditions, case.right_conditions(catalogue), strict=True)
    ]
    if not conditions:
        raise SetupError(f"{recorded}: the model wrote no condition that could be compared")
    points = {
        "conditions": _curve(conditions),
        "readings": _curve((confidence, right) for confidence, right, _ in model),
        "lexicon": round((sum(lexicon) + 1) / (len(lexicon) + 2), 4),
    }
    target.write_text(json.dumps(points, indent=1) + "\n", "utf-8")
    return len(read)


def _curve(found: Iterable[tuple[float, bool]]) -> dict[str, list[float]]:
    """The points of the rising curve that is nearest to what was found at each probability."""
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415  (an optional extra)

    fitted = IsotonicRegression(y_min=SURE_LEAST, y_max=SURE_MOST, out_of_bounds="clip")
    fitted.fit(*zip(*found, strict=True))
    return {
        "raw": [round(float(x), 5) for x in fitted.X_thresholds_],
        "share": [round(float(y), 4) for y in fitted.y_thresholds_],
    }
