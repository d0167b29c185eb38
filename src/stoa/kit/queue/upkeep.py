"""What the kit's own tables need from time to time: rows that nobody will ask for again are deleted."""

import uuid
from datetime import datetime, timedelta
from typing import Final

from stoa.kit import limits
from stoa.kit.ctx import Ctx
from stoa.kit.db import run
from stoa.kit.queue.job import every

ENDED_JOBS_KEPT: Final = timedelta(days=3)
DEAD_LETTERS_KEPT: Final = timedelta(days=90)
ANSWERS_KEPT: Final = timedelta(days=7)
EVENTS_KEPT: Final = timedelta(days=180)
BATCH: Final = 5000

# In batches, so that no statement holds many locks for long; the ids are those of the index the condition is for.
_DELETE_ENDED = run(
    """
    delete from jobs where id = any(array(
        select id from jobs where state in ('done', 'discarded') and finished_at < $1
        order by finished_at, id limit $2))
    """
)
_DELETE_DEAD = run("delete from jobs where state = 'dead' and finished_at < $1")
_DELETE_ANSWERS = run("delete from idempotency_keys where created_at < $1")
_DELETE_EVENTS = run(
    "delete from events where id = any(array(select id from events where id < $1 order by id limit $2))"
)


@every(name="kit.upkeep", cron="17 * * * *", outside=True)
async def upkeep(ctx: Ctx) -> dict[str, int]:
    """Deletes ended jobs, old dead letters, answers, events and rate limit windows. Answers how many of each."""
    deleted = {"jobs": 0, "events": 0}
    while batch := await _DELETE_ENDED(ctx.db, ctx.now - ENDED_JOBS_KEPT, BATCH):
        deleted["jobs"] += batch
    while batch := await _DELETE_EVENTS(ctx.db, first_id_of(ctx.now - EVENTS_KEPT), BATCH):
        deleted["events"] += batch
    deleted["dead_letters"] = await _DELETE_DEAD(ctx.db, ctx.now - DEAD_LETTERS_KEPT)
    deleted["answers"] = await _DELETE_ANSWERS(ctx.db, ctx.now - ANSWERS_KEPT)
    deleted["limits"] = await limits.PRUNE(ctx.db)
    return deleted


def first_id_of(moment: datetime) -> uuid.UUID:
    """The lowest UUIDv7 of a millisecond: events are in the order of their ids, which is the order of their times."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)
