"""`/admin/mail`: the outbox, what one may read in it, and sending again."""

from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stoa.foundation.mail import actions
from stoa.foundation.mail.actions import rendering
from stoa.kit.ids import new_id


@pytest.fixture(autouse=True)
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "note.txt").write_text("Subject: A note for {{ name }}\nDear {{ name }},\n{{ href }}\n")
    (tmp_path / "note.html").write_text('{% extends "_layout.html" %}{% block main %}{{ name }}{% endblock %}')
    monkeypatch.setattr(rendering.ENVIRONMENT.loader, "searchpath", [str(tmp_path), str(rendering.TEMPLATES)])
    rendering.ENVIRONMENT.cache.clear()  # type: ignore[union-attr]
    yield
    rendering.ENVIRONMENT.cache.clear()  # type: ignore[union-attr]


@pytest.fixture
async def admin(make: Any, signed_in: Any) -> Any:
    return await signed_in(await make.user("alma", roles=("admin",)))


async def send(make: Any, to: str = "ana@example.org", name: str = "Ana", ago_s: int = 0) -> Any:
    async with make.tx() as ctx:
        ctx.now -= timedelta(seconds=ago_s)
        values = {"name": name, "href": actions.link(ctx, "/verify/abc")}
        return await actions.send(ctx, to=to, template="note", values=values)


async def set_state(app: Any, message_id: Any, state: str) -> None:
    async with app.database.connection() as db:
        await db.execute(
            """update mail_messages set state = $2, last_error = '550 no such person',
                 sealed = case when $2 = 'sent' then null else sealed end where id = $1""",
            message_id,
            state,
        )


async def test_the_outbox_is_for_admins(make: Any, signed_in: Any, visitor: Any, admin: Any) -> None:
    message_id = await send(make)
    moderator = await signed_in(await make.user("mina", roles=("moderator", "support")))
    for path in ("/admin/mail", f"/admin/mail/{message_id}", f"/admin/mail/{message_id}/html"):
        assert (await visitor.get(path)).headers["location"].startswith("/login?next=")
        assert (await moderator.get(path)).status_code == 403
        assert (await admin.get(path)).status_code == 200
    for path in (f"/admin/mail/{new_id()}", f"/admin/mail/{new_id()}/html"):
        assert (await admin.get(path)).status_code == 404


async def test_empty_and_in_the_navigation(admin: Any) -> None:
    page = (await admin.get("/admin/mail")).text
    assert "No message here" in page and "No mail server is configured" in page
    assert '<a href="/admin/mail" aria-current="page">' in page


async def test_the_list_filters_and_pages(make: Any, admin: Any, app: Any) -> None:
    for number in range(52):
        await send(make, name=f"No{number:02}", ago_s=100 - number)
    failed = await send(make, to="ben@example.org", name="Ben", ago_s=200)
    await set_state(app, failed, "failed")
    async with make.tx() as ctx:
        await actions.send_sms(ctx, to="+491701234567", text="Hello")
    first = (await admin.get("/admin/mail")).text
    assert first.count("data-walk") == 50 and "No51" in first and "Text message" in first and "No02" not in first
    older = unescape(first.split('href="/admin/mail?cursor=')[1].split('"')[0])
    second = (await admin.get(f"/admin/mail?cursor={older}")).text
    assert [name in second for name in ("No02", "No03", "Ben")] == [True, False, True]
    for query, subjects in (
        ("state=failed", ["A note for Ben"]),
        ("recipient=BEN@example.org", ["A note for Ben"]),
        ("channel=sms", ["Text message"]),
        ("state=kept&channel=email&recipient=ben@example.org", []),
    ):
        page = (await admin.get(f"/admin/mail?{query}")).text
        assert [line.split(">")[1].split("<")[0] for line in page.split("data-walk")[1:]] == subjects
    assert (await admin.get("/admin/mail?state=lost")).status_code == 422
    assert (await admin.get(f"/admin/mail?state=kept&cursor={older}")).status_code == 422


async def test_a_kept_mail_is_shown_as_sent(make: Any, admin: Any) -> None:
    message_id = await send(make, name="<b>Ana</b><script>alert(1)</script>")
    page = (await admin.get(f"/admin/mail/{message_id}")).text
    assert '<a class="text-link" href="http://testserver/verify/abc" rel="noopener" target="_blank">' in page
    assert f'src="/admin/mail/{message_id}/html" sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "<script>alert" not in page and "Kept" in page and 'action="/admin/mail/' not in page
    part = await admin.get(f"/admin/mail/{message_id}/html")
    assert part.headers.get_list("content-security-policy") == [
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    ]
    assert part.headers["cache-control"] == "no-store"
    assert "&lt;b&gt;Ana" in part.text and '<base target="_blank">' in part.text
    other = await admin.get(f"/admin/mail/{message_id}")
    assert "frame-ancestors 'none'" in other.headers["content-security-policy"]


@pytest.mark.parametrize("state", ["queued", "failed", "sent"])
async def test_what_is_on_its_way_is_for_its_recipient_alone(make: Any, admin: Any, app: Any, state: str) -> None:
    message_id = await send(make)
    await set_state(app, message_id, state)
    page = (await admin.get(f"/admin/mail/{message_id}")).text
    assert "/verify/abc" not in page and "550 no such person" in page
    assert ("What it said is erased" if state == "sent" else "for its recipient alone") in page
    assert (await admin.get(f"/admin/mail/{message_id}/html")).status_code == 404


async def test_a_text_message_has_no_html(make: Any, admin: Any) -> None:
    async with make.tx() as ctx:
        message_id = await actions.send_sms(ctx, to="+491701234567", text="Your code is 123456")
    page = (await admin.get(f"/admin/mail/{message_id}")).text
    assert "Your code is 123456" in page and "<iframe" not in page
    assert (await admin.get(f"/admin/mail/{message_id}/html")).status_code == 404


async def test_a_failed_mail_is_sent_again(make: Any, admin: Any, app: Any) -> None:
    message_id = await send(make)
    await set_state(app, message_id, "failed")
    before = app.settings
    app.settings = msgspec.structs.replace(before, smtp_url="smtp://127.0.0.1:9")
    try:
        page = (await admin.get(f"/admin/mail/{message_id}")).text
        assert f'action="/admin/mail/{message_id}/send"' in page and "Send it again" in page
        page = (await admin.follow(await admin.post(f"/admin/mail/{message_id}/send"))).text
        assert "It is on its way again." in page and "Waiting" in page and "Send it again" not in page
        page = (await admin.follow(await admin.post(f"/admin/mail/{message_id}/send"))).text
        assert "This message cannot be sent again" in page
    finally:
        app.settings = before
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from jobs where type = 'foundation.mail.DeliverMessage'") == 1
        assert await db.fetchval("select count(*) from audit_events where action = 'mail.sent_again'") == 1


async def test_sending_needs_a_server_and_an_admin(make: Any, admin: Any, signed_in: Any, app: Any) -> None:
    message_id = await send(make)
    moderator = await signed_in(await make.user("mina", roles=("moderator",)))
    assert (await moderator.post(f"/admin/mail/{message_id}/send")).status_code == 403
    assert (await admin.post(f"/admin/mail/{new_id()}/send")).status_code == 404
    await admin.post(f"/admin/mail/{message_id}/send")
    assert "There is nobody to send it by" in unescape((await admin.get(f"/admin/mail/{message_id}")).text)
    async with app.database.connection() as db:
        assert await db.fetchval("select array_agg(state) from mail_messages") == ["kept"]
        assert await db.fetchval("select count(*) from jobs where type like 'foundation.mail%'") == 0


async def test_a_test_mail_goes_to_who_asks(make: Any, admin: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    await admin.get("/admin/mail")
    page = (await admin.follow(await admin.post("/admin/mail/test"))).text
    assert "A test mail to alma@example.org is written." in page
    (mail,) = await make.mails("alma@example.org")
    assert mail.subject == "Mail from Stoa arrives" and "http://testserver/admin/mail" in mail.text
    assert "Hello alma, this is a test mail" in mail.html
