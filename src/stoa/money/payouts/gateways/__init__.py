"""The protocol to whoever sends money to creators.

A provider knows a destination as a *recipient*, by an id of its own that `register` answers once; the details that were
typed are needed no more. Every transfer carries a key under which a repetition has no second effect; a worker that died
between the provider's answer and our commit thus safely asks again. No method is called while a transaction of ours
holds locks, except of the sandbox, which asks nobody.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, Protocol

import msgspec

from stoa.kit.ctx import Ctx
from stoa.money.payouts.errors import BadDestination
from stoa.money.payouts.types import MAX_FIELD, DestinationDetails, Field

TransferState = Literal["processing", "arrived", "failed"]
Verdict = Literal["verified", "bad_signature", "too_old"]


class TransferRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Send money. The same `key` is the same transfer, however often it is sent.

    `amount_minor` of `currency` is what leaves us; the provider takes its fee, and converts, from this.
    """

    key: str
    amount_minor: int
    currency: str
    recipient: str
    description: str


class PayoutQuote(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of `amount_minor`: `fee_minor` of the same currency is the provider's, and `arrives_minor` of
    `currency` arrives, which is another currency where the provider converts."""

    amount_minor: int
    fee_minor: int
    arrives_minor: int
    currency: str
    arrives_by: date | None = None


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of a transfer; the reason, in words for its recipient, when it failed."""

    reference: str
    state: TransferState
    failure_code: str | None = None
    failure_reason: str | None = None


class TransferNews(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook's content: the provider's id of the event and its type; the transfer, unless it speaks of none."""

    event_id: str
    kind: str
    reference: str | None = None
    state: TransferState | None = None
    failure_code: str | None = None
    failure_reason: str | None = None


class Provider(Protocol):
    """What every payout provider can do."""

    name: str
    label: str  # as people read it
    currencies: tuple[str, ...]  # in which a destination can be held

    def account(self, ctx: Ctx) -> str:
        """Which of our accounts there the keys of now belong to: only that one knows what was sent by it."""
        ...

    def fields(self, currency: str, country: str) -> list[Field]:
        """The form of a destination. Raises BadDestination for a currency or country that it does not reach."""
        ...

    async def register(self, ctx: Ctx, details: DestinationDetails) -> str:
        """Makes a destination known; answers the provider's id of it. Asked twice, some providers know it twice.

        Raises BadDestination with `fields`, and ProviderUnavailable, after which the same again is safe.
        """
        ...

    async def quote(self, ctx: Ctx, recipient: str, amount_minor: int, currency: str) -> PayoutQuote:
        """What a transfer would cost now. Raises BadDestination, and ProviderUnavailable."""
        ...

    async def submit(self, ctx: Ctx, request: TransferRequest) -> Transfer:
        """Orders a transfer, once per key, also when the first answer was lost. A refusal is an answer (`failed`).

        Raises ProviderUnavailable when nothing is known of what became of it.
        """
        ...

    async def look_up(self, ctx: Ctx, reference: str) -> Transfer:
        """What became of a transfer. Raises ProviderUnavailable, and NotFound for one that our account of now does not
        have; that says nothing about the money."""
        ...

    def verify(self, ctx: Ctx, headers: Mapping[str, str], body: bytes) -> Verdict:
        """Whether a webhook comes from the provider, now. Header names in lower case."""
        ...

    def read(self, body: bytes) -> TransferNews:
        """The content of a verified webhook. Raises BadPayoutWebhook when it cannot be understood."""
        ...


def check_answers(asked: Iterable[Field], given: Mapping[str, str]) -> dict[str, str]:
    """The answers to a form, without blanks and without what was not asked. Raises BadDestination for wrong ones."""
    answers: dict[str, str] = {}
    wrong: dict[str, str] = {}
    for field in asked:
        answer = given.get(field.name, "").strip()
        if not answer:
            if field.required:
                wrong[field.name] = "Please fill this in"
        elif len(answer) > MAX_FIELD:
            wrong[field.name] = f"At most {MAX_FIELD} characters"
        elif field.options and answer not in dict(field.options):
            wrong[field.name] = f"One of {', '.join(value for value, _ in field.options)}"
        elif field.pattern is not None and re.fullmatch(field.pattern, answer) is None:
            wrong[field.name] = field.help or "This does not look right"
        else:
            answers[field.name] = answer
    if wrong:
        raise BadDestination(fields=wrong)
    return answers
