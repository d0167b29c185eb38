"""The protocol to whoever sends money to creators, and the sandbox, which needs no account and sends nothing."""

import secrets
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import one, run
from stoa.money.payouts.errors import UnknownDestination
from stoa.money.payouts.types import DESTINATIONS, SANDBOX_BANK, SANDBOX_FAIL, SANDBOX_FAIL_ONCE

TransferState = Literal["processing", "arrived", "failed"]

SANDBOX_ARRIVAL_S: Final = 2


class TransferRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Send money. The same `key` is the same transfer, however often it is sent."""

    key: str
    amount_minor: int
    currency: str
    destination: str
    description: str


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says of a transfer; the reason, in words for its recipient, when it failed."""

    reference: str
    state: TransferState
    failure_code: str | None = None
    failure_reason: str | None = None


class Provider(Protocol):
    """What every payout provider can do. Called outside of any transaction of ours."""

    name: str

    def check_destination(self, destination: str) -> None:
        """Raises UnknownDestination for one that can never work."""
        ...

    async def submit(self, ctx: Ctx, request: TransferRequest) -> Transfer:
        """Orders a transfer, once per key."""
        ...

    async def look_up(self, ctx: Ctx, reference: str) -> Transfer:
        """What became of it."""
        ...


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
    """Pays at once into nowhere; the money "arrives" after SANDBOX_ARRIVAL_S.

    Destinations: sandbox_bank arrives; sandbox_fail is refused each time; sandbox_fail_once is refused at the first
    attempt, whose key ends in `:1`.
    """

    name = "sandbox"

    def check_destination(self, destination: str) -> None:
        """One of DESTINATIONS."""
        if destination not in DESTINATIONS:
            raise UnknownDestination(fields={"destination": f"One of {', '.join(DESTINATIONS)}"})

    async def submit(self, ctx: Ctx, request: TransferRequest) -> Transfer:
        """A row of its own books, once per key."""
        self.check_destination(request.destination)
        refused = request.destination == SANDBOX_FAIL or (
            request.destination == SANDBOX_FAIL_ONCE and request.key.endswith(":1")
        )
        await _KEEP(
            ctx.db,
            "tr_test_" + secrets.token_urlsafe(18),
            request.key,
            request.amount_minor,
            request.currency,
            request.destination,
            "failed" if refused else "accepted",
            "account_closed" if refused else None,
            "The bank says that this account is closed" if refused else None,
            ctx.now,
            ctx.now + timedelta(seconds=SANDBOX_ARRIVAL_S),
        )
        row = await _BY_KEY(ctx.db, request.key)
        if (row.amount_minor, row.currency, row.destination) != (
            request.amount_minor,
            request.currency,
            request.destination,
        ):
            raise ValueError(f"the key {request.key} came with another transfer before")
        return _told(ctx, row)

    async def look_up(self, ctx: Ctx, reference: str) -> Transfer:
        """By its own id."""
        return _told(ctx, await _BY_REFERENCE(ctx.db, reference))


def _told(ctx: Ctx, row: _Row) -> Transfer:
    state: TransferState = "arrived" if ctx.now >= row.arrives_at else "processing"
    if row.state == "failed":
        state = "failed"
    return Transfer(reference=row.id, state=state, failure_code=row.failure_code, failure_reason=row.failure_reason)


_PROVIDERS: Final[dict[str, Provider]] = {"sandbox": Sandbox()}
DEFAULT_PROVIDER: Final = "sandbox"
DEFAULT_DESTINATION: Final = SANDBOX_BANK


def provider_named(ctx: Ctx, name: str) -> Provider:
    """A provider that is switched on. Raises UnknownDestination."""
    provider = _PROVIDERS.get(name)
    if provider is None or (name == "sandbox" and not ctx.app.settings.sandbox):
        raise UnknownDestination(fields={"provider": "No such way of being paid out is switched on"})
    return provider
