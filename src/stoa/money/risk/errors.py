"""What risk refuses."""

from stoa.kit.errors import Conflict


class Blocked(Conflict):
    """409 (F4, F5): the movement is not let through; `rule` names why. It stands in the log."""

    code = "blocked_by_risk"
    title = "This cannot be sent"


class FlagDecided(Conflict):
    """409: somebody has decided about this flag already, or there is nothing to decide. `state` is the one it is in."""

    code = "flag_decided"
    title = "This is decided already"
