"""Teams for tests: `site_id = await make.site(ana)`, `await make.collaborator(site_id, ben, "editor")`."""

import re
from typing import Any
from uuid import UUID

from stoa.foundation.team import actions
from stoa.foundation.team.queries import default_site_of
from stoa.foundation.team.types import Permission, TeamRole

TOKEN = re.compile(r"/invites/([\w-]+)\?for=")


async def make_site(make: Any, owner: Any) -> UUID:
    """The default site of somebody, who becomes a creator by it."""
    async with make.tx() as ctx:
        await ctx.db.execute(
            "update users set roles = roles || 'creator'::text where id = $1 and not 'creator' = any(roles)", owner.id
        )
        await actions.open_default_site(ctx, owner.id)
        site_id = await default_site_of(ctx, owner.id)
    assert site_id is not None
    return site_id


async def make_invite(
    make: Any, owner: Any, email: str, role: str = "editor", permissions: tuple[str, ...] = ()
) -> tuple[UUID, str]:
    """An open invitation to the owner's site: its id, and the token of its mail."""
    site_id = await make_site(make, owner)
    async with make.tx(owner) as ctx:
        extra = [Permission(one) for one in permissions]
        made = await actions.invite(ctx, site_id, email=email, role=TeamRole(role), permissions=extra)
    return made.id, await make_invite_token(make, email)


async def make_invite_token(make: Any, email: str) -> str:
    """The token in the newest mail that invites an address."""
    for mail in await make.mails(email):
        found = TOKEN.search(mail.text)
        if found:
            return found[1]
    raise AssertionError(f"no invitation was sent to {email}")


async def make_collaborator(
    make: Any, owner: Any, user: Any, role: str = "editor", permissions: tuple[str, ...] = ()
) -> UUID:
    """Somebody who works on the owner's site: the membership's id."""
    collaborator_id, token = await make_invite(make, owner, user.email, role, permissions)
    async with make.tx(user) as ctx:
        await actions.accept(ctx, token)
    return collaborator_id
