"""Turns the model's own probability of a condition into how often such conditions are right."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from server.errors import SetupError


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising curve through measured points: `raw` probability → `share` found right.

    `lexicon` is the share of conditions that were right where no model was needed.
    """

    raw: tuple[float, ...] = (0.0, 1.0)
    share: tuple[float, ...] = (0.0, 1.0)
    lexicon: float = 1.0

    def __call__(self, raw: float) -> float:
        """The calibrated confidence, 0 to 1; linear between the points."""
        return float(np.interp(raw, self.raw, self.share))


def read_calibration(path: Path) -> Calibration:
    """The calibration that `panelens calibrate` wrote; SetupError when it is broken."""
    try:
        loaded = json.loads(path.read_text("utf-8"))
        raw, share = tuple(map(float, loaded["raw"])), tuple(map(float, loaded["share"]))
        calibration = Calibration(raw, share, float(loaded["lexicon"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(f"{path}: no calibration can be read: {error}") from error
    if len(raw) != len(share) or list(raw) != sorted(raw) or not raw:
        raise SetupError(f"{path}: raw and share must be as many, and raw must rise")
    return calibration
