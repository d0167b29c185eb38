"""Bodies of `/api/v1/checkout`."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from stoa.money.payments.types import ReturnUrl

Kind = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern="^[a-z][a-z_]*$")]
Amount = Annotated[int, msgspec.Meta(ge=1, le=10**15)]
Currency = Annotated[str, msgspec.Meta(min_length=3, max_length=10)]


class TipCheckoutIn(msgspec.Struct):
    """Whom to tip, by id or by name: 1 USD, or 3 as a superlike (M8). `return_url` is ours when left out."""

    recipient_id: UUID | None = None
    recipient_username: Annotated[str, msgspec.Meta(max_length=50)] | None = None
    superlike: bool = False
    return_url: ReturnUrl | None = None


class PurchaseCheckoutIn(msgspec.Struct):
    """Something that is sold, as its kind has it: `{"package_id": 1}` of coins, an amount and a currency of credits.

    With `amount_minor` and `currency` only at this price.
    """

    kind: Kind
    item: dict[str, Any]
    return_url: ReturnUrl | None = None
    gateway: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    amount_minor: Amount | None = None
    currency: Currency | None = None


class SubscriptionCheckoutIn(msgspec.Struct):
    """A tier of a creator's, and how often it is paid."""

    tier_id: UUID
    billing: Literal["monthly", "yearly"] = "monthly"
    return_url: ReturnUrl | None = None
