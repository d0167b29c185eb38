"""Who may read a chapter, and how much of it. The one door decides (`entitlements.policies.may_read`)."""

from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID

from stoa.creation.serials.queries import reading
from stoa.creation.serials.queries.reading import As
from stoa.creation.serials.types import ReadView
from stoa.creation.works.types import State
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.forms import storable

NUMBER_MAX: Final = Decimal("999999.99")


async def access_to_read(ctx: Ctx, chapter_id: UUID) -> ReadView:
    """A chapter as the actor may have it; where it `is_locked`, only its beginning. Raises NotFound."""
    return _found(await reading.chapter_to_read(ctx, chapter_id))


async def access_to_read_by(
    ctx: Ctx, series_id: UUID, *, slug: str | None = None, number: Decimal | str | None = None
) -> ReadView:
    """The same by its address in a series, or by its number there. Where the answer's `url` is another one than was
    asked for, redirect to it (S6). Raises NotFound.
    """
    if slug is not None:
        return _found(await reading.chapter_by_slug(ctx, series_id, slug) if storable(slug) else None)
    wanted = _number(number)
    return _found(await reading.chapter_by_number(ctx, series_id, wanted) if wanted is not None else None)


async def access_published_chapter(ctx: Ctx, chapter_id: UUID) -> ReadView:
    """A chapter that is out, as the actor may have it; nobody's drafts, not even their own. Raises NotFound."""
    chapter = await access_to_read(ctx, chapter_id)
    if chapter.state != State.PUBLISHED:
        raise NotFound("There is no such chapter")
    return chapter


async def access_as(ctx: Ctx, chapter_id: UUID, who: As) -> ReadView:
    """What somebody else would have of a chapter if it were out now, for those who read its drafts. Raises NotFound."""
    return _found(await reading.chapter_seen_by(ctx, chapter_id, who))


def _found(chapter: ReadView | None) -> ReadView:
    if chapter is None:
        raise NotFound("There is no such chapter")
    return chapter


def _number(given: Decimal | str | None) -> Decimal | None:
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number <= NUMBER_MAX else None
