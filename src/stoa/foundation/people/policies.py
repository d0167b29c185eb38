"""Who may be followed and seen."""

from stoa.foundation.people.queries import person
from stoa.foundation.people.types import PersonView
from stoa.kit.ctx import Ctx
from stoa.kit.errors import NotFound


async def access_person(ctx: Ctx, username: str) -> PersonView:
    """A person that the actor may see. Raises NotFound."""
    found = await person(ctx, username)
    if found is None:
        raise NotFound("There is nobody of this name")
    return found
