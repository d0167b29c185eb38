"""What fields of several bodies are made of."""

from typing import Annotated, Literal

import msgspec

from stoa.creation.posts.policies import LANGUAGE_PATTERN, SLUG_PATTERN

Language = Annotated[str, msgspec.Meta(pattern=LANGUAGE_PATTERN)]
Rating = Literal["general", "teen", "mature", "explicit"]
Slug = Annotated[str, msgspec.Meta(max_length=100, pattern=SLUG_PATTERN)]
Revision = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
