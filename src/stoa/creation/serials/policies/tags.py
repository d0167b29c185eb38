"""Tags that are approved are there for all; the others for moderators."""

from uuid import UUID

from stoa.creation.serials.queries import tags
from stoa.creation.serials.types import TagView
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Forbidden, NotFound


async def access_tag_by_slug(ctx: Ctx, slug: str) -> TagView:
    """A tag by an address it has or once had; where the answer has another slug, redirect to it. Raises NotFound."""
    found = await tags.tag_by_slug(ctx, slug)
    if found is None:
        raise NotFound("There is no such tag")
    return found


async def access_tag_to_judge(ctx: Ctx, tag_id: UUID) -> TagView:
    """A tag in any state, for staff. Raises Forbidden, NotFound."""
    if not ctx.member.is_staff:
        raise Forbidden("Only moderators decide about tags")
    found = await tags.tag_by_id(ctx, tag_id)
    if found is None:
        raise NotFound("There is no such tag")
    return found
