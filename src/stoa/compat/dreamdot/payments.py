"""DreamDot's routes of payments: adding to the balance, redeeming it, and what has moved."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, get, post

from stoa.compat.dollars import Dollars, Earned, cents, dollars
from stoa.foundation.people.policies import NOBODY
from stoa.kit.errors import NotFound
from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, access
from stoa.kit.http.idempotency import key_of
from stoa.kit.ids import new_id, parse_id
from stoa.kit.pagination import decode, keyset
from stoa.money.payments.types import ReturnUrl
from stoa.money.payouts import actions as payouts
from stoa.money.payouts.actions import offers
from stoa.money.payouts.types import Place
from stoa.money.wallet import actions, queries
from stoa.money.wallet.queries import history
from stoa.money.wallet.types import USD, HistoryLine


class CheckoutIn(msgspec.Struct):
    """POST /api/payment/create-checkout-session: how many dollars to add, and where to come back to."""

    amount: Dollars
    return_url: ReturnUrl = "/wallet"


class CheckoutOut(msgspec.Struct):
    """201: send the payer to `url`."""

    session_id: str
    url: str
    order_id: UUID
    amount: float
    currency: str
    expires_at: datetime


class Change(msgspec.Struct):
    """What somebody could spend more, or less, afterwards."""

    currency: str
    amount: float


class Transaction(msgspec.Struct):
    """One movement: welcome, credit_purchase, tip, gift, payout … `is_reversed` once it was taken back."""

    id: UUID
    type: str
    description: str
    changes: list[Change]
    is_reversed: bool
    created_at: datetime


class TransactionsOut(msgspec.Struct):
    """200: the newest first; `next_cursor` leads to older ones."""

    transactions: list[Transaction]
    next_cursor: str | None


@post("/api/payment/create-checkout-session", opt=access("member", idempotent=True))
async def create_checkout(ctx: CtxDep, data: Body[CheckoutIn], request: Request[Any, Any, Any]) -> CheckoutOut:
    """Replenish one's balance on the gateway's page; it arrives as purchased credit (M4)."""
    amount_minor = cents(data.amount)
    key = key_of(request.scope) or str(new_id())
    opened = await actions.checkout_credits(ctx, amount_minor, USD, key=key, return_url=data.return_url)
    return CheckoutOut(
        session_id=opened.session_id,
        url=opened.url,
        order_id=opened.order_id,
        amount=dollars(amount_minor),
        currency=USD,
        expires_at=opened.expires_at,
    )


class RedeemIn(msgspec.Struct):
    """POST /api/payment/redeem-balance: how many of the earned dollars, all where nothing is said; `destination` is the
    id of one of one's payout destinations, or the default one."""

    amount: Earned | None = None
    destination: Place | None = None


class RedeemOut(msgspec.Struct, kw_only=True):
    """201: what was earned is reserved and on its way. amount = fee + what is sent; `arrives` after a conversion."""

    payout_id: UUID
    amount: float
    fee: float
    currency: str
    arrives: float
    arrives_currency: str
    arrives_by: date
    destination: str
    status: str
    redeemable_balance: float


@post("/api/payment/redeem-balance", opt=access("member", idempotent=True))
async def redeem_balance(ctx: CtxDep, data: Body[RedeemIn], request: Request[Any, Any, Any]) -> RedeemOut:
    """Withdraw what one has earned; what was given or bought cannot be redeemed (M4)."""
    made = await payouts.request_payout(
        ctx,
        key=key_of(request.scope) or str(new_id()),
        asset=USD,
        amount_minor=None if data.amount is None else cents(data.amount),
        destination=data.destination,
    )
    left_minor = await offers.earned_now(ctx, USD)
    return RedeemOut(
        payout_id=made.id,
        amount=dollars(made.source_minor),
        fee=dollars(0 if made.fee_on_platform else made.fee_minor),
        currency=made.currency,
        arrives=dollars(made.arrives_minor, made.arrives_currency),
        arrives_currency=made.arrives_currency,
        arrives_by=made.arrives_by or made.promised_by,
        destination=made.destination,
        status=made.state.value,
        redeemable_balance=dollars(left_minor),
    )


@get("/api/payment/transactions/{user_id:str}", opt=access("member"))
async def list_transactions(
    ctx: CtxDep, user_id: Path[str], cursor: Cursor = None, limit: PageLimit = 20
) -> TransactionsOut:
    """What has moved in a wallet: one's own, or anybody's for administrators."""
    wanted = parse_id(user_id)
    if wanted is None or (wanted != ctx.member.id and not ctx.member.is_admin):
        raise NotFound(NOBODY)
    await queries.wallet_row(ctx, wanted)
    scope = f"transactions.{wanted}"
    before = decode(cursor, tuple[datetime, UUID], scope=scope)
    rows = await history.lines(ctx, wanted, before=before, limit=limit + 1)
    page = keyset(rows, limit, scope=scope, key=lambda row: (row.created_at, row.transfer_id))
    return TransactionsOut([_transaction(row) for row in page.items], page.next_cursor)


def _transaction(line: HistoryLine) -> Transaction:
    return Transaction(
        id=line.transfer_id,
        type=line.kind,
        description=line.title,
        changes=[Change(money.asset, dollars(money.amount_minor, money.asset)) for money in line.changes],
        is_reversed=line.is_reversed,
        created_at=line.created_at,
    )


routes = [create_checkout, redeem_balance, list_transactions]
