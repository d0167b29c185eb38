"""The rule of access of a chapter, for those who set it."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.serials.types import AccessLevel, AccessView
from stoa.kit.ctx import Ctx
from stoa.kit.db import one
from stoa.kit.markdown import word_count
from stoa.money.entitlements.policies import is_open


class _AccessRow(msgspec.Struct, frozen=True, kw_only=True):
    chapter_id: UUID
    access: AccessLevel
    access_before: AccessLevel | None
    opens_at: datetime | None
    opened_at: datetime | None
    timezone: str
    tier_id: UUID | None
    preview_paragraphs: int | None
    series_preview_paragraphs: int
    paywall_message: str
    series_paywall_message: str
    price_minor: int | None
    price_asset: str | None
    preview_html: str
    preview_words: str
    word_count: int
    revision: int


_ACCESS: Final = one(
    _AccessRow,
    """
    select w.id as chapter_id, w.access, c.access_before, w.opens_at, c.opened_at, b.timezone, c.tier_id,
      c.preview_paragraphs, b.preview_paragraphs as series_preview_paragraphs, c.paywall_message,
      b.paywall_message as series_paywall_message, w.price_minor, w.price_asset, c.preview_html, c.preview_words,
      w.word_count, w.revision
    from works w join chapters c on c.work_id = w.id join series b on b.work_id = c.series_id where w.id = $1
    """,
)
_SAME: Final = [name for name in AccessView.__struct_fields__ if name not in ("is_open", "preview_word_count")]


async def access_of(ctx: Ctx, chapter_id: UUID) -> AccessView:
    """The rule of a chapter; ask `access_chapter` before."""
    row = await _ACCESS(ctx.db, chapter_id)
    return AccessView(
        **{name: getattr(row, name) for name in _SAME},
        is_open=is_open(row.access, row.opens_at, ctx.now),
        preview_word_count=word_count(row.preview_words),
    )
