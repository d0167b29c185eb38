"""What reconciliation refuses."""

from stoa.kit.errors import Conflict


class RunUnderWay(Conflict):
    """409: this account is being compared right now; `run_id` is that run."""

    code = "reconciliation_under_way"
    title = "This is being compared already"


class MatterEnded(Conflict):
    """409: the discrepancy is closed or resolved; `state` says which."""

    code = "discrepancy_ended"
    title = "This is settled already"


class NothingToMerge(Conflict):
    """409: the discrepancy is not about an order or a payout that is known here."""

    code = "nothing_to_merge"
    title = "There is nothing here that could be brought up to date"
