"""Media's work without a request."""

from stoa.foundation.media import actions
from stoa.foundation.media.messages import ProcessMedia, RemoveFiles, RemoveParts, RemovePath
from stoa.kit.ctx import Ctx
from stoa.kit.queue import every, handles


@handles(ProcessMedia)
async def process_media(ctx: Ctx, job: ProcessMedia) -> str:
    """The work on one file; answers the state it has then."""
    return await actions.process(ctx, job.media_id)


@handles(RemoveFiles)
async def remove_files(ctx: Ctx, job: RemoveFiles) -> None:
    """The bytes of a file whose row is gone."""
    await actions.remove_files(ctx, job.media_id)


@handles(RemoveParts)
async def remove_parts(ctx: Ctx, job: RemoveParts) -> None:
    """The parts of an upload that was given up."""
    await actions.remove_parts(ctx, job.upload_id)


@handles(RemovePath)
async def remove_path(ctx: Ctx, job: RemovePath) -> None:
    """One file that another one has replaced."""
    await ctx.app.storage.delete([job.path])


@every(name="media.sweep", cron="40 4 * * *", outside=True, timeout_s=3600)
async def sweep(ctx: Ctx) -> int:
    """Files that no row owns."""
    return await actions.sweep(ctx)


@every(name="media.purge", cron="20 * * * *")
async def purge(ctx: Ctx) -> int:
    """The trash of 30 days ago."""
    return await actions.purge_old(ctx)


@every(name="media.uploads", cron="35 * * * *")
async def uploads(ctx: Ctx) -> int:
    """Uploads that were cut off a day ago."""
    return await actions.give_up_expired(ctx)


@every(name="media.resume", cron="*/15 * * * *")
async def resume(ctx: Ctx) -> int:
    """Files that wait without a job."""
    return await actions.resume(ctx)
