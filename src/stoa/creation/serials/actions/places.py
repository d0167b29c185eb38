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
from stoa.creation.serials.policies.chapters import access_series_place
from stoa.creation.serials.types import MAX_CHAPTERS
from stoa.foundation.team.types import Permission
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


class _Standing(msgspec.Struct, frozen=True):
    id: UUID
    position: int


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
_WOULD_MEET = value(
    bool,
    """
    select exists (
      select from chapters c where c.series_id = $1 and c.holds_number
        and (c.work_id = any($2::uuid[]) or c.volume is not distinct from $3)
      group by c.number having count(*) > 1
    )
    """,
)
_STANDING = many(
    _Standing,
    """
    select c.work_id as id, c.position from chapters c join works w on w.id = c.work_id
    where c.series_id = $1 and w.deleted_at is null order by c.position
    """,
)
_PLACE = run(
    """
    update chapters c set position = n.position, number = case when $3 then n.place else c.number end,
      volume = case when $3 then null else c.volume end, holds_number = true
    from unnest($1::uuid[], $2::integer[]) with ordinality as n (id, position, place) where c.work_id = n.id
    """
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


async def end_of(ctx: Ctx, series_id: UUID) -> tuple[Decimal, int]:
    """The next number and position in a series. Raises Invalid where it is full."""
    ends = await _ENDS(ctx.db, series_id)
    if ends.chapters >= MAX_CHAPTERS:
        raise Invalid(f"A series has at most {MAX_CHAPTERS:,} chapters")
    return ends.number.to_integral_value(ROUND_FLOOR) + 1, ends.position + 1


async def check_volume(ctx: Ctx, series_id: UUID, chapter_ids: Collection[UUID], volume: int | None) -> None:
    """Raises Invalid where these chapters cannot all be in one volume, since two have the same number."""
    if await _WOULD_MEET(ctx.db, series_id, list(chapter_ids), volume):
        raise Invalid(fields={"volume": "Two chapters would have the same number in this volume"})


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


async def reorder(ctx: Ctx, series_id: UUID, chapter_ids: Sequence[UUID], *, renumber: bool = False) -> list[UUID]:
    """Puts all chapters of a series that are not deleted into this order; answers it.

    renumber: their numbers are 1, 2, 3 … in it, without volumes. Raises NotFound, Forbidden, and Invalid where one is
    missing, is there twice, or is not of this series; then nothing has changed.
    """
    await access_series_place(ctx, series_id, Permission.EDIT_CONTENT)
    await lock(ctx, series_id)
    standing = await _STANDING(ctx.db, series_id)
    known, given = {one.id for one in standing}, set(chapter_ids)
    if len(given) != len(chapter_ids):
        raise Invalid(fields={"chapter_ids": "A chapter is named twice"})
    if given - known:
        raise Invalid(fields={"chapter_ids": f"{len(given - known)} of these are no chapters of this series"})
    if known - given:
        raise Invalid(fields={"chapter_ids": f"{len(known - given)} chapters of this series are missing"})
    # Deleted ones keep their positions, so those of the others are dealt out anew among themselves.
    positions = [one.position for one in standing]
    if renumber:
        await _LEAVE(ctx.db, list(chapter_ids))
    await _PLACE(ctx.db, list(chapter_ids), positions, renumber)
    return list(chapter_ids)


def checked_slug(slug: str, *, reserved: Collection[str]) -> str:
    """An address that somebody chose. Raises Invalid."""
    if not re.fullmatch(SLUG_PATTERN, slug) or len(slug) > 100:
        raise Invalid(fields={"slug": "Please use lower case letters, digits and single hyphens, at most 100"})
    if slug in reserved:
        raise Invalid(fields={"slug": "This address is needed for something else"})
    return slug
