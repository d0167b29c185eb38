"""What can go wrong with a refund."""

from stoa.kit.errors import Conflict


class TooLateToAsk(Conflict):
    """409: the time in which a refund can be asked for is over. `until` is when it ended."""

    code = "refund_too_late"
    title = "It is too late to ask for this money back"


class AskedAlready(Conflict):
    """409: a request for this payment waits for its decision. `refund_id` names it."""

    code = "refund_requested"
    title = "You have asked for this already"


class Decided(Conflict):
    """409: somebody has decided about the request. `state` is what became of it."""

    code = "refund_decided"
    title = "This was decided already"


class RefundKeyReused(Conflict):
    """409: the same key came with another refund (M11)."""

    code = "idempotency_key_reused"
    title = "This key belongs to another refund"


class NothingToRefund(Conflict):
    """409: the payment has nothing to give back, or not this much (M13). `refundable_minor` is what it has."""

    code = "not_refundable"
    title = "This much cannot be given back"


class PaymentDisputed(Conflict):
    """409: the payer's bank wants the money back already, and decides."""

    code = "payment_disputed"
    title = "This payment is disputed; the bank decides about it first"
