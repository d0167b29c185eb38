"""Rate limits that hold across processes (L1), with few round trips.

A key's window begins at its first use and lasts `per_s`. A process takes tokens from the table in leases, one at first,
then twice as many as the last time up to a tenth of the limit, and spends them without asking. What is handed out in a
window never exceeds the limit; what a process has taken and not spent is lost when the window ends, which the doubling
keeps below what that process has let through. Limits under 20 are therefore exact to the request.
"""

import asyncio
import ipaddress
import math
import time
from typing import Final

import msgspec

from stoa.kit.ctx import App
from stoa.kit.db import one, run
from stoa.kit.errors import TooManyRequests

_all_live_at = 0.0
MAX_KEYS: Final = 20_000  # kept in one process before the ended windows among them are dropped


class _Grant(msgspec.Struct):
    granted: int
    ends_in_s: float


class _Window:
    __slots__ = ("asking", "ends_at", "exhausted", "next_lease", "tokens")

    def __init__(self) -> None:
        self.asking = asyncio.Lock()  # one question at a time: requests that come at once share its answer
        self.tokens = 0
        self.ends_at = 0.0  # on the monotonic clock of this process
        self.next_lease = 1
        self.exhausted = False

    def lacks(self, cost: int) -> bool:
        """Whether the table has to be asked."""
        if self.ends_at <= time.monotonic():
            self.tokens, self.next_lease, self.exhausted = 0, 1, False
        return self.tokens < cost and not self.exhausted


# now() is the same throughout the statement. A statement that waited for the row's lock has an earlier now() than the
# one it waited for, and then simply counts in that one's window.
_TAKE = one(
    _Grant,
    """
    insert into rate_limits as held (key, window_ends_at, used, granted)
    values ($1, now() + make_interval(secs => $2), least($3::int, $4::int), least($3::int, $4::int))
    on conflict (key) do update set
        window_ends_at = case when held.window_ends_at <= now() then excluded.window_ends_at
                              else held.window_ends_at end,
        used = case when held.window_ends_at <= now() then excluded.used
                    else greatest(held.used, least(held.used + $3::int, $4::int)) end,
        granted = case when held.window_ends_at <= now() then excluded.granted
                       else greatest(0, least($3::int, $4::int - held.used)) end
    returning granted, extract(epoch from window_ends_at - now())::float8 as ends_in_s
    """,
)

PRUNE = run("delete from rate_limits where window_ends_at < now() - interval '1 minute'")


def network_of(address: str) -> str:
    """An address as limits count it: an IPv6 one by its /64, of which one customer has as many as they like."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return address
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((found, 64), strict=False))


async def allow(app: App, key: str, limit: int, per_s: float, cost: int = 1) -> None:
    """Takes `cost` of the `limit` that `key` has in `per_s` seconds. Raises TooManyRequests when it is used up."""
    windows: dict[str, _Window] = app.cache.setdefault("kit.limits", {})
    if len(windows) > MAX_KEYS:
        _drop_ended(windows)
    window = windows.get(key)
    if window is None:
        window = windows[key] = _Window()
    if window.lacks(cost):
        async with window.asking:
            if window.lacks(cost):
                await _take(app, window, key, limit, per_s, cost)
    if window.tokens < cost:
        raise TooManyRequests(math.ceil(max(window.ends_at - time.monotonic(), 0.001)))
    window.tokens -= cost


async def _take(app: App, window: _Window, key: str, limit: int, per_s: float, cost: int) -> None:
    wanted = max(cost - window.tokens, window.next_lease)
    asked_at = time.monotonic()  # before the question, so that a lease never outlives its window
    async with app.side.connection() as db:  # the request may hold one of the others already
        grant = await _TAKE(db, key, per_s, wanted, limit)
    ends_at = asked_at + grant.ends_in_s
    if ends_at > window.ends_at + per_s / 2:  # a new window: what was left of the old one is void
        window.tokens = 0
    window.ends_at = ends_at
    window.tokens += grant.granted
    window.exhausted = grant.granted < wanted
    window.next_lease = max(1, min(2 * window.next_lease, limit // 10))


def _drop_ended(windows: dict[str, _Window]) -> None:
    global _all_live_at
    clock = time.monotonic()
    if clock < _all_live_at + 1:  # more live ones than we like to keep: looking again at each request helps nobody
        return
    for key in [key for key, window in windows.items() if window.ends_at <= clock]:
        del windows[key]
    if len(windows) > MAX_KEYS:
        _all_live_at = clock
