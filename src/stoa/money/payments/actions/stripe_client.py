"""Stripe's client as payments use it, for modules that send money by the same account. It takes a while to import."""

from stoa.money.payments.gateways.stripe import SIGNATURE_HEADER, to_stripe
from stoa.money.payments.gateways.stripe.client import StripeKeys, ask, client_of, reached, struct_of

__all__ = ["SIGNATURE_HEADER", "StripeKeys", "ask", "client_of", "reached", "struct_of", "to_stripe"]
