"""What can go wrong between people."""

from stoa.kit.errors import Conflict


class NotYourself(Conflict):
    """One does not follow oneself."""

    code = "not_yourself"
    title = "You cannot follow yourself"
