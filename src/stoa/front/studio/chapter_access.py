"""`/dashboard/chapters/{id}/access`: who reads the whole of a chapter, from when on, and for what price."""

from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, get, post
from msgspec import UNSET

from stoa.creation.serials.actions.opening import Chosen, change_access
from stoa.creation.serials.actions.rendering import MESSAGE_MAX
from stoa.creation.serials.policies.chapters import access_chapter
from stoa.creation.serials.queries.opening import access_of
from stoa.creation.serials.types import AccessLevel, AccessView, ChapterView
from stoa.creation.works.errors import EditConflict
from stoa.foundation.team.types import Permission
from stoa.front.studio.chapter_settings import WALL, wall_time
from stoa.front.studio.chapters import CHAPTER, CHAPTERS, chapter_page
from stoa.front.studio.series import said, texts
from stoa.front.studio.series_settings import access_levels
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.money import parse_decimal, to_decimal
from stoa.money.wallet.types import COIN, CREDIT_LIMITS

ASSETS: Final = ((COIN, "Coins"), *((asset, asset) for asset in CREDIT_LIMITS))


class AccessForm(msgspec.Struct):
    """The rule, as the page sends it. An empty number of paragraphs is the series', an empty price none."""

    stamp: str
    access: AccessLevel
    opens_at: Annotated[str, msgspec.Meta(max_length=30)] = ""
    preview_paragraphs: int | None = None
    paywall_message: Annotated[str, msgspec.Meta(max_length=MESSAGE_MAX)] = ""
    price: Annotated[str, msgspec.Meta(max_length=20)] = ""
    price_asset: Annotated[str, msgspec.Meta(max_length=4)] = COIN


@get(f"{CHAPTER}/access", opt=access("member"))
async def access_form(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """The rule as it stands, and what everybody sees by it."""
    chapter = await access_chapter(ctx, chapter_id, Permission.MANAGE_SETTINGS)
    return await _show(request, ctx, chapter)


async def _show(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    chapter: ChapterView,
    typed: dict[str, Any] | None = None,
    error: Invalid | EditConflict | None = None,
) -> Response[Any]:
    rule = await access_of(ctx, chapter.id)
    price = ""
    if rule.price_minor is not None and rule.price_asset is not None:
        price = f"{to_decimal(rule.price_minor, rule.price_asset).normalize():f}"
    kept = {
        "access": rule.access.value,
        "opens_at": _wall(rule),
        "preview_paragraphs": "" if rule.preview_paragraphs is None else rule.preview_paragraphs,
        "paywall_message": rule.paywall_message,
        "price": price,
        "price_asset": rule.price_asset or COIN,
    }
    return await chapter_page(
        request,
        ctx,
        chapter,
        "studio/chapter_access.html",
        at="access",
        status=error.status if error else 200,
        rule=rule,
        is_stale=isinstance(error, EditConflict),
        zone=rule.timezone.replace("_", " "),
        fields=kept | (typed or {}),
        errors=_errors(error),
        access_levels=access_levels(rule.access.value),
        assets=ASSETS,
    )


def _wall(rule: AccessView) -> str:
    return rule.opens_at.astimezone(ZoneInfo(rule.timezone)).strftime(WALL) if rule.opens_at else ""


def _errors(error: Invalid | EditConflict | None) -> dict[str, str]:
    if not isinstance(error, Invalid):
        return {}
    return {
        {"price_minor": "price", "amount": "price"}.get(name, name): text for name, text in error.fields.items()
    } or {"access": error.detail}


@post(f"{CHAPTER}/access", opt=access("member", limit="write"))
async def save(request: Request[Any, Any, Any], ctx: CtxDep, chapter_id: Path[UUID]) -> Response[Any]:
    """Keeps the rule. What somebody bought stays theirs."""
    chapter = await access_chapter(ctx, chapter_id, Permission.MANAGE_SETTINGS)
    typed = texts(await request.form())
    try:
        given = forms.parse(AccessForm, typed, strict=False)
        before = await access_of(ctx, chapter_id)
        is_sold = bool(given.price.strip())
        opens_at = wall_time(given.opens_at, "opens_at") if given.opens_at.strip() else None
        await change_access(
            ctx,
            chapter_id,
            Chosen(
                access=given.access,
                opens_at=UNSET if given.opens_at == _wall(before) else opens_at,
                preview_paragraphs=given.preview_paragraphs,
                paywall_message=given.paywall_message,
                price_minor=parse_decimal(given.price, given.price_asset, field="price") if is_sold else None,
                price_asset=given.price_asset if is_sold else None,
            ),
            stamp=given.stamp,
        )
    except (Invalid, EditConflict) as error:
        return await _show(request, ctx, chapter, typed, error)
    return said(request, f"{CHAPTERS}/{chapter_id}/access", "Saved. It holds from now on.")


routes = [access_form, save]
