"""Plans with as many places as a test needs."""

from typing import Any

from stoa.foundation.settings.types import Plans


def roomy(places: int) -> dict[str, Any]:
    """Plans whose smallest has room for so many people on a team."""
    free = Plans().free
    return {"free": {name: getattr(free, name) for name in free.__struct_fields__} | {"collaborators": places}}
