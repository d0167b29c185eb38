"""Where files are shown, told by whoever shows them; and what was fetched of them."""

import asyncio
import time
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from stoa.kit.ctx import App, Ctx
from stoa.kit.db import run

log = structlog.get_logger(__name__)

FLUSH_S: Final = 5.0
_FORGET = run("delete from media_uses where subject = $1 and subject_id = $2 and media_id <> all($3::uuid[])")
_NOTE = run(
    """
    with used as (
      insert into media_uses (media_id, subject, subject_id, title, url, used_at)
      select id, $1, $2, $4, $5, $6 from media where id = any($3::uuid[]) order by id
      on conflict (media_id, subject, subject_id) do update set title = $4, url = $5
      returning media_id
    ) update media set last_used_at = $6 from used where media.id = used.media_id
    """,
)
_FORGET_MANY = run("delete from media_uses where subject = $1 and subject_id = any($2::uuid[])")
_NOTE_MANY = run(
    """
    with used as (
      insert into media_uses (media_id, subject, subject_id, title, url, used_at)
      select m.id, $1, u.subject_id, u.title, u.url, $3
      from jsonb_to_recordset($2) as u (media_id uuid, subject_id uuid, title text, url text)
      join media m on m.id = u.media_id order by m.id
      on conflict (media_id, subject, subject_id) do nothing returning media_id
    ) update media set last_used_at = $3 where id in (select media_id from used)
    """
)
_COUNT = run(
    """
    insert into media_bandwidth (owner_id, day, bytes_count, requests_count)
    select c.owner_id, c.day, c.bytes_count, c.requests_count
    from jsonb_to_recordset($1) as c (owner_id uuid, day date, bytes_count bigint, requests_count bigint)
    where exists (select from users where id = c.owner_id) order by c.owner_id, c.day
    on conflict (owner_id, day) do update set bytes_count = media_bandwidth.bytes_count + excluded.bytes_count,
      requests_count = media_bandwidth.requests_count + excluded.requests_count
    """,
)


async def note_uses(
    ctx: Ctx, *, subject: str, subject_id: UUID, media_ids: Iterable[UUID], title: str, url: str
) -> None:
    """Says that a thing shows these files and no others; with none of them it shows nothing any more.

    subject: what kind of thing, such as 'post'. title, url: how it is called, and its address on this site.
    """
    shown = sorted(set(media_ids))
    await _FORGET(ctx.db, subject, subject_id, shown)
    if shown:
        await _NOTE(ctx.db, subject, subject_id, shown, title, url, ctx.now)


async def forget_uses(ctx: Ctx, *, subject: str, subject_ids: Collection[UUID]) -> None:
    """Says that these things show nothing any more."""
    await _FORGET_MANY(ctx.db, subject, list(subject_ids))


async def note_uses_of_new(ctx: Ctx, *, subject: str, shown: Sequence[tuple[UUID, Collection[UUID], str, str]]) -> None:
    """The same for many new things at once: (subject_id, media_ids, title, url) of each."""
    rows = [
        {"media_id": media_id, "subject_id": subject_id, "title": title, "url": url}
        for subject_id, media_ids, title, url in shown
        for media_id in sorted(set(media_ids))
    ]
    if rows:
        await _NOTE_MANY(ctx.db, subject, rows, ctx.now)


class _Counter:
    """What was fetched since it was last written down, in this process."""

    def __init__(self) -> None:
        self.pending: dict[tuple[UUID, date], list[int]] = {}
        self.since = time.monotonic()
        self.task: asyncio.Task[None] | None = None


def count_fetch(app: App, owner_id: UUID, day: date, bytes_count: int) -> None:
    """Counts one fetch. Written down every few seconds, beside the request, so that no reader waits for it."""
    counter: _Counter = app.cache.setdefault("media.bandwidth", _Counter())
    if not counter.pending:
        counter.since = time.monotonic()
    counts = counter.pending.setdefault((owner_id, day), [0, 0])
    counts[0] += bytes_count
    counts[1] += 1
    if time.monotonic() - counter.since > FLUSH_S and (counter.task is None or counter.task.done()):
        counter.task = asyncio.create_task(write_down(app))


async def write_down(app: App) -> None:
    """Writes down what this process has counted; what could not be written is counted on."""
    counter: _Counter = app.cache.setdefault("media.bandwidth", _Counter())
    taken, counter.pending = counter.pending, {}
    if not taken:
        return
    rows = [
        {"owner_id": owner, "day": day.isoformat(), "bytes_count": counts[0], "requests_count": counts[1]}
        for (owner, day), counts in taken.items()
    ]
    try:
        async with app.side.connection() as db:
            await _COUNT(db, rows)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        log.warning("media.bandwidth_not_written", error=str(error))
        for key, counts in taken.items():
            there = counter.pending.setdefault(key, [0, 0])
            there[0] += counts[0]
            there[1] += counts[1]
