"""What the kinds of ranges mean in numbers: "in their {n}s", "{n} or older", "between {a} and {b}"."""

from collections.abc import Callable, Mapping
from typing import Literal

from server.catalogue import PanelField

RangeKind = Literal[
    "decade", "decades", "decade_min", "decade_max", "decade_early", "decade_mid", "decade_late",
    "exact", "min", "max", "below", "above", "between", "none", "some", "band_at", "bare",
    "annual_min", "annual_max", "annual_below", "annual_bare",
]  # fmt: skip
Numbers = Mapping[str, int]
Bounds = dict[str, int]

# The kinds that phrases name in `when`, for whole numbers. A decade is ten years from {n}; its
# early, middle and late parts are 4, 3 and 3 years.
BOUNDS: Mapping[str, Callable[[Numbers], Bounds]] = {
    "decade": lambda s: {"min": s["n"], "max": s["n"] + 9},
    "decades": lambda s: {"min": s["a"], "max": s["b"] + 9},
    "decade_min": lambda s: {"min": s["n"]},
    "decade_max": lambda s: {"max": s["n"] + 9},
    "decade_early": lambda s: {"min": s["n"], "max": s["n"] + 3},
    "decade_mid": lambda s: {"min": s["n"] + 4, "max": s["n"] + 6},
    "decade_late": lambda s: {"min": s["n"] + 7, "max": s["n"] + 9},
    "exact": lambda s: {"min": s["n"], "max": s["n"]},
    "min": lambda s: {"min": s["n"]},
    "max": lambda s: {"max": s["n"]},
    "below": lambda s: {"max": s["n"] - 1},
    "above": lambda s: {"min": s["n"] + 1},
    "between": lambda s: {"min": s["a"], "max": s["b"]},
}


def bounds_of(when: str, numbers: Numbers) -> Bounds | None:
    """Bounds of a kind of range of whole numbers; None where it means none: there is no age of 2s."""
    kind = BOUNDS.get(when)
    if kind is None or (
        when.startswith("decade") and any(n % 10 or not n for n in numbers.values())
    ):
        return None
    return kind(numbers)


def money_bounds(when: str, numbers: Numbers, field: PanelField) -> Bounds | None:
    """Bounds of a kind of range of money, in 10,000 KRW a month; None where it means none.

    `numbers` holds "n" (or "a" and "b", or "year" for what is earned in twelve months). A bare
    amount is the band that holds it.
    """
    n, year = numbers.get("n"), numbers.get("year")
    if year is not None:
        return _annual(when, year, field)
    if when == "between":
        return {"min": numbers["a"], "max": numbers["b"]}
    if n is None:
        return None
    kinds: dict[str, Bounds | None] = {
        "min": {"min": n},
        "above": {"min": n},
        "max": {"max": n},
        "below": {"max": n - 1},
        "band_at": band_of(n, field) if n % 100 == 0 else None,
        "bare": band_of(n, field),
    }
    return kinds.get(when)


def _annual(when: str, year: int, field: PanelField) -> Bounds | None:
    kinds: dict[str, Bounds | None] = {
        "annual_min": {"min": -(-year // 12)},
        "annual_max": {"max": year // 12},
        "annual_below": {"max": (year - 1) // 12},
        "annual_bare": band_of(year // 12, field),
    }
    return kinds.get(when)


def band_of(amount: int, field: PanelField) -> Bounds | None:
    """The bounds of the band that holds the amount."""
    for band in field.listed:
        low = band.min or 0
        if low <= amount and (band.max is None or amount <= band.max):
            return {"min": low} if band.max is None else {"min": low, "max": band.max}
    return None
