"""Why something does not come in, or cannot go out (yet)."""

from stoa.kit.errors import Conflict, Invalid


class Unreadable(Invalid):
    """422: nothing can be read from the file; the message says why, and the field is `file`."""

    code = "import_unreadable"
    title = "This file cannot be read"

    def __init__(self, why: str) -> None:
        super().__init__(fields={"file": why})


class NotWaiting(Conflict):
    """409: the import is not waiting for a decision: it is still read, over, or on its way."""

    code = "import_not_waiting"
    title = "This import does not wait for anything"


class NotMade(Conflict):
    """409: the file of an export is not there: it is still made, could not be made, or was removed."""

    code = "export_not_made"
    title = "This file is not there"


class NothingToExport(Conflict):
    """409: there is no chapter in it."""

    code = "nothing_to_export"
    title = "There is no chapter to be written yet"
