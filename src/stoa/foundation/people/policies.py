"""Who may be seen, followed and spoken to. Whether two people see each other is decided here and nowhere else (P4)."""

from uuid import UUID

from stoa.foundation.people.errors import FollowersHidden
from stoa.foundation.people.queries import seen_person
from stoa.foundation.people.queries.blocks import are_apart, blockable
from stoa.foundation.people.queries.follows import are_shown, follow_of
from stoa.foundation.people.types import FollowingView, PersonView
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound

NOBODY = "There is nobody of this name"


async def access_person(ctx: Ctx, person: str | UUID) -> PersonView:
    """A person, by name or id, that the actor may see. Raises NotFound, also where one has blocked the other (P4).

    Staff see everybody, so that nobody can hide from moderation; doing something to them is `check_may_meet`'s.
    """
    found = await seen_person(ctx, person)
    if found is None:
        raise NotFound(NOBODY)
    return found


async def access_followers(ctx: Ctx, person: str | UUID) -> PersonView:
    """A person whose followers, and whom they follow, the actor may see: themselves, staff, others if they like.

    Raises NotFound, FollowersHidden.
    """
    found = await access_person(ctx, person)
    is_own = ctx.actor is not None and (ctx.actor.id == found.id or ctx.actor.is_staff)
    if not is_own and not await are_shown(ctx, found.id):
        raise FollowersHidden(f"{found.display_name} keeps this to themselves")
    return found


async def check_may_meet(ctx: Ctx, person_id: UUID) -> None:
    """Whether the actor may do something to a person: follow, react, give, write (P4). Raises NotFound.

    Lists ask the same by `queries.not_hidden` in their statements.
    """
    if ctx.actor is not None and await are_apart(ctx, ctx.actor.id, person_id):
        raise NotFound(NOBODY)


async def access_blockable(ctx: Ctx, person: str | UUID) -> PersonView:
    """Somebody the actor may block, or has blocked. Raises NotFound, also for whoever has blocked them."""
    found = await blockable(ctx, person)
    if found is None:
        raise NotFound(NOBODY)
    return found


async def access_follow(ctx: Ctx, user_id: UUID) -> FollowingView:
    """The actor's own follow of somebody. Raises NotFound."""
    found = await follow_of(ctx, user_id)
    if found is None:
        raise NotFound("You do not follow this person")
    return found
