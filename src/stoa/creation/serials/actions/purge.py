"""The end of chapters that were deleted 30 days ago (S5)."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.serials.messages import ChaptersPurged
from stoa.creation.serials.types import CHAPTER, KEPT_DAYS
from stoa.creation.works import actions as works
from stoa.foundation.media import actions as pictures
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, run
from stoa.kit.outbox import emit

AT_ONCE: Final = 500


class _Old(msgspec.Struct, frozen=True):
    id: UUID


_OLD = many(
    _Old,
    """
    select w.id from chapters c join works w on w.id = c.work_id
    where w.deleted_at < $1 and c.purged_at is null order by w.deleted_at, w.id limit $2 for update skip locked
    """,
)
_BARE = run(
    """
    with told as (delete from chapter_versions where chapter_id = any($1::uuid[])),
    typed as (delete from chapter_autosaves where chapter_id = any($1::uuid[])),
    warned as (delete from work_warnings where work_id = any($1::uuid[]))
    update chapters set body_markdown = '', body_html = '', preview_html = '', words = '', excerpt = '',
      preview_words = '', preview_excerpt = '', picture_words = '', picture_preview_words = '',
      author_note_markdown = '', author_note_html = '', paywall_message = '', meta_title = '', meta_description = '',
      scheduled_at = null, schedule_problem = null, holds_number = false, purged_at = $2
    where work_id = any($1::uuid[])
    """
)


async def purge_chapters(ctx: Ctx) -> int:
    """Ends chapters that were deleted KEPT_DAYS ago; answers how many.

    Their rows stay as bare stones: what was paid for them points there.
    """
    ids = [one.id for one in await _OLD(ctx.db, ctx.now - timedelta(days=KEPT_DAYS), AT_ONCE)]
    if ids:
        await _BARE(ctx.db, ids, ctx.now)
        await works.empty(ctx, ids)
        await pictures.forget_uses(ctx, subject=CHAPTER, subject_ids=ids)
        await emit(ctx, ChaptersPurged(chapter_ids=ids))
    return len(ids)
