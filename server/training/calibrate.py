"""Fits how often readings are right to the model's own probability, on questions it never saw."""

import json
from collections.abc import Iterable
from pathlib import Path

from server.accuracy.cases import Case
from server.accuracy.recorded import read_recorded
from server.catalogue import Catalogue

# No reading is called certain or impossible on a few hundred questions.
SURE_MOST, SURE_LEAST = 0.98, 0.02
# From here on a reading is called sure.
SURE = 0.9


def calibrate(recorded: Path, catalogue: Catalogue, target: Path) -> int:
    """Write the calibration of recorded readings that were made without one; their number.

    Isotonic regression (Zadrozny and Elkan 2002) of "the whole filter is right" on the least
    probability among its conditions, where every word led to something. A confidence of exactly 1
    was read by the lexicon alone; its share, and that of readings without a condition, is by
    Laplace's rule of succession. Of the readings that would be sure but for words that led to
    nothing, as many were right as `unused` times what the curve would have let expect.
    """
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415  (an optional extra)

    read = [c for c in read_recorded(recorded, catalogue).cases if c.confidence is not None]
    whole = [c for c in read if not c.unused]

    def right(cases: Iterable[Case]) -> list[bool]:
        return [case.is_exact(catalogue) for case in cases]

    def by_condition(cases: Iterable[Case], *, lexicon: bool) -> list[Case]:
        restricted = (c for c in cases if c.predicted.filter.restricts)
        return [c for c in restricted if (c.confidence == 1.0) == lexicon]

    model = by_condition(whole, lexicon=False)
    fitted = IsotonicRegression(y_min=SURE_LEAST, y_max=SURE_MOST, out_of_bounds="clip").fit(
        [c.confidence for c in model], right(model)
    )
    partly = by_condition((c for c in read if c.unused), lexicon=False)
    expected = [(float(fitted.predict([c.confidence])[0]), c) for c in partly]
    nearly = [(share, case) for share, case in expected if share >= SURE]
    points = {
        "raw": [round(float(x), 5) for x in fitted.X_thresholds_],
        "share": [round(float(y), 4) for y in fitted.y_thresholds_],
        "lexicon": _laplace(right(by_condition(whole, lexicon=True))),
        "bare": _laplace(right(c for c in read if not c.predicted.filter.restricts)),
        "unused": _ratio(right(case for _, case in nearly), [share for share, _ in nearly]),
    }
    target.write_text(json.dumps(points, indent=1) + "\n", "utf-8")
    return len(read)


def _ratio(right: list[bool], expected: list[float]) -> float:
    """How many were right for each that was expected to be, at most 1."""
    return round(min(1.0, sum(right) / sum(expected)), 4) if expected else 1.0


def _laplace(right: list[bool]) -> float:
    return round((sum(right) + 1) / (len(right) + 2), 4)
