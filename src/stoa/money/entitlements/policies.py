"""`may_read`: whatever hands out a work's content (pages, API, feeds, exports) asks here, and nothing else decides."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from stoa.foundation.team.types import Permission, permissions_of
from stoa.kit.ctx import Ctx
from stoa.money.entitlements.queries import has_grant, held
from stoa.money.entitlements.types import Answer, Granted, Offer, Readable, Refused


async def may_read(ctx: Ctx, work: Readable) -> Answer:
    """Whether the actor may have the whole of a work (S1).

    Author, staff, and who reads the drafts of its site always may. Whether the actor may know of the work at all is
    decided before, by its `access_` policy; a work that is not published is refused here without an offer.
    """
    answer = _without_paying(ctx, work)
    if answer is None:
        return Granted("bought") if ctx.actor is not None and await has_grant(ctx, work.id) else Refused(offers(work))
    return answer


async def locked_of(ctx: Ctx, works: Collection[Readable]) -> set[UUID]:
    """Which of the works in a list the actor may not have whole: what `may_read` answers for each, asked once."""
    asked = [(work.id, _without_paying(ctx, work)) for work in works]
    bought = await held(ctx, [work_id for work_id, answer in asked if answer is None])
    return {one for one, answer in asked if one not in bought and not isinstance(answer, Granted)}


def is_open(access: str, opens_at: datetime | None, now: datetime) -> bool:
    """Whether everybody may have the whole of a work of this rule that is out (S1)."""
    return access == "free" or (access == "scheduled" and opens_at is not None and opens_at <= now)


def _without_paying(ctx: Ctx, work: Readable) -> Answer | None:
    """What there is to say without looking at what was bought; None where that decides."""
    if ctx.actor is not None:
        if ctx.actor.id == work.author_id:
            return Granted("author")
        if ctx.actor.is_staff:
            return Granted("staff")
        if Permission.READ_DRAFTS in permissions_of(work.team_role, work.team_permissions):
            return Granted("collaborator")
    if work.state != "published" or work.closed:
        return Refused([])
    return Granted("free") if is_open(work.access, work.opens_at, ctx.now) else None


def offers(work: Readable) -> list[Offer]:
    """What would open a work that is not free (S1)."""
    found = []
    if work.price_minor is not None:
        found.append(Offer("buy", "Buy it once", price_minor=work.price_minor, price_asset=work.price_asset))
    match work.access:
        case "scheduled" if work.opens_at is not None:
            found.append(Offer("wait", "Opens to everybody", work.opens_at))
        case "subscribers":
            found.append(Offer("subscribe", "For everybody with a membership"))
        case "tier":
            found.append(Offer("tier", "For some memberships"))
    return found
