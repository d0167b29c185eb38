"""Creators' own accounts at gateways (M12), as they are kept and as their owners see them."""

from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx

Provider = Literal["stripe", "razorpay", "xendit"]
Secret = Annotated[str, msgspec.Meta(min_length=8, max_length=255, pattern="^[!-~]+$")]
PublicName = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern="^[!-~]+$")]
Password = Annotated[str, msgspec.Meta(max_length=256)]
PROVIDERS: Final[tuple[Provider, ...]] = ("razorpay", "stripe", "xendit")
LABELS: Final[dict[Provider, str]] = {"razorpay": "Razorpay", "stripe": "Stripe", "xendit": "Xendit"}
# The field of each provider's form that holds what is secret.
SECRET_FIELD: Final[dict[Provider, str]] = {"stripe": "secret_key", "razorpay": "key_secret", "xendit": "api_key"}


class NewKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys as somebody gave them: `key_id` is the public half of a pair, `account_id` the provider's name of theirs."""

    provider: Provider
    secret: str
    key_id: str | None = None
    account_id: str | None = None
    webhook_secret: str | None = None


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider said of an account. `is_live`: it moves real money."""

    account_id: str | None
    is_live: bool
    charges_enabled: bool = True
    payouts_enabled: bool = True
    details_submitted: bool = True


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
    def masked_key(self) -> str | None:
        """Its secret, to know it by."""
        return f"••••{self.key_hint}" if self.key_hint else None

    @property
    def masked_webhook(self) -> str | None:
        """What its events are verified by, to know it by."""
        return f"••••{self.webhook_hint}" if self.webhook_hint else None

    @property
    def waits_for(self) -> str | None:
        """What keeps payments from going to it, in a sentence; None when nothing does."""
        if not self.charges_enabled:
            where = LABELS[self.provider]
            return f"{where} does not let it take payments: its key was revoked, or the account waits for something"
        if self.way == "keys" and self.webhook_sealed is None:
            return "Please add the webhook secret, so that we hear of payments, refunds and disputes"
        return None


HealthState = Literal["quiet", "well", "late", "failing"]
LATE_AFTER: Final = timedelta(minutes=5)


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the webhooks of a gateway come in, of the last 30 days: the platform's (no owner), or a creator's own.

    `waiting` are believed and not applied yet, `dead` have been given up and wait for somebody. `refused` were not
    believed within the last day. `lag_s`: how long it took on average, within that day, until one was applied.
    """

    gateway: str
    owner_id: UUID | None
    owner: str | None
    last_received_at: datetime | None
    last_refused_at: datetime | None
    oldest_waiting_at: datetime | None
    waiting: int
    dead: int
    refused: int
    lag_s: float | None

    def state(self, now: datetime) -> HealthState:
        """In one word: quiet before anything was believed, failing when people have to look."""
        refused_last = self.last_refused_at is not None and (
            self.last_received_at is None or self.last_refused_at > self.last_received_at
        )
        if self.dead or refused_last:
            return "failing"
        if self.oldest_waiting_at is not None and self.oldest_waiting_at < now - LATE_AFTER:
            return "late"
        return "quiet" if self.last_received_at is None else "well"


def unheard(gateway: str, owner_id: UUID | None = None) -> Health:
    """The health of a gateway that has sent nothing yet."""
    return Health(
        gateway=gateway,
        owner_id=owner_id,
        owner=None,
        last_received_at=None,
        last_refused_at=None,
        oldest_waiting_at=None,
        waiting=0,
        dead=0,
        refused=0,
        lag_s=None,
    )


def webhook_url(ctx: Ctx, provider: Provider) -> str:
    """Where the acting member has a gateway send its webhooks."""
    return f"{ctx.app.settings.base_url}/api/v1/webhooks/{provider}/{ctx.member.id}"
