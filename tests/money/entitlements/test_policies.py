"""The door: who may have the whole of a work, and why."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from stoa.kit.ctx import Actor
from stoa.money.entitlements.policies import locked_of, may_read, offers
from stoa.money.entitlements.types import Granted, Offer, Refused

AUTHOR = uuid4()


class Work(msgspec.Struct):
    state: str = "published"
    access: str = "free"
    opens_at: Any = None
    id: UUID = uuid4()
    author_id: UUID = AUTHOR
    team_role: str | None = None
    team_permissions: list[str] = []
    closed: bool = False
    price_minor: int | None = None
    price_asset: str | None = None


def actor(user_id: UUID, *roles: str) -> Actor:
    return Actor(user_id, "somebody", frozenset({"reader", *roles}))


@pytest.mark.parametrize("access", ["free", "subscribers", "tier", "scheduled"])
@pytest.mark.parametrize("state", ["draft", "in_review", "published", "unpublished", "refused"])
async def test_author_and_staff_always_read(ctx: Any, state: str, access: str) -> None:
    work = Work(state, access)
    ctx.actor = actor(AUTHOR)
    assert await may_read(ctx, work) == Granted("author")
    for role in ("moderator", "support", "admin", "super_admin"):
        ctx.actor = actor(uuid4(), role)
        assert await may_read(ctx, work) == Granted("staff")


@pytest.mark.parametrize("access", ["free", "subscribers", "tier", "scheduled"])
@pytest.mark.parametrize("state", ["draft", "in_review", "published", "unpublished", "refused"])
async def test_who_reads_the_drafts_of_a_site_reads_all_of_it(ctx: Any, state: str, access: str) -> None:
    """S1."""
    ctx.actor = actor(uuid4())
    for role, more in (("editor", []), ("translator", []), ("manager", []), ("analyst", ["read_drafts"])):
        found = await may_read(ctx, Work(state, access, team_role=role, team_permissions=more))
        assert found == Granted("collaborator")
    work = Work(state, access, team_role="analyst")
    refused = Refused(offers(work) if state == "published" else [])
    assert await may_read(ctx, work) == (Granted("free") if (state, access) == ("published", "free") else refused)
    assert await may_read(ctx, Work(state, access, team_role="analyst", closed=True)) == Refused([])


@pytest.mark.parametrize("somebody", [None, actor(uuid4()), actor(uuid4(), "creator", "brand")])
async def test_readers(ctx: Any, somebody: Actor | None) -> None:
    ctx.actor = somebody
    later, earlier = ctx.now + timedelta(hours=1), ctx.now - timedelta(hours=1)
    assert await may_read(ctx, Work()) == Granted("free")
    assert await may_read(ctx, Work(state="draft")) == Refused([])
    members, some = Offer("subscribe", "For everybody with a membership"), Offer("tier", "For some memberships")
    assert await may_read(ctx, Work(access="subscribers")) == Refused([members])
    assert await may_read(ctx, Work(access="tier")) == Refused([some])
    sold = Work(access="subscribers", price_minor=500, price_asset="COIN")
    buy = Offer("buy", "Buy it once", price_minor=500, price_asset="COIN")
    assert await may_read(ctx, sold) == Refused([buy, members])
    works = [sold, Work(id=uuid4()), Work(id=uuid4(), state="draft"), Work(id=uuid4(), access="tier")]
    assert await locked_of(ctx, works) == {works[0].id, works[2].id, works[3].id}
    assert await may_read(ctx, Work(access="scheduled", opens_at=earlier)) == Granted("free")
    assert await may_read(ctx, Work(access="scheduled", opens_at=ctx.now)) == Granted("free")
    assert await may_read(ctx, Work(access="scheduled", opens_at=later)) == Refused(
        [Offer("wait", "Opens to everybody", later)]
    )
    assert await may_read(ctx, Work(access="scheduled")) == Refused([])


async def test_what_is_locked_never_leaves(client: Any, make: Any, tx: Any) -> None:
    secret = "The treasure lies under the third column."
    ana = await make.user("ana")
    post = await make.post(ana, body=f"{'Everybody may know this much of it. ' * 8}\n\n{secret}")
    async with tx() as ctx:
        await ctx.db.execute(
            "update works set access = 'scheduled', opens_at = $2 where id = $1", post.id, ctx.now + timedelta(days=1)
        )
    for address in (
        f"/api/v1/posts/{post.id}",
        f"/api/v1/posts/by-slug/{post.slug}",
        "/api/v1/search?q=treasure",
        "/api/v1/posts",
    ):
        answer = await client.get(address)
        assert answer.status_code == 200 and "third column" not in answer.text
    locked = (await client.get(f"/api/v1/posts/{post.id}")).json()
    assert locked["is_locked"] and locked["body_html"].startswith("<p>Everybody may know")
    assert [offer["kind"] for offer in locked["offers"]] == ["wait"]
    assert secret in (await client.as_(ana).get(f"/api/v1/posts/{post.id}")).json()["body_html"]
