"""I8: who is suspended, banned, reinstated, and given a role; by whom, with what effect."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from stoa.foundation.identity import actions
from stoa.foundation.identity.errors import LastSuperAdmin, NotYourself, OnlySuperAdmin, WrongStatus
from stoa.foundation.identity.types import Role
from stoa.kit.errors import Forbidden, Invalid, NotFound
from tests.conftest import PASSWORD


async def history(app: Any, user: Any) -> list[tuple[Any, ...]]:
    """What the account's status was: (status, reason, until, by whom), oldest first."""
    async with app.database.connection() as db:
        rows = await db.fetch(
            "select status, reason, until, by_id from status_history where user_id = $1 order by at, id", user.id
        )
    return [tuple(row) for row in rows]


async def audited(app: Any, user: Any, *actions_: str) -> list[Any]:
    async with app.database.connection() as db:
        return list(
            await db.fetch(
                """select action, actor_id, before, after from audit_events
                where subject = 'user' and subject_id = $1 and action = any($2) order by at, id""",
                str(user.id),
                list(actions_),
            )
        )


async def state(app: Any, user: Any) -> tuple[Any, ...]:
    async with app.database.connection() as db:
        return tuple(
            await db.fetchrow(
                "select status, roles, status_reason, status_until, status_by from users where id = $1", user.id
            )
        )


async def test_a_new_account_begins_its_history(app: Any, make: Any) -> None:
    ana = await make.user("ana")
    assert [row[0] for row in await history(app, ana)] == [(await state(app, ana))[0]]


async def test_suspended_and_back(app: Any, make: Any, tx: Any, client: Any) -> None:
    ana, ada = await make.user("ana"), await make.user("ada", roles=("admin",))
    (first,) = await history(app, ana)
    async with tx(ada) as ctx:
        until = ctx.now + timedelta(days=7)
        await actions.suspend(ctx, ana.id, reason="  Insults in comments ", until=until)
    assert (await state(app, ana))[0] == "suspended"
    assert (await client.as_(ana).get("/api/v1/auth/me")).status_code == 401
    refused = await client.post("/api/v1/auth/login", json={"email": ana.email, "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (403, "account_suspended")
    assert refused.json()["reason"] == "Insults in comments"
    assert refused.json()["until"][:19] == f"{until:%Y-%m-%dT%H:%M:%S}"
    wrong = await client.post("/api/v1/auth/login", json={"email": ana.email, "password": "not this one"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong_credentials")
    async with tx(ada) as ctx:
        await actions.reinstate(ctx, ana.id, reason="They said sorry")
    again = await client.post("/api/v1/auth/login", json={"email": ana.email, "password": PASSWORD})
    assert again.status_code == 200
    assert await history(app, ana) == [
        first,
        ("suspended", "Insults in comments", until, ada.id),
        (first[0], "They said sorry", None, ada.id),
    ]
    rows = await audited(app, ana, "identity.suspended", "identity.reinstated")
    assert [(row["action"], row["actor_id"]) for row in rows] == [
        ("identity.suspended", ada.id),
        ("identity.reinstated", ada.id),
    ]
    assert rows[0]["after"]["reason"] == "Insults in comments"


async def test_a_ban_names_its_reason_at_the_door(app: Any, make: Any, tx: Any, client: Any) -> None:
    ana, ada = await make.user("ana"), await make.user("ada", roles=("admin",))
    async with tx(ada) as ctx:
        await actions.ban(ctx, ana.id, reason="Sold other people's books")
    refused = await client.post("/api/v1/auth/login", json={"email": ana.email, "password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (403, "account_banned")
    assert refused.json()["reason"] == "Sold other people's books"


async def test_a_suspension_ends_by_itself_at_the_door(app: Any, make: Any, tx: Any, client: Any) -> None:
    ana = await make.user("ana")
    async with tx() as ctx:
        await actions.suspend(ctx, ana.id, reason="A short rest", until=ctx.now + timedelta(hours=1))
        before = await ctx.db.fetchval(
            "select status from status_history where user_id = $1 order by at limit 1", ana.id
        )
        await ctx.db.execute("update users set status_until = now() - interval '1 second' where id = $1", ana.id)
    in_ = await client.post("/api/v1/auth/login", json={"email": ana.email, "password": PASSWORD})
    assert in_.status_code == 200
    assert await state(app, ana) == (before, ["reader"], "The suspension ended at its time", None, None)
    assert [row[0] for row in await history(app, ana)] == [before, "suspended", before]


async def test_a_suspension_ends_by_itself_without_anybody_coming(app: Any, make: Any, tx: Any) -> None:
    ana, bea, cleo = await make.user("ana"), await make.user("bea"), await make.user("cleo")
    async with tx() as ctx:
        for one in (ana, bea):
            await actions.suspend(ctx, one.id, reason="A short rest", until=ctx.now + timedelta(hours=1))
        await actions.suspend(ctx, cleo.id, reason="Until we know more")
        ctx.now += timedelta(hours=2)
        assert await actions.end_suspensions(ctx) == 2
        assert await actions.end_suspensions(ctx) == 0
    assert [(await state(app, one))[0] == "suspended" for one in (ana, bea, cleo)] == [False, False, True]
    (row,) = await audited(app, ana, "identity.suspension_ended")
    assert (row["actor_id"], row["before"]) == (None, {"status": "suspended"})


async def test_who_was_not_verified_is_not_verified_afterwards(app: Any, make: Any, tx: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    async with tx() as ctx:
        await ctx.db.execute("update users set status = 'pending_verification', is_verified = false")
        for one in (ana, bea):
            await actions.suspend(ctx, one.id, reason="Looks like a robot")
            await actions.ban(ctx, one.id, reason="Is a robot")
        await ctx.db.execute("update users set is_verified = true where id = $1", bea.id)  # the link, meanwhile
        for one in (ana, bea):
            await actions.reinstate(ctx, one.id, reason="Is no robot")
    assert (await state(app, ana))[0] == "pending_verification"
    assert (await state(app, bea))[0] == "active"


@pytest.mark.parametrize(
    ("actor", "target", "error"),
    [
        ("reader", "reader", Forbidden),
        ("creator", "reader", Forbidden),
        ("moderator", "reader", Forbidden),
        ("support", "reader", Forbidden),
        ("moderator", "admin", Forbidden),
        ("admin", "reader", None),
        ("admin", "moderator", None),
        ("admin", "support", None),
        ("admin", "admin", OnlySuperAdmin),
        ("admin", "super_admin", OnlySuperAdmin),
        ("super_admin", "reader", None),
        ("super_admin", "moderator", None),
        ("super_admin", "admin", None),
        ("super_admin", "super_admin", None),
    ],
)
@pytest.mark.parametrize("what", ["suspend", "ban", "reinstate"])
async def test_who_may_judge_whom(
    app: Any, make: Any, tx: Any, what: str, actor: str, target: str, error: type[Exception] | None
) -> None:
    ana, ben = await make.user("ana", roles=(actor,)), await make.user("ben", roles=(target,))
    await make.user("zoe", roles=("super_admin",))
    if what == "reinstate":
        async with tx() as ctx:
            await actions.suspend(ctx, ben.id, reason="To begin with")
    before = await state(app, ben), await history(app, ben)
    if error is None:
        async with tx(ana) as ctx:
            await getattr(actions, what)(ctx, ben.id, reason="Because of this")
        after = {"suspend": "suspended", "ban": "banned", "reinstate": (await history(app, ben))[0][0]}[what]
        assert (await state(app, ben))[0] == after
        assert (await history(app, ben))[-1] == (after, "Because of this", None, ana.id)
        return
    with pytest.raises(error):
        async with tx(ana) as ctx:
            await getattr(actions, what)(ctx, ben.id, reason="Because of this")
    assert (await state(app, ben), await history(app, ben)) == before
    assert await audited(app, ben, "identity.banned", "identity.reinstated") == []


@pytest.mark.parametrize("what", ["suspend", "ban", "reinstate"])
@pytest.mark.parametrize("role", ["admin", "super_admin"])
async def test_nobody_judges_themselves(app: Any, make: Any, tx: Any, what: str, role: str) -> None:
    ana = await make.user("ana", roles=(role,))
    await make.user("zoe", roles=("super_admin",))
    before = await state(app, ana), await history(app, ana)
    with pytest.raises(NotYourself):
        async with tx(ana) as ctx:
            await getattr(actions, what)(ctx, ana.id, reason="Because of this")
    assert (await state(app, ana), await history(app, ana)) == before


@pytest.mark.parametrize(
    ("actor", "target", "role", "error"),
    [
        ("reader", "reader", "creator", Forbidden),
        ("moderator", "reader", "moderator", Forbidden),
        ("support", "reader", "creator", Forbidden),
        ("admin", "reader", "creator", None),
        ("admin", "reader", "brand", None),
        ("admin", "reader", "moderator", None),
        ("admin", "reader", "support", None),
        ("admin", "reader", "admin", OnlySuperAdmin),
        ("admin", "reader", "super_admin", OnlySuperAdmin),
        ("admin", "admin", "moderator", OnlySuperAdmin),
        ("super_admin", "reader", "admin", None),
        ("super_admin", "admin", "super_admin", None),
        ("super_admin", "super_admin", "support", None),
    ],
)
async def test_who_may_give_and_take_which_role(
    app: Any, make: Any, tx: Any, actor: str, target: str, role: str, error: type[Exception] | None
) -> None:
    ana, ben = await make.user("ana", roles=(actor,)), await make.user("ben", roles=(target,))
    await make.user("zoe", roles=("super_admin",))
    before = (await state(app, ben))[1]
    for change in (actions.grant_role, actions.revoke_role):
        if error is None:
            async with tx(ana) as ctx:
                assert await change(ctx, ben.id, Role(role), reason="So we agreed") is True
            async with tx(ana) as ctx:
                assert await change(ctx, ben.id, Role(role), reason="So we agreed") is False
            expected = [*before, role] if change is actions.grant_role else before
            assert (await state(app, ben))[1] == expected
            continue
        with pytest.raises(error):
            async with tx(ana) as ctx:
                await change(ctx, ben.id, Role(role), reason="So we agreed")
        assert (await state(app, ben))[1] == before
    rows = await audited(app, ben, "identity.role_granted", "identity.role_revoked")
    assert [(row["action"], row["before"], row["after"]) for row in rows] == (
        []
        if error
        else [
            ("identity.role_granted", {"roles": before}, {"roles": [*before, role], "reason": "So we agreed"}),
            ("identity.role_revoked", {"roles": [*before, role]}, {"roles": before, "reason": "So we agreed"}),
        ]
    )


async def test_nobody_gives_or_takes_their_own_roles(app: Any, make: Any, tx: Any) -> None:
    ana = await make.user("ana", roles=("admin", "super_admin"))
    await make.user("zoe", roles=("super_admin",))
    for change, role in ((actions.grant_role, Role.SUPPORT), (actions.revoke_role, Role.SUPER_ADMIN)):
        with pytest.raises(NotYourself):
            async with tx(ana) as ctx:
                await change(ctx, ana.id, role, reason="I would like to")
    assert (await state(app, ana))[1] == ["reader", "admin", "super_admin"]


async def test_everybody_stays_a_reader(app: Any, make: Any, tx: Any) -> None:
    ana = await make.user("ana")
    with pytest.raises(Invalid):
        async with tx() as ctx:
            await actions.revoke_role(ctx, ana.id, Role.READER, reason="Does not read")
    assert (await state(app, ana))[1] == ["reader"]


@pytest.mark.parametrize("what", ["suspend", "ban", "revoke_role"])
async def test_the_last_super_admin_stays(app: Any, make: Any, tx: Any, what: str) -> None:
    ana, bob = await make.user("ana", roles=("super_admin",)), await make.user("bob", roles=("super_admin",))
    more = {"role": Role.SUPER_ADMIN} if what == "revoke_role" else {}
    async with tx() as ctx:
        await actions.ban(ctx, bob.id, reason="Left us")
    before = await state(app, ana)
    with pytest.raises(LastSuperAdmin):
        async with tx() as ctx:
            await getattr(actions, what)(ctx, ana.id, **more, reason="Leaves us too")
    assert await state(app, ana) == before
    async with tx() as ctx:
        await actions.reinstate(ctx, bob.id, reason="Back again")
        await getattr(actions, what)(ctx, ana.id, **more, reason="Leaves us too")
    assert await state(app, ana) != before


async def test_two_super_admins_dismiss_each_other_at_once(live: Any, make: Any, tx: Any) -> None:
    ana, bob = await make.user("ana", roles=("super_admin",)), await make.user("bob", roles=("super_admin",))

    async def dismisses(actor: Any, target: Any) -> None:
        async with tx(actor) as ctx:
            await actions.revoke_role(ctx, target.id, Role.SUPER_ADMIN, reason="Only one of us")

    done = await asyncio.gather(dismisses(ana, bob), dismisses(bob, ana), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Forbidden", "NoneType"]
    left = [one for one in (ana, bob) if "super_admin" in (await state(live, one))[1]]
    assert len(left) == 1


async def test_the_last_two_super_admins_are_banned_at_once(live: Any, make: Any, tx: Any) -> None:
    ana, bob = await make.user("ana", roles=("super_admin",)), await make.user("bob", roles=("super_admin",))

    async def bans(target: Any) -> None:
        async with tx() as ctx:
            await actions.ban(ctx, target.id, reason="All must go")

    done = await asyncio.gather(bans(ana), bans(bob), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["LastSuperAdmin", "NoneType"]
    assert sorted([(await state(live, one))[0] == "banned" for one in (ana, bob)]) == [False, True]


async def test_two_admins_ban_at_once(live: Any, make: Any, tx: Any) -> None:
    ana = await make.user("ana")
    ada, ben = await make.user("ada", roles=("admin",)), await make.user("ben", roles=("admin",))

    async def bans(actor: Any) -> None:
        async with tx(actor) as ctx:
            await actions.ban(ctx, ana.id, reason=f"So says {actor.username}")

    done = await asyncio.gather(bans(ada), bans(ben), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "WrongStatus"]
    assert [row[0] for row in await history(live, ana)][1:] == ["banned"]
    assert len(await audited(live, ana, "identity.banned")) == 1


async def test_an_admin_who_was_just_dismissed_decides_nothing(app: Any, make: Any, tx: Any) -> None:
    ana, ada = await make.user("ana"), await make.user("ada", roles=("admin",))
    async with tx() as ctx:
        await actions.revoke_role(ctx, ada.id, Role.ADMIN, reason="Left the team")
    with pytest.raises(Forbidden):  # `ada.actor` is who they were when the request came
        async with tx(ada) as ctx:
            await actions.ban(ctx, ana.id, reason="One last thing")
    assert (await state(app, ana))[0] != "banned"


async def test_what_cannot_be_done(app: Any, make: Any, tx: Any) -> None:
    ana, ada, ben = await make.user("ana"), await make.user("ada", roles=("admin",)), await make.user("ben")
    async with tx() as ctx:
        await actions.ban(ctx, ben.id, reason="To begin with")
    for call, error in (
        (lambda c: actions.reinstate(c, ana.id, reason="Is in already"), WrongStatus),
        (lambda c: actions.suspend(c, ben.id, reason="Is banned"), WrongStatus),
        (lambda c: actions.ban(c, ben.id, reason="Is banned"), WrongStatus),
        (lambda c: actions.ban(c, ana.id, reason=" x "), Invalid),
        (lambda c: actions.ban(c, ana.id, reason="x" * 501), Invalid),
        (lambda c: actions.suspend(c, ana.id, reason="In the past", until=c.now), Invalid),
        (lambda c: actions.suspend(c, ana.id, reason="Too long", until=c.now + timedelta(days=4000)), Invalid),
        (lambda c: actions.ban(c, ada.actor.session_id, reason="There is nobody"), NotFound),
    ):
        with pytest.raises(error):
            async with tx(ada) as ctx:
                await call(ctx)
    assert (await state(app, ana))[0] != "banned"
    assert len(await history(app, ana)) == 1


async def test_becoming_a_creator(app: Any, make: Any, tx: Any) -> None:
    ana = await make.user("ana")
    async with tx(ana) as ctx:
        assert await actions.become(ctx, Role.CREATOR) is True
        assert await actions.become(ctx, Role.CREATOR) is False
        assert await actions.become(ctx, Role.BRAND) is True
    assert (await state(app, ana))[1] == ["reader", "creator", "brand"]
    assert [row["after"] for row in await audited(app, ana, "identity.role_granted")] == [
        {"roles": ["reader", "creator"]},
        {"roles": ["reader", "creator", "brand"]},
    ]
    for role in (Role.MODERATOR, Role.SUPPORT, Role.ADMIN, Role.SUPER_ADMIN):
        with pytest.raises(Invalid):
            async with tx(ana) as ctx:
                await actions.become(ctx, role)
    assert (await state(app, ana))[1] == ["reader", "creator", "brand"]


@pytest.mark.parametrize(
    "statement",
    [
        "update status_history set reason = 'none'",
        "delete from status_history",
        "truncate status_history",
        "insert into status_history (user_id, status, at) select id, 'active', now() from users",
    ],
)
async def test_the_database_keeps_the_history(app: Any, make: Any, statement: str) -> None:
    ana = await make.user("ana")
    before = await history(app, ana)
    async with app.database.connection() as db:
        with pytest.raises(asyncpg.PostgresError) as refused:
            await db.execute(statement)
    assert refused.value.sqlstate == "ID001"
    assert await history(app, ana) == before


async def test_a_change_by_whoever_knows_of_no_history_is_in_it(app: Any, make: Any, tx: Any) -> None:
    ana, ada = await make.user("ana"), await make.user("ada", roles=("admin",))
    async with tx(ada) as ctx:
        await actions.suspend(ctx, ana.id, reason="For a while", until=ctx.now + timedelta(days=1))
    async with app.database.connection() as db:
        await db.execute("update users set status = 'deleted' where id = $1", ana.id)
    assert (await state(app, ana))[2:] == (None, None, None)
    assert (await history(app, ana))[-1] == ("deleted", None, None, None)
