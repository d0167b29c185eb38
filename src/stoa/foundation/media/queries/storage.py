"""Reads of what files take: storage against the plan, bandwidth by the day, uploads under way."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from stoa.foundation.media.gateways import scanner_of
from stoa.foundation.media.queries.library import COLUMNS
from stoa.foundation.media.types import (
    MAX_PIXELS,
    TRASH_DAYS,
    BandwidthView,
    Breakdown,
    DayUse,
    FileView,
    FolderUse,
    Kind,
    KindUse,
    LimitsView,
    StorageView,
    UploadRow,
)
from stoa.foundation.plans.queries import limits_of, plan_of
from stoa.foundation.plans.types import Meter, Plan
from stoa.foundation.settings.queries import platform
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, one, value

CONTENT_TYPES: Final = (
    "image/jpeg",
    "image/png",
    "image/webp",
    "image/gif",
    "image/avif",
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "video/x-matroska",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/flac",
    "audio/wav",
    "application/pdf",
    "application/epub+zip",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.oasis.opendocument.text",
    "application/zip",
    "text/plain",
)
_UPLOAD: Final = """
    select id, owner_id, filename, size_bytes, part_bytes, alt, folder_id, visibility, created_at, expires_at
    from media_uploads
"""
UPLOAD_BY_ID = maybe(UploadRow, f"{_UPLOAD} where id = $1")
OWN_UPLOADS = many(
    UploadRow, f"{_UPLOAD} where owner_id = $1 and expires_at > $2 order by created_at desc, id desc limit 50"
)
_KINDS = many(
    KindUse,
    """
    select kind, count(*) as files_count, coalesce(sum(bytes_count), 0)::bigint as bytes_count from media
    where owner_id = $1 and state <> 'deleted' group by kind order by kind
    """,
)
_FOLDERS = many(
    FolderUse,
    """
    select m.folder_id, f.name, count(*) as files_count, coalesce(sum(m.bytes_count), 0)::bigint as bytes_count
    from media m left join media_folders f on f.id = m.folder_id
    where m.owner_id = $1 and m.state <> 'deleted' and m.purpose = 'library' group by m.folder_id, f.name
    order by 4 desc, f.name limit 50
    """,
)
_LARGEST = many(
    FileView,
    f"""
    select {COLUMNS} from media m
    where m.owner_id = $1 and m.purpose = 'library' and m.state not in ('deleted', 'blocked')
    order by m.bytes_count desc, m.id limit 10
    """,
)


_TRASH = one(
    KindUse,
    """
    select 'other' as kind, count(*) as files_count, coalesce(sum(bytes_count), 0)::bigint as bytes_count from media
    where owner_id = $1 and state = 'deleted'
    """,
)
_UNUSED = one(
    KindUse,
    """
    select 'other' as kind, count(*) as files_count, coalesce(sum(bytes_count), 0)::bigint as bytes_count from media m
    where owner_id = $1 and purpose = 'library' and state not in ('deleted', 'blocked')
      and not exists (select from media_uses u where u.media_id = m.id)
    """,
)
_ORIGINALS = value(
    int, "select coalesce(sum(original_bytes), 0)::bigint from media where owner_id = $1 and state <> 'deleted'"
)
_UPLOADING = value(int, "select coalesce(sum(size_bytes), 0)::bigint from media_uploads where owner_id = $1")
_DAYS = many(
    DayUse,
    """
    select day, bytes_count, requests_count from media_bandwidth where owner_id = $1 and day >= $2 order by day
    """,
)
_MONTH = one(
    DayUse,
    """
    select $2::date as day, coalesce(sum(bytes_count), 0)::bigint as bytes_count,
      coalesce(sum(requests_count), 0)::bigint as requests_count
    from media_bandwidth where owner_id = $1 and day >= $2
    """,
)


async def storage(ctx: Ctx) -> StorageView:
    """What the actor uses of their storage, against the plan."""
    owner_id = ctx.member.id
    plan = (await plan_of(ctx, owner_id)).plan
    limit = (await limits_of(ctx, plan))[Meter.STORAGE_BYTES]
    kinds = {row.kind: row for row in await _KINDS(ctx.db, owner_id)}
    trash, uploading = await _TRASH(ctx.db, owner_id), await _UPLOADING(ctx.db, owner_id)

    def bytes_of(*which: Kind) -> int:
        return sum(kinds[kind].bytes_count for kind in which if kind in kinds)

    def files_of(*which: Kind) -> int:
        return sum(kinds[kind].files_count for kind in which if kind in kinds)

    total = bytes_of(*Kind) + trash.bytes_count + uploading
    return StorageView(
        plan=plan.value,
        total_bytes=total,
        limit_bytes=limit,
        percent=_percent(total, limit),
        image_bytes=bytes_of(Kind.IMAGE),
        video_bytes=bytes_of(Kind.VIDEO),
        document_bytes=bytes_of(Kind.DOCUMENT),
        other_bytes=bytes_of(Kind.AUDIO, Kind.OTHER),
        trash_bytes=trash.bytes_count,
        uploading_bytes=uploading,
        total_files=files_of(*Kind),
        image_files=files_of(Kind.IMAGE),
        video_files=files_of(Kind.VIDEO),
        document_files=files_of(Kind.DOCUMENT),
        trash_files=trash.files_count,
    )


async def breakdown(ctx: Ctx) -> Breakdown:
    """Where the actor's storage went."""
    owner_id = ctx.member.id
    kinds = await _KINDS(ctx.db, owner_id)
    originals = await _ORIGINALS(ctx.db, owner_id)
    unused = await _UNUSED(ctx.db, owner_id)
    return Breakdown(
        kinds=kinds,
        folders=await _FOLDERS(ctx.db, owner_id),
        originals_bytes=originals,
        variants_bytes=sum(row.bytes_count for row in kinds) - originals,
        unused_bytes=unused.bytes_count,
        unused_files=unused.files_count,
        largest=await _LARGEST(ctx.db, owner_id),
    )


async def bandwidth(ctx: Ctx) -> BandwidthView:
    """What was fetched of the actor's files. What this process counted in the last seconds may be missing."""
    owner_id, today = ctx.member.id, ctx.now.date()
    begin = today.replace(day=1)
    month = await _MONTH(ctx.db, owner_id, begin)
    days = await _DAYS(ctx.db, owner_id, today - timedelta(days=29))
    limit = await _bandwidth_limit(ctx, (await plan_of(ctx, owner_id)).plan)
    following = (begin + timedelta(days=32)).replace(day=1)
    return BandwidthView(
        month_bytes=month.bytes_count,
        month_requests=month.requests_count,
        limit_bytes=limit,
        percent=_percent(month.bytes_count, limit),
        resets_at=datetime(following.year, following.month, 1, tzinfo=ctx.now.tzinfo),
        days=days,
    )


async def limits(ctx: Ctx) -> LimitsView:
    """What the actor may upload, by their plan and this installation."""
    settings, plan = ctx.app.settings, (await plan_of(ctx, ctx.member.id)).plan
    return LimitsView(
        plan=plan.value,
        storage_bytes=(await limits_of(ctx, plan))[Meter.STORAGE_BYTES],
        bandwidth_bytes=await _bandwidth_limit(ctx, plan),
        image_bytes=settings.max_upload_bytes,
        image_pixels=MAX_PIXELS,
        direct_bytes=settings.max_upload_bytes,
        file_bytes=settings.max_file_bytes,
        content_types=list(CONTENT_TYPES),
        is_scanned=scanner_of(settings) is not None,
        trash_days=TRASH_DAYS,
    )


async def own_uploads(ctx: Ctx) -> list[UploadRow]:
    """The actor's uploads that are under way."""
    return await OWN_UPLOADS(ctx.db, ctx.member.id, ctx.now)


async def upload_by_id(ctx: Ctx, upload_id: UUID) -> UploadRow | None:
    """An upload under way, of whomever; one that is over is not there any more."""
    found = await UPLOAD_BY_ID(ctx.db, upload_id)
    return found if found is not None and found.expires_at > ctx.now else None


async def _bandwidth_limit(ctx: Ctx, plan: Plan) -> int | None:
    limit: int | None = getattr((await platform(ctx)).plans, plan.value).bandwidth_bytes
    return limit


def _percent(used: int, limit: int | None) -> int | None:
    return None if limit is None else 100 if used >= limit else used * 100 // limit
