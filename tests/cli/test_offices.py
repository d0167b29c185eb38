"""Whom the operator makes: the first administrator is a super admin, too (I8)."""

from typing import Any

from stoa.cli.operate import _offices
from stoa.foundation.identity import actions
from stoa.foundation.identity.types import Role


async def test_the_first_administrator_decides_about_administrators(make: Any, tx: Any) -> None:
    ana = await make.user("ana")
    async with tx() as ctx:
        assert await _offices(ctx) == (Role.ADMIN, Role.SUPER_ADMIN)
        for role in await _offices(ctx):
            await actions.grant_role(ctx, ana.id, role, reason="by the operator")
        assert await _offices(ctx) == (Role.ADMIN,)
        assert await ctx.db.fetchval("select roles from users where id = $1", ana.id) == [
            "reader",
            "admin",
            "super_admin",
        ]
