"""Statements of one payout and of one month, as PDF and as HTML, of the same words. Days are those of UTC."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from stoa.foundation.people.queries import person_by_id
from stoa.foundation.settings import queries as settings
from stoa.kit import paper
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound
from stoa.kit.money import format_amount
from stoa.money.payouts.queries import statements as queries
from stoa.money.payouts.types import COIN, PayoutState, PayoutView

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
_HTML: Final = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_STATES: Final = {
    PayoutState.PENDING: "Requested, not sent yet",
    PayoutState.IN_REVIEW: "In review",
    PayoutState.PROCESSING: "On its way",
    PayoutState.PAID: "Arrived",
    PayoutState.FAILED: "Failed; what was reserved is back",
    PayoutState.CANCELLED: "Cancelled; what was reserved is back",
}
# What a movement is called that brings something, and one that takes it.
_KINDS: Final = {
    "gift": ("Gifts received", "Gifts given"),
    "tip": ("Tips received", "Tips given"),
    "sale": ("Sales", "Purchases"),
    "sale_refund": ("Purchases refunded", "Sales refunded"),
    "card_tip": ("Tips by card", "Tips by card, refunded"),
    "card_tip_refund": ("Tips by card, not refunded after all", "Tips by card, refunded"),
    "payout.settled": ("Paid out", "Paid out"),
    "payout_returned": ("Payouts that came back from the bank", "Payouts that came back from the bank"),
}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A table. `numbers`: all columns but the first are figures, not only the last one. `nothing`: without rows."""

    title: str
    rows: list[list[str]]
    head: list[str] = []
    has_total: bool = False
    numbers: bool = True
    nothing: str = ""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A statement in words, ready to be set. `facts` are (name, value), one below another."""

    site: str
    address: str
    title: str
    period: str
    facts: list[tuple[str, str]]
    parts: list[Part]
    note: str


def as_html(shown: Document) -> str:
    """The statement as a page of its own, fit for printing."""
    return _HTML.get_template("statement.html").render(d=shown)


async def as_pdf(shown: Document, *, at: datetime) -> bytes:
    """The statement as PDF; `at` is its date."""
    return await paper.as_pdf(TEMPLATES / "statement.typ", "statement", shown, at=at)


async def of_payout(ctx: Ctx, payout: PayoutView) -> Document:
    """What one payout was made of, and where it is."""
    facts = [
        ("Payout", str(payout.id)),
        ("Paid to", await _person(ctx, payout.user_id)),
        ("Destination", payout.destination),
        ("Asked for on", _day(payout.requested_at)),
    ]
    if payout.sent_at:
        facts.append(("Sent on", _day(payout.sent_at)))
    if payout.ended_at:
        facts.append(("Arrived on" if payout.state == PayoutState.PAID else "Ended on", _day(payout.ended_at)))
    facts.append(("State", _STATES[payout.state]))
    if payout.provider_reference:
        facts.append(("Reference", payout.provider_reference))
    return Document(
        **await _frame(ctx),
        title="Payout statement",
        period=_day(payout.requested_at),
        facts=facts,
        parts=[Part(title=f"For {payout.source}", rows=_reckoning(payout), has_total=True)],
        note="Everybody's share was taken when it was earned; nothing more is taken at the payout but the fee.",
    )


async def of_month(ctx: Ctx, day: date) -> Document:
    """What the actor had earned before the day's month, what the month brought and took, and what was left.

    Raises NotFound for a month that has not begun, or in which nothing had been earned yet.
    """
    if day.replace(day=1) not in await queries.months(ctx, ctx.member.id):
        raise NotFound
    first, after = queries.month_of(day)
    since, until = (datetime.combine(one, datetime.min.time(), UTC) for one in (first, after))
    lines = await queries.lines(ctx, ctx.member.id, since, until)
    parts = []
    for held in await queries.balances(ctx, ctx.member.id, since, until):
        moved = [
            [_called(line), f"{line.movements:,}", format_amount(line.amount_minor, held.asset)]
            for line in lines
            if line.asset == held.asset
        ]
        opening = ["Earned before and not paid out", "", format_amount(held.opening_minor, held.asset)]
        closing = ["Left, earned and not paid out", "", format_amount(held.closing_minor, held.asset)]
        name = "Coins" if held.asset == COIN else held.asset
        parts.append(Part(title=name, head=["", "Movements", name], rows=[opening, *moved, closing], has_total=True))
    paid = await queries.paid(ctx, ctx.member.id, since, until)
    parts.append(
        Part(
            title="Payouts that arrived",
            head=["On", "Of", "Fee", "Arrived"],
            rows=[
                [
                    f"{_day(one.ended_at)}, {one.destination}" if one.ended_at else "",
                    one.source,
                    _money(0 if one.fee_on_platform else one.fee_minor, one.currency),
                    _money(one.arrives_minor, one.arrives_currency),
                ]
                for one in paid
            ],
            nothing="None in this month.",
        )
    )
    is_over = until <= ctx.now
    period = f"{first:%B %Y}" + ("" if is_over else f", until {_day(ctx.now)}")
    facts = [("For", await _person(ctx, ctx.member.id)), ("Month", period)]
    note = "Earned is your share, after the platform's. What was bought or given by the platform is not in it."
    return Document(**await _frame(ctx), title="Statement", period=period, facts=facts, parts=parts, note=note)


def _reckoning(payout: PayoutView) -> list[list[str]]:
    """From what was given to what arrives; the last row is the whole."""
    rows = []
    if payout.asset == COIN:
        rows += [
            ["Readers gave for it", _money(payout.gross_minor, payout.currency)],
            ["Platform's share", _money(-payout.platform_fee_minor, payout.currency)],
        ]
    rows.append(["Your earnings", _money(payout.net_payout_minor, payout.currency)])
    borne = ", borne by the platform" if payout.fee_on_platform and payout.fee_minor else ""
    kept_minor = 0 if payout.fee_on_platform else payout.fee_minor
    rows.append([f"Fee of the transfer{borne}", _money(-kept_minor, payout.currency)])
    rows.append(["You receive", _money(payout.arrives_minor, payout.arrives_currency)])
    return rows


def _called(line: queries.Line) -> str:
    brings, takes = _KINDS.get(line.kind, (line.kind.replace("_", " ").capitalize(),) * 2)
    name = brings if (line.amount_minor > 0) != line.is_reversal else takes
    return f"{name}, taken back" if line.is_reversal else name


async def _frame(ctx: Ctx) -> dict[str, str]:
    return {"site": (await settings.platform(ctx)).name, "address": ctx.app.settings.base_url}


async def _person(ctx: Ctx, user_id: UUID) -> str:
    found = await person_by_id(ctx, user_id)
    if found is None:
        raise NotFound
    return f"{found.display_name} (@{found.username})"


def _money(amount_minor: int, asset: str) -> str:
    return f"{format_amount(amount_minor, asset)} {asset}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
