"""The status of an account as a machine: whatever is asked for in whatever order, it stays a sensible one (I8)."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.foundation.identity import actions
from stoa.foundation.identity.errors import WrongStatus
from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("suspend"), st.sampled_from([None, 1, 24])),
        st.tuples(st.just("ban"), st.none()),
        st.tuples(st.just("reinstate"), st.none()),
        st.tuples(st.just("wait"), st.sampled_from([1, 2, 48])),
        st.tuples(st.just("verify"), st.none()),
    ),
    max_size=12,
)


class Model:
    """What should be."""

    def __init__(self, now: Any) -> None:
        self.status, self.until, self.before, self.verified = (
            "pending_verification",
            None,
            "pending_verification",
            False,
        )
        self.now = now
        self.changes = 1

    def lines(self, status: str, until: Any = None) -> None:
        self.status, self.until = status, until
        self.changes += 1

    def back(self) -> str:
        return "active" if self.verified else self.before

    def step(self, what: str, hours: Any) -> bool:
        """Does it; False where it has to be refused."""
        match what:
            case "suspend":
                if self.status == "banned":
                    return False
                self.lines("suspended", self.now + timedelta(hours=hours) if hours else None)
            case "ban":
                if self.status == "banned":
                    return False
                self.lines("banned")
            case "reinstate":
                if self.status not in ("suspended", "banned"):
                    return False
                self.lines(self.back())
            case "wait":
                self.now += timedelta(hours=hours)
                if self.status == "suspended" and self.until and self.until <= self.now:
                    self.lines(self.back())
            case "verify":
                self.verified = True
                if self.status == "pending_verification":
                    self.lines("active")
        return True


async def do(ctx: Ctx, user_id: Any, what: str, hours: Any) -> None:
    match what:
        case "suspend":
            until = ctx.now + timedelta(hours=hours) if hours else None
            await actions.suspend(ctx, user_id, reason="For a while", until=until)
        case "ban":
            await actions.ban(ctx, user_id, reason="For good")
        case "reinstate":
            await actions.reinstate(ctx, user_id, reason="Is welcome")
        case "wait":
            await actions.end_suspensions(ctx)
        case "verify":
            await ctx.db.execute(
                """update users set is_verified = true, updated_at = $2,
                status = case status when 'pending_verification' then 'active' else status end where id = $1""",
                user_id,
                ctx.now,
            )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_every_way_through_the_statuses(app: Any, make: Any, steps: list[tuple[str, Any]]) -> None:
    async with app.database.connection() as db:
        transaction = db.transaction()
        await transaction.start()
        try:
            ctx = Ctx(db, None, utcnow(), "test", app)
            user = await actions.register(
                ctx, username="ana", email="ana@example.org", password="a stoa has columns", password_hash="x"
            )
            await db.execute("update users set status = 'pending_verification', is_verified = false")
            model = Model(ctx.now)
            model.changes = await db.fetchval("select count(*) from status_history")
            for what, hours in steps:
                refused = False
                if what == "wait":
                    ctx.now += timedelta(hours=hours)
                try:
                    async with db.transaction():
                        await do(ctx, user.id, what, hours)
                except WrongStatus:
                    refused = True
                assert refused is not model.step(what, hours), (what, model.status)
                row = await db.fetchrow("select status, status_until from users where id = $1", user.id)
                assert tuple(row) == (model.status, model.until)
                history = await db.fetch("select status, at from status_history order by at, id")
                assert len(history) == model.changes
                assert history[-1]["status"] == model.status
                assert [line["at"] for line in history] == sorted({line["at"] for line in history})
        finally:
            await transaction.rollback()
