"""What can go wrong on the way out. `Refused` and `NotNow` stay between carriers and the job."""

from stoa.kit.errors import Conflict


class Refused(Exception):
    """The other side will not take this message, however often it is tried."""


class NotNow(Exception):
    """It did not go through this time."""


class NotToBeSent(Conflict):
    """Only what failed, or was kept while there was nobody to send it by, can be sent again."""

    code = "message_not_to_be_sent"
    title = "This message cannot be sent again"


class BodyErased(Conflict):
    """What it said is gone."""

    code = "message_erased"
    title = "What this message said was erased; ask for a new one where it came from"
