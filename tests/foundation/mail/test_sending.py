"""What is written down when a message is sent: rendered, sealed, and free of smuggled headers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest

from stoa.foundation.mail import actions, queries
from stoa.foundation.mail.actions import rendering
from stoa.kit.crypto import SealBroken
from stoa.kit.errors import Invalid

TEMPLATE = {
    "note.txt": "Subject: {{ name }} wrote to you\nDear {{ name }},\n\n\n\n\n{{ href }}\n",
    "note.html": '{% extends "_layout.html" %}{% import "_parts.html" as m %}'
    "{% block preheader %}A word{% endblock %}"
    "{% block main %}{{ m.title('A note') }}{{ m.text(name) }}{{ m.button('Read it', href) }}{% endblock %}"
    "{% block why %}You asked for it.{% endblock %}",
    "nosubject.txt": "Dear {{ name }}\n",
    "nosubject.html": "",
}


@pytest.fixture(autouse=True)
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Templates of these tests beside the real ones."""
    for name, text in TEMPLATE.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(rendering.ENVIRONMENT.loader, "searchpath", [str(tmp_path), str(rendering.TEMPLATES)])
    rendering.ENVIRONMENT.cache.clear()  # type: ignore[union-attr]
    yield
    rendering.ENVIRONMENT.cache.clear()  # type: ignore[union-attr]


async def send(make: Any, to: str = "ana@example.org", template: str = "note", **values: Any) -> Any:
    async with make.tx() as ctx:
        given = {"name": "Ana", "href": actions.link(ctx, "/verify/abc")} | values
        return await actions.send(ctx, to=to, template=template, values=given)


async def rows(app: Any) -> list[Any]:
    async with app.database.connection() as db:
        return await db.fetch("select * from mail_messages order by id")


async def test_a_mail_without_a_server_is_kept(make: Any, app: Any) -> None:
    message_id = await send(make)
    (mail,) = await make.mails("Ana@example.org")
    assert (mail.id, mail.channel, mail.subject, mail.state) == (message_id, "email", "Ana wrote to you", "kept")
    assert mail.text == "Dear Ana,\n\nhttp://testserver/verify/abc\n"
    assert 'href="http://testserver/verify/abc"' in mail.html
    assert "Stoa</td>" in mail.html and "<title>Ana wrote to you</title>" in mail.html
    assert (await rows(app))[0]["attempts"] == 0


async def test_the_newest_comes_first(make: Any) -> None:
    await send(make, name="One")
    await send(make, name="Two")
    await send(make, to="ben@example.org", name="Three")
    assert [m.subject for m in await make.mails("ana@example.org")] == ["Two wrote to you", "One wrote to you"]


async def test_what_it_says_is_sealed_and_bound_to_its_row(make: Any, app: Any) -> None:
    one, other = await send(make, name="Secretive"), await send(make)
    found = await rows(app)
    assert all(b"verify" not in row["sealed"] and b"Secretive" not in row["sealed"] for row in found)
    async with app.database.connection() as db:
        await db.execute(
            "update mail_messages set sealed = (select sealed from mail_messages where id = $1) where id = $2",
            one,
            other,
        )
        moved = await queries.MESSAGE(db, other)
        assert moved is not None
        with pytest.raises(SealBroken):
            queries.open_body(app.keyring, moved)


async def test_html_is_escaped_and_text_is_not(make: Any) -> None:
    await send(make, name="<b>Ana & Co</b>")
    (mail,) = await make.mails("ana@example.org")
    assert "Dear <b>Ana & Co</b>," in mail.text
    assert "<b>" not in mail.html and "&lt;b&gt;Ana &amp; Co&lt;/b&gt;" in mail.html


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
async def test_a_value_cannot_add_a_header_by_the_subject(make: Any, break_: str) -> None:
    await send(make, name=f"Ana{break_}Bcc: eve@example.org{break_}{break_}")
    (mail,) = await make.mails("ana@example.org")
    assert mail.subject == "Ana Bcc: eve@example.org wrote to you"


@pytest.mark.parametrize(
    "to",
    [
        "ana@example.org\r\nBcc: eve@example.org",
        "ana@example.org\n",
        "ana@example.org, eve@example.org",
        "Ana <ana@example.org>",
        "ana@example.org\x00",
        "@example.org",
        "ana@",
        "ana",
        "",
        "ana@[127.0.0.1]",
    ],
)
async def test_a_recipient_is_one_address(make: Any, app: Any, to: str) -> None:
    with pytest.raises(Invalid) as caught:
        await send(make, to=to)
    assert list(caught.value.fields) == ["email"]
    assert await rows(app) == []


@pytest.mark.parametrize("to", ["+491701234567\n", "0170 1234567", "+0170", "+4917012345678901", "+٤٩١٧٠١٢٣٤٥٦٧", ""])
async def test_a_number_is_e164(make: Any, app: Any, to: str) -> None:
    async with make.tx() as ctx:
        with pytest.raises(Invalid) as caught:
            await actions.send_sms(ctx, to=to, text="x")
    assert list(caught.value.fields) == ["phone"]
    assert await rows(app) == []


async def test_a_text_message_is_kept_too(make: Any) -> None:
    async with make.tx() as ctx:
        await actions.send_sms(ctx, to="+491701234567", text="Your code is 123456\n")
    (mail,) = await make.mails("+491701234567")
    assert (mail.channel, mail.subject, mail.text, mail.html) == ("sms", "", "Your code is 123456", "")


async def test_a_missing_value_or_subject_is_an_error(make: Any, app: Any) -> None:
    with pytest.raises(jinja2.UndefinedError):
        async with make.tx() as ctx:
            await actions.send(ctx, to="ana@example.org", template="note", values={"name": "Ana"})
    with pytest.raises(jinja2.TemplateNotFound, match="Subject: "):
        await send(make, template="nosubject")
    assert await rows(app) == []


async def test_a_link_leads_nowhere_else(ctx: Any) -> None:
    assert actions.link(ctx, "/x?y=1") == "http://testserver/x?y=1"
    for path in ("//evil.example/x", "https://evil.example", "x"):
        with pytest.raises(ValueError, match="not a path"):
            actions.link(ctx, path)


async def test_the_database_refuses_line_breaks_and_a_sent_message_with_a_body(make: Any, app: Any) -> None:
    message_id = await send(make)
    async with app.database.connection() as db:
        for change in ("subject = e'a\\nb'", "recipient = e'a@b\\r\\n'", "state = 'sent'", "state = 'lost'"):
            with pytest.raises(Exception, match="mail_messages_"):
                await db.execute(f"update mail_messages set {change} where id = $1", message_id)


def test_every_template_is_complete() -> None:
    """Each mail has both parts, and its text begins with the subject."""
    names = {p.stem for p in rendering.TEMPLATES.glob("*.*") if not p.name.startswith("_")}
    for name in names:
        assert (rendering.TEMPLATES / f"{name}.html").is_file(), name
        assert (rendering.TEMPLATES / f"{name}.txt").read_text().startswith("Subject: "), name
