"""The end of series that were deleted 30 days ago (S5)."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.serials.types import KEPT_DAYS, SERIES
from stoa.creation.works import actions as works
from stoa.foundation.media import actions as pictures
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Meter
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, one, run

_AT_ONCE: Final = 50


class _Old(msgspec.Struct, frozen=True):
    id: UUID
    author_id: UUID


class _Gone(msgspec.Struct, frozen=True):
    series: int
    chapters: int


_OLD = many(
    _Old,
    """
    select w.id, w.author_id from series b join works w on w.id = b.work_id
    where w.deleted_at < $1 and b.purged_at is null order by w.deleted_at, w.id limit $2 for update skip locked
    """,
)
_BARE = run(
    """
    with told as (delete from series_genres where series_id = any($1::uuid[])),
    tagged as (delete from series_tags where series_id = any($1::uuid[])),
    warned as (delete from work_warnings where work_id = any($1::uuid[]))
    update series set synopsis_markdown = '', synopsis_html = '', banner_media_id = null, thumbnail_media_id = null,
      update_schedule = '', paywall_message = '', is_listed = false, meta_title = '', meta_description = '',
      canonical_url = null, purged_at = $2
    where work_id = any($1::uuid[])
    """
)
# What a site that is gone took with it was counted until then: nobody had deleted it by itself.
_WITH_SITE = one(
    _Gone,
    """
    select count(*) filter (where w.kind = 'series')::integer as series,
      count(*) filter (where w.kind = 'chapter')::integer as chapters
    from works w join sites s on s.id = w.site_id where w.site_id = $1 and w.deleted_at = s.deleted_at
    """,
)


async def purge_series(ctx: Ctx) -> int:
    """Ends series that were deleted KEPT_DAYS ago; answers how many. Their rows in works stay, as bare stones.

    Their chapters are deleted as of then, so that they go by the same rule.
    """
    old = await _OLD(ctx.db, ctx.now - timedelta(days=KEPT_DAYS), _AT_ONCE)
    if not old:
        return 0
    ids = [series.id for series in old]
    authors = {series.id: series.author_id for series in old}
    for series_id, parts in (await works.delete_parts(ctx, ids)).items():
        await plans.give_back(ctx, authors[series_id], Meter.CHAPTERS, parts)
    await _BARE(ctx.db, ids, ctx.now)
    await works.empty(ctx, ids)
    for series_id in ids:
        await pictures.note_uses(ctx, subject=SERIES, subject_id=series_id, media_ids=(), title="", url="")
    return len(old)


async def leave_site(ctx: Ctx, site_id: UUID, owner_id: UUID) -> None:
    """What went with a site that is gone for good counts no more (B4)."""
    gone = await _WITH_SITE(ctx.db, site_id)
    await plans.give_back(ctx, owner_id, Meter.SERIES, gone.series)
    await plans.give_back(ctx, owner_id, Meter.CHAPTERS, gone.chapters)
