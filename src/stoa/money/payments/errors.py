"""What can go wrong with an order."""

from stoa.kit.errors import Conflict, Invalid, NotFound, Unavailable


class PriceChanged(Conflict):
    """409: the price is not the one the buyer agreed to. `amount_minor` and `currency` are today's."""

    code = "price_changed"
    title = "The price has changed, please look again"


class OrderClosed(Conflict):
    """409: the order is in a state in which this cannot be done. `state` names it."""

    code = "order_closed"
    title = "This order cannot be changed any more"


class OrderKeyReused(Conflict):
    """409: the same key came with another order (M11)."""

    code = "idempotency_key_reused"
    title = "This key belongs to another order"


class NotRefundable(Conflict):
    """409: more than was paid, or more than can still be taken back (M13). `refundable_minor` is what can."""

    code = "not_refundable"
    title = "This much cannot be refunded"


class UnknownGateway(NotFound):
    """404: no gateway of this name is switched on."""

    code = "unknown_gateway"
    title = "There is no such gateway"


class AmountMismatch(Conflict):
    """409: what the gateway speaks of is not what the order asks for."""

    code = "amount_mismatch"
    title = "The payment does not fit the order"


class BadWebhook(Invalid):
    """400: the signature, its age, or the body of a webhook is not acceptable. It is kept, and not believed."""

    status = 400
    code = "bad_webhook"
    title = "This webhook cannot be verified"


class OrderNotYetKnown(Unavailable):
    """A verified event speaks of an order that is not here (yet); the job that applies it comes again."""

    code = "order_not_known"
    title = "The event's order is not known"


class SessionClosed(Conflict):
    """409: the hosted checkout is over: complete, cancelled or expired."""

    code = "session_closed"
    title = "This checkout is closed"


class BadCard(Invalid):
    """422: the card as typed is not a card. `fields` says where."""

    code = "bad_card"
    title = "Please check the card"


class UnknownPaymentMethod(Invalid):
    """422: the gateway knows no such payment method."""

    code = "unknown_payment_method"
    title = "This payment method is not known"


class GatewayUnavailable(Unavailable):
    """503: the gateway did not answer as it should; nothing is known to have happened. The same key again is safe."""

    code = "gateway_unavailable"
    title = "The payment service does not answer right now. Please try again"


class PaymentUnderWay(Conflict):
    """409: the gateway has the money of an earlier attempt, or is about to; its news is on the way."""

    code = "payment_under_way"
    title = "A payment of this order is on its way. Please look again in a moment"


class EvidenceRefused(Conflict):
    """409: the gateway does not take evidence for this dispute: too late, decided, or not by this way."""

    code = "evidence_refused"
    title = "Evidence cannot be handed in for this dispute"


class GatewayDisconnected(Conflict):
    """409: the account at the gateway was left by the creator whose it is (M12)."""

    code = "gateway_disconnected"
    title = "The creator has disconnected this gateway; ask them to do this there"


class AccountNotReady(Conflict):
    """409: an account of one's own that cannot take payments yet. The detail says what it waits for."""

    code = "account_not_ready"
    title = "This account cannot take payments yet"
