"""`may_read`: whatever hands out a work's content (pages, API, feeds, exports) asks here, and nothing else decides."""

from stoa.foundation.team.types import Permission, permissions_of
from stoa.kit.ctx import Ctx
from stoa.money.entitlements.queries import has_grant
from stoa.money.entitlements.types import Answer, Granted, Offer, Readable, Refused


async def may_read(ctx: Ctx, work: Readable) -> Answer:
    """Whether the actor may have the whole of a work (S1).

    Author, staff, and who reads the drafts of its site always may. Whether the actor may know of the work at all is
    decided before, by its `access_` policy; a work that is not published is refused here without an offer.
    """
    if ctx.actor is not None:
        if ctx.actor.id == work.author_id:
            return Granted("author")
        if ctx.actor.is_staff:
            return Granted("staff")
        if Permission.READ_DRAFTS in permissions_of(work.team_role, work.team_permissions):
            return Granted("collaborator")
    if work.state != "published" or work.closed:
        return Refused([])
    if work.access == "free" or (work.access == "scheduled" and work.opens_at and work.opens_at <= ctx.now):
        return Granted("free")
    if ctx.actor is not None and await has_grant(ctx, work.id):
        return Granted("bought")
    return Refused(offers(work))


def offers(work: Readable) -> list[Offer]:
    """What would open a work that is not free (S1)."""
    found = []
    if work.price_minor is not None:
        found.append(Offer("buy", "Buy it once", price_minor=work.price_minor, price_asset=work.price_asset))
    match work.access:
        case "scheduled":
            found.append(Offer("wait", "Opens to everybody", work.opens_at))
        case "subscribers":
            found.append(Offer("subscribe", "For everybody with a membership"))
        case "tier":
            found.append(Offer("tier", "For some memberships"))
    return found
