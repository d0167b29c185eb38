"""Where pictures are computed: two threads, and only so many who wait for them within a request."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from stoa.kit.errors import Unavailable

T = TypeVar("T")

_WAITING_MOST: Final = 8
_threads: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="images")
_waiting = 0


async def in_thread(work: Callable[[], T]) -> T:
    """Runs it beside the event loop; raises Unavailable when too many wait already."""
    global _waiting
    if _waiting >= _WAITING_MOST:
        raise Unavailable("Many pictures are being worked on just now; please try again in a moment")
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1


async def in_turn(work: Callable[[], T]) -> T:
    """As `in_thread` for jobs, which wait as long as it takes."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
