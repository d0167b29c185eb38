"""What sites do on their own."""

from contextlib import suppress

from stoa.creation.sites import actions
from stoa.creation.sites.errors import DomainTaken, NoDomain
from stoa.creation.sites.messages import CheckDomain
from stoa.creation.sites.queries.domains import domain_row
from stoa.creation.works.messages import WorkPublished
from stoa.kit.ctx import Ctx
from stoa.kit.outbox import within
from stoa.kit.queue import every, handles


@within(WorkPublished)
async def remember_publication(ctx: Ctx, event: WorkPublished) -> None:
    """A site says when something was last published there."""
    await actions.note_publication(ctx, event.work_id)


@handles(CheckDomain)
async def check_domain(ctx: Ctx, job: CheckDomain) -> str:
    """Looks at one domain; answers its state."""
    question = await domain_row(ctx, job.site_id)
    if question is None:
        return "gone"
    look = await actions.look_at(question)
    with suppress(NoDomain, DomainTaken):
        async with ctx.db.transaction():
            return (await actions.note_look(ctx, question, look)).state.value
    return "not ours"


@every(name="sites.domains", seconds=600)
async def domains(ctx: Ctx) -> int:
    """Domains whose DNS is to be asked again."""
    return await actions.check_domains(ctx)


@every(name="sites.purge", cron="50 3 * * *")
async def purge(ctx: Ctx) -> int:
    """Sites that were deleted 30 days ago (S5)."""
    return await actions.purge_sites(ctx)
