"""Passwords after the first one: forgotten and set anew by a link (I6), or changed by who knows the old one."""

from uuid import UUID

from stoa.foundation.audit import actions as audit
from stoa.foundation.identity.actions import hashing
from stoa.foundation.identity.actions.links import (
    TTL,
    OwnAccount,
    circumstances,
    end_links,
    issue,
    lock_account,
    own_account,
    read_link,
    sent_enough,
    use_link,
)
from stoa.foundation.identity.actions.login import begin_attempt, count_failure, failure_keys, forgive
from stoa.foundation.identity.actions.sessions import end_other_sessions
from stoa.foundation.identity.actions.verification import confirm
from stoa.foundation.identity.errors import NoPassword, PasswordMoved
from stoa.foundation.identity.messages import SendPasswordReset
from stoa.foundation.identity.policies import check_password, require_recent_factor
from stoa.foundation.identity.queries import user_by_email
from stoa.foundation.identity.types import LinkKind
from stoa.foundation.mail import actions as mail
from stoa.foundation.settings.queries import platform
from stoa.kit.ctx import Ctx
from stoa.kit.db import run
from stoa.kit.errors import Invalid
from stoa.kit.queue import enqueue

_SET = run("update users set password_hash = $2, updated_at = $3 where id = $1")


# ---- forgotten -------------------------------------------------------------------------------------------------


async def request_password_reset(ctx: Ctx, *, email: str) -> None:
    """Orders a mail for the account of this address. Whether there is one shows in nothing: a job looks."""
    await enqueue(ctx, SendPasswordReset(email=email.lower(), address=ctx.address, user_agent=ctx.user_agent))


async def send_password_reset(ctx: Ctx, email: str) -> bool:
    """The mail with the link, where there is an account of this address; answers whether one was sent.

    Beyond some mails an hour none is sent, and the last link stays good.
    """
    user = await user_by_email(ctx, email)
    account = await lock_account(ctx, user.id) if user else None
    if account is None or await sent_enough(ctx, account, LinkKind.PASSWORD_RESET):
        return False
    token = await issue(ctx, account, LinkKind.PASSWORD_RESET)
    await mail.send(
        ctx,
        to=account.email,
        template="reset_password",
        values={
            "username": account.username,
            "link": mail.link(ctx, f"/reset-password/{token}"),
            "facts": circumstances(ctx),
        },
        user_id=account.id,
        useful_until=ctx.now + TTL[LinkKind.PASSWORD_RESET],
    )
    await audit.record(ctx, "identity.password_reset_requested", subject="user", subject_id=account.id)
    return True


async def reset_password(ctx: Ctx, *, token: str, password: str) -> UUID:
    """Sets a password by the link in a mail; answers whose. All sessions end, and so does a lock (I5).

    Nobody is signed in by it: the next log-in asks for what it always asks for, second factors too. Raises LinkOver,
    and Invalid for a password that will not do, which leaves the link good.
    """
    link = await read_link(ctx, token, LinkKind.PASSWORD_RESET)
    site_name = (await platform(ctx)).name
    check_password(password, username=link.username, email=link.email, site_name=site_name)
    password_hash = await hashing.hash_password(password)
    account = await use_link(ctx, link)
    await _set_password(ctx, account, password_hash, keep=None, reason="password reset")
    await audit.record(ctx, "identity.password_reset", subject="user", subject_id=account.id, actor_id=account.id)
    if not account.is_verified:  # the link came by mail, so the mail is theirs
        await confirm(ctx, account.id)
    return account.id


# ---- changed ---------------------------------------------------------------------------------------------------


async def change_password(ctx: Ctx, *, current_password: str, new_password: str) -> None:
    """Changes the actor's password; all other sessions end (I6), and the owner gets a mail.

    Raises StepUpRequired, LockedOut, NoPassword, PasswordMoved, and Invalid for a current password that is not right
    (which counts as a failed log-in, I5) or a new one that will not do.
    """
    await require_recent_factor(ctx)
    known = await confirm_password(ctx, current_password, field="current_password")
    site_name = (await platform(ctx)).name
    check_password(new_password, username=known.username, email=known.email, site_name=site_name, field="new_password")
    if new_password == current_password:
        raise Invalid(fields={"new_password": "This is your password already"})
    password_hash = await hashing.hash_password(new_password)
    account = await lock_account(ctx, known.id)
    if account is None or account.password_hash != known.password_hash:
        raise PasswordMoved
    await _set_password(ctx, account, password_hash, keep=ctx.member.session_id, reason="password changed")
    await audit.record(ctx, "identity.password_changed", subject="user", subject_id=account.id)


async def confirm_password(ctx: Ctx, password: str, *, field: str = "password") -> OwnAccount:
    """The actor's account, once they have shown that they know its password.

    Before anything that a found or stolen session must not do. Raises LockedOut, NoPassword, and Invalid for `field`;
    a wrong one counts as a failed log-in (I5).
    """
    account = await own_account(ctx)
    keys = failure_keys(ctx, account.email)
    await begin_attempt(ctx, keys)
    if account.password_hash is None:
        raise NoPassword
    right, _ = await hashing.verify_password(password, account.password_hash)
    if not right:
        await count_failure(ctx, keys)
        await audit.record_beside(ctx, "identity.password_refused", subject="user", subject_id=account.id)
        raise Invalid(fields={field: "This is not your current password"})
    await forgive(ctx, account.id)
    return account


async def _set_password(ctx: Ctx, account: OwnAccount, password_hash: str, *, keep: UUID | None, reason: str) -> None:
    """The new hash, and the end of whatever the old password could have begun."""
    await _SET(ctx.db, account.id, password_hash, ctx.now)
    kinds = (LinkKind.PASSWORD_RESET, LinkKind.EMAIL_CHANGE_OLD, LinkKind.EMAIL_CHANGE_NEW)
    await end_links(ctx, account.id, *kinds)
    await end_other_sessions(ctx, account.id, keep=keep, reason=reason)
    await forgive(ctx, account.id)
    await mail.send(
        ctx,
        to=account.email,
        template="password_changed",
        values={
            "username": account.username,
            "link": mail.link(ctx, "/forgot-password"),
            "facts": circumstances(ctx),
        },
        user_id=account.id,
    )
