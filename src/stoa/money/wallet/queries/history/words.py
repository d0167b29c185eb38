"""What movements are called and why each posting was made, in the words of whoever looks."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.kit.money import Money, format_amount
from stoa.money.wallet.types import COIN, USD


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


def title_of(fact: Fact, viewer_id: UUID, changes: list[Money]) -> str:
    """What happened, in one line."""
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
            # Nothing changes for its owner any more, so that only the title can say how much it was.
            return f"Your payout of {_paid_out([Money(fact.asset, fact.amount_minor)])} has arrived"
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


def account_of(fact: Fact, viewer_id: UUID) -> str:
    """What an account is called, for whoever looks."""
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


def explanation_of(fact: Fact, viewer_id: UUID) -> str:
    """Why a posting was made."""
    purpose = fact.purpose.partition(":")[0]
    if fact.kind == "reversal":
        return (
            "Taken back, as the movement was reversed"
            if fact.amount_minor < 0
            else "Given back, as the movement was reversed"
        )
    if fact.kind in ("gift_refund", "tip_refund", "sale_refund") and purpose not in ("purchased", "receivable"):
        return "Back where it was before" if fact.amount_minor > 0 else "This share of what was paid went back"
    if fact.kind == "gift" and purpose != "receivable":
        return _gift_explanation(fact, purpose, viewer_id)
    if fact.kind == "tip" and purpose != "receivable":
        return _tip_explanation(fact, purpose, viewer_id)
    if fact.kind == "sale" and purpose != "receivable":
        return _sale_explanation(fact, purpose)
    if fact.kind == "card_tip" and purpose in _SHARED:
        return _share_explanation(fact, purpose, viewer_id)
    return _WHY.get((fact.kind, purpose), fact.cause)


def _sale_explanation(fact: Fact, purpose: str) -> str:
    if fact.amount_minor < 0:
        return "Paid from here"
    match purpose.removeprefix("promotional_"):
        case "fees":
            return "The platform's share of the sale"
        case "tax":
            return "Tax on the platform's share"
        case "earned":
            return "The seller's share; it can be paid out"
        case _:
            return "What was paid with promotional value stays promotional"


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
