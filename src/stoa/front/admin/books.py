"""`/admin/books`: the trial balance, accounts, statements, and transfers down to their postings and cause (M1)."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get

from stoa.front.admin.filters import choice, day_end, newest, older, person, text
from stoa.front.page import page
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.invariants import check
from stoa.kit.money import CURRENCIES, format_amount
from stoa.kit.queue import admin as jobs
from stoa.money.ledger import queries as ledger
from stoa.money.ledger.types import AssetTotal, TrialBalance, TrialRow
from stoa.operations.admin import queries
from stoa.operations.admin.types import PostingRow

WHOSE = ("platform", "people")
KINDS = (
    "welcome",
    "coin_purchase",
    "coin_refund",
    "credit_purchase",
    "credit_refund",
    "gift",
    "gift_refund",
    "tip",
    "tip_refund",
    "sale",
    "sale_refund",
    "gateway_fee",
    "dispute",
    "dispute.released",
    "dispute_taken",
    "dispute_returned",
    "dispute_fee",
    "payout",
    "payout.settled",
    "payout.released",
    "reversal",
)


class Sheet(msgspec.Struct, frozen=True):
    """One asset of the trial balance."""

    total: AssetTotal
    rows: list[TrialRow]


class Ruled(msgspec.Struct, frozen=True):
    """The postings of one asset in a transfer, with their sums."""

    asset: str
    rows: list[PostingRow]
    debits_minor: int
    credits_minor: int


def sheets(balance: TrialBalance) -> list[Sheet]:
    """The trial balance by asset; what was never moved is left out."""
    found = [Sheet(total, [r for r in balance.rows if r.asset == total.asset]) for total in balance.totals]
    return [sheet for sheet in found if any(row.balance_minor for row in sheet.rows)]


def ruled(rows: list[PostingRow]) -> list[Ruled]:
    """Postings by asset, ruled off."""
    groups: list[Ruled] = []
    for asset in dict.fromkeys(row.asset for row in rows):
        own = [row for row in rows if row.asset == asset]
        debits = sum(row.amount_minor for row in own if row.amount_minor < 0)
        groups.append(Ruled(asset, own, debits, sum(row.amount_minor for row in own if row.amount_minor > 0)))
    return groups


@get("/admin/books", opt=access("admin"))
async def trial_balance(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Every asset and purpose, now or at the end of a day."""
    at = day_end(request, "at")
    balance = await ledger.trial_balance(ctx, at - timedelta(microseconds=1) if at else None)
    checks = [s for s in await jobs.schedules(ctx) if s.name == "ledger.verify"]
    return await page(
        request,
        ctx,
        "admin/trial_balance.html",
        sheets=sheets(balance),
        at=text(request, "at") or "",
        check=checks[0] if checks else None,
    )


@get("/admin/books/check", opt=access("admin"))
async def check_books(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Recomputes all balances from the postings, and checks what else must hold, now."""
    return await page(request, ctx, "admin/check.html", differences=await check(ctx.db))


@get("/admin/books/accounts", opt=access("admin"))
async def list_accounts(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Accounts by asset, purpose and owner."""
    asset, whose = choice(request, "asset", CURRENCIES), choice(request, "whose", WHOSE)
    purpose, name = text(request, "purpose"), person(request)
    found = await queries.accounts(
        ctx,
        asset=asset,
        platform=None if whose is None else whose == "platform",
        purpose=purpose,
        username=name,
        cursor=request.query_params.get("cursor"),
    )
    return await page(
        request,
        ctx,
        "admin/accounts.html",
        accounts=found,
        chosen={"asset": asset, "whose": whose, "purpose": purpose, "person": name},
        assets=list(CURRENCIES),
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/admin/books/accounts/{account_id:int}", opt=access("admin"))
async def account_statement(request: Request[Any, Any, Any], ctx: CtxDep, account_id: Path[int]) -> Response[str]:
    """One account, posting by posting."""
    account = await queries.account(ctx, account_id)
    lines = await ledger.account_statement(ctx, account_id, request.query_params.get("cursor"), limit=queries.LIMIT)
    return await page(
        request,
        ctx,
        "admin/account.html",
        account=account,
        lines=lines.items,
        older=older(request, lines.next_cursor),
        newest=newest(request),
    )


@get("/admin/books/transfers", opt=access("admin"))
async def list_transfers(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Transfers, newest first, by kind and up to a day."""
    kind = text(request, "kind")
    found = await queries.transfers(
        ctx, kind=kind, until=day_end(request, "until"), cursor=request.query_params.get("cursor")
    )
    return await page(
        request,
        ctx,
        "admin/transfers.html",
        transfers=found.items,
        kinds=KINDS,
        chosen={"kind": kind, "until": text(request, "until")},
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


def recorded(metadata: dict[str, Any], rows: list[PostingRow]) -> list[tuple[str, str]]:
    """What a transfer remembers, as a person reads it: amounts in their asset without zeros, shares in percent."""
    assets = {row.asset for row in rows}
    told = []
    for name, kept in metadata.items():
        if name.endswith("_minor") and len(assets) == 1:
            asset = next(iter(assets))
            if kept:
                told.append((name.removesuffix("_minor"), f"{format_amount(kept, asset)} {asset}"))
        elif name == "basis_points":
            parts = sorted(kept.items(), key=lambda part: -part[1])
            told.append(("shares", ", ".join(f"{who} {points / 100:g} %" for who, points in parts if points)))
        else:
            told.append((name, str(kept)))
    return [(name.replace("_", " ").capitalize(), text) for name, text in told]


@get("/admin/books/transfers/{transfer_id:uuid}", opt=access("admin"))
async def show_transfer(request: Request[Any, Any, Any], ctx: CtxDep, transfer_id: Path[UUID]) -> Response[str]:
    """A transfer, its postings, and what was behind it."""
    transfer = await ledger.transfer(ctx, transfer_id)
    rows = await queries.postings(ctx, transfer_id)
    return await page(
        request,
        ctx,
        "admin/transfer.html",
        transfer=transfer,
        groups=ruled(rows),
        record=recorded(transfer.metadata, rows),
        cause=await queries.cause(ctx, transfer_id),
        actor_name=await queries.username(ctx, transfer.actor_id) if transfer.actor_id else None,
    )


routes = [trial_balance, check_books, list_accounts, account_statement, list_transfers, show_transfer]
