"""What a suspension or a ban ends at once, everywhere: sessions, gifts, payouts, what is seen (I8, F5)."""

from datetime import timedelta
from typing import Any

import pytest

from stoa.foundation.identity import actions
from stoa.foundation.identity.errors import AccountSuspended
from stoa.kit.ids import new_id
from stoa.money.payouts import actions as payouts
from stoa.money.payouts.queries import PAYOUT
from stoa.money.wallet import actions as wallets
from tests.conftest import PASSWORD
from tests.contract.routes import routes


async def barred(make: Any, user: Any, how: str) -> None:
    async with make.tx() as ctx:
        await getattr(actions, how)(ctx, user.id, reason="Broke the rules")


async def count(app: Any, sql: str, *args: Any) -> Any:
    async with app.database.connection() as db:
        return await db.fetchval(sql, *args)


@pytest.mark.parametrize("how", ["suspend", "ban"])
async def test_every_session_ends(client: Any, make: Any, app: Any, how: str) -> None:
    ana = await make.user("ana")
    other = (await client.post("/api/v1/auth/login", json={"email": ana.email, "password": PASSWORD})).json()
    await barred(make, ana, how)
    bearer = {"Authorization": f"Bearer {other['access_token']}"}
    assert (await client.as_(ana).get("/api/v1/auth/me")).status_code == 401
    assert (await client.get("/api/v1/auth/me", headers=bearer)).status_code == 401
    fresh = await client.post("/api/v1/auth/refresh", json={"refresh_token": other["refresh_token"]})
    assert (fresh.status_code, fresh.json()["code"]) == (401, "session_over")
    assert await count(app, "select count(*) from sessions where revoked_at is null and user_id = $1", ana.id) == 0


async def test_gifts_to_and_from_are_refused(client: Any, make: Any, app: Any) -> None:
    ana, bob = await make.member("ana", purchased=5), await make.member("bob")
    before = await count(app, "select count(*) from ledger_transfers")
    await barred(make, bob, "suspend")
    refused = await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "person_suspended")
    await barred(make, bob, "ban")
    refused = await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 1})
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    await barred(make, ana, "suspend")
    cleo = await make.member("cleo")
    with pytest.raises(AccountSuspended):  # a request that was under way when its session ended
        async with make.tx(ana) as ctx:
            await wallets.gift(ctx, recipient_id=cleo.id, amount_coins=1, key="k")
    assert await count(app, "select count(*) from ledger_transfers where kind = 'gift'") == 0
    assert await count(app, "select count(*) from ledger_transfers") > before  # cleo's welcome, nothing else


async def test_a_payout_is_refused_and_one_under_way_is_held(client: Any, make: Any, app: Any) -> None:
    ana, ada = await make.member("ana", earned=400), await make.user("ada", roles=("admin",))
    async with make.tx(ana) as ctx:
        payout = await payouts.request_payout(ctx, key=str(new_id()))
    await barred(make, ana, "suspend")
    async with make.tx() as ctx:
        held = await PAYOUT(ctx.db, payout.id)
    assert (held.state, held.review_reason) == ("in_review", "The account is suspended: Broke the rules")
    assert held.review_until is not None
    approve = await client.as_(ada).post(f"/api/v1/payouts/{payout.id}/approve")
    assert (approve.status_code, approve.json()["code"]) == (409, "owner_barred")
    with pytest.raises(AccountSuspended):
        async with make.tx(ana) as ctx:
            await payouts.request_payout(ctx, key=str(new_id()))
    assert await count(app, "select count(*) from payouts") == 1
    async with make.tx() as ctx:
        await actions.reinstate(ctx, ana.id, reason="All is well")
    approve = await client.as_(ada).post(f"/api/v1/payouts/{payout.id}/approve")
    assert (approve.status_code, approve.json()["state"]) == (200, "pending")


async def test_a_payout_asked_for_at_the_same_moment_is_not_sent(make: Any, app: Any, jobs: Any) -> None:
    ana = await make.member("ana", earned=400)
    async with make.tx(ana) as ctx:
        payout = await payouts.request_payout(ctx, key=str(new_id()))
    async with make.tx() as ctx:  # as if the suspension had not seen the payout yet
        await ctx.db.execute("update users set status = 'suspended' where id = $1", ana.id)
        await ctx.db.execute("update jobs set run_at = now() where type like '%SubmitPayout%' or type like '%payout%'")
    await jobs()
    async with make.tx() as ctx:
        held = await PAYOUT(ctx.db, payout.id)
    assert (held.state, held.review_reason) == ("in_review", "The account is not in good standing")


async def test_what_a_banned_person_made_is_out_of_sight(client: Any, make: Any, app: Any) -> None:
    ana, bea, mina = await make.member("ana"), await make.member("bea"), await make.user("mina", roles=("moderator",))
    post = await make.post(ana)
    waiting = await make.post(ana, published=False)
    async with make.tx() as ctx:
        await ctx.db.execute(
            "update works set state = 'in_review', submitted_at = now(), slug = 'waiting' where id = $1", waiting.id
        )
    listed = "select array_agg(state order by id) from works"
    as_it_was = await count(app, listed)
    await barred(make, ana, "suspend")
    assert await count(app, listed) == as_it_was
    assert (await client.as_(bea).get(f"/api/v1/posts/{post.id}")).status_code == 200
    await barred(make, ana, "ban")
    assert (await client.as_(bea).get(f"/api/v1/posts/{post.id}")).status_code == 404
    assert (await client.get(f"/p/{post.slug}")).status_code == 404
    assert (await client.get("/@ana")).status_code == 404
    assert (await client.get("/api/v1/posts")).json()["items"] == []
    assert (await client.as_(mina).get(f"/api/v1/posts/{post.id}")).status_code == 200
    refused = await client.as_(mina).post(f"/api/v1/admin/review/{waiting.id}/approve", json={"revision": 1})
    assert refused.status_code == 409
    async with make.tx() as ctx:
        await actions.reinstate(ctx, ana.id, reason="It was a mistake")
    assert await count(app, listed) == as_it_was
    assert (await client.get(f"/p/{post.slug}")).status_code == 200
    assert (await client.get("/@ana")).status_code == 200


async def test_a_suspended_person_is_seen_and_gets_nothing(client: Any, make: Any, app: Any) -> None:
    ana, bea = await make.member("ana"), await make.member("bea", purchased=5)
    await make.post(ana)
    await barred(make, ana, "suspend")
    profile = await client.as_(bea).get("/@ana")
    assert profile.status_code == 200
    assert "/@ana/gift" not in profile.text


async def test_a_ban_while_somebody_publishes_hides_it_too(live: Any, make: Any, gather: Any) -> None:
    from stoa.creation.posts import actions as posts

    ana = await make.member("ana")
    drafts = [await make.post(ana, published=False) for _ in range(4)]

    async def publish(post: Any) -> None:
        async with make.tx(ana) as ctx:
            await posts.publish(ctx, post.id)

    await gather(
        publish(drafts[0]), publish(drafts[1]), barred(make, ana, "ban"), publish(drafts[2]), publish(drafts[3])
    )
    assert await count(live, "select count(*) from works where state = 'published'") == 0


BODIES: dict[str, Any] = {
    "username": "eve",
    "email": "eve@example.org",
    "phone": "+4915112345678",
    "password": PASSWORD,
    "current_password": PASSWORD,
    "new_password": "another stoa has columns",
    "name": "Eve",
    "display_name": "Eve",
    "pen_name": "Eve",
    "company_name": "Eve",
    "bio": "Nobody special",
    "language": "en",
}
WANTED: dict[str, Any] = {
    "role": "admin",
    "roles": ["super_admin"],
    "status": "active",
    "is_verified": True,
    "isVerified": True,
    "second_factors": ["totp"],
    "user": {"roles": ["admin"], "status": "active"},
}
ABOUT_ONESELF = ("/auth/", "/users/", "/accounts", "/profile", "/register", "/account/")
DOORS = [
    route
    for route in routes()
    if route.method in ("POST", "PUT", "PATCH")
    and route.access in ("public", "member")
    and not route.kinds
    and any(part in route.path + "/" for part in ABOUT_ONESELF)
]


@pytest.mark.parametrize("route", DOORS, ids=lambda route: route.name)
async def test_nobody_assigns_themselves_a_role_or_a_status(client: Any, make: Any, app: Any, route: Any) -> None:
    ana = await make.user("ana")
    what = "select roles, status, is_verified, second_factors from users where id = $1"
    async with app.database.connection() as db:
        before = await db.fetchrow(what, ana.id)
    for who in (ana, None):
        sent = {"data" if route.is_page else "json": BODIES | (WANTED if not route.is_page else {"role": "admin"})}
        answer = await client.as_(who).request(route.method, route.path, **sent)
        assert answer.status_code < 500, answer.text
    async with app.database.connection() as db:
        after = await db.fetchrow(what, ana.id)
        staff = await db.fetchval("select count(*) from users where roles && '{moderator,support,admin,super_admin}'")
        verified = await db.fetchval("select count(*) from users where is_verified")
    assert {*after["roles"]} - {"creator", "brand"} == {*before["roles"]}
    assert (after["status"], after["second_factors"]) == (before["status"], before["second_factors"])
    assert staff == 0
    assert verified == (1 if before["is_verified"] else 0)


def test_the_doors_are_found() -> None:
    assert {"POST /api/v1/auth/register", "POST /register"} <= {route.name for route in DOORS}


async def test_a_suspension_that_is_over_no_longer_stops_gifts(client: Any, make: Any) -> None:
    ana, bob = await make.member("ana", purchased=5), await make.member("bob")
    async with make.tx() as ctx:
        await actions.suspend(ctx, bob.id, reason="A short rest", until=ctx.now + timedelta(hours=1))
        ctx.now += timedelta(hours=2)
        await actions.end_suspensions(ctx)
    given = await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 1})
    assert given.status_code == 201


async def test_the_person_is_told_by_mail(make: Any) -> None:
    ana = await make.user("ana")
    async with make.tx() as ctx:
        until = ctx.now + timedelta(days=7)
        await actions.suspend(ctx, ana.id, reason="Insults <b>", until=until)
    async with make.tx() as ctx:
        await actions.reinstate(ctx, ana.id, reason="They said sorry")
        await actions.ban(ctx, ana.id, reason="Again insults")
    banned, back, suspended = (await make.mails(ana.email))[:3]
    assert "is suspended" in suspended.subject
    assert f"until {until:%-d %B %Y}" in suspended.text
    assert "The reason: Insults <b>" in suspended.text
    assert "Insults &lt;b&gt;" in suspended.html
    assert "again" in back.subject
    assert "/login" in back.text
    assert "closed" in banned.subject
    assert "/login" not in banned.text
