"""Why a page is not taken, or not worked on."""

from stoa.kit.errors import Conflict


class NotAComic(Conflict):
    """409: the chapter belongs to a novel."""

    code = "not_a_comic"
    title = "This chapter has no pages"

    def __init__(self) -> None:
        super().__init__("Its series is a novel, whose pictures stand in the text. Pages belong to comics.")
