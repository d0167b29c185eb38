"""What can go wrong with a payout."""

from stoa.kit.errors import Conflict, Invalid, Unavailable


class BelowMinimum(Conflict):
    """409 (M7): less than a payout needs is earned, or asked for. `earned_minor` and `minimum_minor` of `asset`."""

    code = "below_minimum"
    title = "There is not enough earned for a payout yet"


class NotEarned(Conflict):
    """409 (M4): more is asked for than is earned and not reserved. `earned_minor` says what is."""

    code = "not_earned"
    title = "You have not earned this much"


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


class AccountChanged(ProviderUnavailable):
    """503: the keys of now are those of another account at the provider than the one that was asked to send it."""

    code = "provider_account_changed"
    title = "This was sent through another account of ours, which has to answer first"


class BadPayoutWebhook(Invalid):
    """400: the signature, its age, or the body of a provider's webhook is not acceptable."""

    status = 400
    code = "bad_webhook"
    title = "This webhook cannot be verified"


class NoDestination(Conflict):
    """409: nobody said where the money should go, and there is no destination yet."""

    code = "no_destination"
    title = "Please add where the money should go first"


class DestinationCooling(Conflict):
    """409: the destination was added or changed just now; `usable_from` is when money can be sent there."""

    code = "destination_cooling_down"
    title = "This destination is new. For your safety money cannot be sent there yet"


class DestinationInUse(Conflict):
    """409: a payout is on its way there; `payout_id` is that one."""

    code = "destination_in_use"
    title = "A payout is on its way there. Cancel it, or wait until it has arrived"


class DestinationMoved(Conflict):
    """409: it was changed at the same moment, in another window perhaps."""

    code = "destination_moved"
    title = "This destination has just been changed, please look again"


class DestinationKnown(Conflict):
    """409: it is among one's destinations already; `destination_id` is that one."""

    code = "destination_known"
    title = "You have this destination already"


class FeeChanged(Conflict):
    """409: the provider's fee is not the one that was agreed to. `fee_minor` and `arrives_minor` are today's."""

    code = "fee_changed"
    title = "The fee has changed, please look again"


class NothingArrives(Conflict):
    """409: the provider's fee would take all of it."""

    code = "nothing_arrives"
    title = "Nothing would be left of this after the fee"


class AmountMoved(Conflict):
    """409: what is earned changed while the payout was being reckoned."""

    code = "amount_moved"
    title = "What you have earned has just changed, please look again"
