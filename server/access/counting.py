"""Counts for the limits, by a clock that nobody can set."""

import time
from collections import deque

from limits.storage import MemoryStorage

# Keys hold names that strangers tried: what has run out is dropped before it fills the memory.
KEYS_MOST = 10_000


class SteadyStorage(MemoryStorage):
    """Moving windows as MemoryStorage keeps them, but of the seconds since the machine started.

    A wall clock that is set back would keep people out for as long as it was set back; one that is
    set forward would give a guesser new tries.
    """

    def __init__(self) -> None:
        super().__init__()
        self._hits: dict[str, deque[float]] = {}
        self._ends: dict[str, float] = {}
        self._most = KEYS_MOST

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` hits unless the window would then hold more than `limit`."""
        now = time.monotonic()
        hits = self._window(key, now - expiry)
        if len(hits) + amount > limit:
            return False
        hits.extend([now] * amount)
        self._hits[key], self._ends[key] = hits, now + expiry
        if len(self._hits) > self._most:
            self._drop_ended(now)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest hit of the window was, and how many there are."""
        now = time.monotonic()
        hits = self._window(key, now - expiry)
        return (hits[0] if hits else now), len(hits)

    def _window(self, key: str, since: float) -> deque[float]:
        hits = self._hits.get(key, deque())
        while hits and hits[0] < since:
            hits.popleft()
        return hits

    def _drop_ended(self, now: float) -> None:
        for key in [key for key, end in self._ends.items() if end <= now]:
            del self._hits[key], self._ends[key]
        # Looking through all of them at every request would cost more the more there are.
        self._most = max(KEYS_MOST, 2 * len(self._hits))
