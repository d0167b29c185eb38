"""Media's work without a request."""

from stoa.foundation.media import actions
from stoa.foundation.media.messages import RemoveFiles
from stoa.kit.ctx import Ctx
from stoa.kit.queue import handles


@handles(RemoveFiles)
async def remove_files(ctx: Ctx, job: RemoveFiles) -> None:
    """The files of a picture whose row is gone."""
    await actions.remove_files(ctx, job.media_id)
