"""Whatever is done to a team in whatever order, it does what a model of it in a list does; nobody raises themselves."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from stoa.foundation.settings.actions import change_platform
from stoa.foundation.team import actions
from stoa.foundation.team.invariants import INVARIANTS
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.types import ALL, ROLE_PERMISSIONS, TRANSITIONS, CollaboratorState, TeamRole
from stoa.kit.errors import NotFound, StoaError
from tests.foundation.team.plans import roomy

PEOPLE = ("ben", "cleo", "dora")
PLACES, SENDS, DAYS = 2, 3, 14
ROLES = st.sampled_from([TeamRole.EDITOR, TeamRole.MANAGER])
ACTOR = st.sampled_from(["owner", "owner", *PEOPLE])
PERSON = st.sampled_from(PEOPLE)
NTH = st.integers(0, 5)
STEP = st.one_of(
    st.tuples(st.just("invite"), ACTOR, PERSON, ROLES),
    st.tuples(st.just("invite"), ACTOR, PERSON, ROLES),
    st.tuples(st.just("accept"), PERSON, NTH),
    st.tuples(st.just("accept"), PERSON, NTH),
    st.tuples(st.just("decline"), PERSON, NTH),
    st.tuples(st.just("resend"), ACTOR, NTH),
    st.tuples(st.just("change"), ACTOR, NTH, ROLES),
    st.tuples(st.just("deactivate"), ACTOR, NTH),
    st.tuples(st.just("reactivate"), ACTOR, NTH),
    st.tuples(st.just("remove"), ACTOR, NTH),
    st.tuples(st.just("wait"), st.sampled_from([1, 8, 15])),
    st.tuples(st.just("expire")),
)
LIVE = {"invited", "active", "deactivated"}
OVER = {"declined", "revoked"}


@dataclasses.dataclass
class Place:
    """A membership or invitation, as the model knows it."""

    person: str
    role: TeamRole
    state: str
    days_left: int = DAYS
    sends: int = 1
    id: Any = None


class Model:
    """A team as a list."""

    def __init__(self) -> None:
        self.places: list[Place] = []

    def settle(self) -> None:
        for place in self.places:
            if place.state == "invited" and place.days_left <= 0:
                place.state = "expired"

    def has_room(self) -> bool:
        return sum(place.state in ("invited", "active") for place in self.places) < PLACES

    def is_held(self, person: str, but: Place | None = None) -> bool:
        return any(p.person == person and p.state in LIVE and p is not but for p in self.places)

    def role_of(self, who: str) -> str | None:
        if who == "owner":
            return "owner"
        return next((p.role for p in self.places if p.person == who and p.state == "active"), None)

    def may_change(self, who: str, place: Place) -> bool:
        role = self.role_of(who)
        return role == "owner" or (role == TeamRole.MANAGER and place.role != TeamRole.MANAGER)

    def may_give(self, who: str, role: TeamRole) -> bool:
        mine = self.role_of(who)
        return mine == "owner" or (mine == TeamRole.MANAGER and role != TeamRole.MANAGER)

    def allows(self, step: tuple[Any, ...], place: Place | None) -> bool:
        match step:
            case ("invite", who, person, role):
                return self.may_give(who, role) and not self.is_held(person) and self.has_room()
            case ("accept" | "decline", who, _):
                return place is not None and place.person == who and place.state == "invited"
        assert place is not None
        if place.state in OVER:
            return False
        match step:
            case ("resend", who, _):
                may = self.may_change(who, place) and place.state in ("invited", "expired") and place.sends < SENDS
                comes_back = not self.is_held(place.person, place) and self.has_room()
                return may and (place.state == "invited" or comes_back)
            case ("change", who, _, role):
                return self.may_change(who, place) and (role == place.role or self.may_give(who, role))
            case ("deactivate", who, _):
                return self.may_change(who, place)
            case ("reactivate", who, _):
                back = place.state == "active" or (place.state == "deactivated" and self.has_room())
                return self.may_change(who, place) and back
            case ("remove", who, _):
                leaves = place.person == who and place.state == "active"
                return leaves or self.may_change(who, place)
        raise AssertionError(step)

    def do(self, step: tuple[Any, ...], place: Place) -> None:
        match step[0]:
            case "accept":
                place.state = "active"
            case "decline":
                place.state = "declined"
            case "resend":
                place.state, place.days_left, place.sends = "invited", DAYS, place.sends + 1
            case "change":
                place.role = step[3]
            case "deactivate" if place.state == "active":
                place.state = "deactivated"
            case "reactivate":
                place.state = "active"
            case "remove":
                place.state = "revoked"


async def act(ctx: Any, people: dict[str, Any], site_id: Any, step: tuple[Any, ...], place: Place | None) -> Any:
    """The same on the real thing."""
    ctx.actor = people[step[1]].actor
    match step:
        case ("invite", _, person, role):
            return (await actions.invite(ctx, site_id, email=people[person].email, role=role)).id
        case ("accept", *_):
            return await actions.accept(ctx, str(place.id))
        case ("decline", *_):
            return await actions.decline(ctx, str(place.id))
        case ("resend", *_):
            return await actions.resend(ctx, place.id)
        case ("change", _, _, role):
            return await actions.change(ctx, place.id, role=role)
        case ("deactivate", *_):
            return await actions.change(ctx, place.id, is_active=False)
        case ("reactivate", *_):
            return await actions.change(ctx, place.id, is_active=True)
        case ("remove", *_):
            return await actions.remove(ctx, place.id)
    raise AssertionError(step)


@pytest.fixture
async def people(make: Any, tx: Any) -> dict[str, Any]:
    async with tx() as ctx:
        await change_platform(
            ctx, plans=roomy(PLACES), team_invite_pause_s=0, team_invite_sends=SENDS, team_invites_per_day=1000
        )
    made = {name: await make.user(name) for name in PEOPLE}
    made["owner"] = await make.user("ownerin")
    return made


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=12, max_size=30))
async def test_a_team_does_what_its_model_does(
    ctx: Any, make: Any, people: dict[str, Any], steps: list[tuple[Any, ...]]
) -> None:
    site_id = await make.site(people["owner"])
    begun = ctx.now
    savepoint = ctx.db.transaction()
    await savepoint.start()
    try:
        model = Model()
        for step in steps:
            await take(ctx, people, site_id, model, step)
            await assert_same(ctx, people, site_id, model)
    finally:
        await savepoint.rollback()
        ctx.now = begun


async def take(ctx: Any, people: dict[str, Any], site_id: Any, model: Model, step: tuple[Any, ...]) -> None:
    if step[0] == "wait":
        ctx.now += timedelta(days=step[1])
        for place in model.places:
            place.days_left -= step[1]
        model.settle()
        return
    if step[0] == "expire":
        await actions.expire(ctx)
        return
    place = None
    if step[0] != "invite":
        if not model.places:
            return
        place = model.places[step[2] % len(model.places)]
    allowed = model.allows(step, place)
    try:
        async with ctx.db.transaction():
            done = await act(ctx, people, site_id, step, place)
    except StoaError as error:
        assert error.status in (402, 403, 404, 409), error
        assert not allowed, f"{step} was refused: {error}"
        event(f"{step[0]} refused")
        return
    assert allowed, f"{step} was let pass"
    event(f"{step[0]} done")
    if place is None:
        model.places.append(Place(step[2], step[3], "invited", id=done))
    else:
        model.do(step, place)


async def assert_same(ctx: Any, people: dict[str, Any], site_id: Any, model: Model) -> None:
    rows = await ctx.db.fetch(
        """
        select id, role, case when state = 'invited' and expires_at <= $2 then 'expired' else state end
        from collaborators where site_id = $1 order by id
        """,
        site_id,
        ctx.now,
    )
    assert [tuple(row) for row in rows] == sorted((p.id, p.role, p.state) for p in model.places)
    for name, sql in INVARIANTS.items():
        assert await ctx.db.fetch(sql) == [], name
    for who, user in people.items():
        ctx.actor = user.actor
        role = model.role_of(who)
        try:
            held = (await access_site(ctx, site_id)).permissions
        except NotFound:
            assert role is None
        else:
            assert role is not None and held == (ALL if role == "owner" else ROLE_PERMISSIONS[TeamRole(role)])


def test_the_table_of_transitions_is_the_databases(postgres: Any) -> None:
    """What types.py says leads somewhere, and what is over stays over."""
    reachable = {state for ways in TRANSITIONS.values() for state in ways.values()}
    assert reachable == set(CollaboratorState)
    assert all(not TRANSITIONS[state] for state in (CollaboratorState.DECLINED, CollaboratorState.REVOKED))


async def test_the_database_knows_the_same_transitions(ctx: Any, make: Any) -> None:
    owner, ben = await make.user("ownerin"), await make.user("ben")
    site_id = await make.site(owner)
    wanted = {(a.value, b.value) for a, ways in TRANSITIONS.items() for b in ways.values() if a != b}
    found = set()
    for before in CollaboratorState:
        for after in CollaboratorState:
            if before is after:
                continue
            savepoint = ctx.db.transaction()
            await savepoint.start()
            try:
                await put(ctx, site_id, owner, ben, before)
                holds = after in ("active", "deactivated")
                try:
                    async with ctx.db.transaction():
                        await ctx.db.execute(
                            """
                            update collaborators set state = $1, user_id = coalesce(user_id, $2),
                              accepted_at = coalesce(
                                accepted_at, case when $2::uuid is not null then $3::timestamptz end),
                              deactivated_at = case when $1 in ('invited', 'active') then null else $3::timestamptz end
                            """,
                            after.value,
                            ben.id if holds else None,
                            ctx.now,
                        )
                    found.add((before.value, after.value))
                except Exception as error:
                    assert "does not go from" in str(error) or "violates check" in str(error), error
            finally:
                await savepoint.rollback()
    assert found == wanted


async def put(ctx: Any, site_id: Any, owner: Any, ben: Any, state: CollaboratorState) -> None:
    holds = state in ("active", "deactivated")
    await ctx.db.execute(
        """
        insert into collaborators (id, site_id, user_id, email, role, state, token_hash, invited_by, invited_at,
          sent_at, expires_at, accepted_at, deactivated_at)
        values (gen_random_uuid(), $1, $2, 'ben@example.org', 'editor', $3, '\\x00', $4, $5, $5, $5, $6, $7)
        """,
        site_id,
        ben.id if holds else None,
        state.value,
        owner.id,
        ctx.now,
        ctx.now if holds else None,
        None if state in ("invited", "active") else ctx.now,
    )
