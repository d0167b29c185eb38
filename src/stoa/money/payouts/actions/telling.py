"""Word to the creator: a payout has arrived, has failed, or waits for somebody to look at it (F7)."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from stoa.foundation.identity.queries import user_by_id
from stoa.foundation.mail import actions as mail
from stoa.kit.ctx import Ctx
from stoa.kit.money import format_amount
from stoa.money.payouts import queries
from stoa.money.payouts.types import COIN, PayoutState, PayoutView

USEFUL: Final = timedelta(days=3)


async def tell(ctx: Ctx, payout_id: UUID, state: PayoutState) -> bool:
    """A mail about a payout that came into this state; answers whether there was one to send. None is sent when it has
    gone on since."""
    payout = await queries.PAYOUT(ctx.db, payout_id)
    owner = await user_by_id(ctx, payout.user_id)
    if owner is None or payout.state != state:
        return False
    what, then = _words(payout)
    facts = [
        ("For", payout.source),
        ("To", payout.destination),
        ("Arrives" if state == PayoutState.IN_REVIEW else "Amount", _money(payout.arrives_minor, payout)),
    ]
    if payout.provider_reference:
        facts.append(("Reference", payout.provider_reference))
    values = {
        "username": owner.username,
        "what": what,
        "then": then,
        "facts": facts,
        "link": mail.link(ctx, f"/dashboard/payouts/{payout.id}"),
    }
    until = ctx.now + USEFUL
    await mail.send(ctx, to=owner.email, template="payout_news", values=values, user_id=owner.id, useful_until=until)
    return True


def _words(payout: PayoutView) -> tuple[str, str]:
    """What happened, a sentence without its stop, and what follows from it."""
    named = f"Your payout of {_money(payout.arrives_minor, payout)}"
    reason = (payout.failure_reason or payout.review_reason or "").rstrip(".")
    if payout.state == PayoutState.PAID:
        return f"{named} has arrived", f"It went to {payout.destination}."
    if payout.state == PayoutState.IN_REVIEW:
        by = f" You hear from us by {payout.review_until:%d %B %Y}." if payout.review_until else ""
        return (
            f"{named} waits until somebody has looked at it",
            f"The reason: {reason}.{by} Until then you can cancel it.",
        )
    back = "The coins are" if payout.asset == COIN else "The money is"
    return f"{named} did not arrive", f"{reason}. {back} back among what you earned; you can ask again."


def _money(minor: int, payout: PayoutView) -> str:
    return f"{format_amount(minor, payout.arrives_currency)} {payout.arrives_currency}"
