"""Who may do what with a file, and addresses that carry a permission themselves."""

import base64
import binascii
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.media.errors import FileTooLarge, ImageTooLarge
from stoa.foundation.media.queries.library import file_by_id, folders
from stoa.foundation.media.queries.storage import upload_by_id
from stoa.foundation.media.types import Crop, FileView, FolderView, Links, UploadRow
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound

FORM_OVERHEAD_BYTES: Final = 64 * 1024  # boundaries, field names and the other fields around a picture
LINK_FOR: Final = timedelta(minutes=15)
_PICTURE: Final = "media.picture"
_FILE: Final = "media.file"
_PART: Final = "media.part"


class Permit(msgspec.Struct, frozen=True, array_like=True):
    """What a signed address allows: a whole file, shown in the browser or downloaded."""

    media_id: UUID
    is_download: bool
    until: int


class PartPermit(msgspec.Struct, frozen=True, array_like=True):
    """What a signed address allows: to send one part of an upload."""

    upload_id: UUID
    number: int
    until: int


async def access_own_media(ctx: Ctx, media_id: UUID) -> FileView:
    """The actor's own file, in the trash or not; NotFound for anybody else's."""
    found = await file_by_id(ctx, media_id)
    if found is None or found.owner_id != ctx.member.id:
        raise NotFound("There is no such file")
    return found


async def access_own_folder(ctx: Ctx, folder_id: UUID) -> FolderView:
    """The actor's own folder. Raises NotFound."""
    found = next((one for one in await folders(ctx) if one.id == folder_id), None)
    if found is None:
        raise NotFound("There is no such folder")
    return found


async def access_own_upload(ctx: Ctx, upload_id: UUID) -> UploadRow:
    """The actor's upload that is under way; NotFound for anybody else's, and for one that is over."""
    found = await upload_by_id(ctx, upload_id)
    if found is None or found.owner_id != ctx.member.id:
        raise NotFound("There is no such upload under way")
    return found


def links_to(ctx: Ctx, media_id: UUID, lasts: timedelta = LINK_FOR) -> Links:
    """Addresses at which whoever has them gets the whole file, until they end. Whoever asks has to be allowed to."""
    until = int((ctx.now + lasts).timestamp())

    def address(is_download: bool) -> str:
        return f"/media/files/{_token(ctx, Permit(media_id, is_download, until), _FILE)}"

    return Links(address(True), address(False), datetime.fromtimestamp(until, UTC))


def signed_picture(ctx: Ctx, address: str, media_id: UUID, lasts: timedelta = LINK_FOR) -> str:
    """The address of a size of a private picture with a permission for whoever has it. Signs every size alike."""
    # Rounded, so that a browser that comes back within minutes finds what it has kept.
    until = (int((ctx.now + lasts).timestamp()) // 300 + 1) * 300
    signature = ctx.app.keyring.sign(f"{media_id}:{until}".encode(), _PICTURE)
    return f"{address}?e={until}&s={base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def signed_srcset(ctx: Ctx, srcset: str, media_id: UUID) -> str:
    """A `srcset` of a private picture, each address signed."""
    sized = [entry.rpartition(" ") for entry in srcset.split(", ") if entry]
    return ", ".join(f"{signed_picture(ctx, address, media_id)} {width}" for address, _, width in sized)


def seconds_left(ctx: Ctx, media_id: UUID, until: str | None, signature: str | None) -> int | None:
    """How long a signed address of a picture holds, None when it does not."""
    text = until or ""
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        return None
    left = int(text) - int(ctx.now.timestamp())
    good = ctx.app.keyring.verify(f"{media_id}:{text}".encode(), _unpacked(signature or ""), _PICTURE)
    return left if good and left > 0 else None


def read_permit(ctx: Ctx, token: str) -> Permit:
    """The permission in an address of a file. Raises NotFound when it was changed, or is over."""
    found = msgspec.convert(_read(ctx, token, _FILE), Permit)
    _check_not_over(ctx, found.until)
    return found


def part_token(ctx: Ctx, upload_id: UUID, number: int, until: datetime) -> str:
    """The permission to send one part."""
    return _token(ctx, PartPermit(upload_id, number, int(until.timestamp())), _PART)


def read_part_permit(ctx: Ctx, token: str) -> PartPermit:
    """The permission in the address of a part. Raises NotFound when it was changed, or is over."""
    found = msgspec.convert(_read(ctx, token, _PART), PartPermit)
    _check_not_over(ctx, found.until)
    return found


def check_announced(announced: str | None, most_bytes: int) -> None:
    """Refuses a form whose `Content-Length` says beforehand that its picture is too large. Raises ImageTooLarge."""
    if _is_beyond(announced, most_bytes):
        raise ImageTooLarge(most_bytes)


def check_announced_file(announced: str | None, most_bytes: int) -> None:
    """As `check_announced` for files of any kind. Raises FileTooLarge."""
    if _is_beyond(announced, most_bytes):
        raise FileTooLarge(most_bytes)


def _is_beyond(announced: str | None, most_bytes: int) -> bool:
    length = announced or ""
    return length.isascii() and length.isdigit() and int(length[:20]) > most_bytes + FORM_OVERHEAD_BYTES


def crop_of(x: int | None, y: int | None, size: int | None) -> Crop | None:
    """The part that was chosen, or None. Raises Invalid when only some of it is given, or it begins outside."""
    given = {"x": x, "y": y, "size": size}
    if x is None and y is None and size is None:
        return None
    wrong = {name: "This field is needed" for name, value in given.items() if value is None}
    wrong |= {name: "This must be at least 0" for name, value in given.items() if value is not None and value < 0}
    if wrong or x is None or y is None or size is None:
        raise Invalid(fields=wrong)
    return Crop(x, y, size)


def _token(ctx: Ctx, permit: Permit | PartPermit, purpose: str) -> str:
    payload = msgspec.json.encode(permit)
    signature = ctx.app.keyring.sign(payload, purpose)
    return base64.urlsafe_b64encode(bytes([len(signature)]) + signature + payload).rstrip(b"=").decode()


def _read(ctx: Ctx, token: str, purpose: str) -> object:
    raw = _unpacked(token)
    end = 1 + raw[0] if raw else 0
    signature, payload = raw[1:end], raw[end:]
    if not payload or not ctx.app.keyring.verify(payload, signature, purpose):
        raise NotFound("This address is not valid (any more)")
    return msgspec.json.decode(payload)


def _unpacked(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeError, binascii.Error, ValueError):
        return b""


def _check_not_over(ctx: Ctx, until: int) -> None:
    if until <= ctx.now.timestamp():
        raise NotFound("This address is not valid any more")
