"""Who may work on the pages of a chapter, and in what order files are pages."""

import re
from collections.abc import Iterable
from typing import Final, TypeVar
from uuid import UUID

from stoa.creation.comics.errors import NotAComic
from stoa.creation.comics.queries import images_of, words_in
from stoa.creation.comics.types import ImageDetail, ImageView
from stoa.creation.serials.policies.chapters import access_chapter, access_chapter_to_edit
from stoa.creation.serials.types import ChapterView
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound

T = TypeVar("T")
_DIGITS: Final = re.compile(r"([0-9]+)")
_Key = tuple[tuple[int, str], ...]


async def access_images(ctx: Ctx, chapter_id: UUID) -> tuple[ChapterView, list[ImageView]]:
    """A chapter with its pages, for those who read drafts on its site. Raises NotFound, Forbidden."""
    chapter = await access_chapter(ctx, chapter_id)
    return chapter, await images_of(ctx, chapter_id)


async def access_image(ctx: Ctx, chapter_id: UUID, image_id: UUID) -> ImageDetail:
    """A page with the places of its words. Raises NotFound, Forbidden."""
    await access_chapter(ctx, chapter_id)
    found = await images_of(ctx, chapter_id, [image_id])
    if not found:
        raise NotFound("There is no such page in this chapter")
    return ImageDetail(found[0], await words_in(ctx, image_id))


async def access_comic_to_edit(ctx: Ctx, chapter_id: UUID) -> ChapterView:
    """A chapter of a comic whose pages the actor may change. Raises NotFound, Forbidden, NotAComic."""
    chapter = await access_chapter_to_edit(ctx, chapter_id)
    if not chapter.content_type.is_comic:
        raise NotAComic
    return chapter


def natural(name: str) -> tuple[_Key, str]:
    """Orders names as people number them: page 2 before page 10, whatever the case."""
    parts = enumerate(_DIGITS.split(name.casefold()))
    key = tuple((len(part.lstrip("0")), part.lstrip("0")) if at % 2 else (0, part) for at, part in parts)
    return key, name


def in_natural_order(names: Iterable[tuple[str, T]]) -> list[T]:
    """What bears these names, in their natural order; the same names keep theirs."""
    return [one for _, one in sorted(names, key=lambda pair: natural(pair[0]))]
