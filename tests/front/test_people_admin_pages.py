"""`/admin/users` and `/admin/audit`: who decides about whom, with which words, and what is written down of it."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity import actions as identity
from tests.front.test_admin_pages import words


@pytest.fixture
async def admin(make: Any, signed_in: Any) -> Any:
    return await signed_in(await make.user("alma", roles=("admin",)))


async def status_of(app: Any, user: Any) -> tuple[str, list[str]]:
    async with app.database.connection() as db:
        return tuple(await db.fetchrow("select status, roles from users where id = $1", user.id))  # type: ignore[return-value]


@pytest.mark.parametrize("path", ["/admin/users", "/admin/audit", "/admin/audit/export"])
async def test_only_administrators_come_here(make: Any, signed_in: Any, visitor: Any, path: str) -> None:
    assert (await visitor.get(path)).status_code == 303
    for name, role in (("mina", "moderator"), ("sue", "support"), ("ana", "creator")):
        browser = await signed_in(await make.user(name, roles=(role,)))
        assert (await browser.get(path)).status_code == 403


async def test_people_are_found(admin: Any, make: Any) -> None:
    ana = await make.user("ana")
    await make.user("anabel", roles=("moderator",))
    everybody = words((await admin.get("/admin/users")).text)
    assert all(f"@{name}" in everybody for name in ("ana", "anabel", "alma"))
    for query, found in (
        ("q=an", ["ana", "anabel"]),
        ("q=@ANAB", ["anabel"]),
        ("q=ana@example.org", ["ana"]),
        (f"q={ana.id}", ["ana"]),
        ("role=moderator", ["anabel"]),
        ("role=moderator&q=alma", []),
        ("status=banned", []),
    ):
        page = (await admin.get(f"/admin/users?{query}")).text
        listed = [name for name in ("ana", "anabel", "alma") if f"data-walk>@{name}<" in page]
        assert listed == found, query
    assert (await admin.get("/admin/users?role=emperor")).status_code == 422
    assert (await admin.get("/admin/users?cursor=x")).status_code == 422


async def test_the_list_goes_on(admin: Any, app: Any) -> None:
    async with app.database.connection() as db:
        await db.execute(
            """insert into users (id, username, email, created_at, updated_at)
            select uuidv7(), 'many' || n, 'many' || n || '@example.org', now() - n * interval '1 minute', now()
            from generate_series(1, 60) n"""
        )
    first = await admin.get("/admin/users?q=many")
    assert first.text.count("data-walk>@many") == 50
    older = first.text.split('href="/admin/users?q=many&amp;cursor=')[1].split('"')[0]
    second = await admin.get(f"/admin/users?q=many&cursor={older}")
    assert second.text.count("data-walk>@many") == 10


async def test_suspending_asks_why_and_then_does_it(admin: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    before = await status_of(app, ana)
    page = await admin.get(f"/admin/users/{ana.id}")
    assert f'href="/admin/users/{ana.id}/suspend"' in page.text
    asked = await admin.get(f"/admin/users/{ana.id}/suspend")
    assert "Suspend @ana" in words(asked.text)
    wrong = await admin.post(f"/admin/users/{ana.id}/suspend", days="soon", reason="x")
    assert wrong.status_code == 422
    assert 'id="f-reason-error"' in wrong.text
    assert 'id="f-days-error"' in wrong.text
    assert await status_of(app, ana) == before
    done = await admin.follow(await admin.post(f"/admin/users/{ana.id}/suspend", days="7", reason="Insults"))
    assert "@ana is suspended" in words(done.text)
    assert (await status_of(app, ana))[0] == "suspended"
    assert "Insults" in words(done.text)
    again = await admin.follow(await admin.post(f"/admin/users/{ana.id}/reinstate", reason="They said sorry"))
    assert "may come in again" in words(again.text)
    assert await status_of(app, ana) == before
    event = (
        (await admin.get("/admin/audit?action=identity.suspended")).text.split('href="/admin/audit/')[1].split('"')[0]
    )
    opened = words((await admin.get(f"/admin/audit/{event}")).text)
    assert "Status active suspended" in opened or "Status pending_verification suspended" in opened
    assert "Reason nothing Insults" in opened


async def test_a_decision_that_does_not_fit_is_said_kindly(admin: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    done = await admin.follow(await admin.post(f"/admin/users/{ana.id}/reinstate", reason="Is in already"))
    assert "This account is" in words(done.text)
    assert (await admin.get(f"/admin/users/{ana.id}/reinstate")).status_code == 403
    assert (await admin.get(f"/admin/users/{ana.id}/crown")).status_code == 404
    assert (await admin.post(f"/admin/users/{ana.id}/crown", reason="Long live")).status_code == 404
    wrong = await admin.post(f"/admin/users/{ana.id}/roles", role="grant:emperor", reason="Long live")
    assert wrong.status_code == 422
    assert 'id="f-role-error"' in wrong.text


async def test_about_administrators_and_oneself_there_is_no_button(admin: Any, make: Any, app: Any) -> None:
    other = await make.user("otto", roles=("admin",))
    page = await admin.get(f"/admin/users/{other.id}")
    assert "Only a super admin decides" in words(page.text)
    assert f"/admin/users/{other.id}/ban" not in page.text
    before = await status_of(app, other)
    for decision, more in (("ban", {}), ("roles", {"role": "revoke:admin"})):
        refused = await admin.post(f"/admin/users/{other.id}/{decision}", reason="I would like to", **more)
        assert refused.status_code == 403
    assert await status_of(app, other) == before
    own = (await admin.get("/admin/users?q=alma")).text.split('href="/admin/users/')[1].split('"')[0]
    assert "This account is yours" in words((await admin.get(f"/admin/users/{own}")).text)
    assert (await admin.post(f"/admin/users/{own}/roles", role="grant:support", reason="For me")).status_code == 403


async def test_roles_are_given_and_taken(admin: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    asked = (await admin.get(f"/admin/users/{ana.id}/roles")).text
    assert "grant:moderator" in asked
    assert "grant:admin" not in asked
    done = await admin.follow(await admin.post(f"/admin/users/{ana.id}/roles", role="grant:moderator", reason="Helps"))
    assert "@ana has the role moderator" in words(done.text)
    assert (await status_of(app, ana))[1] == ["reader", "moderator"]
    await admin.post(f"/admin/users/{ana.id}/roles", role="revoke:moderator", reason="Helped")
    assert (await status_of(app, ana))[1] == ["reader"]


async def test_the_audit_is_filtered_paged_and_exported(admin: Any, make: Any, tx: Any, app: Any) -> None:
    ana, bea = await make.user("ana"), await make.user("bea")
    for user, count in ((ana, 60), (bea, 3)):
        async with tx(user) as ctx:
            ctx.address = "203.0.113.9" if user is ana else "198.51.100.7"
            for n in range(count):
                ctx.now += timedelta(microseconds=1)
                await audit.record(ctx, "test.done", subject="thing", subject_id=n, after={"name": "=1+1"})
    for query, count in (
        ("who=ana&action=test.", 50),
        ("who=@BEA&action=test.done", 3),
        (f"who={bea.id}&action=test.", 3),
        ("who=nobody", 0),
        ("address=198.51.100.7", 3),
        ("subject=thing&subject_id=2", 2),
        ("action=test.&since=2999-01-01", 0),
        ("action=test.&until=2000-01-01", 0),
    ):
        page = await admin.get(f"/admin/audit?{query}")
        assert page.text.count("data-walk>") == count, query
    first = await admin.get("/admin/audit?who=ana&action=test.")
    older = first.text.split("cursor=")[1].split('"')[0]
    assert (await admin.get(f"/admin/audit?who=ana&action=test.&cursor={older}")).text.count("data-walk>") == 10
    assert (await admin.get("/admin/audit?since=soon")).status_code == 422
    sent = await admin.get("/admin/audit/export?who=ana&action=test.")
    assert sent.headers["content-type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(sent.text)))
    assert [line["subject_id"] for line in lines] == [str(n) for n in reversed(range(60))]
    assert {line["actor_name"] for line in lines} == {"ana"}


async def test_the_export_reads_on_and_quotes_formulas(admin: Any, tx: Any, app: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("stoa.foundation.audit.queries.EXPORTED_AT_ONCE", 2)
    async with tx() as ctx:
        for n in range(5):
            ctx.now += timedelta(microseconds=1)
            await audit.record(ctx, "test.done", subject="thing", subject_id=f"=SUM({n})")
    lines = list(csv.DictReader(io.StringIO((await admin.get("/admin/audit/export?action=test.")).text)))
    assert [line["subject_id"] for line in lines] == [f"'=SUM({n})" for n in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize("path", ["/admin/audit?who=ana&action=test.", "/admin/users?q=ana"])
async def test_a_list_takes_the_same_queries_however_long(
    admin: Any, make: Any, tx: Any, queries: Any, path: str
) -> None:
    ana = await make.user("ana")
    counts = []
    for n in (1, 30):
        async with tx(ana) as ctx:
            for m in range(n):
                await audit.record(ctx, "test.done", subject="thing", subject_id=m)
        if n > 1:
            for m in range(5):
                await make.user(f"ana{m}")
        await admin.get(path)
        with queries() as seen:
            assert (await admin.get(path)).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 7


async def test_one_sees_what_was_done_by_oneself_and_to_oneself(make: Any, signed_in: Any, tx: Any) -> None:
    ana, alma = await make.user("ana"), await make.user("alma", roles=("admin",))
    async with tx(alma) as ctx:
        ctx.address = "198.51.100.7"
        await identity.suspend(ctx, ana.id, reason="Insults")
        await identity.reinstate(ctx, ana.id, reason="They said sorry")
    async with tx(ana) as ctx:
        ctx.address = "203.0.113.9"
        await audit.record(ctx, "test.thing_done", subject="thing", subject_id="1")
    browser = await signed_in(ana)
    shown = words((await browser.get("/dashboard/account/activity")).text)
    assert "Test: thing done" in shown
    assert "203.0.113.9" in shown
    assert "They said sorry" in shown
    assert "alma" not in shown
    assert "198.51.100.7" not in shown
    other = await signed_in(await make.user("bea"))
    assert "Insults" not in (await other.get("/dashboard/account/activity")).text
