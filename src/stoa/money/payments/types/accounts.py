"""Creators' own accounts at gateways (M12), as they are kept and as their owners see them."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

from stoa.money.payments.gateways.trying import Provider

PROVIDERS: Final[tuple[Provider, ...]] = ("razorpay", "stripe", "xendit")
LABELS: Final[dict[Provider, str]] = {"razorpay": "Razorpay", "stripe": "Stripe", "xendit": "Xendit"}


class AccountRow(msgspec.Struct, frozen=True):
    """A row of `gateway_accounts`. `way`: by keys of their own, or connected to the platform's account (oauth)."""

    id: UUID
    owner_id: UUID
    provider: Provider
    way: Literal["keys", "oauth"]
    account_id: str | None
    key_id: str | None
    key_hint: str | None
    secret_sealed: bytes | None
    webhook_hint: str | None
    webhook_sealed: bytes | None
    is_live: bool
    charges_enabled: bool
    payouts_enabled: bool
    details_submitted: bool
    is_default: bool
    connected_at: datetime
    verified_at: datetime
    ended_at: datetime | None

    @property
    def waits_for(self) -> str | None:
        """What keeps payments from going to it, in a sentence; None when nothing does."""
        if not self.charges_enabled:
            return f"{LABELS[self.provider]} does not let this account take payments; please finish setting it up there"
        if self.way == "keys" and self.webhook_sealed is None:
            return "Please add the webhook secret, so that we hear of payments, refunds and disputes"
        return None
