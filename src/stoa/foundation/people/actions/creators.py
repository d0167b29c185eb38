"""Becoming a creator or a brand, and what they say of themselves."""

from datetime import date
from typing import Any, Final

import msgspec

from stoa.foundation.identity.actions.roles import become
from stoa.foundation.identity.types import Role
from stoa.foundation.people.actions.cleaning import cleaner_of
from stoa.foundation.people.errors import NoAuthorProfile, NoBrandProfile, ProfileThere
from stoa.foundation.people.queries import account
from stoa.foundation.people.types import GENRES, AuthorChanges, AuthorProfile, BrandChanges, BrandProfile
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, update
from stoa.kit.errors import Invalid
from stoa.kit.money import CURRENCIES

PRICED_IN: Final = tuple(asset for asset in CURRENCIES if asset != "COIN")
FIRST_DAY: Final = date(1900, 1, 1)
_NO_AUTHOR: Final[dict[str, Any]] = {
    "genres": [],
    "primary_genre": None,
    "commission_min_price": None,
    "commission_max_price": None,
}
_INSERT_AUTHOR = run(
    "insert into author_profiles (user_id, created_at, updated_at) values ($1, $2, $2) on conflict do nothing"
)
_INSERT_BRAND = run(
    """
    insert into brand_profiles (user_id, company_name, created_at, updated_at) values ($1, $2, $3, $3)
    on conflict do nothing
    """
)
_LOCK_AUTHOR = run("select 1 from author_profiles where user_id = $1 for update")


async def create_author_profile(ctx: Ctx, given: AuthorChanges) -> AuthorProfile:
    """Makes the actor a creator, with this profile. Raises ProfileThere for who has one, Invalid with each field."""
    changes = _author_changes(ctx, given, _NO_AUTHOR)
    if not await _INSERT_AUTHOR(ctx.db, ctx.member.id, ctx.now):
        raise ProfileThere
    await update(ctx.db, "author_profiles", {**changes, "updated_at": ctx.now}, where={"user_id": ctx.member.id})
    await become(ctx, Role.CREATOR)
    return await _own_author(ctx)


async def edit_author_profile(ctx: Ctx, given: AuthorChanges) -> AuthorProfile:
    """Changes only what is given of the actor's creator profile. Raises NoAuthorProfile, Invalid with each field."""
    await _LOCK_AUTHOR(ctx.db, ctx.member.id)  # prices and genres are judged together with what stays
    changes = _author_changes(ctx, given, msgspec.structs.asdict(await _own_author(ctx)))
    await update(ctx.db, "author_profiles", {**changes, "updated_at": ctx.now}, where={"user_id": ctx.member.id})
    return await _own_author(ctx)


async def create_brand_profile(ctx: Ctx, given: BrandChanges) -> BrandProfile:
    """Makes the actor a brand, with this profile. Raises ProfileThere for who has one, Invalid with each field."""
    changes, errors = _cleaned(given)
    if not changes.get("company_name"):
        errors.setdefault("company_name", "This field is needed")
    if errors:
        raise Invalid(fields=errors)
    if not await _INSERT_BRAND(ctx.db, ctx.member.id, changes["company_name"], ctx.now):
        raise ProfileThere
    await update(ctx.db, "brand_profiles", {**changes, "updated_at": ctx.now}, where={"user_id": ctx.member.id})
    await become(ctx, Role.BRAND)
    return await _own_brand(ctx)


async def edit_brand_profile(ctx: Ctx, given: BrandChanges) -> BrandProfile:
    """Changes only what is given of the actor's brand profile. Raises NoBrandProfile, Invalid with each field."""
    changes, errors = _cleaned(given)
    if "company_name" in changes and not changes["company_name"]:
        errors["company_name"] = "This field is needed"
    if errors:
        raise Invalid(fields=errors)
    await update(ctx.db, "brand_profiles", {**changes, "updated_at": ctx.now}, where={"user_id": ctx.member.id})
    return await _own_brand(ctx)


async def _own_author(ctx: Ctx) -> AuthorProfile:
    found = await account.own_author_profile(ctx)
    if found is None:
        raise NoAuthorProfile
    return found


async def _own_brand(ctx: Ctx) -> BrandProfile:
    found = await account.own_brand_profile(ctx)
    if found is None:
        raise NoBrandProfile
    return found


def _cleaned(given: msgspec.Struct) -> tuple[dict[str, Any], dict[str, str]]:
    """What is given, in form, and what cannot be brought into one."""
    changes: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in given.__struct_fields__:
        value = getattr(given, field)
        if value is msgspec.UNSET:
            continue
        if not isinstance(value, str):
            changes[field] = value
            continue
        try:
            changes[field] = cleaner_of(field)(value) if value.strip() else None
        except ValueError as error:
            errors[field] = str(error)
    return changes, errors


def _author_changes(ctx: Ctx, given: AuthorChanges, before: dict[str, Any]) -> dict[str, Any]:
    changes, errors = _cleaned(given)
    if changes.get("commission_currency", PRICED_IN[0]) not in PRICED_IN:
        errors["commission_currency"] = f"One of {', '.join(PRICED_IN)}"
    after = {**before, **changes}
    genres = after["genres"]
    if any(genre not in GENRES for genre in genres) or len(set(genres)) < len(genres):
        errors["genres"] = "Each of these must be one of the choices, and only once"
    if "genres" in changes and "primary_genre" not in changes and after["primary_genre"] not in genres:
        changes["primary_genre"] = None
    elif after["primary_genre"] is not None and after["primary_genre"] not in genres:
        errors["primary_genre"] = "This must be one of the genres"
    least, most = after["commission_min_price"], after["commission_max_price"]
    if least is not None and most is not None and least > most:
        errors["commission_max_price"] = "This must not be less than the lowest price"
    since = changes.get("writing_since")
    if since is not None and not FIRST_DAY <= since <= ctx.now.date():
        errors["writing_since"] = "This must be a day between 1900 and today"
    if errors:
        raise Invalid(fields=errors)
    return changes
