"""What can go wrong with a payout."""

from stoa.kit.errors import Conflict, Invalid, Unavailable


class BelowMinimum(Conflict):
    """409 (M7): there are fewer earned coins than a payout needs. `earned_minor` and `minimum_minor` say how many."""

    code = "below_minimum"
    title = "There are not enough earned coins for a payout yet"


class PayoutOpen(Conflict):
    """409 (M7): another payout is under way; `payout_id` is that one."""

    code = "payout_open"
    title = "You already have a payout under way"


class PayoutKeyReused(Conflict):
    """409: the same key came with another payout (M11)."""

    code = "idempotency_key_reused"
    title = "This key belongs to another payout"


class WrongState(Conflict):
    """409: in this state the payout cannot be changed so. `state` names it, `allowed` the states it can go to."""

    code = "payout_state"
    title = "This payout cannot be changed like that any more"


class UnknownDestination(Invalid):
    """422: the provider cannot pay to this destination."""

    code = "unknown_destination"
    title = "Payouts cannot be sent there"


class OwnerBarred(Conflict):
    """409 (F5): its owner is suspended or banned."""

    code = "owner_barred"
    title = "Their account is suspended or banned. Reinstate them first, or call the payout off"


class FlagOpen(Conflict):
    """409 (F2, F3): a flag of high severity about its owner is not decided."""

    code = "flag_open"
    title = "A flag about their movements is open. Decide about it first"


class BadDestination(Invalid):
    """422: what was given is no destination that money can be sent to. `fields` says where."""

    code = "bad_destination"
    title = "Please check where the money should go"


class ProviderUnavailable(Unavailable):
    """503: the payout provider did not answer as it should; the same key again is safe."""

    code = "provider_unavailable"
    title = "The payout service does not answer right now. Please try again"


class BadPayoutWebhook(Invalid):
    """400: the signature, its age, or the body of a provider's webhook is not acceptable."""

    status = 400
    code = "bad_webhook"
    title = "This webhook cannot be verified"
