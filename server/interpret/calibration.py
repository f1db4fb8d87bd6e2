"""Turns the model's own probability of a condition into how often such conditions are right."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from server.errors import SetupError


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising curve through measured points: `raw` probability → `share` found right.

    `lexicon` is the share of readings that were right where no model was needed, `bare` of those
    without a condition; `unused` is what the confidence of a reading is multiplied by when words of
    the question led to nothing.
    """

    raw: tuple[float, ...] = (0.0, 1.0)
    share: tuple[float, ...] = (0.0, 1.0)
    lexicon: float = 1.0
    bare: float = 1.0
    unused: float = 1.0

    def __call__(self, raw: float) -> float:
        """The calibrated confidence, 0 to 1; linear between the points."""
        return float(np.interp(raw, self.raw, self.share))

    def whole(self, conditions: Iterable[float], *, words_unused: bool) -> float:
        """How likely a reading is right as a whole, given the confidence of each condition."""
        least = min(conditions, default=self.bare)
        return least * self.unused if words_unused else least


def read_calibration(path: Path) -> Calibration:
    """The calibration that `panelens calibrate` wrote; SetupError when it is broken."""
    try:
        loaded = json.loads(path.read_text("utf-8"))
        raw, share = tuple(map(float, loaded["raw"])), tuple(map(float, loaded["share"]))
        shares = (float(loaded[name]) for name in ("lexicon", "bare", "unused"))
        calibration = Calibration(raw, share, *shares)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(f"{path}: no calibration can be read: {error}") from error
    if len(raw) != len(share) or list(raw) != sorted(raw) or not raw:
        raise SetupError(f"{path}: raw and share must be as many, and raw must rise")
    return calibration
