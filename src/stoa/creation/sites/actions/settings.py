"""What a site says, and what it looks like."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.creation.sites.policies.css import Sheet, TooDeep, sanitise
from stoa.creation.sites.policies.settings import check_contrast, check_settings, tidied
from stoa.creation.sites.queries import site_detail
from stoa.creation.sites.queries.sites import choice_of
from stoa.creation.sites.types import Look, Place, SiteDetail, SiteState
from stoa.creation.sites.types.changes import SiteChange, given
from stoa.creation.sites.types.looks import (
    SCOPE,
    Choice,
    contrast_of,
    layout_of,
    style_of,
    stylesheet,
    theme_of,
)
from stoa.creation.works.errors import EditConflict
from stoa.foundation.audit import actions as audit
from stoa.foundation.media import actions as media
from stoa.foundation.media.queries import media_by_ids
from stoa.foundation.team import actions as team
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.types import Permission, SiteAccess
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, update
from stoa.kit.errors import Invalid
from stoa.kit.markdown import in_thread

_PLACES: Final = tuple(f"{place}_media_id" for place in Place)
_CHOICE: Final = frozenset(Choice.__struct_fields__)
_IN_SITES: Final = ("title", "slug")  # the row of the site itself is foundation/team's
_TOLD: Final = ("title", "slug", "is_public", "maintenance", "theme")  # what the log keeps of a change
_TOUCH = run("update site_settings set revision = revision + 1, updated_at = $2 where site_id = $1")


async def edit_site(ctx: Ctx, site_id: UUID, change: SiteChange, *, revision: int | None = None) -> SiteDetail:
    """Changes what is given, on the `revision` that was seen; what changes nothing keeps the revision.

    A new `slug` leaves the old one behind as a redirect (S6). Raises NotFound, Forbidden, EditConflict, SiteSlugTaken,
    Invalid with every wrong field; for a colour that cannot be read, with the nearest shade that can.
    """
    access, before = await hold(ctx, site_id)
    if revision is not None and before.revision != revision:
        raise EditConflict(before.revision)
    wanted = tidied(given(change))
    check_settings(wanted)
    wanted.pop("custom_tracking_code", None)
    changes = {name: value for name, value in wanted.items() if value != _held(before, name)}
    if not changes:
        return before
    if _CHOICE & changes.keys():
        check_contrast(_choice(before, changes))
    if changes.keys() & set(_PLACES):
        await _check_pictures(ctx, access, changes)
    values = {name: value for name, value in changes.items() if name not in _IN_SITES}
    if "custom_css" in changes:
        values["custom_css_safe"] = (await _sheet(changes["custom_css"])).css
    if "slug" in changes:
        await team.rename_site(ctx, site_id, changes["slug"])
    if "title" in changes:
        await team.retitle(ctx, site_id, changes["title"])
    await update(ctx.db, "site_settings", values, where={"site_id": site_id})
    await _TOUCH(ctx.db, site_id, ctx.now)
    after = await site_detail(ctx, access)
    await team.set_open(ctx, site_id, after.state is SiteState.OPEN)
    if changes.keys() & {*_PLACES, "title"}:
        await _note_pictures(ctx, after)
    await _tell(ctx, before, after, changes)
    return await site_detail(ctx, await access_site(ctx, site_id))


async def set_picture(ctx: Ctx, site_id: UUID, place: Place, media_id: UUID | None) -> SiteDetail:
    """Shows a picture of the owner's or the actor's library at a place of a site, or none. Raises as `edit_site`."""
    return await edit_site(ctx, site_id, SiteChange(**{f"{place}_media_id": media_id}))  # type: ignore[arg-type]


async def look_of(ctx: Ctx, site_id: UUID, change: SiteChange) -> Look:
    """What a site would look like with these changes; stores nothing. Raises NotFound, Invalid.

    A colour that cannot be read is shown in the nearest shade that can; `contrast` says so.
    """
    before = await site_detail(ctx, await access_site(ctx, site_id))
    wanted = tidied({name: v for name, v in given(change).items() if name in {*_CHOICE, "custom_css"}})
    check_settings(wanted)
    choice = _choice(before, wanted)
    sheet = await _sheet(wanted.get("custom_css", before.custom_css))
    is_on = "custom_css" in wanted or before.custom_css_enabled
    style, dark = style_of(choice, dark=False), style_of(choice, dark=True)
    return Look(
        theme=theme_of(choice.theme),
        layout=layout_of(choice),
        style=style,
        style_dark=dark,
        stylesheet=stylesheet(style, dark, sheet.css if is_on else ""),
        custom_css=sheet.css,
        dropped=sheet.dropped,
        contrast=contrast_of(choice),
    )


async def hold(
    ctx: Ctx, site_id: UUID, permission: Permission = Permission.MANAGE_SETTINGS, *, also_deleted: bool = False
) -> tuple[SiteAccess, SiteDetail]:
    """A site that the actor may change, held still until the transaction ends. Raises NotFound, Forbidden."""
    await access_site(ctx, site_id, permission, also_deleted=also_deleted)
    await team.lock_site(ctx, site_id)
    access = await access_site(ctx, site_id, permission, also_deleted=also_deleted)
    return access, await site_detail(ctx, access)


async def _sheet(css: str) -> Sheet:
    try:
        return await in_thread(lambda: sanitise(css, scope=SCOPE))
    except TooDeep as error:
        raise Invalid(fields={"custom_css": str(error)}) from None


def _held(before: SiteDetail, name: str) -> Any:
    if name in _PLACES:
        picture = getattr(before, "og_image" if name == "og_media_id" else name.removesuffix("_media_id"))
        return picture.id if picture else None
    # A layout is kept as it was chosen: what the theme gives is not.
    return None if name == "layout" else getattr(before, name)


def _choice(before: SiteDetail, changes: Mapping[str, Any]) -> Choice:
    chosen = {name: value for name, value in changes.items() if name in _CHOICE}
    return msgspec.structs.replace(choice_of(before), **chosen)


async def _check_pictures(ctx: Ctx, access: SiteAccess, changes: Mapping[str, Any]) -> None:
    wanted = {name: changes[name] for name in _PLACES if changes.get(name) is not None}
    found = {
        m.id for m in await media_by_ids(ctx, list(wanted.values())) if m.owner_id in (access.owner_id, ctx.member.id)
    }
    wrong = {name: "This picture is not among your uploads" for name, one in wanted.items() if one not in found}
    if wrong:
        raise Invalid(fields=wrong)


async def _note_pictures(ctx: Ctx, site: SiteDetail) -> None:
    """So that libraries say where their pictures are shown."""
    shown = [one.id for one in (site.logo, site.favicon, site.cover, site.og_image) if one is not None]
    url = f"/dashboard/sites/{site.id}/branding"
    await media.note_uses(ctx, subject="site", subject_id=site.id, media_ids=shown, title=site.title, url=url)


async def _tell(ctx: Ctx, before: SiteDetail, after: SiteDetail, changes: Mapping[str, Any]) -> None:
    names = [name for name in _TOLD if name in changes]
    was = {name: getattr(before, name) for name in names}
    now = {name: getattr(after, name) for name in names} | {"changed": sorted(changes)}
    await audit.record(ctx, "sites.changed", subject="site", subject_id=before.id, before=was, after=now)
