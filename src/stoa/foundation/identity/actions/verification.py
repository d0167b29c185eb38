"""Confirming the e-mail of an account (I6, I8): from pending_verification to active by a link."""

from typing import Final
from uuid import UUID

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions.links import TTL, issue, lock_account, read_link, sent_enough, use_link
from stoa.foundation.identity.errors import TooManyMails
from stoa.foundation.identity.messages import SendVerification
from stoa.foundation.identity.queries import user_by_email
from stoa.foundation.identity.types import LinkKind
from stoa.foundation.mail import actions as mail
from stoa.kit.ctx import Ctx
from stoa.kit.db import run
from stoa.kit.queue import enqueue

HOUR_S: Final = 3600

_VERIFY = run(
    """
    update users set is_verified = true, updated_at = $2,
      status = case when waits then 'active' else status end,
      status_at = case when waits then $2 else status_at end,
      status_by = case when waits then id else status_by end,
      status_reason = case when waits then 'The e-mail is confirmed' else status_reason end
    from (select id as waiting_id, status = 'pending_verification' as waits from users where id = $1) as before
    where id = waiting_id
    """
)


async def request_verification(ctx: Ctx, *, email: str) -> None:
    """Orders another mail for the account of this address. Whether there is one shows in nothing: a job looks."""
    await enqueue(ctx, SendVerification(email=email.lower(), address=ctx.address, user_agent=ctx.user_agent))


async def send_verification_to(ctx: Ctx, email: str) -> bool:
    """The mail with the link, where an account of this address waits for it; answers whether one was sent."""
    user = await user_by_email(ctx, email)
    if user is None or user.is_verified:
        return False
    try:
        return await send_verification(ctx, user.id)
    except TooManyMails:
        return False


async def send_verification(ctx: Ctx, user_id: UUID) -> bool:
    """The mail with the link, unless the e-mail is confirmed already; answers whether. Raises TooManyMails."""
    kind = LinkKind.EMAIL_VERIFICATION
    account = await lock_account(ctx, user_id)
    if account is None or account.is_verified:
        return False
    if await sent_enough(ctx, account, kind):
        raise TooManyMails(HOUR_S)
    token = await issue(ctx, account, kind)
    values = {"username": account.username, "link": mail.link(ctx, f"/verify-email/{token}")}
    await mail.send(
        ctx,
        to=account.email,
        template="verify_email",
        values=values,
        user_id=account.id,
        useful_until=ctx.now + TTL[kind],
    )
    return True


async def verify_email(ctx: Ctx, token: str) -> UUID:
    """Confirms an e-mail by the link that was sent there; answers whose. Raises LinkOver."""
    account = await use_link(ctx, await read_link(ctx, token, LinkKind.EMAIL_VERIFICATION))
    await confirm(ctx, account.id)
    return account.id


async def confirm(ctx: Ctx, user_id: UUID) -> None:
    """The e-mail of an account is known to be its owner's."""
    await _VERIFY(ctx.db, user_id, ctx.now)
    await audit.record(ctx, "identity.email_verified", subject="user", subject_id=user_id, actor_id=user_id)
