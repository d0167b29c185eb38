"""What the pages of one site share: who may come in, the rail, what a form sent, what is said after it."""

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

from litestar import Request, Response

from stoa.creation.sites.queries import site_detail
from stoa.creation.sites.types import SiteDetail, SiteState
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.types import Permission, SiteAccess
from stoa.front import flash
from stoa.front.flash import Toast
from stoa.front.page import page, see_other
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, StoaError
from stoa.kit.forms import storable

Kind = Literal["", "good", "warn", "bad"]
SITES: Final = "/dashboard/sites"
ONE: Final = f"{SITES}/{{site_id:uuid}}"
STATES: Final = {
    SiteState.OPEN: ("Open", "good"),
    SiteState.MAINTENANCE: ("Under maintenance", "warn"),
    SiteState.PRIVATE: ("Private", ""),
    SiteState.SUSPENDED: ("Suspended", "bad"),
    SiteState.DELETED: ("In the trash", "bad"),
}
_NOT_STORED: Final = "This holds a character that cannot be stored"


async def opened(ctx: Ctx, site_id: UUID, permission: Permission | None = None) -> tuple[SiteAccess, SiteDetail]:
    """A site that the actor owns or works on, with its settings. Raises NotFound, Forbidden."""
    there = await access_site(ctx, site_id, permission)
    return there, await site_detail(ctx, there)


def rail_of(there: SiteAccess) -> list[tuple[str | None, list[tuple[str, str, str]]]]:
    """The places of a site that the actor may go to."""
    base = f"{SITES}/{there.id}"
    settings, drafts = Permission.MANAGE_SETTINGS, Permission.READ_DRAFTS
    groups: tuple[tuple[str | None, tuple[tuple[str, str, str, Permission | None], ...]], ...] = (
        (
            None,
            (
                (base, "Overview", "house", None),
                (f"{base}/series", "Series", "library", drafts),
                (f"{base}/pages", "Pages", "file-text", drafts),
                (f"{base}/navigation", "Navigation", "list", Permission.EDIT_CONTENT),
            ),
        ),
        (
            "How it looks",
            (
                (f"{base}/theme", "Theme", "layout-grid", settings),
                (f"{base}/branding", "Branding", "image", settings),
            ),
        ),
        (
            "Where it is found",
            (
                (f"{base}/domain", "Domain", "globe", settings),
                (f"{base}/seo", "Search and sharing", "search", settings),
                (f"{base}/integrations", "Counting visits", "chart-column", settings),
            ),
        ),
        ("Altogether", ((f"{base}/settings", "Settings", "settings", settings),)),
    )
    open_ones = [(name, [p[:3] for p in places if p[3] is None or there.may(p[3])]) for name, places in groups]
    return [(name, places) for name, places in open_ones if places]


async def site_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    there: SiteAccess,
    site: SiteDetail,
    name: str,
    *,
    status: int = 200,
    **context: Any,
) -> Response[Any]:
    """A page within the frame of a site."""
    return await page(
        request,
        ctx,
        f"studio/sites/{name}.html",
        status=status,
        site=site,
        there=there,
        rail=rail_of(there),
        base=f"{SITES}/{there.id}",
        may={one.value for one in there.permissions},
        site_state=STATES[site.state],
        **context,
    )


def said(request: Request[Any, Any, Any], path: str, text: str, kind: Kind = "good", **more: Any) -> Response[Any]:
    """Goes on to a page, which says this."""
    response = see_other(path)
    flash.add(request, response, Toast(text, kind, **more))
    return response


def texts(form: Any) -> dict[str, str]:
    """What a form sent: the last text of each name, no files. Raises Invalid for what cannot be stored."""
    sent = {name: value for name in form for value in form.getall(name) if isinstance(value, str)}
    wrong = {name: _NOT_STORED for name, value in sent.items() if not storable(name + value)}
    if wrong:
        raise Invalid(fields={name if storable(name) else "form": text for name, text in wrong.items()})
    return sent


def number(sent: Mapping[str, str], name: str) -> int | None:
    """A whole number of a form, None where it is none."""
    given = sent.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 9 else None


def named(error: StoaError, otherwise: str = "form") -> dict[str, str]:
    """The errors by the fields of the form."""
    return error.fields if isinstance(error, Invalid) and error.fields else {otherwise: error.detail}
