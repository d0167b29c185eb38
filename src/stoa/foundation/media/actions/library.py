"""One's library: what is said of files, where they lie, the trash. Several at once are one statement."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg
import msgspec
from msgspec import UNSET, UnsetType

from stoa.foundation.media.actions.folders import check_folder
from stoa.foundation.media.actions.texts import About, checked, tidy_tags
from stoa.foundation.media.errors import NotReady
from stoa.foundation.media.messages import MediaDeleted, MediaUploaded, RemoveFiles
from stoa.foundation.media.policies import access_own_media
from stoa.foundation.media.queries.library import own_ids
from stoa.foundation.media.types import MAX_TAGS, FileView, State, Visibility
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Meter
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, run, update, value
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit
from stoa.kit.queue import enqueue


class _Gone(msgspec.Struct, frozen=True):
    id: UUID
    owner_id: UUID
    bytes_count: int


class _Copied(msgspec.Struct, frozen=True):
    """The names of its files, without the folder."""

    names: list[str]


_MOVE = run("update media set folder_id = $2, updated_at = $3 where id = any($1::uuid[])")
_TAG = run(
    """
    update media set updated_at = $4, tags = coalesce((
      select array_agg(distinct t order by t) from (select unnest(tags) union select unnest($2::text[])) as a (t)
      where t <> all($3::text[])), '{}')
    where id = any($1::uuid[])
    """,
)
_TRASH = many(
    _Gone,
    """
    update media set state = 'deleted', deleted_at = $2, updated_at = $2
    where id = any($1::uuid[]) and state = 'ready' and purpose = 'library' returning id, owner_id, bytes_count
    """,
)
_RESTORE = run(
    """
    update media set state = 'ready', deleted_at = null, updated_at = $2
    where id = any($1::uuid[]) and state = 'deleted'
    """,
)
_PURGE = many(
    _Gone,
    "delete from media where id = any($1::uuid[]) and state <> 'blocked' returning id, owner_id, bytes_count",
)
_NEVER_TRASHED = value(
    list[UUID],
    "select coalesce(array_agg(id order by id), '{}') from media where id = any($1::uuid[]) and state <> 'deleted'",
)
_IN_TRASH = many(
    _Gone,
    "select id, owner_id, bytes_count from media where owner_id = $1 and state = 'deleted' order by id limit 1000",
)
_COPY = maybe(
    _Copied,
    """
    insert into media (id, owner_id, content_hash, content_type, width, height, frames, bytes_count, colour, alt,
      variants, srcset, state, created_at, purpose, kind, filename, title, caption, folder_id, tags, visibility,
      original_path, original_bytes, sent_bytes, source_width, source_height, scan_status, scan_result, scanned_at,
      progress, processed_at, thumbhash, dominant_colour, avif, duration_ms, page_count, details, is_copy, made_from,
      updated_at)
    select $2, owner_id, content_hash, content_type, width, height, frames, bytes_count, colour, alt, variants,
      replace(srcset, id::text, $2::uuid::text), state, $3, purpose, kind, filename, $4, caption, $5, tags, visibility,
      replace(original_path, id::text, $2::uuid::text), original_bytes, sent_bytes, source_width, source_height,
      scan_status, scan_result, scanned_at, 100, processed_at, thumbhash, dominant_colour, avif, duration_ms,
      page_count, details, true, made_from, $3
    from media where id = $1 and state = 'ready'
    returning array(select (e ->> 'size') || '.webp' from jsonb_array_elements(variants) e)
      || array(select (e ->> 'size') || '.avif' from jsonb_array_elements(avif) e)
      || case when original_path is null then '{}' else array[regexp_replace(original_path, '.*/', '')] end as names
    """,
)


async def edit(
    ctx: Ctx,
    media_id: UUID,
    *,
    title: str | UnsetType = UNSET,
    alt: str | UnsetType = UNSET,
    caption: str | UnsetType = UNSET,
    filename: str | UnsetType = UNSET,
    tags: list[str] | UnsetType = UNSET,
    folder_id: UUID | UnsetType | None = UNSET,
    visibility: Visibility | UnsetType = UNSET,
) -> FileView:
    """Changes what is given of the actor's file. Raises NotFound, Invalid."""
    before = await access_own_media(ctx, media_id)
    given = {
        "title": title,
        "alt": alt,
        "caption": caption,
        "filename": filename,
        "tags": tags,
        "folder_id": folder_id,
        "visibility": visibility,
    }
    changes = {name: value for name, value in given.items() if value is not UNSET}
    if not changes:
        return before
    about = checked(About(**changes))  # type: ignore[arg-type]
    if filename is not UNSET and not about.filename:
        raise Invalid(fields={"filename": "This is not a name for a file"})
    if folder_id is not UNSET:
        await check_folder(ctx, folder_id)
    row = {name: getattr(about, name) for name in changes} | {"updated_at": ctx.now}
    if visibility is not UNSET:
        row["visibility"] = visibility.value
    await update(ctx.db, "media", row, where={"id": media_id})
    return await access_own_media(ctx, media_id)


async def describe(ctx: Ctx, media_id: UUID, *, alt: str) -> FileView:
    """Sets the alternative text of the actor's file, at most 1,000 characters. Raises NotFound, Invalid."""
    return await edit(ctx, media_id, alt=alt)


async def move(ctx: Ctx, media_ids: Sequence[UUID], folder_id: UUID | None) -> int:
    """Puts the actor's files into a folder, or into none. Raises NotFound when one is not theirs, Invalid."""
    ids = await _all_own(ctx, media_ids)
    await check_folder(ctx, folder_id)
    return await _MOVE(ctx.db, ids, folder_id, ctx.now)


async def tag(ctx: Ctx, media_ids: Sequence[UUID], *, add: list[str], remove: list[str]) -> int:
    """Adds tags to, and takes tags from, the actor's files. Raises NotFound when one is not theirs, Invalid."""
    ids = await _all_own(ctx, media_ids)
    added, removed = tidy_tags(add), tidy_tags(remove)
    if not added and not removed:
        raise Invalid(fields={"add": "Please name a tag"})
    try:
        async with ctx.db.transaction():
            return await _TAG(ctx.db, ids, added, removed, ctx.now)
    except asyncpg.CheckViolationError:
        raise Invalid(fields={"add": f"At most {MAX_TAGS} tags of one file"}) from None


async def delete(ctx: Ctx, media_id: UUID, *, for_good: bool = False) -> None:
    """Puts the actor's file into the trash for 30 days; what never was ready, and faces, are gone at once.

    for_good: from the trash, or past it. Raises NotFound.
    """
    media = await access_own_media(ctx, media_id)
    if media.state is State.DELETED and not for_good:
        return
    await delete_many(ctx, [media.id], for_good=for_good)


async def delete_many(ctx: Ctx, media_ids: Sequence[UUID], *, for_good: bool = False) -> int:
    """As `delete`, of several. Raises NotFound when one is not the actor's; then none is deleted."""
    ids = await _all_own(ctx, media_ids, also_faces=True)
    if for_good:
        return await purge(ctx, ids)
    trashed = await _TRASH(ctx.db, ids, ctx.now)
    for gone in trashed:
        await emit(ctx, MediaDeleted(media_id=gone.id, owner_id=gone.owner_id))
    return len(trashed) + await purge(ctx, await _NEVER_TRASHED(ctx.db, ids))


async def restore(ctx: Ctx, media_ids: Sequence[UUID]) -> int:
    """Takes the actor's files out of the trash. Raises NotFound when one is not theirs."""
    return await _RESTORE(ctx.db, await _all_own(ctx, media_ids), ctx.now)


async def empty_trash(ctx: Ctx) -> int:
    """Deletes what lies in the actor's trash for good, at most 1,000 files. Answers how many."""
    return await purge(ctx, [one.id for one in await _IN_TRASH(ctx.db, ctx.member.id)])


async def purge(ctx: Ctx, media_ids: Sequence[UUID]) -> int:
    """Takes rows and files away for good; who may ask for it was looked at before."""
    if not media_ids:
        return 0
    gone = await _PURGE(ctx.db, list(media_ids))
    freed: dict[UUID, int] = {}
    for one in gone:
        freed[one.owner_id] = freed.get(one.owner_id, 0) + one.bytes_count
        await enqueue(ctx, RemoveFiles(media_id=one.id))
        await emit(ctx, MediaDeleted(media_id=one.id, owner_id=one.owner_id))
    for owner_id in sorted(freed):
        await plans.give_back(ctx, owner_id, Meter.STORAGE_BYTES, freed[owner_id])
    return len(gone)


async def copy(ctx: Ctx, media_id: UUID, *, title: str | None = None, folder_id: UUID | None = None) -> FileView:
    """A second file of the same content, with files of its own. Raises NotFound, NotReady, Invalid, PlanLimit (B4)."""
    media = await access_own_media(ctx, media_id)
    if media.state is not State.READY:
        raise NotReady("Only a file that is ready can be copied")
    about = checked(About(title=title if title is not None else f"{media.name} (copy)"[:200]))
    await check_folder(ctx, folder_id)
    await plans.use(ctx, media.owner_id, Meter.STORAGE_BYTES, media.bytes_count)
    copy_id = new_id()
    made = await _COPY(ctx.db, media.id, copy_id, ctx.now, about.title, folder_id)
    if made is None:
        raise NotReady("Only a file that is ready can be copied")
    for name in made.names:
        await ctx.app.storage.copy(f"media/{media.id}/{name}", f"media/{copy_id}/{name}")
    await emit(ctx, MediaUploaded(media_id=copy_id, owner_id=media.owner_id))
    return await access_own_media(ctx, copy_id)


async def _all_own(ctx: Ctx, media_ids: Sequence[UUID], *, also_faces: bool = False) -> list[UUID]:
    asked = list(dict.fromkeys(media_ids))
    found = await own_ids(ctx, asked, also_faces=also_faces)
    if len(found) != len(asked):
        raise NotFound("One of these files is not there (any more)")
    return found
