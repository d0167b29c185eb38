"""What people say of their files: names, titles, alternative texts, tags."""

import re
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.media.types import (
    MAX_ALT,
    MAX_CAPTION,
    MAX_FILENAME,
    MAX_TAG,
    MAX_TAGS,
    MAX_TITLE,
    Visibility,
)
from stoa.kit.errors import Invalid

_NOT_IN_NAMES: Final = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069/\\]+")


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a file that comes in."""

    filename: str = ""
    title: str = ""
    alt: str = ""
    caption: str = ""
    folder_id: UUID | None = None
    tags: list[str] = []
    visibility: Visibility = Visibility.PUBLIC
    made_from: UUID | None = None


def checked(about: About) -> About:
    """With a name that is only a name, and tidy texts. Raises Invalid with each field that is too long."""
    wrong = {
        name: f"Please use at most {most:,} characters"
        for name, most in (("title", MAX_TITLE), ("alt", MAX_ALT), ("caption", MAX_CAPTION))
        if len(getattr(about, name)) > most
    }
    tags: list[str] = []
    try:
        tags = tidy_tags(about.tags)
    except Invalid as error:
        wrong |= error.fields
    if wrong:
        raise Invalid(fields=wrong)
    return msgspec.structs.replace(
        about, filename=tidy_filename(about.filename), title=about.title.strip(), alt=about.alt.strip(), tags=tags
    )


def tidy_filename(name: str) -> str:
    """A name without a path, and without characters that make it look like another; its ending is kept."""
    plain = _NOT_IN_NAMES.sub(" ", name.replace("\\", "/").rpartition("/")[2]).strip(" .")
    if len(plain) <= MAX_FILENAME:
        return plain
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending) > 20:
        return plain[:MAX_FILENAME]
    return stem[: MAX_FILENAME - len(ending) - 1] + "." + ending


def tidy_tags(tags: list[str]) -> list[str]:
    """In lower case, in order, each once. Raises Invalid for too many or too long ones."""
    tidy = sorted({" ".join(tag.lower().lstrip("#").split()) for tag in tags} - {""})
    if len(tidy) > MAX_TAGS:
        raise Invalid(fields={"tags": f"At most {MAX_TAGS} of these"})
    if any(len(tag) > MAX_TAG for tag in tidy):
        raise Invalid(fields={"tags": f"Each at most {MAX_TAG} characters"})
    return tidy
