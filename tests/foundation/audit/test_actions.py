"""What was done is written down in the transaction that does it, and stays."""

from typing import Any

import asyncpg
import pytest

from stoa.foundation.audit import actions, queries
from stoa.foundation.audit.types import Difference, Filter, differences, label
from stoa.kit.clock import utcnow


async def rows(app: Any) -> list[Any]:
    async with app.database.connection() as db:
        return list(await db.fetch("select * from audit_events where action like 'test.%' order by at, id"))


async def test_an_event_says_who_what_and_from_where(app: Any, make: Any, tx: Any) -> None:
    ana = await make.user("ana")
    async with tx(ana) as ctx:
        ctx.address, ctx.user_agent = "203.0.113.9", "a browser"
        await actions.record(
            ctx, "test.renamed", subject="thing", subject_id=7, before={"name": "a"}, after={"name": "b"}
        )
    (row,) = await rows(app)
    assert (row["actor_id"], row["actor_name"], row["session_id"]) == (ana.id, "ana", ana.actor.session_id)
    assert (row["action"], row["subject"], row["subject_id"]) == ("test.renamed", "thing", "7")
    assert (row["before"], row["after"]) == ({"name": "a"}, {"name": "b"})
    assert (row["address"], row["user_agent"], row["trace_id"]) == ("203.0.113.9", "a browser", "test")


async def test_who_is_not_signed_in_yet_is_named_by_id(app: Any, make: Any, tx: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    async with tx() as ctx:
        await actions.record(ctx, "test.one", subject="user", subject_id=ana.id, actor_id=ana.id)
        await actions.record(ctx, "test.two", subject="user", subject_id=ana.id)
    async with tx(bea) as ctx:
        await actions.record(ctx, "test.three", subject="user", subject_id=ana.id, actor_id=ana.id)
    found = {row["action"]: (row["actor_id"], row["actor_name"], row["session_id"]) for row in await rows(app)}
    assert found == {
        "test.one": (ana.id, "ana", None),
        "test.two": (None, None, None),
        "test.three": (ana.id, "ana", None),
    }


async def test_what_is_rolled_back_was_never_done(app: Any, tx: Any) -> None:
    with pytest.raises(RuntimeError):
        async with tx() as ctx:
            await actions.record(ctx, "test.lost", subject="thing", subject_id="1")
            await actions.record_beside(ctx, "test.kept", subject="thing", subject_id="1")
            raise RuntimeError
    assert [row["action"] for row in await rows(app)] == ["test.kept"]


@pytest.mark.parametrize(
    "statement",
    ["update audit_events set action = 'test.other'", "delete from audit_events", "truncate audit_events"],
)
async def test_the_database_refuses_to_change_it(app: Any, tx: Any, statement: str) -> None:
    async with tx() as ctx:
        await actions.record(ctx, "test.done", subject="thing", subject_id="1")
    async with app.database.connection() as db:
        with pytest.raises(asyncpg.PostgresError, match="what happened stays written") as refused:
            await db.execute(statement)
    assert refused.value.sqlstate == "AU001"
    assert [row["action"] for row in await rows(app)] == ["test.done"]


async def test_secrets_never_get_in(app: Any, tx: Any) -> None:
    async with tx() as ctx:
        await actions.record(
            ctx,
            "test.done",
            subject="thing",
            subject_id="1",
            before={"password": "hunter2", "code": "123456", "country_code": "IN", "verified": True},
            after={"Reset_Token": "abc", "deep": {"secret": "x", "n": 1}, "password_changed": True, "token_count": 3},
        )
    (row,) = await rows(app)
    assert row["before"] == {"password": "left out", "code": "left out", "country_code": "IN", "verified": True}
    assert row["after"] == {
        "Reset_Token": "left out",
        "deep": {"secret": "left out", "n": 1},
        "password_changed": True,
        "token_count": 3,
    }


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Filter(), "audit_events_at"),
        (Filter(since=utcnow()), "audit_events_at"),
        (Filter(who="ana"), "audit_events_actor_id"),
        (Filter(action="test.rare"), "audit_events_action"),
        (Filter(subject_id="7"), "audit_events_subject"),
        (Filter(subject="thing", subject_id="1000", who="ana"), "audit_events_subject"),
        (Filter(address="203.0.113.7"), "audit_events_address"),
    ],
    ids=["nothing", "since", "who", "action", "subject_id", "subject", "address"],
)
async def test_each_filter_has_its_index(app: Any, make: Any, wanted: Filter, index: str) -> None:
    ana = await make.user("ana")
    async with make.tx() as ctx:
        await ctx.db.execute(
            """
            insert into audit_events (id, at, actor_id, action, subject, subject_id, address, user_agent, trace_id)
            select uuidv7(), now() - n * interval '1 minute', case when n % 1000 = 0 then $1 else uuidv7() end,
              case when n % 1000 = 0 then 'test.rare' else 'test.common' end, 'thing', n::text,
              '203.0.113.' || n % 250, 'x', 'x'
            from generate_series(1, 20000) n
            """,
            ana.id,
        )
        await ctx.db.execute("analyze audit_events")
        found = await queries._matching(ctx, wanted)
        assert found is not None
        plan = "\n".join(
            row[0] for row in await ctx.db.fetch(f"explain {found[0].sql}", *found[1], *queries._START, 51)
        )
        assert index in plan, plan
        assert "Seq Scan" not in plan
        assert len((await queries.events(ctx, wanted)).items) > 0 or wanted.since is not None


def test_a_difference_is_read_value_by_value() -> None:
    before = {"status": "active", "until": None, "same": 1, "deep": {"a": True, "b": 2}, "gone": "x"}
    after = {"status": "banned", "until": None, "same": 1, "deep": {"a": False, "b": 2}, "roles": ["reader", "brand"]}
    assert differences(before, after) == [
        Difference("status", "active", "banned"),
        Difference("deep.a", "yes", "no"),
        Difference("gone", "x", None),
        Difference("roles", None, "reader, brand"),
    ]
    assert differences(None, None) == []
    assert [label(one) for one in ("identity.logged_in", "payouts.held")] == ["Logged in", "Payouts: held"]
