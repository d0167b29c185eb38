"""Why a picture is not taken. All are 422 and leave nothing behind."""

from stoa.kit.errors import Invalid, StoaError


class ImageRefused(Invalid):
    """The file cannot be taken as a picture; the message says why, and the field is `file`."""

    code = "image_refused"
    title = "This picture cannot be used"

    def __init__(self, why: str) -> None:
        super().__init__(fields={"file": why})


class ImageTooLarge(StoaError):
    """413: more bytes than the setting `max_upload_bytes` allows (L2: 25 MB)."""

    status = 413
    code = "image_too_large"
    title = "This picture is too large"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"Pictures may have at most {most_bytes / 1024**2:.3g} MB", most_bytes=most_bytes)
