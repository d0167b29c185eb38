"""The tags of a series; and what moderators make of tags."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.serials.actions.genres import LOCK
from stoa.creation.serials.policies.series import access_series, access_series_to_edit
from stoa.creation.serials.policies.tags import access_tag_to_judge
from stoa.creation.serials.queries.tags import tag_by_id
from stoa.creation.serials.types import MAX_TAGS, TagView
from stoa.creation.works.policies import slugify
from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.types import Role
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, run, value
from stoa.kit.errors import Conflict, Forbidden, Invalid, NotFound
from stoa.kit.forms import storable
from stoa.kit.ids import new_id

NAME_MAX: Final = 50


class _Found(msgspec.Struct, frozen=True):
    id: UUID
    slug: str
    is_blocked: bool
    merged_into: UUID | None


_MAKE = run(
    """
    insert into tags (id, slug, name, is_approved, created_by, created_at)
    select id, slug, name, $4, $5, $6
    from unnest($1::uuid[], $2::text[], $3::text[]) as given (id, slug, name) order by slug
    on conflict (slug) do nothing
    """
)
# Held until the end, so that none is merged away or blocked in between.
_FIND = many(
    _Found, "select id, slug, is_blocked, merged_into from tags where slug = any($1::text[]) order by id for share"
)
_HELD = value(
    list[UUID],
    """
    select coalesce(array_agg(t.id), '{}') from series_tags st join tags t on t.id = st.tag_id
    where st.series_id = $1 and not t.is_blocked
    """,
)
_DROP = run("delete from series_tags where series_id = $1 and tag_id <> all($2::uuid[])")
_PUT = run(
    """
    insert into series_tags (series_id, tag_id, created_at)
    select $1, tag_id, $3 from unnest($2::uuid[]) as given (tag_id)
    on conflict do nothing
    """
)
_BOTH = many(
    _Found, "select id, slug, is_blocked, merged_into from tags where id = any($1::uuid[]) order by id for update"
)
_JUDGE = run("update tags set is_approved = $2, is_blocked = $3 where id = $1")
_MOVE = run(
    """
    insert into series_tags (series_id, tag_id, created_at)
    select series_id, $2, created_at from series_tags where tag_id = $1 on conflict do nothing
    """
)
_LEAVE = run("delete from series_tags where tag_id = $1")
_MERGE = run("update tags set merged_into = $2 where id = $1 or merged_into = $1")


# ---- of a series -----------------------------------------------------------------------------------------------


async def set_tags(ctx: Ctx, series_id: UUID, names: Sequence[str]) -> list[TagView]:
    """Replaces the tags of a series by name; new ones wait for a moderator before others find them.

    Raises NotFound, Forbidden, Invalid for too many or unusable ones.
    """
    await access_series_to_edit(ctx, series_id)
    await LOCK(ctx.db, series_id)
    return await _put(ctx, series_id, await _tags_named(ctx, names))


async def add_tag(ctx: Ctx, series_id: UUID, name: str) -> list[TagView]:
    """Adds a tag by name; one that it has already stays, once. Raises as `set_tags`."""
    await access_series_to_edit(ctx, series_id)
    await LOCK(ctx.db, series_id)
    return await _put(ctx, series_id, [*await _HELD(ctx.db, series_id), *await _tags_named(ctx, [name])])


async def remove_tag(ctx: Ctx, series_id: UUID, tag_id: UUID) -> list[TagView]:
    """Takes a tag away. Raises NotFound, Forbidden."""
    await access_series_to_edit(ctx, series_id)
    await LOCK(ctx.db, series_id)
    held = await _HELD(ctx.db, series_id)
    if tag_id not in held:
        raise NotFound("The series does not have this tag")
    return await _put(ctx, series_id, [one for one in held if one != tag_id])


async def _put(ctx: Ctx, series_id: UUID, tag_ids: Sequence[UUID]) -> list[TagView]:
    wanted = list(dict.fromkeys(tag_ids))
    if len(wanted) > MAX_TAGS:
        raise Invalid(fields={"tags": f"A series has at most {MAX_TAGS} tags"})
    await _DROP(ctx.db, series_id, wanted)
    await _PUT(ctx.db, series_id, wanted, ctx.now)
    return (await access_series(ctx, series_id)).tags


async def _tags_named(ctx: Ctx, names: Sequence[str]) -> list[UUID]:
    """The tags of these names, made where there are none yet."""
    by_slug: dict[str, str] = {}
    for name in names:
        shown = " ".join(name.replace("#", " ").split())
        slug = slugify(shown, fallback="") if storable(shown) and len(shown) <= NAME_MAX else ""
        if not slug:
            raise Invalid(fields={"tags": f"A tag has letters or digits, and at most {NAME_MAX} characters"})
        by_slug.setdefault(slug, shown)
    if len(by_slug) > MAX_TAGS:
        raise Invalid(fields={"tags": f"A series has at most {MAX_TAGS} tags"})
    slugs = list(by_slug)
    is_approved = ctx.member.is_staff
    await _MAKE(ctx.db, [new_id() for _ in slugs], slugs, list(by_slug.values()), is_approved, ctx.member.id, ctx.now)
    found = {tag.slug: tag for tag in await _FIND(ctx.db, slugs)}
    blocked = [by_slug[tag.slug] for tag in found.values() if tag.is_blocked]
    if blocked:
        raise Invalid(fields={"tags": f"This tag is not used here: {', '.join(sorted(blocked))}"})
    return [found[slug].merged_into or found[slug].id for slug in slugs]


# ---- tags themselves -------------------------------------------------------------------------------------------


async def create_tag(ctx: Ctx, name: str) -> TagView:
    """A tag by this name, or the one there is. Whoever makes things may; it waits for a moderator, unless they are one.

    Raises Forbidden, Invalid.
    """
    if Role.CREATOR not in ctx.member.roles and not ctx.member.is_staff:
        raise Forbidden("Tags are made by those who publish. Becoming a creator is one step, in your account")
    [tag_id] = await _tags_named(ctx, [name])
    found = await tag_by_id(ctx, tag_id)
    if found is None:
        raise NotFound("There is no such tag")
    return found


async def approve_tag(ctx: Ctx, tag_id: UUID) -> TagView:
    """A moderator lets everybody find a tag, also one that was blocked. Raises NotFound, Forbidden."""
    return await _judge(ctx, tag_id, "tags.approved", is_approved=True, is_blocked=False)


async def block_tag(ctx: Ctx, tag_id: UUID) -> TagView:
    """A moderator has a tag not used any more; series that have it do not show it. Raises NotFound, Forbidden."""
    return await _judge(ctx, tag_id, "tags.blocked", is_approved=False, is_blocked=True)


async def merge_tag(ctx: Ctx, tag_id: UUID, into_id: UUID) -> TagView:
    """A moderator makes one tag of two: its series and its address become those of the other, which is answered.

    Raises NotFound, Forbidden, and Conflict for one that is to become itself, or one that is blocked.
    """
    tag, into = await access_tag_to_judge(ctx, tag_id), await access_tag_to_judge(ctx, into_id)
    if tag_id == into_id:
        raise Conflict("A tag cannot become itself")
    rows = {row.id: row for row in await _BOTH(ctx.db, [tag_id, into_id])}
    if any(row.merged_into is not None for row in rows.values()):
        raise NotFound("There is no such tag")
    if rows[into_id].is_blocked:
        raise Conflict("The other tag is blocked. Approve it first")
    await _MOVE(ctx.db, tag_id, into_id)
    await _LEAVE(ctx.db, tag_id)
    await _MERGE(ctx.db, tag_id, into_id)
    await audit.record(
        ctx, "tags.merged", subject="tag", subject_id=str(tag_id), before={"name": tag.name}, after={"into": into.name}
    )
    return await access_tag_to_judge(ctx, into_id)


async def _judge(ctx: Ctx, tag_id: UUID, action: str, *, is_approved: bool, is_blocked: bool) -> TagView:
    tag = await access_tag_to_judge(ctx, tag_id)
    await _JUDGE(ctx.db, tag_id, is_approved, is_blocked)
    after = {"name": tag.name, "is_approved": is_approved, "is_blocked": is_blocked}
    before = {"name": tag.name, "is_approved": tag.is_approved}
    await audit.record(ctx, action, subject="tag", subject_id=str(tag_id), before=before, after=after)
    return await access_tag_to_judge(ctx, tag_id)
