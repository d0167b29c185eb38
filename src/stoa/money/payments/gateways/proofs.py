"""What a checkout in the browser hands to the payer as proof of a payment, after Razorpay's Standard Checkout.

The gateway's order, its payment, and HMAC-SHA256 of "order|payment" by a key that only it and we know. As the id of a
payment method the three stand in one line, with a bar between them.
"""

import hashlib
import hmac
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec


class Proof(msgspec.Struct, frozen=True):
    """The gateway's own id of the order, its id of the payment, and the signature of both in hex."""

    order: str
    payment: str
    signature: str

    def __str__(self) -> str:
        return f"{self.order}|{self.payment}|{self.signature}"

    def is_genuine(self, secret: bytes) -> bool:
        """Whether the signature was made with this secret."""
        expected = signature(secret, self.order, self.payment)
        return hmac.compare_digest(expected.encode(), self.signature.encode("utf-8", "replace"))


def signature(secret: bytes, order: str, payment: str) -> str:
    """The signature of a payment of an order."""
    return hmac.new(secret, f"{order}|{payment}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def proof_in(payment_method_id: str) -> Proof | None:
    """The proof that the id of a payment method is; None for an id of another form."""
    parts = payment_method_id.split("|")
    return Proof(*parts) if len(parts) == 3 and all(parts) else None


def proven(secret: bytes, url: str, order: str, payment: str) -> str:
    """An address with the proof of a payment in its query, in the words of Razorpay's checkout."""
    proof = {
        "razorpay_order_id": order,
        "razorpay_payment_id": payment,
        "razorpay_signature": signature(secret, order, payment),
    }
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(proof)) if part)
    return urlunsplit(parts._replace(query=query))
