"""What can go wrong with series and chapters."""

from datetime import datetime

from stoa.kit.errors import Conflict


class StatusRefused(Conflict):
    """409: a series does not go there from `series_status`, where it stands; `allowed` names what can be done now."""

    code = "status_refused"
    title = "This series cannot do that now"

    def __init__(self, detail: str, *, status: str, allowed: list[str]) -> None:
        super().__init__(detail, series_status=status, allowed=allowed)


class NotReadyToList(Conflict):
    """409: a series lacks something that readers who look for one need; `missing` says what, sentence by sentence."""

    code = "not_ready_to_list"
    title = "This series cannot be listed yet"

    def __init__(self, missing: list[str]) -> None:
        super().__init__("Before it is listed: " + "; ".join(missing), missing=missing)


class OtherTab(Conflict):
    """409: another window has kept a text of this chapter that this one has not seen; `saved_at` and `tab` are its."""

    code = "other_tab"
    title = "You are writing this chapter in another window, too. Look at what is there before you go on here"

    def __init__(self, *, saved_at: datetime, tab: str) -> None:
        super().__init__(saved_at=saved_at, tab=tab)


class NotForSale(Conflict):
    """409: there is nothing to buy here: the chapter is open to the reader already, or not sold by itself."""

    code = "not_for_sale"
    title = "This cannot be bought"
