"""How often somebody may try: sign-ins by name and address, requests and questions by person."""

from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.strategies import MovingWindowRateLimiter, RateLimiter

from server.access.counting import SteadyStorage
from server.catalogue import normalise
from server.errors import TooMany, TooManyTries

# A person who mistypes tries a handful of times; a guesser tries thousands.
_FROM_ONE_ADDRESS = RateLimitItemPerMinute(20, 5)
_OF_ONE_NAME_FROM_ONE_ADDRESS = RateLimitItemPerMinute(5, 5)
_OF_ONE_NAME = RateLimitItemPerHour(100)
# A household or an office has as many IPv6 addresses as it likes, but one prefix of this length.
_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts kept by this process; `requests` and `questions` are what one person may send a minute."""

    requests: int
    questions: int
    _counts: RateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(SteadyStorage()))

    def may_try(self, name: str, address: str) -> None:
        """TooManyTries when that name or that address failed too often of late."""
        for item, *keys in _attempts(name, address):
            if not self._counts.test(item, *keys):
                raise TooManyTries()

    def failed(self, name: str, address: str) -> None:
        """A sign-in failed."""
        for item, *keys in _attempts(name, address):
            self._counts.hit(item, *keys)

    def may_knock(self, address: str) -> None:
        """TooMany when strangers sent too much from that address for a secret to be looked up."""
        item = RateLimitItemPerMinute(self.requests)
        if not self._counts.test(item, "request", stranger(address)):
            raise TooMany()

    def may_send(self, who: str) -> None:
        """Count a request; TooMany when it is one too many."""
        if not self._counts.hit(RateLimitItemPerMinute(self.requests), "request", who):
            raise TooMany()

    def may_ask(self, who: str) -> None:
        """Count a question that the model must read; TooMany when it is one too many."""
        if not self._counts.hit(RateLimitItemPerMinute(self.questions), "question", who):
            raise TooMany()


def stranger(address: str) -> str:
    """Under which name requests of nobody in particular are counted."""
    return f"address:{network_of(address)}"


def network_of(address: str) -> str:
    """What counts as one address: of IPv6 the network that one customer is given."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(IPv6Address(int(known) >> (128 - _PREFIX) << (128 - _PREFIX)))


def _attempts(name: str, address: str) -> tuple[tuple[RateLimitItem, str, str], ...]:
    # As the database compares names: another spelling of one is no new try.
    spelt, network = normalise(name), network_of(address)
    return (
        (_FROM_ONE_ADDRESS, "sign-in", network),
        (_OF_ONE_NAME_FROM_ONE_ADDRESS, "sign-in", f"{spelt}\n{network}"),
        (_OF_ONE_NAME, "sign-in-name", spelt),
    )
