"""Delivery by a real SMTP server: taken, refused, hesitated over; once, or known as the same; encrypted; erased."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from stoa.foundation.mail import actions
from stoa.foundation.mail.actions import delivery, rendering
from stoa.foundation.mail.errors import BodyErased, NotToBeSent
from stoa.foundation.mail.gateways import look
from stoa.kit.clock import utcnow
from stoa.kit.errors import NotFound
from stoa.kit.queue import run_due
from tests.foundation.mail.conftest import PASSWORD, USER

CREDENTIALS = f"{USER}:{quote(PASSWORD, safe='')}"
FROM = "Stoa <post@stoa.example>"


@pytest.fixture(autouse=True)
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One template of these tests."""
    (tmp_path / "note.txt").write_text("Subject: Grüße, {{ name }}\nDear {{ name }},\n{{ href }}\n")
    (tmp_path / "note.html").write_text('{% extends "_layout.html" %}{% block main %}{{ href }}{% endblock %}')
    monkeypatch.setattr(rendering.ENVIRONMENT.loader, "searchpath", [str(tmp_path), str(rendering.TEMPLATES)])
    rendering.ENVIRONMENT.cache.clear()  # type: ignore[union-attr]


@pytest.fixture
def send(make: Any) -> Callable[..., Any]:
    async def one(to: str = "ana@example.org", **more: Any) -> UUID:
        async with make.tx() as ctx:
            values = {"name": "Ana", "href": actions.link(ctx, "/verify/SECRET")}
            return await actions.send(ctx, to=to, template="note", values=values, **more)

    return one


@pytest.fixture
async def server(start_mail_server: Any, configured: Any) -> Any:
    """A server without ceremony, which the installation is told to use."""
    running = await start_mail_server()
    configured(smtp_url=f"smtp://127.0.0.1:{running.port}", mail_from=FROM)
    return running


async def row(app: Any, message_id: UUID) -> Any:
    async with app.database.connection() as db:
        return await db.fetchrow("select * from mail_messages where id = $1", message_id)


async def job_states(app: Any) -> list[tuple[str, int]]:
    async with app.database.connection() as db:
        found = await db.fetch("select state, attempts from jobs where type like 'foundation.mail.%' order by seq")
    return [(r["state"], r["attempts"]) for r in found]


async def test_a_mail_goes_out_after_the_commit_and_is_erased(server: Any, send: Any, app: Any, jobs: Any) -> None:
    message_id = await send()
    assert (await row(app, message_id))["state"] == "queued" and server.mails == []
    await jobs()
    (mail,) = server.mails
    assert (server.senders, server.recipients) == (["post@stoa.example"], [["ana@example.org"]])
    assert (mail["From"], mail["To"], mail["Subject"]) == (FROM, "ana@example.org", "Grüße, Ana")
    assert mail["Message-ID"] == f"<{message_id}@stoa.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in mail.iter_parts())
    assert text.splitlines() == ["Dear Ana,", "http://testserver/verify/SECRET"] and "/verify/SECRET" in html
    sent = await row(app, message_id)
    assert (sent["state"], sent["sealed"], sent["attempts"], sent["last_error"]) == ("sent", None, 1, None)
    assert sent["provider_id"].endswith("queued as 1A2B") and sent["ended_at"] is not None


async def test_nothing_goes_out_of_a_transaction_that_is_rolled_back(
    server: Any, app: Any, make: Any, jobs: Any
) -> None:
    with pytest.raises(RuntimeError, match="no"):
        async with make.tx() as ctx:
            await actions.send(ctx, to="ana@example.org", template="note", values={"name": "A", "href": "x"})
            raise RuntimeError("no")
    await jobs()
    assert server.mails == []


@pytest.mark.parametrize("at", ["rcpt_answers", "data_answers"])
async def test_a_refusal_for_good_ends_it(server: Any, send: Any, app: Any, jobs: Any, at: str) -> None:
    getattr(server, at).append("550 5.1.1 no such person")
    message_id = await send()
    await jobs()
    await run_due(app, now=utcnow() + timedelta(days=1))
    failed = await row(app, message_id)
    assert (failed["state"], failed["attempts"]) == ("failed", 1)
    assert failed["last_error"] == "550 5.1.1 no such person"
    assert failed["sealed"] is not None and server.mails == []
    assert await job_states(app) == [("done", 1)]


@pytest.mark.parametrize("at", ["rcpt_answers", "data_answers"])
async def test_a_refusal_for_now_is_tried_again_later(server: Any, send: Any, app: Any, jobs: Any, at: str) -> None:
    getattr(server, at).extend(["451 4.7.1 greylisted", "451 4.7.1 greylisted"])
    message_id = await send()
    before = utcnow()
    await jobs(reraise=False)
    waiting = await row(app, message_id)
    assert (waiting["state"], waiting["attempts"], waiting["last_error"]) == ("queued", 1, "451 4.7.1 greylisted")
    assert await run_due(app, now=before + timedelta(seconds=delivery.RETRY_AFTER_S[0] - 1)) == 0
    assert await run_due(app, now=utcnow() + timedelta(seconds=delivery.RETRY_AFTER_S[0] + 1)) == 1
    assert await run_due(app, now=utcnow() + timedelta(seconds=delivery.RETRY_AFTER_S[1] + 1)) == 1
    sent = await row(app, message_id)
    assert (sent["state"], sent["attempts"], sent["last_error"], len(server.mails)) == ("sent", 3, None, 1)


async def test_after_the_last_attempt_it_has_failed(server: Any, send: Any, app: Any, jobs: Any) -> None:
    server.rcpt_answers.extend(["421 4.3.2 not now"] * 12)
    message_id = await send()
    for _ in range(12):
        await run_due(app, now=utcnow() + timedelta(days=1))
    failed = await row(app, message_id)
    assert (failed["state"], failed["attempts"], failed["last_error"]) == ("failed", 12, "421 4.3.2 not now")
    assert await job_states(app) == [("done", 12)]
    async with app.database.transaction() as db:
        await delivery.send_again(_ctx(db, app), message_id)
    await run_due(app)
    assert (await row(app, message_id))["state"] == "sent"


async def test_nobody_listens(start_mail_server: Any, configured: Any, send: Any, app: Any, jobs: Any) -> None:
    configured(smtp_url="smtp://127.0.0.1:9")
    message_id = await send()
    await jobs(reraise=False)
    waiting = await row(app, message_id)
    assert waiting["state"] == "queued" and waiting["last_error"].startswith("127.0.0.1:9: ")
    assert await job_states(app) == [("scheduled", 1)]
    found = await look(app.settings)
    assert (found.ok, found.seen) == (False, waiting["last_error"]) and "smtp_url" in found.cure


async def test_starttls_and_signing_in(
    start_mail_server: Any, configured: Any, send: Any, app: Any, jobs: Any, certificate: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    running = await start_mail_server(tls=True, auth=True)
    configured(smtp_url=f"smtp://{CREDENTIALS}@127.0.0.1:{running.port}", mail_from=FROM)
    await send()
    await jobs()
    assert (len(running.mails), running.signed_in, running.encrypted) == (1, [True], [True])
    found = await look(app.settings)
    assert found.ok
    assert found.seen == f"127.0.0.1:{running.port}, encrypted, signed in; text messages kept for /admin/mail"


async def test_smtps(
    start_mail_server: Any, configured: Any, send: Any, jobs: Any, certificate: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    running = await start_mail_server(smtps=True)
    configured(smtp_url=f"smtps://127.0.0.1:{running.port}")
    await send()
    await jobs()
    assert len(running.mails) == 1


async def test_an_unknown_certificate_is_not_believed(
    start_mail_server: Any, configured: Any, send: Any, app: Any, jobs: Any
) -> None:
    running = await start_mail_server(tls=True, auth=True)
    configured(smtp_url=f"smtp://{CREDENTIALS}@127.0.0.1:{running.port}")
    message_id = await send()
    await jobs(reraise=False)
    assert "certificate" in (await row(app, message_id))["last_error"].lower() and running.mails == []


async def test_credentials_never_go_over_an_open_line(
    start_mail_server: Any, configured: Any, send: Any, app: Any, jobs: Any
) -> None:
    running = await start_mail_server(auth=True)  # offers to sign in, and no STARTTLS
    configured(smtp_url=f"smtp://{CREDENTIALS}@127.0.0.1:{running.port}")
    message_id = await send()
    await jobs(reraise=False)
    assert "STARTTLS" in (await row(app, message_id))["last_error"] and running.mails == []
    configured(smtp_url=f"smtp://{CREDENTIALS}@127.0.0.1:{running.port}?starttls=never")
    await run_due(app, now=utcnow() + timedelta(days=1))
    assert (running.signed_in, running.encrypted) == ([True], [False])


async def test_a_wrong_password_is_the_operators_fault_not_the_mails(
    start_mail_server: Any, configured: Any, send: Any, app: Any, jobs: Any
) -> None:
    running = await start_mail_server(auth=True)
    configured(smtp_url=f"smtp://{USER}:wrong@127.0.0.1:{running.port}?starttls=never")
    message_id = await send()
    await jobs(reraise=False)
    waiting = await row(app, message_id)
    assert waiting["state"] == "queued" and waiting["last_error"].startswith("127.0.0.1 does not let us in: 535")


async def test_an_address_in_other_letters(server: Any, send: Any, jobs: Any) -> None:
    await send(to="анна@example.org")
    await jobs()
    assert server.recipients == [["анна@example.org"]]


# ---- once, or known as the same ---------------------------------------------------------------------------------


def _ctx(db: Any, app: Any) -> Any:
    from stoa.kit.ctx import Ctx

    return Ctx(db, None, utcnow(), "test", app)


async def test_a_crash_after_the_server_took_it_sends_the_same_mail_again(
    server: Any, send: Any, app: Any, jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = await send()

    async def dies(*_: Any) -> int:
        raise SystemExit("the process ends here")

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "_SENT", dies)
        with pytest.raises(SystemExit):
            async with app.database.connection() as db:
                await delivery.deliver(_ctx(db, app), message_id)
    assert (await row(app, message_id))["state"] == "queued"
    await jobs()
    assert [mail["Message-ID"] for mail in server.mails] == [f"<{message_id}@stoa.example>"] * 2
    assert (await row(app, message_id))["state"] == "sent"


async def test_what_was_sent_is_not_sent_again(server: Any, send: Any, app: Any, jobs: Any) -> None:
    message_id = await send()
    await jobs()
    async with app.database.connection() as db:
        await delivery.deliver(_ctx(db, app), message_id)
        with pytest.raises(NotToBeSent):
            await delivery.send_again(_ctx(db, app), message_id)
    assert len(server.mails) == 1 and await job_states(app) == [("done", 1)]


async def test_two_clicks_at_once_send_it_once(server: Any, send: Any, app: Any, jobs: Any, live: Any) -> None:
    server.rcpt_answers.append("550 no")
    message_id = await send()
    await jobs()

    async def click() -> None:
        async with app.database.transaction() as db:
            await delivery.send_again(_ctx(db, app), message_id)

    answers = await asyncio.gather(click(), click(), click(), return_exceptions=True)
    assert sorted(type(a).__name__ for a in answers) == ["NoneType", "NotToBeSent", "NotToBeSent"]
    await jobs()
    assert len(server.mails) == 1
    async with app.database.connection() as db:
        told = await db.fetch("select action, subject_id from audit_events where action like 'mail.%'")
    assert [tuple(r) for r in told] == [("mail.sent_again", str(message_id))]


async def test_sending_again_needs_a_message_a_server_and_a_body(
    send: Any, app: Any, configured: Any, start_mail_server: Any
) -> None:
    message_id = await send()
    async with app.database.connection() as db:
        with pytest.raises(NotFound):
            await delivery.send_again(_ctx(db, app), UUID(int=0))
        with pytest.raises(NotToBeSent, match="nobody to send it by"):
            await delivery.send_again(_ctx(db, app), message_id)
        configured(smtp_url="smtp://127.0.0.1:9")
        await db.execute("update mail_messages set sealed = null")
        with pytest.raises(BodyErased):
            await delivery.send_again(_ctx(db, app), message_id)
    assert (await row(app, message_id))["state"] == "kept" and await job_states(app) == []


async def test_a_kept_mail_goes_out_once_there_is_a_server(
    send: Any, app: Any, configured: Any, start_mail_server: Any, jobs: Any
) -> None:
    message_id = await send()
    running = await start_mail_server()
    configured(smtp_url=f"smtp://127.0.0.1:{running.port}")
    async with app.database.transaction() as db:
        await delivery.send_again(_ctx(db, app), message_id)
    await jobs()
    assert [mail["Message-ID"] for mail in running.mails] == [f"<{message_id}@testserver>"]


async def test_a_server_that_is_taken_away_leaves_it_kept(
    server: Any, send: Any, app: Any, configured: Any, jobs: Any
) -> None:
    message_id = await send()
    configured(smtp_url=None)
    await jobs()
    assert (await row(app, message_id))["state"] == "kept"


async def test_what_comes_too_late_is_not_sent(server: Any, send: Any, app: Any, jobs: Any) -> None:
    message_id = await send(useful_until=utcnow() - timedelta(seconds=1))
    await jobs()
    late = await row(app, message_id)
    assert (late["state"], late["sealed"], late["last_error"]) == (
        "failed",
        None,
        "It could not be sent in time to be of use",
    )
    assert server.mails == []


async def test_a_body_that_does_not_open_is_told_and_not_sent(server: Any, send: Any, app: Any, jobs: Any) -> None:
    message_id = await send()
    async with app.database.connection() as db:
        await db.execute("update mail_messages set sealed = 'nonsense'::bytea")
    await jobs()
    broken = await row(app, message_id)
    assert (broken["state"], server.mails) == ("failed", [])
    assert broken["last_error"].startswith("What it says cannot be opened")


async def test_no_message_is_forgotten(server: Any, send: Any, app: Any, jobs: Any) -> None:
    forgotten, hopeless, fresh = await send(), await send(), await send()
    async with app.database.transaction() as db:
        await db.execute("delete from jobs")
        await db.execute(
            "update mail_messages set updated_at = now() - interval '3 hours' where id = any($1)", [forgotten, hopeless]
        )
        await db.execute("update mail_messages set attempts = 24 where id = $1", hopeless)
        assert await delivery.remind(_ctx(db, app)) == 2
        assert await delivery.remind(_ctx(db, app)) == 1
    assert await job_states(app) == [("waiting", 0)]
    await jobs()
    assert [(await row(app, one))["state"] for one in (forgotten, hopeless, fresh)] == ["sent", "failed", "queued"]


async def test_bodies_and_messages_are_forgotten_in_time(server: Any, send: Any, app: Any, configured: Any) -> None:
    queued = await send()
    configured(smtp_url=None)
    young, old, ancient = await send(), await send(), await send()
    async with app.database.transaction() as db:
        for id_, days in ((queued, 100), (old, 15), (ancient, 91)):
            await db.execute(
                "update mail_messages set created_at = now() - make_interval(days => $2) where id = $1", id_, days
            )
        assert await delivery.prune(_ctx(db, app)) == 3
    assert await row(app, ancient) is None
    assert (await row(app, old))["sealed"] is None
    assert (await row(app, young))["sealed"] is not None and (await row(app, queued))["sealed"] is not None
