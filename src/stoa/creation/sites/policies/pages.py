"""Who may do what with a page of a site; what a page may say."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from stoa.creation.sites.policies.settings import check_page_slug
from stoa.creation.sites.queries import site_page
from stoa.creation.sites.types import (
    BODY_MAX,
    KIND,
    META_DESCRIPTION_MAX,
    META_TITLE_MAX,
    NAV_LABEL_MAX,
    PAGE_TITLE_MAX,
    SitePage,
)
from stoa.creation.works.policies import access_work_to
from stoa.creation.works.types import WorkRow
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.types import Permission, SiteAccess
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.forms import storable

_MOST: Final = {
    "title": PAGE_TITLE_MAX,
    "body_markdown": BODY_MAX,
    "nav_label": NAV_LABEL_MAX,
    "meta_title": META_TITLE_MAX,
    "meta_description": META_DESCRIPTION_MAX,
}


async def access_page(
    ctx: Ctx, page_id: UUID, permission: Permission | None = None, *, site_id: UUID | None = None
) -> tuple[SiteAccess, SitePage]:
    """A page, for those who work on its site, with a `permission` that they must have there.

    `site_id`: the site it has to stand on. Raises NotFound, and Forbidden where the permission is missing.
    """
    page = await site_page(ctx, page_id)
    if page is None or site_id not in (None, page.site_id):
        raise NotFound("There is no such page")
    return await access_site(ctx, page.site_id, permission), page


async def page_work(ctx: Ctx, page_id: UUID, permission: Permission) -> WorkRow:
    """The work that a page is, to be changed. Raises NotFound, Forbidden."""
    work = await access_work_to(ctx, page_id, permission)
    if work.kind != KIND:
        raise NotFound("There is no such page")
    return work


def check_page(said: Mapping[str, Any]) -> None:
    """Whether this can be said of a page. Raises Invalid with every field that is wrong."""
    wrong = {
        name: f"Please use at most {most:,} characters that can be stored"
        for name, most in _MOST.items()
        if name in said and (len(said[name]) > most or not storable(said[name]))
    }
    if "title" in said and "title" not in wrong and not said["title"]:
        wrong["title"] = "Please give the page a title"
    if "slug" in said:
        try:
            check_page_slug(said["slug"])
        except Invalid as error:
            wrong |= error.fields
    if wrong:
        raise Invalid(fields=wrong)
