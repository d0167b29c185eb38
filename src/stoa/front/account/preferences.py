"""`/dashboard/account/preferences` and `/account/settings/privacy`: how one wants things, on all one's devices."""

from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.people import actions
from stoa.foundation.people.queries.account import account, own_author_profile
from stoa.foundation.people.types import (
    AccountChanges,
    AuthorChanges,
    Face,
    Locale,
    MatureContent,
    PreferenceChanges,
    TextSize,
    Theme,
    timezones,
)
from stoa.front import flash
from stoa.front.page import SIZES, page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, access

HERE: Final = "/dashboard/account/preferences"
PRIVACY: Final = "/account/settings/privacy"
LOCALES: Final[dict[str, str]] = {
    "en": "International: 12 345.60, 3 May 2026, 14:05",
    "en-GB": "British: 12,345.60, 3 May 2026, 14:05",
    "en-US": "American: 12,345.60, May 3, 2026, 2:05 PM",
    "en-IN": "Indian: 1,23,456.70, 3 May 2026, 14:05",
}
FACES: Final[dict[str, str]] = {
    "literata": "Literata",
    "inter": "Inter",
    "atkinson": "Atkinson Hyperlegible",
    "dyslexic": "OpenDyslexic",
}


class PreferencesForm(msgspec.Struct):
    """What the page sends."""

    theme: Theme
    reading_face: Face
    reading_size: TextSize
    mature_content: MatureContent
    locale: Locale
    timezone: str


class PrivacyForm(msgspec.Struct):
    """A tick for each; a box without one is not sent. The last two are for creators."""

    show_in_search: bool = False
    show_followers: bool = False
    show_email: bool = False
    allow_direct_messages: bool = False


async def _show(
    request: Request[Any, Any, Any], ctx: Ctx, *, errors: dict[str, str] | None = None, typed: Any = None
) -> Response[Any]:
    held = await account(ctx)
    wants = held.preferences
    fields = {
        "theme": wants.theme,  # what was never chosen is shown as this browser remembers it
        "reading_face": wants.reading_face,
        "reading_size": str(wants.reading_size or ""),
        "mature_content": wants.mature_content,
        "locale": held.locale,
        "timezone": held.timezone,
        **(typed or {}),
    }
    return await page(
        request,
        ctx,
        "account/preferences.html",
        status=422 if errors else 200,
        fields=fields,
        errors=errors or {},
        faces=list(FACES.items()),
        sizes=[(size, f"{size} pixels") for size in SIZES],
        locales=list(LOCALES.items()),
        timezones=[(zone, zone.replace("_", " ")) for zone in timezones()],
    )


@get(HERE, opt=access("member"))
async def preferences_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Scheme, reading, texts for adults, time zone, numbers and dates."""
    return await _show(request, ctx)


@post(HERE, opt=access("member"))
async def save_preferences(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Keeps all of them, for all devices."""
    typed = {k: v for k, v in (await request.form()).items() if k in PreferencesForm.__struct_fields__}
    try:
        given = forms.parse(PreferencesForm, typed, strict=False)
        await actions.edit_account(ctx, AccountChanges(locale=given.locale, timezone=given.timezone))
    except Invalid as error:
        return await _show(request, ctx, errors=error.fields, typed=typed)
    wants = PreferenceChanges(
        theme=given.theme,
        reading_face=given.reading_face,
        reading_size=given.reading_size,
        mature_content=given.mature_content,
    )
    await actions.prefer(ctx, wants)
    response = see_other(HERE)
    flash.add(request, response, flash.Toast("Saved, for all your devices.", "good"))
    return response


@get(PRIVACY, opt=access("member"))
async def privacy_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Who sees what of one."""
    held, author = await account(ctx), await own_author_profile(ctx)
    return await page(request, ctx, "account/privacy.html", account=held, wants=held.preferences, author=author)


@post(PRIVACY, opt=access("member"))
async def save_privacy(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Keeps all of them at once; with a script each at the moment it is switched."""
    given = forms.parse(PrivacyForm, dict(await request.form()), strict=False)
    wants = PreferenceChanges(show_in_search=given.show_in_search, show_followers=given.show_followers)
    await actions.prefer(ctx, wants)
    if await own_author_profile(ctx) is not None:
        change = AuthorChanges(show_email=given.show_email, allow_direct_messages=given.allow_direct_messages)
        await actions.edit_author_profile(ctx, change)
    htmx = "hx-request" in request.headers
    response: Response[Any] = Response(content=None, status_code=204) if htmx else see_other(PRIVACY)
    flash.add(request, response, flash.Toast("Saved.", "good", seconds=3))
    return response


routes = [preferences_page, save_preferences, privacy_page, save_privacy]
