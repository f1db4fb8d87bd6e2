"""The figures of a crowd count as answered only what was answered."""

from typing import Any

from tests.load.__main__ import HANG_UP, REFUSED, crowd_of


def sent(name: str, milliseconds: int, *, failures: int = 0) -> dict[str, Any]:
    """As locust counts four requests of a name."""
    return {
        "name": name, "num_requests": 4, "num_failures": failures, "start_time": 100.0,
        "last_request_timestamp": 110.0, "response_times": {milliseconds: 4},
    }  # fmt: skip


def test_who_was_refused_and_who_hung_up_were_not_answered() -> None:
    page, refused = sent("page", 50, failures=1), sent(f"page{REFUSED}", 9000)
    crowd = crowd_of([page, refused, sent(HANG_UP, 300)], 10, [])
    assert (crowd.answered, crowd.refused, crowd.failed) == (3, 4, 1)
    assert crowd.milliseconds["all"] == {"n": 4, "p50": 50, "p95": 50, "p99": 50}
    assert crowd.milliseconds["refusals"]["p50"] == 9000
