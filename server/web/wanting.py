"""Work stops when nobody waits for it any more: a closed tab, a question that was replaced."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

LOOK_SECONDS = 0.25

Result = TypeVar("Result")


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
