"""Media's work without a request."""

from stoa.foundation.media import actions
from stoa.foundation.media.messages import RemoveFiles
from stoa.kit.ctx import Ctx
from stoa.kit.queue import every, handles


@handles(RemoveFiles)
async def remove_files(ctx: Ctx, job: RemoveFiles) -> None:
    """The files of a picture whose row is gone."""
    await actions.remove_files(ctx, job.media_id)


@every(name="media.sweep", cron="40 4 * * *", outside=True, timeout_s=3600)
async def sweep(ctx: Ctx) -> int:
    """Files that no picture owns."""
    return await actions.sweep(ctx)
