"""Bodies of the routes about versions and what is not saved yet."""

from datetime import datetime
from typing import Annotated

import msgspec

from stoa.creation.serials.schemas.chapters import Note, Tab, Text, Title
from stoa.creation.serials.schemas.words import Revision


class AutosaveIn(msgspec.Struct):
    """What stands in a tab. `seen`: `saved_at` of what another tab had kept, where this one has shown it."""

    tab: Tab
    base_version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    body_markdown: Text
    title: Title = ""
    author_note_markdown: Note = ""
    seen: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class RestoreIn(msgspec.Struct, frozen=True):
    """The revision that is replaced; without it, the newest."""

    revision: Revision | None = None
