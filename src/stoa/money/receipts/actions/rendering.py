"""Receipts as PDF and as HTML, of the same words."""

from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from stoa.foundation.people.types import PersonView
from stoa.kit import paper
from stoa.kit.money import format_amount
from stoa.money.receipts.types import COIN, Payment, Receipt

TEMPLATES: Final = Path(__file__).parents[1] / "templates"
_METHODS: Final = {"sandbox": "Test gateway", "wallet": "Wallet"}
_HTML: Final = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt in words, ready to be set. `facts` are (name, value), one below another."""

    site: str
    address: str
    number: str
    issued: str
    title: str
    amount: str
    total: str
    refunded: str | None
    facts: list[tuple[str, str]]


def document(receipt: Receipt, payment: Payment, payer: PersonView, *, site: str, address: str) -> Document:
    """What stands on the receipt. Times are those of UTC."""
    facts = [
        ("Paid by", _named(payer)),
        ("Paid to", _named(payment.person) if payment.person else site),
        ("Paid on", _day(payment.settled_at or payment.created_at)),
        ("Paid with", _METHODS.get(payment.method, payment.method.replace("_", " ").capitalize())),
        ("Payment", str(payment.id)),
    ]
    if payment.reference:
        facts.append(("Reference", payment.reference))
    gross = _money(payment.gross_minor, payment.asset)
    return Document(
        site=site,
        address=address,
        number=receipt.number,
        issued=_day(receipt.issued_at),
        title=payment.title,
        amount=gross,
        total=gross,
        refunded=_money(payment.refunded_minor, payment.asset) if payment.refunded_minor else None,
        facts=facts,
    )


def as_html(shown: Document) -> str:
    """The receipt as a page of its own, fit for printing."""
    return _HTML.get_template("receipt.html").render(d=shown)


async def as_pdf(shown: Document, *, issued_at: datetime) -> bytes:
    """The receipt as PDF: the same receipt gives the same bytes."""
    return await paper.as_pdf(TEMPLATES / "receipt.typ", "receipt", shown, at=issued_at)


def _named(person: PersonView) -> str:
    return f"{person.display_name} (@{person.username})"


def _money(amount_minor: int, asset: str) -> str:
    return f"{format_amount(amount_minor, asset)} {'coins' if asset == COIN else asset}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B} {moment.year}"
