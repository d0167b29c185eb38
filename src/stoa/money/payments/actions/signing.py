"""Signatures of webhooks, for modules that hear from providers of their own."""

from stoa.money.payments.gateways.signatures import TOLERANCE_S, secrets_in, sign, verify

__all__ = ["TOLERANCE_S", "secrets_in", "sign", "verify"]
