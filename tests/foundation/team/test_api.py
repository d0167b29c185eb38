"""Teams over HTTP: inviting, answering, changing and ending, and who may do what."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from stoa.foundation.settings.actions import change_platform
from stoa.foundation.team.invariants import INVARIANTS
from stoa.foundation.team.types import ROLE_PERMISSIONS, Permission
from tests.foundation.team.plans import roomy

ROLES = ("owner", "manager", "editor", "translator", "analyst", "stranger", "former", "helper")


class Team:
    """Ana's site, with somebody of each kind on it."""

    def __init__(self, make: Any, client: Any) -> None:
        self.make, self.client = make, client
        self.people: dict[str, Any] = {}
        self.ids: dict[str, UUID] = {}
        self.site_id: Any = None

    @property
    def path(self) -> str:
        return f"/api/v1/sites/{self.site_id}/collaborators"

    def as_(self, who: str) -> Any:
        return self.client.as_(self.people[who])

    async def rows(self) -> list[Any]:
        """All that a refused request must leave as it is."""
        async with self.make.tx() as ctx:
            found = []
            for table in ("collaborators", "sites", "plan_usage", "audit_events", "mail_messages", "events", "works"):
                found += [tuple(r) for r in await ctx.db.fetch(f"select * from {table} t order by t::text")]
            return found

    async def facts(self) -> None:
        """Everything that always holds."""
        async with self.make.tx() as ctx:
            for name, sql in INVARIANTS.items():
                assert await ctx.db.fetch(sql) == [], name


@pytest.fixture
async def team(make: Any, client: Any, tx: Any) -> Team:
    made = Team(make, client)
    async with tx() as ctx:
        await change_platform(ctx, plans=roomy(20), team_invite_pause_s=0)
    for name in ROLES:
        made.people[name] = await make.user(name, roles=("moderator",) if name == "helper" else ())
    owner = made.people["owner"]
    made.site_id = await make.site(owner)
    for name in ("manager", "editor", "translator", "analyst"):
        made.ids[name] = await make.collaborator(owner, made.people[name], name)
    made.ids["former"] = await make.collaborator(owner, made.people["former"], "manager")
    answer = await made.as_("owner").delete(f"{made.path}/{made.ids['former']}")
    assert answer.status_code == 204, answer.text
    return made


async def invited(team: Team, email: str, **more: Any) -> Any:
    answer = await team.as_("owner").post(team.path, json={"email": email, "role": "editor", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


# ---- sites -----------------------------------------------------------------------------------------------------


async def test_whoever_becomes_a_creator_has_a_site_at_once(client: Any, make: Any, tx: Any) -> None:
    ana = await make.user("Ana.Maria_x", roles=("creator",))
    ben = await make.user("ben")
    assert (await client.as_(ben).get("/api/v1/sites")).json() == []
    found = (await client.as_(ana).get("/api/v1/sites")).json()
    assert [(s["slug"], s["title"], s["is_default"], s["role"]) for s in found] == [
        ("ana-maria-x", "Ana.Maria_x’s site", True, "owner")
    ]
    assert found[0]["permissions"] == [p.value for p in Permission]
    assert found[0]["owner"]["username"] == "Ana.Maria_x"
    async with tx(ben) as ctx:
        from stoa.foundation.identity.actions import become
        from stoa.foundation.identity.types import Role

        assert await become(ctx, Role.CREATOR)
        assert await ctx.db.fetchval("select count(*) from sites where owner_id = $1", ben.id) == 1
        assert not await become(ctx, Role.CREATOR)
    assert [s["slug"] for s in (await client.as_(ben).get("/api/v1/sites")).json()] == ["ben"]


async def test_an_address_that_is_taken_gets_an_end(make: Any, client: Any) -> None:
    first, second = await make.user("a.b.c", roles=("creator",)), await make.user("a-b-c", roles=("creator",))
    slugs = [(await client.as_(one).get("/api/v1/sites")).json()[0]["slug"] for one in (first, second)]
    assert slugs[0] == "a-b-c" and slugs[1].startswith("a-b-c-") and len(slugs[1]) == 12


# ---- from invitation to membership -----------------------------------------------------------------------------


async def test_invited_looked_at_and_accepted(team: Team, make: Any) -> None:
    ben = await make.user("ben")
    made = await invited(team, "Ben@Example.org", role="analyst", permissions=["read_drafts"])
    assert {k: made[k] for k in ("email", "role", "permissions", "state", "user", "is_active", "sends")} == {
        "email": "ben@example.org",
        "role": "analyst",
        "permissions": ["read_drafts"],
        "state": "invited",
        "user": None,
        "is_active": False,
        "sends": 1,
    }
    assert made["all_permissions"] == ["read_drafts", "see_analytics"] and made["invited_by"]["username"] == "owner"
    mine = (await client_of(team, ben).get("/api/v1/collaborator-invites")).json()
    assert [(i["id"], i["site_title"], i["role"]) for i in mine] == [(made["id"], "owner’s site", "analyst")]
    mail = (await make.mails("ben@example.org"))[0]
    assert mail.subject == "owner invites you to work on owner’s site"
    assert "read drafts, see readers and reactions" in mail.text and "as an analyst" in mail.text
    token = await make.invite_token("ben@example.org")
    seen = (await client_of(team, ben).get(f"/api/v1/collaborator-invites/{token}")).json()
    assert seen == mine[0] and "email" not in seen
    done = await client_of(team, ben).post(f"/api/v1/collaborator-invites/{token}/accept")
    assert (done.status_code, done.json()["state"]) == (200, "active")
    row = (await team.as_("owner").get(f"{team.path}/{made['id']}")).json()
    assert row["user"]["username"] == "ben" and row["is_active"] and row["accepted_at"]
    sites = (await client_of(team, ben).get("/api/v1/sites")).json()
    assert [(s["id"], s["role"], s["permissions"]) for s in sites] == [
        (str(team.site_id), "analyst", ["read_drafts", "see_analytics"])
    ]
    assert (await client_of(team, ben).get("/api/v1/collaborator-invites")).json() == []
    async with make.tx() as ctx:
        actions = await ctx.db.fetch(
            "select action, actor_name from audit_events where subject_id = $1 order by at, id", made["id"]
        )
        types = await ctx.db.fetch(
            "select type from events where payload->>'collaborator_id' = $1 order by id", made["id"]
        )
    assert [tuple(a) for a in actions] == [("team.invited", "owner"), ("team.joined", "ben")]
    assert [t[0] for t in types] == ["foundation.team.CollaboratorInvited", "foundation.team.CollaboratorJoined"]
    await team.facts()


def client_of(team: Team, user: Any) -> Any:
    return team.client.as_(user)


async def test_the_id_stands_for_the_token_for_whom_it_was_sent_to(team: Team, make: Any) -> None:
    ben, other = await make.user("ben"), await make.user("other")
    made = await invited(team, ben.email)
    path = f"/api/v1/collaborator-invites/{made['id']}"
    for who in (other, team.people["stranger"], team.people["owner"]):
        assert (await client_of(team, who).get(path)).status_code == 404
        assert (await client_of(team, who).post(f"{path}/accept")).status_code == 404
    assert (await client_of(team, ben).get(path)).status_code == 200
    assert (await client_of(team, ben).post(f"{path}/accept")).status_code == 200


async def test_an_invitation_for_another_address_is_refused_without_telling_it(team: Team, make: Any) -> None:
    secret = "somebody.else@example.org"
    await invited(team, secret)
    token = await make.invite_token(secret)
    before = await team.rows()
    path = f"/api/v1/collaborator-invites/{token}"
    for answer in (
        await team.as_("stranger").get(path),
        await team.as_("stranger").post(f"{path}/accept"),
        await team.as_("stranger").post(f"{path}/decline"),
        await team.as_("helper").post(f"{path}/accept"),
        await team.as_("editor").post(f"{path}/accept"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "invite_not_found")
        assert secret not in answer.text and "somebody" not in answer.text
    unknown = await team.as_("stranger").get(f"/api/v1/collaborator-invites/{'x' * 43}")
    assert unknown.json()["detail"] == answer.json()["detail"], "it does not show whether the token is one"
    assert await team.rows() == before


async def test_an_address_that_is_not_confirmed_takes_nothing(team: Team, make: Any) -> None:
    ben = await make.user("ben", verified=False)
    made = await invited(team, ben.email)
    token = await make.invite_token(ben.email)
    mine = client_of(team, ben)
    assert (await mine.get("/api/v1/collaborator-invites")).json() == []
    assert (await mine.get(f"/api/v1/collaborator-invites/{token}")).status_code == 200
    assert (await mine.get(f"/api/v1/collaborator-invites/{made['id']}")).status_code == 404
    before = await team.rows()
    answer = await mine.post(f"/api/v1/collaborator-invites/{token}/accept")
    assert (answer.status_code, answer.json()["code"]) == (403, "email_not_verified")
    assert await team.rows() == before
    async with make.tx() as ctx:
        await ctx.db.execute("update users set is_verified = true, status = 'active' where id = $1", ben.id)
    assert (await mine.post(f"/api/v1/collaborator-invites/{token}/accept")).status_code == 200


async def test_a_token_works_once(team: Team, make: Any) -> None:
    ben = await make.user("ben")
    made = await invited(team, ben.email)
    token = await make.invite_token(ben.email)
    mine, path = client_of(team, ben), f"/api/v1/collaborator-invites/{token}"
    assert (await mine.post(f"{path}/accept")).status_code == 200
    before = await team.rows()
    for verb in ("accept", "decline"):
        again = await mine.post(f"{path}/{verb}")
        assert (again.status_code, again.json()["code"]) == (409, "invite_over")
    assert await team.rows() == before
    assert (await team.as_("owner").delete(f"{team.path}/{made['id']}")).status_code == 204
    for verb in ("accept", "decline"):
        assert (await mine.post(f"{path}/{verb}")).status_code == 409, "who was removed does not come back by it"
    assert (await mine.get("/api/v1/sites")).json() == []


async def test_declined(team: Team, make: Any) -> None:
    ben = await make.user("ben")
    made = await invited(team, ben.email)
    token = await make.invite_token(ben.email)
    answer = await client_of(team, ben).post(f"/api/v1/collaborator-invites/{token}/decline")
    assert (answer.status_code, answer.json()["state"]) == (200, "declined")
    assert (await client_of(team, ben).post(f"/api/v1/collaborator-invites/{token}/accept")).status_code == 409
    shown = (await team.as_("owner").get(team.path, params={"state": "declined"})).json()["items"]
    assert [c["id"] for c in shown] == [made["id"]]
    assert made["id"] not in [c["id"] for c in (await team.as_("owner").get(team.path)).json()["items"]]
    again = await invited(team, ben.email)
    assert again["id"] != made["id"]
    await team.facts()


async def test_sending_again_kills_the_old_token(team: Team, make: Any, tx: Any) -> None:
    ben = await make.user("ben")
    made = await invited(team, ben.email)
    old = await make.invite_token(ben.email)
    sent = await team.as_("owner").post(f"{team.path}/{made['id']}/resend-invite")
    assert (sent.status_code, sent.json()["sends"]) == (200, 2)
    new = await make.invite_token(ben.email)
    assert new != old and len(await make.mails(ben.email)) == 2
    mine = client_of(team, ben)
    assert (await mine.post(f"/api/v1/collaborator-invites/{old}/accept")).status_code == 404
    async with tx() as ctx:
        await change_platform(ctx, team_invite_pause_s=60)
    soon = await team.as_("owner").post(f"{team.path}/{made['id']}/resend-invite")
    assert soon.status_code == 429 and 0 < int(soon.headers["retry-after"]) <= 60
    async with tx() as ctx:
        await change_platform(ctx, team_invite_pause_s=0, team_invite_sends=2)
    often = await team.as_("owner").post(f"{team.path}/{made['id']}/resend-invite")
    assert (often.status_code, often.json()["code"]) == (409, "sent_too_often")
    assert (await mine.post(f"/api/v1/collaborator-invites/{new}/accept")).status_code == 200
    late = await team.as_("owner").post(f"{team.path}/{made['id']}/resend-invite")
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")


@pytest.mark.parametrize("by_job", [True, False])
async def test_an_invitation_expires(team: Team, make: Any, tx: Any, by_job: bool) -> None:
    from stoa.foundation.team import actions

    ben = await make.user("ben")
    made = await invited(team, ben.email)
    token = await make.invite_token(ben.email)
    async with tx() as ctx:
        await ctx.db.execute("update collaborators set expires_at = $2 where id = $1", made["id"], ctx.now)
        if by_job:
            assert (await actions.expire(ctx), await actions.expire(ctx)) == (1, 0)
    mine = client_of(team, ben)
    assert (await mine.get("/api/v1/collaborator-invites")).json() == []
    assert (await mine.get(f"/api/v1/collaborator-invites/{token}")).json()["state"] == "expired"
    before = await team.rows()
    for verb in ("accept", "decline"):
        answer = await mine.post(f"/api/v1/collaborator-invites/{token}/{verb}")
        assert (answer.status_code, answer.json()["code"]) == (409, "invite_over")
    assert await team.rows() == before
    shown = (await team.as_("owner").get(f"{team.path}/{made['id']}")).json()
    assert shown["state"] == "expired" and not shown["is_active"]
    again = await team.as_("owner").post(f"{team.path}/{made['id']}/resend-invite")
    assert (again.status_code, again.json()["state"]) == (200, "invited")
    await team.facts()
    token = await make.invite_token(ben.email)
    assert (await mine.post(f"/api/v1/collaborator-invites/{token}/accept")).status_code == 200
    await team.facts()


async def test_an_expired_one_does_not_stand_in_the_way(team: Team, make: Any, tx: Any) -> None:
    made = await invited(team, "ben@example.org")
    async with tx() as ctx:
        await ctx.db.execute("update collaborators set expires_at = $2 where id = $1", made["id"], ctx.now)
    again = await invited(team, "ben@example.org")
    old = await team.as_("owner").post(f"{team.path}/{made['id']}/resend-invite")
    assert (old.status_code, old.json()["code"]) == (409, "already_invited")
    assert again["state"] == "invited"
    await team.facts()


async def test_whoever_is_in_is_not_invited(team: Team, make: Any) -> None:
    await invited(team, "ben@example.org")
    before = await team.rows()
    for email, code in (
        ("owner@example.org", "already_on_team"),
        ("OWNER@example.org", "already_on_team"),
        ("editor@example.org", "already_on_team"),
        ("ben@example.org", "already_invited"),
        ("Ben@example.ORG", "already_invited"),
    ):
        for who in ("owner", "manager"):
            answer = await team.as_(who).post(team.path, json={"email": email, "role": "editor"})
            assert (answer.status_code, answer.json()["code"]) == (409, code), (who, email)
    assert await team.rows() == before


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email", "role"}),
        ({"email": "no address", "role": "owner"}, {"email", "role"}),
        ({"email": f"{'a' * 10_000}@example.org", "role": "editor"}, {"email"}),
        ({"email": "a@b\u0000.org", "role": "editor"}, {"email"}),
        ({"email": "a@example.org", "role": "editor", "permissions": ["see_money"]}, {"permissions"}),
        ({"email": "a@example.org", "role": "editor", "permissions": ["everything"]}, {"permissions"}),
        ({"email": "a@example.org", "role": "editor", "permissions": "publish"}, {"permissions"}),
    ],
)
async def test_what_cannot_be_an_invitation(team: Team, body: dict[str, Any], fields: set[str]) -> None:
    before = await team.rows()
    answer = await team.as_("owner").post(team.path, json=body)
    assert answer.status_code == 422 and set(answer.json()["fields"]) == fields
    assert await team.rows() == before


# ---- limits ----------------------------------------------------------------------------------------------------


async def test_a_plan_has_so_many_places(team: Team, make: Any, tx: Any) -> None:
    """B4: four work here; there is room for five."""
    async with tx() as ctx:
        await change_platform(ctx, plans=roomy(5))
    fifth = await invited(team, "five@example.org")
    before = await team.rows()
    answer = await team.as_("manager").post(team.path, json={"email": "six@example.org", "role": "editor"})
    assert answer.status_code == 402
    told = {k: answer.json()[k] for k in ("code", "limit", "used", "wanted", "meter", "plan")}
    assert told == {
        "code": "plan_limit",
        "limit": 5,
        "used": 5,
        "wanted": 1,
        "meter": "collaborators",
        "plan": "free",
    }
    assert await team.rows() == before
    assert (await team.as_("owner").delete(f"{team.path}/{fifth['id']}")).status_code == 204
    await invited(team, "six@example.org")
    editor = f"{team.path}/{team.ids['editor']}"
    paused = await team.as_("owner").patch(editor, json={"is_active": False, "reason": " On  leave "})
    assert (paused.json()["state"], paused.json()["deactivated_reason"]) == ("deactivated", "On leave")
    seventh = await invited(team, "seven@example.org")
    full = await team.as_("owner").patch(editor, json={"is_active": True})
    assert full.status_code == 402
    assert (await team.as_("owner").delete(f"{team.path}/{seventh['id']}")).status_code == 204
    assert (await team.as_("owner").patch(editor, json={"is_active": True})).json()["state"] == "active"
    await team.facts()


async def test_many_invitations_at_once_fill_the_places_exactly(team: Team, live: Any, tx: Any) -> None:
    async with tx() as ctx:
        await change_platform(ctx, plans=roomy(7))
    answers = await asyncio.gather(
        *(
            team.as_(("owner", "manager")[n % 2]).post(team.path, json={"email": f"n{n}@example.org", "role": "editor"})
            for n in range(8)
        )
    )
    assert sorted(a.status_code for a in answers) == [201] * 3 + [402] * 5
    await team.facts()


async def test_one_address_invited_many_times_at_once(team: Team, live: Any, make: Any) -> None:
    answers = await asyncio.gather(
        *(team.as_("owner").post(team.path, json={"email": "ben@example.org", "role": "editor"}) for _ in range(5))
    )
    assert sorted(a.status_code for a in answers) == [201] + [409] * 4
    assert len(await make.mails("ben@example.org")) == 1
    await team.facts()


async def test_a_site_invites_only_so_many_in_a_day(team: Team, tx: Any) -> None:
    async with tx() as ctx:
        await change_platform(ctx, team_invites_per_day=6)  # five were invited when the team was made
    last = await invited(team, "last@example.org")
    await team.as_("owner").delete(f"{team.path}/{last['id']}")
    answer = await team.as_("owner").post(team.path, json={"email": "more@example.org", "role": "editor"})
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) == 86400


async def test_two_accepts_at_once(team: Team, live: Any, make: Any) -> None:
    ben = await make.user("ben")
    made = await invited(team, ben.email)
    token = await make.invite_token(ben.email)
    answers = await asyncio.gather(
        *(
            client_of(team, ben).post(f"/api/v1/collaborator-invites/{handle}/{verb}")
            for handle, verb in ((token, "accept"), (made["id"], "accept"), (token, "accept"), (token, "decline"))
        )
    )
    assert sorted(a.status_code for a in answers) == [200, 409, 409, 409]
    await team.facts()


async def test_two_addresses_of_one_person(team: Team, make: Any, tx: Any) -> None:
    """Somebody who changes their address does not come in twice."""
    ben = await make.user("ben")
    await invited(team, "second@example.org")
    await make.collaborator(team.people["owner"], ben)
    token = await make.invite_token("second@example.org")
    async with tx() as ctx:
        await ctx.db.execute("update users set email = 'second@example.org' where id = $1", ben.id)
    answer = await client_of(team, ben).post(f"/api/v1/collaborator-invites/{token}/accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "invite_over")
    async with tx() as ctx:
        await ctx.db.execute("update users set email = 'b@example.org' where id = $1", ben.id)
        await ctx.db.execute("update users set email = 'second@example.org' where id = $1", team.people["owner"].id)
    own = await team.as_("owner").post(f"/api/v1/collaborator-invites/{token}/accept")
    assert (own.status_code, own.json()["code"]) == (409, "already_on_team")
    await team.facts()


# ---- who may do what -------------------------------------------------------------------------------------------

# Each route of a team: who gets through, with what it answers to them; everybody else gets 403 on a site they know of,
# and 404 where they have no business.
IN = ("owner", "manager", "editor", "translator", "analyst", "helper")
MAY: dict[str, tuple[str, ...]] = {
    "list": IN,
    "read": IN,
    "invite editor": ("owner", "manager"),
    "invite manager": ("owner",),
    "invite with extra": ("owner", "manager"),
    "invite to manage": ("owner",),
    "change editor": ("owner", "manager"),
    "raise editor": ("owner",),
    "change manager": ("owner",),
    "deactivate editor": ("owner", "manager"),
    "deactivate manager": ("owner",),
    "remove editor": ("owner", "manager", "editor"),
    "remove manager": ("owner", "manager"),
    "resend": ("owner", "manager"),
    "withdraw": ("owner", "manager"),
    "read draft": ("owner", "manager", "editor", "translator", "helper"),
    "edit draft": ("owner", "manager", "editor"),
    "publish": ("owner", "manager", "editor"),
    "unpublish": ("owner", "manager", "editor"),
    "delete post": ("owner",),
}


async def act(team: Team, who: str, what: str, things: dict[str, Any]) -> Any:
    client, editor, manager = team.as_(who), team.ids["editor"], team.ids["manager"]
    invite, draft, post = things["invite"], things["draft"], things["post"]
    new = {"email": "new@example.org", "role": "editor"}
    match what:
        case "list":
            return await client.get(team.path)
        case "read":
            return await client.get(f"{team.path}/{editor}")
        case "invite editor":
            return await client.post(team.path, json=new)
        case "invite manager":
            return await client.post(team.path, json=new | {"role": "manager"})
        case "invite with extra":
            return await client.post(team.path, json=new | {"permissions": ["translate"]})
        case "invite to manage":
            return await client.post(team.path, json=new | {"permissions": ["manage_team"]})
        case "change editor":
            return await client.patch(f"{team.path}/{editor}", json={"role": "translator"})
        case "raise editor":
            return await client.patch(f"{team.path}/{editor}", json={"role": "manager"})
        case "change manager":
            return await client.patch(f"{team.path}/{manager}", json={"role": "editor"})
        case "deactivate editor":
            return await client.patch(f"{team.path}/{editor}", json={"is_active": False})
        case "deactivate manager":
            return await client.patch(f"{team.path}/{manager}", json={"is_active": False})
        case "remove editor":
            return await client.delete(f"{team.path}/{editor}")
        case "remove manager":
            return await client.delete(f"{team.path}/{manager}")
        case "resend":
            return await client.post(f"{team.path}/{invite}/resend-invite")
        case "withdraw":
            return await client.delete(f"{team.path}/{invite}")
        case "read draft":
            return await client.get(f"/api/v1/posts/{draft.id}")
        case "edit draft":
            return await client.patch(
                f"/api/v1/posts/{draft.id}", json={"revision": draft.revision, "title": "Another title"}
            )
        case "publish":
            return await client.post(f"/api/v1/posts/{draft.id}/publish", json={})
        case "unpublish":
            return await client.post(f"/api/v1/posts/{post.id}/unpublish")
        case "delete post":
            return await client.delete(f"/api/v1/posts/{post.id}")
    raise AssertionError(what)


@pytest.mark.parametrize("what", MAY)
@pytest.mark.parametrize("who", ROLES)
async def test_the_matrix(team: Team, make: Any, who: str, what: str) -> None:
    owner = team.people["owner"]
    invite, _ = await make.invite(owner, "waiting@example.org")
    things = {"invite": invite, "draft": await make.post(owner, published=False), "post": await make.post(owner)}
    before = await team.rows()
    answer = await act(team, who, what, things)
    if who in MAY[what]:
        assert answer.status_code in (200, 201, 204), answer.text
        await team.facts()
        return
    published = what in ("unpublish", "delete post")  # which everybody may know of
    hidden = {"resend", "withdraw"} if who in ("editor", "translator", "analyst") else set()
    drafts = {"read draft", "edit draft", "publish"} if who == "analyst" else set()
    expected = 404 if (who in ("stranger", "former") and not published) or what in hidden | drafts else 403
    assert answer.status_code == expected, answer.text
    assert await team.rows() == before, "what is refused changes nothing"


def test_the_matrix_covers_each_role() -> None:
    assert set(ROLE_PERMISSIONS) <= set(ROLES)
    assert all(Permission.SEE_MONEY not in held for held in ROLE_PERMISSIONS.values()), "the money is the owner's"


async def test_what_was_given_besides_holds_and_is_bounded_by_the_giver(team: Team, make: Any) -> None:
    """An editor who was given the management of the team gives no more than an editor has."""
    path = f"{team.path}/{team.ids['editor']}"
    given = await team.as_("owner").patch(path, json={"permissions": ["manage_team", "publish"]})
    assert given.json()["permissions"] == ["manage_team"], "what the role gives is not kept beside it"
    assert given.json()["all_permissions"] == ["read_drafts", "edit_content", "publish", "manage_team"]
    editor = team.as_("editor")
    for body, status in (
        ({"role": "editor"}, 201),
        ({"role": "editor", "permissions": ["publish"]}, 201),
        ({"role": "analyst"}, 403),
        ({"role": "editor", "permissions": ["see_analytics"]}, 403),
        ({"role": "editor", "permissions": ["manage_team"]}, 403),
        ({"role": "manager"}, 403),
    ):
        answer = await editor.post(team.path, json={"email": f"{uuid4().hex[:8]}@example.org", **body})
        assert answer.status_code == status, answer.text
    for target in ("editor", "manager"):
        raised = await editor.patch(f"{team.path}/{team.ids[target]}", json={"permissions": ["see_analytics"]})
        assert raised.status_code == 403, "neither themselves nor another manager"
    analyst = f"{team.path}/{team.ids['analyst']}"
    assert (await editor.patch(analyst, json={"role": "editor"})).status_code == 200
    assert (await editor.patch(analyst, json={"role": "analyst"})).status_code == 403
    assert (await editor.patch(analyst, json={"is_active": False})).status_code == 200
    assert (await editor.patch(analyst, json={"is_active": True})).status_code == 200
    lowered = await team.as_("owner").patch(path, json={"permissions": []})
    assert lowered.json()["all_permissions"] == ["read_drafts", "edit_content", "publish"]
    assert (await editor.get(f"{team.path}/{team.ids['manager']}")).json()["email"] is None
    assert (await editor.patch(analyst, json={"is_active": False})).status_code == 403


async def test_colleagues_see_no_addresses_and_no_invitations(team: Team, make: Any) -> None:
    invite, _ = await make.invite(team.people["owner"], "waiting@example.org")
    seen = (await team.as_("analyst").get(team.path)).json()["items"]
    assert {c["user"]["username"] for c in seen} == {"manager", "editor", "translator", "analyst"}
    assert [c["email"] for c in seen if c["email"]] == ["analyst@example.org"], "only one's own"
    assert not any(c["can_change"] for c in seen)
    assert [c["user"]["username"] for c in seen if c["can_remove"]] == ["analyst"]
    assert (await team.as_("analyst").get(team.path, params={"state": "invited"})).json()["items"] == []
    assert (await team.as_("analyst").get(f"{team.path}/{invite}")).status_code == 404
    full = (await team.as_("manager").get(team.path)).json()["items"]
    assert {c["email"] for c in full} >= {"waiting@example.org", "editor@example.org"}
    assert {c["user"]["username"] for c in full if c["can_change"] and c["user"]} == {"editor", "translator", "analyst"}


async def test_pages_of_a_team(team: Team) -> None:
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(10):
        given = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        answer = (await team.as_("owner").get(team.path, params=given)).json()
        seen += [c["id"] for c in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 4
    assert (await team.as_("owner").get(team.path, params={"cursor": "x"})).status_code == 422


async def test_another_sites_collaborator_is_not_there(team: Team, make: Any) -> None:
    """IDOR: the owner of one site with the id of another's collaborator, under either site's address."""
    eve = await make.user("eve")
    own = await make.site(eve)
    client = client_of(team, eve)
    before = await team.rows()
    for site_id in (own, team.site_id, uuid4()):
        path = f"/api/v1/sites/{site_id}/collaborators/{team.ids['editor']}"
        assert (await client.get(path)).status_code == 404
        assert (await client.patch(path, json={"role": "analyst"})).status_code == 404
        assert (await client.delete(path)).status_code == 404
        assert (await client.post(f"{path}/resend-invite")).status_code == 404
    assert (await team.as_("owner").get(f"/api/v1/sites/{own}/collaborators/{team.ids['editor']}")).status_code == 404
    assert (await client.get(team.path)).status_code == 404
    assert await team.rows() == before


# ---- the end ---------------------------------------------------------------------------------------------------


async def test_removing_and_deactivating_hold_at_once(team: Team, make: Any) -> None:
    post = await make.post(team.people["owner"], published=False)
    editor, path = team.as_("editor"), f"{team.path}/{team.ids['editor']}"
    assert (await editor.get(f"/api/v1/posts/{post.id}")).status_code == 200
    assert (await team.as_("manager").patch(path, json={"is_active": False})).status_code == 200
    for answer in (
        await editor.get(f"/api/v1/posts/{post.id}"),
        await editor.get(team.path),
        await editor.delete(path),
    ):
        assert answer.status_code == 404
    assert (await team.as_("manager").patch(path, json={"is_active": True})).status_code == 200
    assert (await editor.get(f"/api/v1/posts/{post.id}")).status_code == 200
    assert (await team.as_("manager").delete(path)).status_code == 204
    assert (await editor.get(f"/api/v1/posts/{post.id}")).status_code == 404
    gone = await team.as_("owner").patch(path, json={"is_active": True})
    assert (gone.status_code, gone.json()["code"]) == (409, "wrong_state")
    assert (await team.as_("owner").delete(path)).status_code == 409
    await team.facts()


async def test_leaving(team: Team) -> None:
    path = f"{team.path}/{team.ids['manager']}"
    assert (await team.as_("manager").delete(path)).status_code == 204
    assert (await team.as_("manager").get("/api/v1/sites")).json() == []
    row = (await team.as_("owner").get(path)).json()
    assert (row["state"], row["deactivated_reason"]) == ("revoked", "left")
    await team.facts()


async def test_a_block_ends_the_work_together(team: Team, make: Any) -> None:
    """P4."""
    owner, ben = team.people["owner"], await make.user("ben")
    await make.invite(owner, ben.email)
    answer = await team.as_("editor").put(f"/api/v1/me/blocked/{owner.id}")
    assert answer.status_code < 300, answer.text
    assert (await team.as_("editor").get("/api/v1/sites")).json() == []
    assert (await client_of(team, ben).put(f"/api/v1/me/blocked/{owner.id}")).status_code < 300
    assert (await client_of(team, ben).get("/api/v1/collaborator-invites")).json() == []
    count = len(await make.mails(ben.email))
    await invited(team, ben.email)
    assert len(await make.mails(ben.email)) == count, "no mail reaches somebody who does not want it"
    assert (await client_of(team, ben).get("/api/v1/collaborator-invites")).json() == []
    await team.facts()


async def test_a_site_whose_owner_may_not_come_in_is_closed(team: Team, tx: Any) -> None:
    async with tx() as ctx:
        await ctx.db.execute("update users set status = 'banned' where id = $1", team.people["owner"].id)
    assert (await team.as_("manager").get(team.path)).status_code == 404
    assert (await team.as_("editor").get("/api/v1/sites")).json() == []
    assert (await team.as_("helper").get(team.path)).status_code == 200


async def test_the_database_keeps_the_owner_and_the_order_of_things(team: Team, tx: Any) -> None:
    import asyncpg

    for sql, given in (
        ("update collaborators set user_id = $1 where id = $2", ("owner", "editor")),
        ("update collaborators set user_id = $1 where id = $2", ("stranger", "editor")),
    ):
        with pytest.raises(asyncpg.PostgresError, match=r"stays with its person|own site"):
            async with tx() as ctx:
                await ctx.db.execute(sql, team.people[given[0]].id, team.ids[given[1]])
    with pytest.raises(asyncpg.PostgresError, match="does not go from revoked to active"):
        async with tx() as ctx:
            await ctx.db.execute(
                "update collaborators set state = 'active', deactivated_at = null where id = $1", team.ids["former"]
            )
