"""Turns the model's own probabilities into how often such conditions and readings are right."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from server.errors import SetupError


@dataclass(frozen=True, slots=True)
class Curve:
    """A rising curve through measured points: `raw` probability → `share` found right."""

    raw: tuple[float, ...] = (0.0, 1.0)
    share: tuple[float, ...] = (0.0, 1.0)

    @classmethod
    def read(cls, loaded: Any) -> Self:
        """The curve of a JSON object; ValueError, KeyError or TypeError when it is none."""
        curve = cls(tuple(map(float, loaded["raw"])), tuple(map(float, loaded["share"])))
        if len(curve.raw) != len(curve.share) or list(curve.raw) != sorted(curve.raw):
            raise ValueError("raw and share must be as many, and raw must rise")
        if not curve.raw:
            raise ValueError("a curve needs a point")
        return curve

    def __call__(self, raw: float) -> float:
        """The share at a probability, 0 to 1; linear between the points."""
        return float(np.interp(raw, self.raw, self.share))


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure conditions and whole readings are, by the model's own probabilities of them.

    `lexicon` is the share of readings that were right where no model was needed. Without a
    measurement probabilities stand as they are, and say nothing of what is most probably wrong.
    """

    conditions: Curve = field(default_factory=Curve)
    readings: Curve = field(default_factory=Curve)
    lexicon: float = 1.0
    is_measured: bool = False

    def whole(self, written: float, conditions: Iterable[float]) -> float:
        """How likely a reading is right as a whole, given the probability of all that was written
        for it and those of its conditions: no likelier than any of these.
        """
        probabilities = tuple(conditions)
        least = min(map(self.conditions, probabilities), default=1.0)
        return min(least, self.readings(min((written, *probabilities))))


def read_calibration(path: Path) -> Calibration:
    """The calibration that `panelens calibrate` wrote; SetupError when it is broken."""
    try:
        loaded = json.loads(path.read_text("utf-8"))
        return Calibration(
            Curve.read(loaded["conditions"]),
            Curve.read(loaded["readings"]),
            float(loaded["lexicon"]),
            is_measured=True,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(f"{path}: no calibration can be read: {error}") from error
