"""Why a picture is not taken. All are 422 and leave nothing behind."""

from stoa.kit.errors import Invalid, StoaError


class ImageRefused(Invalid):
    """The file cannot be taken as a picture; the message says why, and the field is `file`."""

    code = "image_refused"
    title = "This picture cannot be used"

    def __init__(self, why: str) -> None:
        super().__init__(fields={"file": why})


class ImageTooLarge(StoaError):
    """413: more bytes than L2 allows."""

    status = 413
    code = "image_too_large"
    title = "Pictures may have at most 25 MB"
