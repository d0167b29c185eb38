"""What goes out of a series or a chapter: texts, and the pictures in them, as a book in memory."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Final
from uuid import UUID

import pyvips

from stoa.creation.exchange import queries
from stoa.creation.exchange.queries import ChapterText, PictureFile
from stoa.creation.exchange.types import OutBook, OutChapter, OutPicture, Target
from stoa.creation.serials.types import Direction, SeriesView
from stoa.foundation.media.actions.pictures import derive, read_head
from stoa.foundation.media.actions.threads import in_turn
from stoa.foundation.media.errors import ImageRefused
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.markdown import plain

WIDTH: Final = 1600  # pixels; what is read on paper or a screen needs no more
_OWN: Final = re.compile(r"/media/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/")
_ENDINGS: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
}

Progress = Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Source:
    """Where a book is read, and whose it is."""

    series: SeriesView
    url: str
    owners: frozenset[UUID]


async def gathered(
    ctx: Ctx, source: Source, texts: list[ChapterText], target: Target, *, title: str = "", progress: Progress
) -> OutBook:
    """The book. `title`: of one chapter by itself. `progress` is told how many percent of the pictures are there."""
    series = source.series
    is_single = bool(title)
    cover_id = series.cover.id if series.cover is not None and not is_single else None
    pictures = {} if target is Target.MARKDOWN else await _pictures(ctx, source, texts, cover_id, target, progress)
    shown = [pictures[key] for key in dict.fromkeys(_ids_in(texts)) if key in pictures]
    return OutBook(
        id=texts[0].id if is_single else series.id,
        title=title or series.title or "Untitled",
        author=series.author.display_name,
        language=series.language,
        description="" if is_single else plain(series.synopsis_markdown or ""),
        url=source.url,
        changed_at=ctx.now if is_single else series.updated_at,
        chapters=[_chapter(text) for text in texts],
        pictures=shown,
        cover=pictures.get(cover_id) if cover_id is not None else None,
        is_rtl=series.reading_direction is Direction.RTL and not series.content_type.is_comic,
    )


def _chapter(text: ChapterText) -> OutChapter:
    """A comic's pages stand in its text as figures, one below another."""
    pages = "".join(
        f'<figure><img src="/media/{page.media_id}/960.webp" alt="{escape(page.alt)}"></figure>\n'
        for page in text.images
    )
    marks = "\n\n".join(f"![{_alt(page.alt)}](/media/{page.media_id}/960.webp)" for page in text.images)
    return OutChapter(
        title=text.title,
        number=text.number,
        volume=text.volume,
        markdown="\n\n".join(part for part in (text.body_markdown, marks) if part),
        html=text.body_html + pages,
        author_note_markdown=text.author_note_markdown,
        author_note_html=text.author_note_html,
        author_note_position=text.author_note_position,
    )


def _alt(alt: str) -> str:
    return re.sub(r"([\\\[\]])", r"\\\1", " ".join(alt.split()))


def _ids_in(texts: list[ChapterText]) -> list[UUID]:
    ids = [UUID(found) for text in texts for found in _OWN.findall(text.body_html + text.author_note_html)]
    return ids + [page.media_id for text in texts for page in text.images]


async def _pictures(
    ctx: Ctx, source: Source, texts: list[ChapterText], cover_id: UUID | None, target: Target, progress: Progress
) -> dict[UUID, OutPicture]:
    wanted = dict.fromkeys([*_ids_in(texts), *([cover_id] if cover_id else [])])
    files = await queries.picture_files(ctx, wanted.keys(), source.owners)
    made: dict[UUID, OutPicture] = {}
    for place, file in enumerate(files, 1):
        try:
            data = await ctx.app.storage.get(file.original_path)
            made[file.id] = await in_turn(partial(_ready, file, data, target))
        except (NotFound, ImageRefused, pyvips.Error):
            continue  # it is shown by its description
        if place % 5 == 0:
            await progress(place * 100 // len(files))
    return made


def _ready(file: PictureFile, data: bytes, target: Target) -> OutPicture:
    """As it was sent for ZIP, which is a copy for its author; else pixels alone, in a kind that every program opens."""
    content_type = file.content_type
    if target is not Target.ZIP:
        data, content_type = portable(data)
    head = read_head(data)
    return OutPicture(
        url=str(file.id),
        name=f"{file.id}.{_ENDINGS.get(content_type, 'bin')}",
        content_type=content_type,
        data=data,
        width=head.width,
        height=head.height,
        alt=file.alt,
    )


def portable(data: bytes) -> tuple[bytes, str]:
    """A picture as JPEG or PNG without metadata, at most WIDTH pixels wide, and which of them. Raises ImageRefused."""
    smaller = derive(data, area=None, width=WIDTH, height=None, covers=False)
    head = read_head(smaller)
    if head.content_type in ("image/jpeg", "image/png"):
        return smaller, head.content_type
    image = pyvips.Image.new_from_buffer(smaller, "")
    if image.hasalpha():
        return bytes(image.pngsave_buffer(keep="none")), "image/png"
    return bytes(image.jpegsave_buffer(Q=90, keep="none")), "image/jpeg"
