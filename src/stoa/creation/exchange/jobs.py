"""What is read and written without a request, and what is removed when its days are over."""

from stoa.creation.exchange import actions
from stoa.creation.exchange.messages import MakeExport, ReadImport
from stoa.kit.ctx import Ctx
from stoa.kit.queue import every, handles


@handles(ReadImport)
async def read_import(ctx: Ctx, job: ReadImport) -> str:
    """Reads a file, and brings its chapters in."""
    return await actions.read_import(ctx, job.import_id)


@handles(MakeExport)
async def make_export(ctx: Ctx, job: MakeExport) -> str:
    """Writes a file."""
    return await actions.make_export(ctx, job.export_id)


@every(name="exchange.clean_up", cron="50 * * * *", outside=True)
async def clean_up(ctx: Ctx) -> int:
    """Files of imports and exports that are over."""
    return await actions.clean_up(ctx) + await actions.expire_exports(ctx)
