"""Bodies of the people routes."""

from typing import Annotated

import msgspec


class ProfileIn(msgspec.Struct):
    """Changes to one's own profile; what is absent stays."""

    display_name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)] | msgspec.UnsetType = msgspec.UNSET
    bio: Annotated[str, msgspec.Meta(max_length=1000)] | msgspec.UnsetType = msgspec.UNSET
