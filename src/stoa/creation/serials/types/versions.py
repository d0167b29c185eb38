"""What lies between two versions of a chapter's text."""

from typing import Literal

import msgspec

from stoa.creation.serials.types.chapters import VersionView


class DiffPart(msgspec.Struct, frozen=True):
    """Some words of a line, in both versions or in one of them."""

    kind: Literal["same", "added", "removed"]
    text: str


class DiffLine(msgspec.Struct, frozen=True):
    """A line of the text. `before` and `after` are its numbers in the two versions, None where it is not there.

    A `changed` one is there in both; its `parts` say how. `skipped` stands for `count` lines that are the same.
    """

    kind: Literal["same", "added", "removed", "changed", "skipped"]
    before: int | None
    after: int | None
    parts: list[DiffPart]
    count: int = 1


class VersionDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one version to another; `before` is None where there is none before.

    `title` and `author_note` are None where they are the same in both.
    """

    before: VersionView | None
    after: VersionView
    title: list[DiffPart] | None
    body: list[DiffLine]
    author_note: list[DiffLine] | None
    words_added: int
    words_removed: int
