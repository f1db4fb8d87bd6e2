"""Who waits for the model, and that work stops when nobody waits for it any more."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

LOOK_SECONDS = 0.25

Result = TypeVar("Result")


@dataclass(slots=True)
class Waiting:
    """How many questions are read or wait now; they are read in the order they came."""

    count: int = 0

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """A question that waits until it is answered or given up."""
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1


def nobody_waits() -> Response:
    """What is sent to a caller who has hung up: it goes nowhere."""
    return Response(status_code=204)


async def while_wanted(request: Request, work: Coroutine[Any, Any, Result]) -> Result | None:
    """What the work brings; None, and the work is cancelled, once the caller has hung up."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=LOOK_SECONDS))[0]:
            if await request.is_disconnected():
                return None
    finally:
        if not task.done():
            task.cancel()
    return await task
