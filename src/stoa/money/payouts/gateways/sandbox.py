"""A provider that needs no account and sends nothing: it pays at once into nowhere, and keeps its own books."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from stoa.kit.ctx import App, Ctx
from stoa.kit.days import business_days_after
from stoa.kit.db import one, run
from stoa.money.payments.actions.signing import verify
from stoa.money.payouts.errors import BadDestination, BadPayoutWebhook
from stoa.money.payouts.gateways import (
    PayoutQuote,
    Transfer,
    TransferNews,
    TransferRequest,
    TransferState,
    Verdict,
    check_answers,
)
from stoa.money.payouts.types import (
    PROMISED_DAYS,
    SANDBOX_BANK,
    SANDBOX_FAIL,
    SANDBOX_FAIL_ONCE,
    DestinationDetails,
    Field,
)

ARRIVAL_S: Final = 2
SIGNATURE_HEADER: Final = "sandbox-payout-signature"

# What an account does, by how its number begins; all others take what comes.
_BEHAVIOURS: Final = (("FAILONCE", SANDBOX_FAIL_ONCE), ("FAIL", SANDBOX_FAIL))
_SPEEDS: Final = [("standard", "3 to 5 business days, without a fee"), ("express", "The next business day, for 1 %")]
_EXPRESS: Final = "express"
# One US dollar in minor units of each. They never change.
_RATES: Final = {"USD": 100, "EUR": 90, "GBP": 80, "INR": 8_000, "JPY": 150}
_CONVERSION_PERCENT: Final = 1


class _Row(msgspec.Struct, frozen=True):
    id: str
    amount_minor: int
    currency: str
    destination: str
    state: str
    failure_code: str | None
    failure_reason: str | None
    arrives_at: datetime


_COLUMNS: Final = "id, amount_minor, currency, destination, state, failure_code, failure_reason, arrives_at"
_KEEP = run(
    """insert into sandbox_transfers
         (id, request_key, amount_minor, currency, destination, state, failure_code, failure_reason, created_at,
          arrives_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (request_key) do nothing"""
)
_BY_KEY = one(_Row, f"select {_COLUMNS} from sandbox_transfers where request_key = $1")
_BY_REFERENCE = one(_Row, f"select {_COLUMNS} from sandbox_transfers where id = $1")


class Sandbox:
    """The sandbox; the money "arrives" after ARRIVAL_S.

    An account whose number begins with FAIL refuses each time, one with FAILONCE at the first attempt, whose key ends
    in `:1`. Express costs 1 %, another currency than the one that is sent 1 % as well, at rates that never change.
    """

    name = "sandbox"
    label = "Test bank"
    currencies = tuple(_RATES)

    def account(self, ctx: Ctx) -> str:
        """There is but one."""
        return self.name

    def fields(self, currency: str, country: str) -> list[Field]:
        """An account number and a speed, wherever it is."""
        if currency not in _RATES:
            raise BadDestination(fields={"currency": f"One of {', '.join(_RATES)}"})
        return [
            Field(
                name="account_number",
                label="Account number",
                help="8 to 40 letters and digits. One that begins with FAIL is refused, with FAILONCE only once",
                pattern="[0-9A-Za-z]{8,40}",
                secret=True,
            ),
            Field(name="speed", label="Speed", options=_SPEEDS, identifies=False),
        ]

    async def register(self, ctx: Ctx, details: DestinationDetails) -> str:
        """What the account does and how fast, with a fingerprint of its number."""
        answers = check_answers(self.fields(details.currency, details.country), details.fields)
        number = answers["account_number"].upper()
        behaviour = next((word for start, word in _BEHAVIOURS if number.startswith(start)), SANDBOX_BANK)
        digest = hashlib.sha256(number.encode()).hexdigest()[:16]
        return f"{behaviour}.{answers['speed']}.{details.currency}.{digest}"

    async def quote(self, ctx: Ctx, recipient: str, amount_minor: int, currency: str) -> PayoutQuote:
        """By the recipient's speed and currency."""
        _, speed, arriving = _read(recipient)
        if currency not in _RATES:
            raise BadDestination(fields={"currency": f"The test bank takes {', '.join(_RATES)}"})
        percent = (speed == _EXPRESS) + _CONVERSION_PERCENT * (arriving != currency)
        fee_minor = -(-amount_minor * percent // 100)
        left_minor = amount_minor - fee_minor
        return PayoutQuote(
            amount_minor=amount_minor,
            fee_minor=fee_minor,
            arrives_minor=left_minor * _RATES[arriving] // _RATES[currency],
            currency=arriving,
            arrives_by=business_days_after(ctx.now.date(), 1 if speed == _EXPRESS else PROMISED_DAYS[1]),
        )

    async def submit(self, ctx: Ctx, request: TransferRequest) -> Transfer:
        """A row of its own books, once per key."""
        behaviour, _, _ = _read(request.recipient)
        refused = behaviour == SANDBOX_FAIL or (behaviour == SANDBOX_FAIL_ONCE and request.key.endswith(":1"))
        await _KEEP(
            ctx.db,
            "tr_test_" + secrets.token_urlsafe(18),
            request.key,
            request.amount_minor,
            request.currency,
            request.recipient,
            "failed" if refused else "accepted",
            "account_closed" if refused else None,
            "The bank says that this account is closed" if refused else None,
            ctx.now,
            ctx.now + timedelta(seconds=ARRIVAL_S),
        )
        row = await _BY_KEY(ctx.db, request.key)
        if (row.amount_minor, row.currency, row.destination) != (
            request.amount_minor,
            request.currency,
            request.recipient,
        ):
            raise ValueError(f"the key {request.key} came with another transfer before")
        return _told(ctx, row)

    async def look_up(self, ctx: Ctx, reference: str) -> Transfer:
        """By its own id."""
        return _told(ctx, await _BY_REFERENCE(ctx.db, reference))

    def verify(self, ctx: Ctx, headers: Mapping[str, str], body: bytes) -> Verdict:
        """By the header SIGNATURE_HEADER."""
        return verify(webhook_secret(ctx.app), headers.get(SIGNATURE_HEADER, ""), body, ctx.now)

    def read(self, body: bytes) -> TransferNews:
        """The event's JSON is a TransferNews."""
        try:
            return msgspec.json.decode(body, type=TransferNews)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise BadPayoutWebhook from None


def webhook_secret(app: App) -> bytes:
    """What the sandbox signs its webhooks with."""
    return hmac.new(app.settings.secret_key.encode(), b"sandbox payout webhooks", hashlib.sha256).digest()


def _read(recipient: str) -> tuple[str, str, str]:
    """Behaviour, speed and currency. Recipients of before there were forms are a behaviour alone."""
    behaviour, speed, currency, *_ = (*recipient.split("."), "standard", "USD")
    return behaviour, speed, currency


def _told(ctx: Ctx, row: _Row) -> Transfer:
    state: TransferState = "arrived" if ctx.now >= row.arrives_at else "processing"
    if row.state == "failed":
        state = "failed"
    return Transfer(reference=row.id, state=state, failure_code=row.failure_code, failure_reason=row.failure_reason)
