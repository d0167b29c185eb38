"""Changing the e-mail of an account, confirmed from both sides (I6)."""

import asyncpg

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions.links import (
    TTL,
    Link,
    OwnAccount,
    circumstances,
    end_links,
    issue,
    lock_account,
    open_kinds,
    own_account,
    read_link,
    sent_enough,
    use_link,
)
from stoa.foundation.identity.actions.passwords import confirm_password
from stoa.foundation.identity.actions.verification import HOUR_S, confirm
from stoa.foundation.identity.errors import EmailTaken, LinkOver, SessionOver, TooManyMails
from stoa.foundation.identity.policies import require_recent_factor
from stoa.foundation.identity.types import EmailChange, LinkKind
from stoa.foundation.mail import actions as mail
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, value
from stoa.kit.errors import Invalid

OLD, NEW = LinkKind.EMAIL_CHANGE_OLD, LinkKind.EMAIL_CHANGE_NEW

_WAITING = value(
    str | None,
    """
    select new_email from verification_tokens
    where user_id = $1 and new_email is not null and used_at is null and expires_at > $2 limit 1
    """,
)
_IS_TAKEN = value(bool, "select exists (select from users where lower(email) = lower($1) and id <> $2)")
_MOVE = run("update users set email = $2, updated_at = $3 where id = $1")


async def change_email(ctx: Ctx, *, new_email: str, password: str) -> EmailChange:
    """Sends a link to the old and one to the new address; the change happens when both are used, in either order.

    An address that was never confirmed is not asked: it may be a mistyped one that nobody reads. Whether the new one
    belongs to an account is told to whoever uses the link that went there, not before. Raises StepUpRequired,
    LockedOut, NoPassword, TooManyMails, Invalid.
    """
    await require_recent_factor(ctx)
    known = await confirm_password(ctx, password)
    new_email = new_email.lower()
    if new_email == known.email:
        raise Invalid(fields={"new_email": "This is your e-mail already"})
    account = await lock_account(ctx, known.id)
    if account is None:
        raise SessionOver
    if await sent_enough(ctx, account, NEW):
        raise TooManyMails(HOUR_S)
    await end_links(ctx, account.id, OLD, NEW)
    if account.is_verified:
        await _send(ctx, account, OLD, account.email, new_email)
    await _send(ctx, account, NEW, new_email, new_email)
    await audit.record(
        ctx,
        "identity.email_change_requested",
        subject="user",
        subject_id=account.id,
        before={"email": account.email},
        after={"email": new_email},
    )
    return EmailChange(new_email, is_done=False, waits_for=await _waits_for(ctx, account, new_email))


async def _send(ctx: Ctx, account: OwnAccount, kind: LinkKind, to: str, new_email: str) -> None:
    token = await issue(ctx, account, kind, new_email=new_email)
    await mail.send(
        ctx,
        to=to,
        template=kind.value,
        values={
            "username": account.username,
            "new_email": new_email,
            "link": mail.link(ctx, f"/verify-email-change/{token}"),
            "facts": circumstances(ctx),
        },
        user_id=account.id,
        useful_until=ctx.now + TTL[kind],
    )


async def read_email_change(ctx: Ctx, token: str) -> Link:
    """A link of the actor's own change, without using it up. Raises LinkOver, for other people's links too."""
    link = await read_link(ctx, token, OLD, NEW)
    if link.user_id != ctx.member.id:
        raise LinkOver
    return link


async def verify_email_change(ctx: Ctx, token: str) -> EmailChange:
    """Uses one of the two links; with the last one the e-mail changes.

    Only for the account's owner, signed in: whoever reads a mistyped new address must not get the account with it.
    Raises LinkOver, and EmailTaken once the new address is known to be theirs and still belongs to another account.
    """
    link = await read_email_change(ctx, token)
    new_email = link.new_email or ""
    account = await use_link(ctx, link)
    waits_for = await _waits_for(ctx, account, new_email)
    if new_email not in waits_for and await _IS_TAKEN(ctx.db, new_email, account.id):
        raise EmailTaken
    if waits_for:
        await audit.record(
            ctx,
            "identity.email_change_confirmed",
            subject="user",
            subject_id=account.id,
            after={"email": new_email, "by": "old address" if link.kind is OLD else "new address"},
        )
    else:
        await _change(ctx, account, new_email)
    return EmailChange(new_email, is_done=not waits_for, waits_for=waits_for)


async def open_email_change(ctx: Ctx) -> EmailChange | None:
    """The change of the actor's e-mail that waits for links to be used, if there is one."""
    account = await own_account(ctx)
    new_email = await _WAITING(ctx.db, account.id, ctx.now)
    if new_email is None:
        return None
    return EmailChange(new_email, is_done=False, waits_for=await _waits_for(ctx, account, new_email))


async def cancel_email_change(ctx: Ctx) -> None:
    """Ends the links of a change that waits; without one, nothing happens."""
    account = await lock_account(ctx, ctx.member.id)
    if account is not None and await end_links(ctx, account.id, OLD, NEW):
        await audit.record(ctx, "identity.email_change_cancelled", subject="user", subject_id=account.id)


async def _waits_for(ctx: Ctx, account: OwnAccount, new_email: str) -> list[str]:
    """The addresses whose link of this change is not used yet. A newer change has ended the links of an older one."""
    addresses = {OLD: account.email, NEW: new_email}
    return [addresses[kind] for kind in await open_kinds(ctx, account.id, OLD, NEW)]


async def _change(ctx: Ctx, account: OwnAccount, new_email: str) -> None:
    try:
        async with ctx.db.transaction():
            await _MOVE(ctx.db, account.id, new_email, ctx.now)
    except asyncpg.UniqueViolationError:  # somebody took it in this moment
        raise EmailTaken from None
    await end_links(ctx, account.id, LinkKind.EMAIL_VERIFICATION, LinkKind.PASSWORD_RESET)  # sent to the old address
    if not account.is_verified:
        await confirm(ctx, account.id)
    await audit.record(
        ctx,
        "identity.email_changed",
        subject="user",
        subject_id=account.id,
        before={"email": account.email},
        after={"email": new_email},
    )
    await mail.send(
        ctx,
        to=account.email,
        template="email_changed",
        values={"username": account.username, "new_email": masked(new_email), "facts": circumstances(ctx)},
        user_id=account.id,
    )


def masked(email: str) -> str:
    """An address as somebody else may see it: a•••@example.org."""
    name, _, host = email.partition("@")
    return f"{name[:1]}•••@{host}"
