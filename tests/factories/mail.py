"""What was sent to somebody: `mails = await make.mails("ana@example.org")`, newest first; text messages too."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from stoa.foundation.mail import queries


@dataclass(frozen=True)
class Mail:
    """A message as its recipient would see it; `text` and `html` are empty once it was delivered and erased."""

    id: UUID
    channel: str
    subject: str
    text: str
    html: str
    state: str


async def make_mails(make: Any, to: str) -> list[Mail]:
    """Messages to an address or a number."""
    async with make.tx() as ctx:
        found = []
        for row in await queries.messages(ctx, recipient=to, limit=1000):
            message = await queries.MESSAGE(ctx.db, row.id)
            assert message is not None
            body = queries.open_body(make.app.keyring, message)
            text, html = (body.text, body.html or "") if body else ("", "")
            found.append(Mail(row.id, row.channel, row.subject, text, html, row.state))
        return found
