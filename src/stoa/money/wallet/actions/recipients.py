"""Who may receive something, and what risk is told of those who may not."""

from typing import Final

from stoa.foundation.identity.actions import require_good_standing
from stoa.foundation.identity.errors import AccountBanned, AccountSuspended, PersonSuspended
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.money.risk import actions as risk
from stoa.money.risk.types import Finding, Movement, Rule
from stoa.money.wallet import queries
from stoa.money.wallet.queries import WalletRow

_IN_GOOD_STANDING: Final = frozenset({"active", "pending_verification"})


async def checked_recipient(ctx: Ctx, movement: Movement, to_oneself: type[Invalid]) -> WalletRow:
    """Whom it is for, both sides in good standing. What is refused by F4 or F5 stands in the log of risk.

    Raises `to_oneself`, NotFound, AccountSuspended, AccountBanned and PersonSuspended.
    """
    assert movement.to_id is not None
    try:
        recipient = await queries.recipient(ctx, movement.to_id)
        if recipient.giver_status not in _IN_GOOD_STANDING:
            await require_good_standing(ctx)  # which says why, and until when
        if recipient.user_id == ctx.member.id:
            raise to_oneself(fields={"recipient_id": to_oneself.title})
    except (AccountSuspended, AccountBanned, PersonSuspended, to_oneself) as error:
        rule = Rule.ONESELF if isinstance(error, to_oneself) else Rule.BARRED
        await risk.note_blocked(ctx, movement, Finding(rule, error.title))
        raise
    return recipient
