"""How often somebody may try: sign-ins by name and address, requests and questions by person."""

from dataclasses import dataclass, field

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.strategies import MovingWindowRateLimiter, RateLimiter

from server.access.counting import SteadyStorage
from server.errors import TooMany

# A person who mistypes tries a handful of times; a guesser tries thousands.
_FROM_ONE_ADDRESS = RateLimitItemPerMinute(20, 5)
_OF_ONE_NAME_FROM_ONE_ADDRESS = RateLimitItemPerMinute(5, 5)
_OF_ONE_NAME = RateLimitItemPerHour(100)


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts kept by this process; `requests` and `questions` are what one person may send a minute."""

    requests: int
    questions: int
    _counts: RateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(SteadyStorage()))

    def may_try(self, name: str, address: str) -> None:
        """TooMany when that name or that address failed too often of late."""
        for item, *keys in _attempts(name, address):
            if not self._counts.test(item, *keys):
                raise TooMany()

    def failed(self, name: str, address: str) -> None:
        """A sign-in failed."""
        for item, *keys in _attempts(name, address):
            self._counts.hit(item, *keys)

    def may_send(self, who: str) -> None:
        """Count a request; TooMany when it is one too many."""
        if not self._counts.hit(RateLimitItemPerMinute(self.requests), "request", who):
            raise TooMany()

    def may_ask(self, who: str) -> None:
        """Count a question that the model must read; TooMany when it is one too many."""
        if not self._counts.hit(RateLimitItemPerMinute(self.questions), "question", who):
            raise TooMany()


def _attempts(name: str, address: str) -> tuple[tuple[RateLimitItem, str, str], ...]:
    spelt = name.strip().casefold()
    return (
        (_FROM_ONE_ADDRESS, "sign-in", address),
        (_OF_ONE_NAME_FROM_ONE_ADDRESS, "sign-in", f"{spelt}\n{address}"),
        (_OF_ONE_NAME, "sign-in-name", spelt),
    )
