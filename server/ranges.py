"""What the kinds of ranges mean in numbers: "in their {n}s", "{n} or older", "between {a} and {b}"."""

from collections.abc import Callable, Mapping

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
