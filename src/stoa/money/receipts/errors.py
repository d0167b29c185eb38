"""What can go wrong with receipts."""

from stoa.kit.errors import Conflict


class NotPaid(Conflict):
    """409: there is a receipt for what was paid, and this was not."""

    code = "not_paid"
    title = "There is a receipt as soon as it is paid"
