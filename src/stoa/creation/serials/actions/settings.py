"""The settings of a series that are no words of it: its terms, its schedule, who reads its chapters; and its copy."""

from typing import Any
from uuid import UUID

import msgspec

from stoa.creation.serials.actions.series import change, put_in_place, typed_of
from stoa.creation.serials.actions.texts import PICTURES
from stoa.creation.serials.messages import CutAgain
from stoa.creation.serials.policies.series import access_series, access_series_to_edit
from stoa.creation.serials.types import TITLE_MAX, SeriesView
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import run
from stoa.kit.errors import Forbidden
from stoa.kit.queue import enqueue

_COPY_GENRES = run(
    """
    insert into series_genres (series_id, genre_id, is_primary)
    select $2, genre_id, is_primary from series_genres where series_id = $1
    """
)
_COPY_TAGS = run(
    """
    insert into series_tags (series_id, tag_id, created_at)
    select $2, st.tag_id, $3 from series_tags st join tags t on t.id = st.tag_id
    where st.series_id = $1 and not t.is_blocked
    """
)
_COPY_WARNINGS = run(
    """
    insert into work_warnings (work_id, warning, details, added_by, added_at)
    select $2, warning, details, $4, $3 from work_warnings where work_id = $1
    """
)


async def change_settings(ctx: Ctx, series_id: UUID, **given: Any) -> SeriesView:
    """Its address, type, language, rating, planned length, and what search engines are told.

    Raises as `edit_series`; where `revision` is None it is the newest that is changed.
    """
    series = await access_series_to_edit(ctx, series_id)
    return await change(ctx, series, **given)


async def change_paywall(ctx: Ctx, series_id: UUID, **given: Any) -> SeriesView:
    """To whom new chapters are open, how much of each everybody sees, and what stands at the wall (S1, S2).

    Raises as `change_settings`; it takes the right to change the site's settings.
    """
    series = await access_series(ctx, series_id, Permission.MANAGE_SETTINGS)
    changed = await change(ctx, series, **given)
    if changed.preview_paragraphs != series.preview_paragraphs:
        await enqueue(ctx, CutAgain(series_id=series_id), unique=str(series_id))
    return changed


async def change_schedule(ctx: Ctx, series_id: UUID, **given: Any) -> SeriesView:
    """When readers may expect the next chapter, and in which time zone its chapters are scheduled (S4).

    Raises as `change_settings`; it takes the right to publish.
    """
    series = await access_series(ctx, series_id, Permission.PUBLISH)
    return await change(ctx, series, **given)


async def duplicate_series(ctx: Ctx, series_id: UUID, *, title: str | None = None) -> SeriesView:
    """A draft with the words, pictures, settings, genres, tags and warnings of a series, and none of its chapters.

    Raises NotFound, Forbidden, Invalid, and PlanLimit where the owner's plan holds no more (B4).
    """
    series = await access_series(ctx, series_id, Permission.EDIT_CONTENT)
    if Permission.READ_DRAFTS not in series.my_permissions:
        raise Forbidden("Only who may read its drafts can copy them")
    site = await access_site(ctx, series.site_id, Permission.EDIT_CONTENT)
    typed = await typed_of(ctx, series)
    known = [getattr(typed, name) for name in PICTURES]
    named = title if title is not None else f"{series.title[: TITLE_MAX - 7]} (copy)"
    typed = msgspec.structs.replace(typed, title=named, canonical_url=None)
    copy = await put_in_place(ctx, site.id, site.owner_id, typed, known=known)
    await _COPY_GENRES(ctx.db, series_id, copy.id)
    await _COPY_TAGS(ctx.db, series_id, copy.id, ctx.now)
    await _COPY_WARNINGS(ctx.db, series_id, copy.id, ctx.now, ctx.member.id)
    return await access_series(ctx, copy.id)
