"""What moved in a person's wallet, in their words: each transfer with all its postings, every posting explained."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.kit.ctx import Ctx
from stoa.kit.db import many, value
from stoa.kit.errors import NotFound
from stoa.kit.money import Money, format_amount
from stoa.money.wallet.types import BUCKETS, COIN, USD, HistoryLine, PostingLine


class _Change(msgspec.Struct, frozen=True):
    transfer_id: UUID
    created_at: datetime
    coins_minor: int
    usd_minor: int


_SPENDABLE: Final = "a.purpose in ('promotional', 'purchased', 'earned')"
_SUMS: Final = f"""
  coalesce(sum(p.amount_minor) filter (where a.asset = 'COIN' and {_SPENDABLE}), 0)::bigint as coins_minor,
  coalesce(sum(p.amount_minor) filter (where a.asset = 'USD' and {_SPENDABLE}), 0)::bigint as usd_minor"""

# Each of the latest transfers is among the latest of every account it touched, so a few rows per account are enough.
_CHANGES = many(
    _Change,
    f"""select p.transfer_id, p.created_at,
              {_SUMS}
       from ledger_accounts a
       cross join lateral (
         select q.transfer_id, q.created_at, q.amount_minor from ledger_postings q
         where q.account_id = a.id and ($2::timestamptz is null or (q.created_at, q.transfer_id) < ($2, $3))
         order by q.created_at desc, q.transfer_id desc limit $4
       ) p
       where a.owner_id = $1
       group by p.transfer_id, p.created_at
       order by p.created_at desc, p.transfer_id desc limit $4""",
)
_CHANGES_OF_SOME = many(
    _Change,
    f"""select p.transfer_id, p.created_at,
              {_SUMS}
       from ledger_postings p join ledger_accounts a on a.id = p.account_id
       where p.transfer_id = any ($1) and a.owner_id = $2
       group by p.transfer_id, p.created_at
       order by p.created_at desc, p.transfer_id desc""",
)


class Fact(msgspec.Struct, frozen=True):
    """One posting, with what is known of its transfer: the gift, tip or order behind it, or behind what it reverses."""

    transfer_id: UUID
    kind: str
    of_kind: str
    cause: str
    metadata: dict[str, Any]
    is_reversed: bool
    created_at: datetime
    owner_id: UUID | None
    owner: str | None
    asset: str
    purpose: str
    amount_minor: int
    gift_coins: int | None
    gift_title: str | None
    tip_minor: int | None
    tip_superlike: bool | None
    sender_id: UUID | None
    sender: str | None
    recipient: str | None
    order_description: str | None
    order_minor: int | None
    order_currency: str | None


# The transfers whose metadata name the order they belong to.
_OF_ORDERS: Final = (
    "coin_purchase coin_refund credit_purchase credit_refund card_tip card_tip_refund direct_tip direct_tip_refund"
).split()
_FACTS = many(
    Fact,
    """select t.id as transfer_id, t.kind, coalesce(o.kind, t.kind) as of_kind, t.cause,
              coalesce(o.metadata, t.metadata) as metadata,
              exists (select from ledger_transfers v where v.reverses = t.id) as is_reversed,
              p.created_at, a.owner_id, u.username as owner, a.asset, a.purpose, p.amount_minor,
              g.amount_coins as gift_coins, g.work_title as gift_title,
              tp.amount_minor as tip_minor,
              coalesce(tp.is_superlike, (b.item ->> 'superlike')::boolean) as tip_superlike,
              coalesce(g.sender_id, tp.sender_id, b.user_id) as sender_id, s.username as sender,
              r.username as recipient, b.description as order_description, b.amount_minor as order_minor,
              b.currency as order_currency
       from ledger_transfers t
       join ledger_postings p on p.transfer_id = t.id
       join ledger_accounts a on a.id = p.account_id
       left join users u on u.id = a.owner_id
       left join ledger_transfers o on o.id = t.reverses
       left join gifts g on g.transfer_id = coalesce(t.reverses, t.id)
       left join tips tp on tp.transfer_id = coalesce(t.reverses, t.id)
       left join orders b on b.id = (t.metadata ->> 'order_id')::uuid and t.kind = any ($2)
       left join users s on s.id = coalesce(g.sender_id, tp.sender_id, b.user_id)
       left join users r on r.id = coalesce(g.recipient_id, tp.recipient_id, b.payee_id)
       where t.id = any ($1)
       order by a.asset, p.amount_minor, a.id desc""",
)
_PAID_BY = value(
    bool,
    """select exists (select from order_shares s join orders o on o.id = s.order_id
                      where s.transfer_id = $1 and o.user_id = $2)""",
)


async def lines(
    ctx: Ctx, user_id: UUID, *, before: tuple[datetime, UUID] | None = None, limit: int = 20
) -> list[HistoryLine]:
    """What changed in somebody's coins and credit, newest first, those before the given (created_at, transfer_id)."""
    created_at, transfer_id = before or (None, None)
    return await _opened(ctx, user_id, await _CHANGES(ctx.db, user_id, created_at, transfer_id, limit))


async def some_lines(ctx: Ctx, user_id: UUID, transfer_ids: list[UUID]) -> list[HistoryLine]:
    """The same of transfers that somebody is part of, newest first."""
    return await _opened(ctx, user_id, await _CHANGES_OF_SOME(ctx.db, transfer_ids, user_id))


async def _opened(ctx: Ctx, user_id: UUID, changes: list[_Change]) -> list[HistoryLine]:
    facts: dict[UUID, list[Fact]] = {change.transfer_id: [] for change in changes}
    for fact in await _FACTS(ctx.db, list(facts), _OF_ORDERS):
        facts[fact.transfer_id].append(fact)
    return [_line(change, facts[change.transfer_id], user_id) for change in changes]


async def line(ctx: Ctx, transfer_id: UUID, *, viewer_id: UUID) -> HistoryLine:
    """One transfer as somebody sees it who may not be part of it. Raises NotFound where there is none."""
    facts = await _FACTS(ctx.db, [transfer_id], _OF_ORDERS)
    if not facts:
        raise NotFound
    changes = await _CHANGES_OF_SOME(ctx.db, [transfer_id], viewer_id)
    change = changes[0] if changes else _Change(transfer_id, facts[0].created_at, 0, 0)
    return _line(change, facts, viewer_id)


async def paid_by(ctx: Ctx, transfer_id: UUID, user_id: UUID) -> bool:
    """Whether a transfer is what somebody's order was shared into; what comes after it is not theirs to see."""
    return await _PAID_BY(ctx.db, transfer_id, user_id)


def _line(change: _Change, facts: list[Fact], viewer_id: UUID) -> HistoryLine:
    first, changes = facts[0], _changes(facts, viewer_id)
    is_part = any(fact.owner_id == viewer_id for fact in facts)
    return HistoryLine(
        transfer_id=change.transfer_id,
        kind=first.kind,
        created_at=change.created_at,
        title=_title(first, viewer_id, changes) if is_part else first.cause,
        coins_minor=change.coins_minor,
        usd_minor=change.usd_minor,
        changes=changes,
        is_reversed=first.is_reversed,
        postings=[
            PostingLine(
                account=_account(fact, viewer_id),
                asset=fact.asset,
                amount_minor=fact.amount_minor,
                explanation=_explanation(fact, viewer_id),
                is_own=fact.owner_id == viewer_id,
            )
            for fact in facts
        ],
    )


def _changes(facts: list[Fact], viewer_id: UUID) -> list[Money]:
    """By asset, what the viewer can spend more or less."""
    sums: dict[str, int] = {}
    for fact in facts:
        if fact.owner_id == viewer_id and fact.purpose in BUCKETS:
            sums[fact.asset] = sums.get(fact.asset, 0) + fact.amount_minor
    return [Money(asset, minor) for asset, minor in sums.items() if minor]


def _title(fact: Fact, viewer_id: UUID, changes: list[Money]) -> str:
    match fact.kind, fact.of_kind:
        case "welcome", _:
            return "Welcome bonus"
        case "gift", _:
            on = f" for “{fact.gift_title}”" if fact.gift_title else ""
            if fact.sender_id == viewer_id:
                return f"You gave {fact.gift_coins:,} coins to @{fact.recipient}{on}"
            return f"@{fact.sender} gave you {fact.gift_coins:,} coins{on}"
        case "reversal", "gift":
            if fact.sender_id == viewer_id:
                return f"You took back your gift of {fact.gift_coins:,} coins to @{fact.recipient}"
            return f"@{fact.sender} took back a gift of {fact.gift_coins:,} coins"
        case "coin_purchase", _:
            price = format_amount(fact.order_minor or 0, fact.order_currency or USD)
            return f"You bought {fact.order_description} for {price} {fact.order_currency}"
        case "tip", _:
            what = f"{'a superlike of ' if fact.tip_superlike else ''}{format_amount(fact.tip_minor or 0, USD)} USD"
            if fact.sender_id == viewer_id:
                return f"You tipped @{fact.recipient} {what}"
            return f"@{fact.sender} tipped you {what}"
        case (("card_tip" | "direct_tip"), _):
            what = f"{'a superlike of ' if fact.tip_superlike else ''}{_order_money(fact)}"
            where = "by card" if fact.kind == "card_tip" else "by card, into your own account"
            return f"@{fact.sender} tipped you {what} {where}"
        case (("card_tip_refund" | "direct_tip_refund"), _):
            return f"A tip of {_order_money(fact)} by @{fact.sender} was refunded"
        case "credit_purchase", _:
            return f"You added {fact.order_description}"
        case "payout", _:
            return f"{_paid_out(changes)} set aside for a payout"
        case "payout.settled", _:
            return "Your payout has arrived"
        case "payout.released", _:
            back = "is" if changes and changes[0].asset != COIN else "are"
            return f"A payout did not take place: {_paid_out(changes)} {back} back"
        case _:
            return fact.cause


def _order_money(fact: Fact) -> str:
    currency = fact.order_currency or USD
    return f"{format_amount(fact.order_minor or 0, currency)} {currency}"


def _paid_out(changes: list[Money]) -> str:
    """What a payout took, or gave back."""
    money = changes[0] if changes else Money(COIN, 0)
    return f"{format_amount(abs(money.amount_minor), money.asset)} {'coins' if money.asset == COIN else money.asset}"


_COINS_OF: Final = {
    "promotional": "promotional coins",
    "purchased": "purchased coins",
    "earned": "earned coins",
    "promotional_reserved": "reserved promotional coins",
    "purchased_reserved": "reserved purchased coins",
    "earned_reserved": "coins reserved for a payout",
}
_PLATFORM: Final = {
    "fees": "The platform's share",
    "promotional_fees": "The platform's promotional share",
    "charity": "Charity",
    "promotional_charity": "Charity's promotional share",
    "tax": "Tax",
    "promotional_tax": "Promotional tax",
    "issued": "Coins issued",
    "redeemed": "Coins redeemed",
    "coin_sales": "Coin sales",
    "welcome": "Welcome bonuses",
    "receivable": "Owed to the platform",
    "gateway_fees": "Fees of gateways",
    "dispute_fees": "Fees for disputes",
    "disputed": "Disputed money",
    "world": "Payment gateway",
    "direct_world": "Accounts of people's own",
    "payout_world": "Payout provider",
}


def _account(fact: Fact, viewer_id: UUID) -> str:
    purpose, _, detail = fact.purpose.partition(":")
    if fact.owner_id is None:
        name = _PLATFORM.get(purpose, purpose.replace("_", " ").capitalize())
        return f"{name} ({detail})" if detail else name
    held = _COINS_OF.get(purpose, purpose.replace("_", " "))
    if purpose == "direct":
        held = f"{fact.asset} in {'your' if fact.owner_id == viewer_id else 'their'} own account"
        return held[0].upper() + held[1:] if fact.owner_id == viewer_id else f"@{fact.owner}: {held}"
    if fact.asset != COIN:
        held = f"{purpose.replace('_', ' ')} credit in {fact.asset}"
    return f"Your {held}" if fact.owner_id == viewer_id else f"@{fact.owner}: {held}"


_WHY: Final[dict[tuple[str, str], str]] = {
    ("welcome", "welcome"): "Given by the platform to everybody who joins",
    ("welcome", "promotional"): "Yours to spend; it cannot be paid out",
    ("coin_purchase", "world"): "The price, paid through the gateway",
    ("coin_purchase", "coin_sales"): "The price, received for coins",
    ("coin_purchase", "issued"): "New coins were made for this purchase",
    ("coin_purchase", "purchased"): "The coins that were bought, bonus included",
    ("coin_purchase", "receivable"): "Pays off coins of a refunded purchase that were spent already",
    ("coin_refund", "world"): "The money went back through the gateway",
    ("coin_refund", "coin_sales"): "The money was taken from what coins had brought",
    ("coin_refund", "issued"): "The coins of this purchase are gone",
    ("coin_refund", "purchased"): "The coins that this money had bought",
    ("coin_refund", "receivable"): "Coins that were spent already; they are owed, and taken from what comes in next",
    ("credit_purchase", "world"): "The money, paid through the gateway",
    ("credit_purchase", "purchased"): "The credit that was bought; it can be spent",
    ("credit_purchase", "receivable"): "Pays off credit of a refunded purchase that was spent already",
    ("credit_refund", "world"): "The money went back through the gateway",
    ("credit_refund", "purchased"): "The credit that this money had bought",
    ("credit_refund", "receivable"): "Credit that was spent already; it is owed, and taken from what comes in next",
    ("card_tip", "world"): "The tip, paid through the gateway",
    ("card_tip", "receivable"): "Pays off credit of a refunded payment that was spent already",
    ("card_tip_refund", "world"): "The money went back through the gateway",
    ("card_tip_refund", "fees"): "The platform's share of it went back, too",
    ("card_tip_refund", "charity"): "Charity's share of it went back, too",
    ("card_tip_refund", "tax"): "The tax on it went back, too",
    ("card_tip_refund", "earned"): "The creator's share of it was taken back",
    ("card_tip_refund", "receivable"): "What was spent already is owed, and taken from what comes in next",
    ("direct_tip", "direct_world"): "The tip, paid straight into the creator's own account",
    ("direct_tip", "direct"): "It is there already; here it can be neither spent nor paid out",
    ("direct_tip_refund", "direct_world"): "The money went back from the creator's own account",
    ("direct_tip_refund", "direct"): "It is not there any more",
    ("dispute", "purchased"): "Set aside while the payment is disputed",
    ("dispute", "purchased_reserved"): "Kept here until the bank has decided",
    ("dispute", "earned"): "Set aside while the payment is disputed",
    ("dispute", "earned_reserved"): "Kept here until the bank has decided",
    ("dispute.released", "purchased_reserved"): "No longer set aside",
    ("dispute.released", "purchased"): "Back where it was",
    ("dispute.released", "earned_reserved"): "No longer set aside",
    ("dispute.released", "earned"): "Back where it was",
    ("gateway_fee", "gateway_fees"): "What the gateway keeps; the platform bears it",
    ("dispute_fee", "dispute_fees"): "What the gateway charges for a dispute; the platform bears it",
    ("dispute_taken", "disputed"): "Kept apart until the bank has decided",
    ("dispute_returned", "disputed"): "The bank has decided",
    ("tip_refund", "purchased"): "Back where it was before the tip",
    ("tip_refund", "receivable"): "Of the tip's share, spent already; it is owed, and taken from what comes in next",
    ("gift_refund", "purchased"): "Back where they were before the gift",
    ("gift_refund", "receivable"): "Of the gift's share, spent already; it is owed, and taken from what comes in next",
    ("tip", "receivable"): "Pays off credit of a refunded purchase that was spent already",
    ("gift", "receivable"): "Pays off coins of a refunded purchase that were spent already",
    ("payout", "earned"): "Set aside when the payout was requested",
    ("payout", "earned_reserved"): "Kept here until the payout has arrived, or does not take place",
    ("payout.settled", "earned_reserved"): "The coins that were set aside are used up",
    ("payout.settled", "redeemed"): "Coins given back for money",
    ("payout.settled", "coin_sales"): "The money that these coins are worth",
    ("payout.settled", "payout_world"): "Sent to the creator",
    ("payout.released", "earned_reserved"): "No longer set aside",
    ("payout.released", "earned"): "Back where they were",
}


def _explanation(fact: Fact, viewer_id: UUID) -> str:
    purpose = fact.purpose.partition(":")[0]
    if fact.kind == "reversal":
        return (
            "Taken back, as the movement was reversed"
            if fact.amount_minor < 0
            else "Given back, as the movement was reversed"
        )
    if fact.kind in ("gift_refund", "tip_refund") and purpose not in ("purchased", "receivable"):
        return "Back where it was before" if fact.amount_minor > 0 else "This share of what was paid went back"
    if fact.kind == "gift" and purpose != "receivable":
        return _gift_explanation(fact, purpose, viewer_id)
    if fact.kind == "tip" and purpose != "receivable":
        return _tip_explanation(fact, purpose, viewer_id)
    if fact.kind == "card_tip" and purpose in _SHARED:
        return _share_explanation(fact, purpose, viewer_id)
    return _WHY.get((fact.kind, purpose), fact.cause)


_SHARED: Final = {"earned": "creator", "fees": "platform", "charity": "charity", "tax": "tax"}


def _share_explanation(fact: Fact, purpose: str, viewer_id: UUID) -> str:
    """A share of a tip that was paid by card, in which nothing is promotional."""
    percent = f"{fact.metadata.get('basis_points', {}).get(_SHARED[purpose], 0) / 100:g} %"
    match purpose:
        case "fees":
            return f"The platform's share: {percent} of the tip"
        case "charity":
            return f"For charity: {percent} of the tip"
        case "tax":
            return f"Tax on the platform's share: {percent} of the tip"
        case _:
            whose = "Your" if fact.owner_id == viewer_id else "The creator's"
            return f"{whose} share: {percent} of the tip; it can be paid out"


def _tip_explanation(fact: Fact, purpose: str, viewer_id: UUID) -> str:
    is_promotional = purpose.startswith("promotional")
    if fact.amount_minor < 0:
        whose = "your" if fact.owner_id == viewer_id else "the giver's"
        return f"Part of the tip that was paid from {whose} {purpose} credit"
    paid = "promotional credit" if is_promotional else "purchased and earned credit"
    receiver = {"fees": "platform", "charity": "charity", "tax": "tax"}.get(purpose.removeprefix("promotional_"))
    percent = f"{fact.metadata.get('basis_points', {}).get(receiver or 'creator', 0) / 100:g} %"
    match receiver:
        case "platform":
            return f"The platform's share: {percent} of what was paid with {paid}"
        case "charity":
            return f"For charity: {percent} of what was paid with {paid}"
        case "tax":
            return f"Tax on the platform's share: {percent} of what was paid with {paid}"
        case _:
            whose = "Your" if fact.owner_id == viewer_id else "The creator's"
            then = "it stays promotional" if is_promotional else "it can be paid out"
            return f"{whose} share: {percent} of what was paid with {paid}; {then}"


def _gift_explanation(fact: Fact, purpose: str, viewer_id: UUID) -> str:
    percent = fact.metadata.get("creator_percent", 0)
    if fact.amount_minor < 0:
        whose = "your" if fact.owner_id == viewer_id else "the giver's"
        return f"Part of the gift that was paid from {whose} {purpose} coins"
    whose = "Your" if fact.owner_id == viewer_id else "The creator's"
    match purpose:
        case "earned":
            return f"{whose} share: {percent} % of what was paid with purchased and earned coins; it can be paid out"
        case "promotional":
            return f"{whose} share: {percent} % of what was paid with promotional coins; it stays promotional"
        case "fees":
            return f"The platform's share: {100 - percent} % of what was paid with purchased and earned coins"
        case _:
            return f"The platform's share: {100 - percent} % of what was paid with promotional coins"
