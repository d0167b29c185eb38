"""Who may have and change a post, and what a post must be made of (P1)."""

import re
from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from stoa.creation.posts.queries import post_by_id, post_by_slug
from stoa.creation.posts.types import (
    BODY_MAX,
    BODY_MIN,
    MAX_IMAGE_URL,
    MAX_IMAGES,
    TITLE_MAX,
    TITLE_MIN,
    PostView,
)
from stoa.creation.works.types import CATEGORIES, State
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Forbidden, Invalid, NotFound
from stoa.kit.forms import storable
from stoa.kit.markdown import allowed_image

LANGUAGE_PATTERN: Final = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
SLUG_PATTERN: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
RATINGS: Final = ("general", "teen", "mature", "explicit")


async def access_post(ctx: Ctx, post_id: UUID) -> PostView:
    """A post as the actor may have it. Raises NotFound."""
    return _found(await post_by_id(ctx, post_id))


async def access_post_by_slug(ctx: Ctx, slug: str) -> PostView:
    """The same by address; where the answer has another slug, redirect to it (S6). Raises NotFound."""
    return _found(await post_by_slug(ctx, slug))


async def access_own_post(ctx: Ctx, post_id: UUID) -> PostView:
    """The actor's own post with its source. Raises NotFound, and Forbidden for somebody else's that they may see."""
    post = await access_post(ctx, post_id)
    if not post.is_mine:
        raise Forbidden("Only its author can change this")
    return post


async def access_post_to(ctx: Ctx, post_id: UUID, permission: Permission) -> PostView:
    """The actor's own post, or one on a site where they have this permission, with its source.

    Raises NotFound, and Forbidden for one that they may only see.
    """
    post = await access_post(ctx, post_id)
    if permission not in post.my_permissions:
        raise Forbidden("Only its author, and those they gave the right to, can do this")
    return post


async def access_post_to_edit(ctx: Ctx, post_id: UUID) -> PostView:
    """A post whose text the actor may change; one that is out only with the permission to publish, since its readers
    see each change at once. Raises NotFound, Forbidden.
    """
    post = await access_post_to(ctx, post_id, Permission.EDIT_CONTENT)
    if post.state in (State.PUBLISHED, State.IN_REVIEW) and Permission.PUBLISH not in post.my_permissions:
        raise Forbidden("Its readers would see this at once, and your role does not include publishing")
    return post


def _found(post: PostView | None) -> PostView:
    if post is None:
        raise NotFound("There is no such post")
    return post


def category_named(name: str) -> str:
    """A category of P1 by its name in any case. Raises Invalid."""
    for category in CATEGORIES:
        if category.casefold() == name.strip().casefold():
            return category
    raise Invalid(fields={"category": f"Please choose one of {', '.join(CATEGORIES)}"})


def readable(body_markdown: str) -> bool:
    """Whether a text is short enough, and such that it can be stored, to be looked at at all."""
    return len(body_markdown) <= BODY_MAX and storable(body_markdown)


def check_post(
    *,
    title: str,
    body_markdown: str,
    category: str | None,
    images: Sequence[str],
    images_in_text: Collection[str],
    language: str,
    rating: str,
    complete: bool,
) -> None:
    """P1. Raises Invalid with every field that is wrong; a draft need not be `complete`."""
    wrong: dict[str, str] = {}
    if not storable(title) or len(title) > TITLE_MAX:
        wrong["title"] = f"Please use at most {TITLE_MAX} characters that can be stored"
    elif complete and len(title) < TITLE_MIN:
        wrong["title"] = f"Please use at least {TITLE_MIN} characters"
    if not readable(body_markdown):
        wrong["body_markdown"] = f"Please use at most {BODY_MAX:,} characters that can be stored"
    elif complete and len(body_markdown.strip()) < BODY_MIN:
        wrong["body_markdown"] = f"Please write at least {BODY_MIN} characters"
    if category is None:
        if complete:
            wrong["category"] = "Please choose a category"
    elif category not in CATEGORIES:
        wrong["category"] = f"Please choose one of {', '.join(CATEGORIES)}"
    if not all(len(url) <= MAX_IMAGE_URL and storable(url) and allowed_image(url) for url in images):
        wrong["images"] = "Pictures come from your uploads, or from an address that begins with https://"
    elif len({*images, *images_in_text}) > MAX_IMAGES:
        wrong["images"] = f"A post has at most {MAX_IMAGES} pictures"
    if not re.fullmatch(LANGUAGE_PATTERN, language):
        wrong["language"] = "Please give a language such as en or pt-BR"
    if rating not in RATINGS:
        wrong["rating"] = f"Please choose one of {', '.join(RATINGS)}"
    if wrong:
        raise Invalid(fields=wrong)
