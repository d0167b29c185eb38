"""Reads of the pictures of a chapter."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.comics.types import PAGE_LASTS, ImageView, PageView, SliceView, Words
from stoa.creation.serials.types import ReadView
from stoa.foundation.media.policies import signed_picture
from stoa.foundation.media.queries import address
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, value

_LARGEST: Final = 1440


class _Slice(msgspec.Struct, frozen=True):
    id: UUID
    srcset: str
    width: int
    height: int


class _Page(msgspec.Struct, frozen=True):
    id: UUID
    position: int
    media_id: UUID
    srcset: str
    width: int
    height: int
    alt: str
    text: str
    colour: str
    is_double: bool
    slices: list[_Slice]


_PAGES = many(
    _Page,
    """
    select i.id, i.position, m.id as media_id, m.srcset, m.width, m.height, i.alt, i.ocr_text as text, m.colour,
      i.is_double, coalesce((
        select jsonb_agg(jsonb_build_object('id', p.id, 'srcset', p.srcset, 'width', p.width, 'height', p.height)
          order by n)
        from jsonb_array_elements(i.slices) with ordinality as s (part, n)
        join media p on p.id = (s.part ->> 'media_id')::uuid and p.state = 'ready'
      ), '[]') as slices
    from chapter_images i join media m on m.id = i.media_id
    where i.chapter_id = $1 and i.state = 'ready' and m.state = 'ready'
    order by i.position
    limit case when $2 then (
      select coalesce(c.preview_paragraphs, s.preview_paragraphs)::bigint
      from chapters c join series s on s.work_id = c.series_id where c.work_id = $1
    ) end
    """,
)
_IMAGE_COLUMNS: Final = """
    i.id, i.chapter_id, i.media_id, i.position, i.filename, i.alt,
    case when m.state = 'deleted' then 'failed' else i.state end as state,
    case when i.state = 'processing' then least(m.progress, 90) else 100 end as progress,
    case when m.state = 'deleted' then 'Its file lies in the trash of the library' else coalesce(i.problem, m.problem)
      end as problem,
    '' as url, m.srcset, i.width, i.height, m.sent_bytes as bytes_count, m.content_type, m.colour,
    encode(m.thumbhash, 'base64') as placeholder, i.is_double, i.is_double_chosen,
    jsonb_array_length(i.slices) as slices_count, i.ocr_state, i.ocr_text, i.created_at, i.processed_at
"""
_IMAGES = many(
    ImageView,
    f"""
    select {_IMAGE_COLUMNS} from chapter_images i join media m on m.id = i.media_id
    where i.chapter_id = $1 and ($2::uuid[] is null or i.id = any($2)) order by i.position
    """,
)
_IDS = value(
    list[UUID],
    "select coalesce(array_agg(id order by position), '{}') from chapter_images where chapter_id = $1",
)
_MEDIA = value(
    list[UUID], "select coalesce(array_agg(distinct media_id), '{}') from chapter_images where chapter_id = $1"
)
_WORDS = many(
    Words,
    """
    select w ->> 'text' as text, array(select e::integer from jsonb_array_elements_text(w -> 'box') e) as box,
      (w ->> 'score')::double precision as score
    from chapter_images i, jsonb_array_elements(i.ocr_boxes) with ordinality as b (w, n) where i.id = $1 order by n
    """,
)


async def pages_of(ctx: Ctx, read: ReadView) -> list[PageView]:
    """The pages of a chapter that the actor may see: all, or where it is locked the first ones (S1), in order.

    read: what the one door answered for this actor. As many pages as paragraphs are shown before the paywall.
    """
    return [_page(ctx, row) for row in await _PAGES(ctx.db, read.id, read.is_locked)]


async def images_of(ctx: Ctx, chapter_id: UUID, image_ids: Iterable[UUID] | None = None) -> list[ImageView]:
    """The pages of a chapter for those who work on it, or those of them that are named, in order."""
    rows = await _IMAGES(ctx.db, chapter_id, None if image_ids is None else list(image_ids))
    return [_signed(ctx, row) for row in rows]


async def image_ids_of(ctx: Ctx, chapter_id: UUID) -> list[UUID]:
    """The pages of a chapter, in order."""
    return await _IDS(ctx.db, chapter_id)


async def chapter_media(ctx: Ctx, chapter_id: UUID) -> list[UUID]:
    """The files of its pages, each once."""
    return await _MEDIA(ctx.db, chapter_id)


async def words_in(ctx: Ctx, image_id: UUID) -> list[Words]:
    """What is written in a page, by place, in the order in which it is read."""
    return await _WORDS(ctx.db, image_id)


def _page(ctx: Ctx, row: _Page) -> PageView:
    permit = _permit(ctx, row.media_id)
    return PageView(
        id=row.id,
        position=row.position,
        url=address(row.media_id, _LARGEST) + permit,
        srcset=_with(permit, row.srcset),
        width=row.width,
        height=row.height,
        alt=row.alt,
        text=row.text,
        colour=row.colour,
        is_double=row.is_double,
        slices=[_slice(ctx, part) for part in row.slices],
    )


def _slice(ctx: Ctx, part: _Slice) -> SliceView:
    permit = _permit(ctx, part.id)
    return SliceView(part.id, address(part.id, _LARGEST) + permit, _with(permit, part.srcset), part.width, part.height)


def _signed(ctx: Ctx, row: ImageView) -> ImageView:
    if not row.srcset:
        return row
    permit = _permit(ctx, row.media_id)
    return msgspec.structs.replace(row, url=address(row.media_id, _LARGEST) + permit, srcset=_with(permit, row.srcset))


def _permit(ctx: Ctx, media_id: UUID) -> str:
    """One signature for all sizes of a picture: signing each would cost four times as much."""
    return signed_picture(ctx, "", media_id, PAGE_LASTS)


def _with(permit: str, srcset: str) -> str:
    sized = [entry.rpartition(" ") for entry in srcset.split(", ") if entry]
    return ", ".join(f"{url}{permit} {width}" for url, _, width in sized)
