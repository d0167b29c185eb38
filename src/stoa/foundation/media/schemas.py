"""Bodies of the media routes."""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from litestar.datastructures import UploadFile

from stoa.foundation.media.types import MAX_ALT


@dataclass
class UploadIn:
    """A multipart form with the picture and its alternative text."""

    file: UploadFile
    alt: str = ""


class DescribeIn(msgspec.Struct):
    """The alternative text: what is to be seen, for those who do not see it."""

    alt: Annotated[str, msgspec.Meta(max_length=MAX_ALT)]
