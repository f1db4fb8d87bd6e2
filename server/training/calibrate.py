"""Fits how often readings are right to the model's own probability, on questions it never saw."""

import json
from pathlib import Path

from server.accuracy.recorded import read_recorded
from server.catalogue import Catalogue

# No reading is called certain or impossible on a few hundred questions.
SURE_MOST, SURE_LEAST = 0.98, 0.02


def calibrate(recorded: Path, catalogue: Catalogue, target: Path) -> int:
    """Write the calibration of recorded readings that were made without one; their number.

    Isotonic regression (Zadrozny and Elkan 2002) of "the whole filter is right" on the least
    probability among its conditions. A confidence of exactly 1 was read by the lexicon alone; its
    share is by Laplace's rule of succession.
    """
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415  (an optional extra)

    cases = [
        case
        for case in read_recorded(recorded, catalogue).cases
        if case.confidence is not None and case.predicted.filter.restricts
    ]
    read = [(c.confidence, c.is_exact(catalogue)) for c in cases]
    certain = [right for confidence, right in read if confidence == 1.0]
    model = [(confidence, right) for confidence, right in read if confidence != 1.0]
    fitted = IsotonicRegression(y_min=SURE_LEAST, y_max=SURE_MOST, out_of_bounds="clip").fit(
        [confidence for confidence, _ in model], [right for _, right in model]
    )
    points = {
        "raw": [round(float(x), 5) for x in fitted.X_thresholds_],
        "share": [round(float(y), 4) for y in fitted.y_thresholds_],
        "lexicon": round((sum(certain) + 1) / (len(certain) + 2), 4),
    }
    target.write_text(json.dumps(points, indent=1) + "\n", "utf-8")
    return len(read)
