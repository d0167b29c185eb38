"""Bodies of `/api/v1/payout-destinations`. What was typed comes in, and only its end is ever told again."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from stoa.foundation.identity.types import AnyText
from stoa.money.payouts.types import MAX_FIELD, DestinationDetails, DestinationView

Name = Annotated[str, msgspec.Meta(max_length=40)]
Answer = Annotated[str, msgspec.Meta(max_length=MAX_FIELD)]


class ProofIn(msgspec.Struct, kw_only=True, frozen=True):
    """`password`: of accounts without a second factor; the others have shown one within the last ten minutes (I4)."""

    password: AnyText | None = None


class ChangeIn(ProofIn, kw_only=True, frozen=True):
    """Where somebody wants to be paid out. `fields`: answers to the provider's form, by their names; see `/fields`.

    When it is changed, answers that are not given stay as they are.
    """

    label: Annotated[str, msgspec.Meta(max_length=40)] = ""
    holder: Annotated[str, msgspec.Meta(min_length=2, max_length=140)]
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    country: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")]
    fields: Annotated[dict[Name, Answer], msgspec.Meta(max_length=40)] = {}

    def details(self) -> DestinationDetails:
        """As a provider takes them."""
        return DestinationDetails(
            holder=self.holder, currency=self.currency, country=self.country, fields=dict(self.fields)
        )


class DestinationIn(ChangeIn, kw_only=True, frozen=True):
    """A new one, at one of the providers that are switched on."""

    provider: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class DestinationOut(msgspec.Struct, kw_only=True):
    """A destination. `hint` is the end of the account's number. Money can be sent there from `usable_from`.

    While a payout is on its way there (`open_payout_id`) it can be neither changed nor removed.
    """

    id: UUID
    provider: str
    label: str
    currency: str
    country: str
    hint: str
    is_default: bool
    is_usable: bool
    usable_from: datetime
    open_payout_id: UUID | None
    created_at: datetime
    changed_at: datetime


class OptionOut(msgspec.Struct):
    """One of the answers a field takes."""

    value: str
    label: str


class FieldOut(msgspec.Struct, kw_only=True):
    """A question of a provider's form. `pattern` matches the whole answer."""

    name: str
    label: str
    help: str
    pattern: str | None
    options: list[OptionOut]
    required: bool
    secret: bool


class ProviderOut(msgspec.Struct, kw_only=True):
    """A way of being paid out, with the currencies an account can be held in."""

    name: str
    label: str
    currencies: list[str]


class FormOut(msgspec.Struct):
    """What a destination of a provider, in a currency and a country, is asked for."""

    fields: list[FieldOut]


def destination_out(shown: DestinationView, now: datetime) -> DestinationOut:
    """A DestinationView for its owner."""
    kept = {name: getattr(shown, name) for name in DestinationOut.__struct_fields__ if name != "is_usable"}
    return DestinationOut(**kept, is_usable=shown.usable_from <= now)
