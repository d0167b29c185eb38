"""Files inside of a ZIP file, read one by one and never written anywhere; and the pictures of what is read."""

import base64
import binascii
import io
import re
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from stoa.creation.exchange.errors import Unreadable
from stoa.creation.exchange.types import MAX_PICTURES, MAX_READ_BYTES, Picture
from stoa.foundation.media.actions.kinds import look
from stoa.foundation.media.actions.pictures import sniff
from stoa.foundation.media.errors import FileRefused, ImageRefused

MAX_TEXT_BYTES: Final = 32 * 1024 * 1024  # of one file inside
_DATA: Final = re.compile(r"data:image/[a-z0-9.+-]{1,30};base64,", re.IGNORECASE)
_HIDDEN: Final = re.compile(r"(?:^|/)(?:__MACOSX/|\.|Thumbs\.db$|desktop\.ini$)")


class Budget:
    """How much may still be unpacked of one import, however it is packed."""

    def __init__(self, left: int = MAX_READ_BYTES) -> None:
        self.left = left

    def take(self, size: int) -> None:
        """Raises Unreadable when it was too much."""
        self.left -= size
        if self.left < 0:
            raise Unreadable("This file unpacks to more than can be read at once; please send it in parts")


class Archive:
    """A ZIP file that was looked at as every upload is (L2): no bomb, no paths that lead out, nothing that overlaps."""

    def __init__(self, data: bytes, budget: Budget) -> None:
        with tempfile.NamedTemporaryFile(prefix="stoa-import-") as file:
            file.write(data)
            file.flush()
            try:
                self.content_type = look(Path(file.name)).content_type
            except (FileRefused, ImageRefused) as error:
                raise Unreadable(next(iter(error.fields.values()))) from error
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise Unreadable("This file is damaged or not complete") from error
        self._budget = budget
        self._entries = {
            i.filename: i for i in self._zip.infolist() if not i.is_dir() and not _HIDDEN.search(i.filename)
        }

    @property
    def names(self) -> list[str]:
        """The paths of its files."""
        return list(self._entries)

    def has(self, name: str) -> bool:
        """Whether it holds a file of this path."""
        return name in self._entries

    def read(self, name: str, most: int = MAX_TEXT_BYTES) -> bytes:
        """The bytes of a file inside. Raises Unreadable for one that is not there, damaged, locked or too large."""
        entry = self._entries.get(name)
        if entry is None:
            raise Unreadable(f"Its part “{name[:100]}” is missing")
        if entry.flag_bits & 1:
            raise Unreadable("This file is locked with a password")
        if entry.file_size > most:
            raise Unreadable(f"Its part “{name[:100]}” is too large")
        self._budget.take(entry.file_size)
        try:
            return self._zip.read(entry)
        except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError) as error:
            raise Unreadable("This file is damaged or not complete") from error
        except Exception as error:  # zlib.error and whatever else a damaged stream makes its unpacker raise
            raise Unreadable("This file is damaged or not complete") from error


class Pictures:
    """The pictures that texts show, each once. `mark` begins the words that stand for them in Markdown.

    `own`: where this installation is found, whose pictures stay what they are.
    """

    def __init__(self, mark: str, most_bytes: int, own: str = "") -> None:
        self.mark, self.most_bytes, self.own = mark, most_bytes, own.rstrip("/")
        self.taken: list[Picture] = []
        self.problems: list[str] = []
        self._keys: dict[str, str | None] = {}

    def take(self, name: str, load: Callable[[], bytes]) -> str | None:
        """The word that stands for a picture, or None for one that cannot come along; `problems` says why."""
        if name not in self._keys:
            self._keys[name] = self._taken(name, load)
        return self._keys[name]

    def data_url(self, source: str) -> str | None:
        """The word for a picture that is written out in its address."""
        head = _DATA.match(source)
        if head is None:
            return None
        name = f"inline-{hash(source) & 0xFFFFFFFFFFFF:x}"
        return self.take(name, lambda: _from_base64(source[head.end() :]))

    def picture(self, name: str, load: Callable[[], bytes]) -> Picture | None:
        """A picture by itself, such as a cover."""
        key = self.take(name, load)
        return next((p for p in self.taken if p.key == key), None)

    def _taken(self, name: str, load: Callable[[], bytes]) -> str | None:
        if len(self.taken) >= MAX_PICTURES:
            self._say(f"At most {MAX_PICTURES} pictures come along; the rest stays out")
            return None
        shown = name.rpartition("/")[2][:80] or "A picture"
        try:
            data = load()
            sniff(data)
        except Unreadable:
            self._say(f"{shown} is missing or damaged")
            return None
        except ImageRefused:
            self._say(f"{shown} is not a picture that can be shown here; JPEG, PNG, WebP, GIF and AVIF are")
            return None
        if len(data) > self.most_bytes:
            self._say(f"{shown} has more than {self.most_bytes / 1024**2:.3g} MB")
            return None
        picture = Picture(f"{self.mark}{len(self.taken) + 1}x", shown, data)
        self.taken.append(picture)
        return picture.key

    def _say(self, problem: str) -> None:
        if problem not in self.problems and len(self.problems) < 100:
            self.problems.append(problem)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(unquote_to_bytes(text) if "%" in text[:200] else text, validate=False)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("A picture is damaged") from error
