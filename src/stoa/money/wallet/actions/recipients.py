"""Who may receive something, and what risk is told of those who may not."""

from collections.abc import Awaitable
from typing import Final, TypeVar

from stoa.foundation.identity.actions import require_good_standing
from stoa.foundation.identity.errors import AccountBanned, AccountSuspended, PersonSuspended
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.money import format_amount
from stoa.money.risk import actions as risk
from stoa.money.risk.types import Finding, Movement, Rule
from stoa.money.wallet import queries
from stoa.money.wallet.actions.buckets import spend_buckets
from stoa.money.wallet.errors import NotEnoughCoins, NotEnoughCredits
from stoa.money.wallet.queries import Opened, Recipient
from stoa.money.wallet.types import BUCKETS, COIN

R = TypeVar("R", bound=Recipient)

_IN_GOOD_STANDING: Final = frozenset({"active", "pending_verification"})


async def checked_recipient(ctx: Ctx, movement: Movement, to_oneself: type[Invalid]) -> Recipient:
    """Whom it is for, both sides in good standing. What is refused by F4 or F5 stands in the log of risk.

    Raises `to_oneself`, NotFound, AccountSuspended, AccountBanned and PersonSuspended.
    """
    assert movement.to_id is not None
    return await _admitted(ctx, movement, queries.recipient(ctx, movement.to_id), to_oneself)


async def open_movement(ctx: Ctx, movement: Movement, key: str, to_oneself: type[Invalid]) -> Opened:
    """The same for a gift or a tip of the actor that begins now: balances are locked, and risk has seen it.

    Where `seen` is there, judge it before anything is posted; else `known_id` was made with this key.
    """
    worth_micro, since = await risk.measure(ctx, movement)
    finding = queries.opened(ctx, movement, key, worth_micro=worth_micro, since=since)
    return await _admitted(ctx, movement, finding, to_oneself)


def spend_of_giver(recipient: Opened, asset: str, amount_minor: int, purpose: str) -> dict[str, int]:
    """What the giver spends of each bucket (M4). Raises NotEnoughCoins and NotEnoughCredits, which say how much there
    is for the `purpose`.
    """
    mine = {bucket: getattr(recipient, f"{bucket}_minor") for bucket in BUCKETS}
    spent = spend_buckets(mine, amount_minor, promotional=recipient.accepts_promotional)
    if spent is not None:
        return spent
    refused_minor = 0 if recipient.accepts_promotional else mine["promotional"]
    available_minor = sum(mine.values()) - refused_minor
    name, kind = ("coins", "coins") if asset == COIN else (f"{asset} of credit", "credit")
    detail = f"You have {format_amount(available_minor, asset)} {name} {purpose}"
    if refused_minor:
        detail += f"; @{recipient.username} does not take promotional {kind}"
    refused = NotEnoughCoins if asset == COIN else NotEnoughCredits
    raise refused(detail, available_minor=available_minor, needed_minor=amount_minor)


async def _admitted(ctx: Ctx, movement: Movement, finding: Awaitable[R], to_oneself: type[Invalid]) -> R:
    try:
        recipient = await finding
        if isinstance(recipient, Opened) and recipient.known_id is not None:
            return recipient  # it is made, whatever has become of either side since
        if recipient.giver_status not in _IN_GOOD_STANDING:
            await require_good_standing(ctx)  # which says why, and until when
        if recipient.user_id == ctx.member.id:
            raise to_oneself(fields={"recipient_id": to_oneself.title})
    except (AccountSuspended, AccountBanned, PersonSuspended, to_oneself) as error:
        rule = Rule.ONESELF if isinstance(error, to_oneself) else Rule.BARRED
        await risk.note_blocked(ctx, movement, Finding(rule, error.title))
        raise
    return recipient
