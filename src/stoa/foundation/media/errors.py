"""Why a file is not taken. All leave nothing behind, but a file with a virus, which is kept in quarantine."""

from uuid import UUID

from stoa.kit.errors import Conflict, Invalid, StoaError


class ImageRefused(Invalid):
    """The file cannot be taken as a picture; the message says why, and the field is `file`."""

    code = "image_refused"
    title = "This picture cannot be used"

    def __init__(self, why: str) -> None:
        super().__init__(fields={"file": why})


class FileRefused(Invalid):
    """The file cannot be taken; the message says why, and the field is `file`."""

    code = "file_refused"
    title = "This file cannot be used"

    def __init__(self, why: str) -> None:
        super().__init__(fields={"file": why})


class ImageTooLarge(StoaError):
    """413: more bytes than the setting `max_upload_bytes` allows (L2: 25 MB)."""

    status = 413
    code = "image_too_large"
    title = "This picture is too large"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"Pictures may have at most {most_bytes / 1024**2:.3g} MB", most_bytes=most_bytes)


class FileTooLarge(StoaError):
    """413: more bytes than one way of sending it allows; in parts it may have more."""

    status = 413
    code = "file_too_large"
    title = "This file is too large"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"Files sent like this may have at most {most_bytes / 1024**2:.4g} MB", most_bytes=most_bytes)


class FileInfected(StoaError):
    """422: the scanner found something. The file is in quarantine: nobody can fetch it, its owner can delete it."""

    status = 422
    code = "file_infected"
    title = "A virus was found in this file"

    def __init__(self, media_id: UUID, found: str | None) -> None:
        super().__init__(
            f"The virus scanner found {found or 'something'} in this file. It is held back, and nobody can fetch it.",
            media_id=str(media_id),
            found=found,
        )


class ScannerSilent(Exception):
    """The virus scanner does not answer, or does not make sense. The file waits until it does."""


class NotFetched(Invalid):
    """Nothing could be had from an address; the field is `url`."""

    code = "not_fetched"
    title = "This address gave no file"

    def __init__(self, why: str) -> None:
        super().__init__(fields={"url": why})


class UploadIncomplete(Conflict):
    """409: parts are missing, or have another length than was announced."""

    code = "upload_incomplete"
    title = "This upload is not complete"

    def __init__(self, missing: list[int]) -> None:
        numbers = ", ".join(map(str, missing[:20]))
        super().__init__(f"Please send these parts (again): {numbers}", missing=missing[:1000])


class NotReady(Conflict):
    """409: the file is not in a state for this."""

    code = "media_not_ready"
    title = "This file is not ready"
