"""What teams do on their own."""

from stoa.foundation.identity.messages import RoleGranted, UserRegistered
from stoa.foundation.identity.types import Role
from stoa.foundation.people.messages import Blocked
from stoa.foundation.team import actions
from stoa.kit.ctx import Ctx
from stoa.kit.outbox import within
from stoa.kit.queue import every


@within(UserRegistered)
async def open_site_of_new(ctx: Ctx, event: UserRegistered) -> None:
    """An account may be a creator's from the first moment."""
    await actions.open_default_site(ctx, event.user_id)


@within(RoleGranted)
async def open_site(ctx: Ctx, event: RoleGranted) -> None:
    """Whoever becomes a creator has a site in the same moment."""
    if event.role == Role.CREATOR:
        await actions.open_default_site(ctx, event.user_id)


@within(Blocked)
async def part(ctx: Ctx, event: Blocked) -> None:
    """P4: nobody works for somebody they blocked, or who blocked them."""
    await actions.part(ctx, event.blocker_id, event.blocked_id)


@every(name="team.expire", seconds=600)
async def expire(ctx: Ctx) -> dict[str, int]:
    """Ends invitations that nobody answered in time."""
    return {"expired": await actions.expire(ctx)}
