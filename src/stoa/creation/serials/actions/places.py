"""Where chapters stand in a series: their numbers, which are said, and their positions, which order them.

Whoever gives out either holds the lock of the series, so that of two at once the second sees what the first one took.
"""

import re
from collections.abc import Collection, Sequence
from decimal import ROUND_FLOOR, Decimal
from uuid import UUID

import msgspec

from stoa.creation.posts.policies import SLUG_PATTERN
from stoa.creation.serials.actions.rendering import NUMBER_MAX, Typed
from stoa.creation.serials.types import MAX_CHAPTERS
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, one, run, value
from stoa.kit.errors import Invalid, NotFound


class _Ends(msgspec.Struct, frozen=True):
    chapters: int
    position: int
    number: Decimal


class _Number(msgspec.Struct, frozen=True):
    number: Decimal
    volume: int | None


_LOCK = value(UUID | None, "select work_id from series where work_id = $1 for no key update")
_ENDS = one(
    _Ends,
    """
    select count(*) filter (where c.holds_number)::integer as chapters, coalesce(max(c.position), 0) as position,
      coalesce(max(c.number) filter (where c.holds_number), 0) as number
    from chapters c where c.series_id = $1
    """,
)
_TAKEN = many(_Number, "select number, volume from chapters where series_id = $1 and holds_number")
_IS_TAKEN = value(
    bool,
    """
    select exists (
      select from chapters where series_id = $1 and number = $2 and volume is not distinct from $3 and holds_number
        and work_id is distinct from $4
    )
    """,
)
_LEAVE = run("update chapters set holds_number = false where work_id = any($1::uuid[])")
_TAKE = run("update chapters set holds_number = true, number = $2 where work_id = $1")

_THERE_IS_ONE = "There is a chapter with this number already"


async def lock(ctx: Ctx, *series_ids: UUID) -> None:
    """Makes others who give out numbers or positions in these series wait. Raises NotFound."""
    for series_id in sorted(series_ids):  # in one order, so that nobody waits in a circle
        if await _LOCK(ctx.db, series_id) is None:
            raise NotFound("There is no such series")


async def numbers_for(
    ctx: Ctx, series_id: UUID, typed: Sequence[Typed], *, prefix: str = ""
) -> tuple[list[Decimal], int]:
    """Numbers for new chapters, and the position of the first. Raises Invalid for numbers that are taken."""
    ends = await _ENDS(ctx.db, series_id)
    if ends.chapters + len(typed) > MAX_CHAPTERS:
        raise Invalid(f"A series has at most {MAX_CHAPTERS:,} chapters")
    taken = {(row.number, row.volume) for row in await _TAKEN(ctx.db, series_id)}
    wrong: dict[str, str] = {}
    numbers: list[Decimal] = []
    last = ends.number
    for place, one_typed in enumerate(typed):
        number = one_typed.number
        if number is None:
            number = last.to_integral_value(ROUND_FLOOR) + 1
        if number > NUMBER_MAX or (number, one_typed.volume) in taken:
            wrong[f"{prefix}{place}.number" if prefix else "number"] = _THERE_IS_ONE
        taken.add((number, one_typed.volume))
        numbers.append(number)
        last = max(last, number)
    if wrong:
        raise Invalid(fields=wrong)
    return numbers, ends.position + 1


async def check_free(ctx: Ctx, series_id: UUID, number: Decimal, volume: int | None, *, besides: UUID) -> None:
    """Raises Invalid where another chapter has this number."""
    if await _IS_TAKEN(ctx.db, series_id, number, volume, besides):
        raise Invalid(fields={"number": _THERE_IS_ONE})


async def leave_numbers(ctx: Ctx, chapter_ids: Collection[UUID]) -> None:
    """Deleted chapters leave their numbers to others; their positions are theirs."""
    await _LEAVE(ctx.db, list(chapter_ids))


async def take_number_back(ctx: Ctx, series_id: UUID, chapter_id: UUID, number: Decimal, volume: int | None) -> None:
    """A restored chapter's own number, or the next one where it was taken."""
    if await _IS_TAKEN(ctx.db, series_id, number, volume, chapter_id):
        number = (await _ENDS(ctx.db, series_id)).number.to_integral_value(ROUND_FLOOR) + 1
    await _TAKE(ctx.db, chapter_id, number)


def checked_slug(slug: str, *, reserved: Collection[str]) -> str:
    """An address that somebody chose. Raises Invalid."""
    if not re.fullmatch(SLUG_PATTERN, slug) or len(slug) > 100:
        raise Invalid(fields={"slug": "Please use lower case letters, digits and single hyphens, at most 100"})
    if slug in reserved:
        raise Invalid(fields={"slug": "This address is needed for something else"})
    return slug
