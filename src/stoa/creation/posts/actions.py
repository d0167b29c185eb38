"""Writing, publishing and taking back posts. All of them act for `ctx.actor`, on their own posts, and on those of a
site where they work, as far as their permissions there reach.
"""

import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from stoa.creation.posts import policies
from stoa.creation.posts.policies import (
    access_own_post,
    access_post,
    access_post_to,
    access_post_to_edit,
    check_post,
    readable,
)
from stoa.creation.posts.types import KIND, PostView, Rendered
from stoa.creation.works import actions as works
from stoa.creation.works.errors import EditConflict
from stoa.creation.works.policies import access_own_work, access_work_to, screen
from stoa.creation.works.types import Screening, State, WorkRow, WorkText
from stoa.foundation.media import actions as pictures
from stoa.foundation.media.queries import media_by_ids
from stoa.foundation.media.types import MediaView
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, run
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.markdown import (
    Document,
    ImageFacts,
    TooMuch,
    in_thread,
    own_media_id,
    preview,
    read,
    reading_minutes,
    word_count,
)

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SAVE = run("update posts set body_markdown = $2, body_html = $3, cover_chosen = $4 where work_id = $1")


class _Text(msgspec.Struct, frozen=True, kw_only=True):
    """What the author typed, evened out."""

    title: str
    body_markdown: str
    category: str | None
    images: list[str]
    cover_media_id: UUID | None
    language: str
    rating: str


class _Read(msgspec.Struct, frozen=True):
    """What its Markdown says."""

    document: Document
    images: list[str]


class _Made(msgspec.Struct, frozen=True):
    """What is stored of a _Text."""

    text: WorkText
    body_html: str
    media_ids: list[UUID]


async def write(
    ctx: Ctx,
    *,
    title: str = "",
    body_markdown: str = "",
    category: str | None = None,
    images: Sequence[str] = (),
    cover_media_id: UUID | None = None,
    language: str = "en",
    rating: str = "general",
) -> PostView:
    """A new draft; it may still be incomplete. Without a cover, the first own picture is it. Raises Invalid."""
    text = _Text(
        title=_one_line(title),
        body_markdown=_lines(body_markdown),
        category=category,
        images=list(dict.fromkeys(images)),
        cover_media_id=cover_media_id,
        language=language,
        rating=rating,
    )
    made = await _make(ctx, text, complete=False, owner_id=ctx.member.id)
    work = await works.create(ctx, kind=KIND, text=made.text)
    row = {
        "work_id": work.id,
        "body_markdown": text.body_markdown,
        "body_html": made.body_html,
        "cover_chosen": cover_media_id is not None,
    }
    await insert(ctx.db, "posts", row)
    await _note_pictures(ctx, work.id, made)
    return await access_own_post(ctx, work.id)


async def edit(
    ctx: Ctx,
    post_id: UUID,
    *,
    revision: int,
    title: str | UnsetType = UNSET,
    body_markdown: str | UnsetType = UNSET,
    category: str | UnsetType | None = UNSET,
    images: Sequence[str] | UnsetType = UNSET,
    cover_media_id: UUID | UnsetType | None = UNSET,
    language: str | UnsetType = UNSET,
    rating: str | UnsetType = UNSET,
    slug: str | UnsetType = UNSET,
) -> PostView:
    """Changes what is given, on the `revision` the author saw; what changes nothing keeps the revision.

    A post that is out has to stay complete, and may go into review by its new text (P5). A new `slug` leaves the old
    one behind as a redirect (S6). Raises NotFound, Forbidden, EditConflict, Invalid, TextRefused.
    """
    post = await access_post_to_edit(ctx, post_id)
    if post.revision != revision:
        raise EditConflict(post.revision)
    before = _typed(post)
    given = {
        "title": title if title is UNSET else _one_line(title),
        "body_markdown": body_markdown if body_markdown is UNSET else _lines(body_markdown),
        "category": category,
        "images": images if images is UNSET else list(dict.fromkeys(images)),
        "cover_media_id": cover_media_id,
        "language": language,
        "rating": rating,
    }
    after = msgspec.structs.replace(before, **{name: v for name, v in given.items() if v is not UNSET})
    new_slug = None if slug is UNSET or slug == post.slug else _checked_slug(slug)
    if after == before and new_slug is None:
        return post
    is_out = post.state in (State.PUBLISHED, State.IN_REVIEW)
    made = await _make(ctx, after, complete=is_out, owner_id=post.author.id)
    work = await works.edit(
        ctx,
        _as_read(await _work(ctx, post_id, Permission.EDIT_CONTENT), post),
        text=made.text,
        screening=_screened(after) if is_out else None,
    )
    await _SAVE(ctx.db, post_id, after.body_markdown, made.body_html, after.cover_media_id is not None)
    await _note_pictures(ctx, post_id, made)
    if new_slug is not None:
        await works.rename(ctx, work, new_slug)
    return await access_post(ctx, post_id)


async def publish(ctx: Ctx, post_id: UUID, *, revision: int | None = None) -> PostView:
    """Publishes a complete post, or puts it into review: see `state` and `screening_reasons` of the answer (P5).

    Raises NotFound, Forbidden, Invalid, TextRefused, WrongState, EditConflict.
    """
    post = await access_post_to(ctx, post_id, Permission.PUBLISH)
    if revision is not None and post.revision != revision:
        raise EditConflict(post.revision)
    text = _typed(post)
    await _checked(text, complete=True)
    work = _as_read(await _work(ctx, post_id, Permission.PUBLISH), post)
    await works.publish(ctx, work, screening=_screened(text))
    return await access_post(ctx, post_id)


async def unpublish(ctx: Ctx, post_id: UUID) -> PostView:
    """Takes a post back from readers or from review. Raises NotFound, Forbidden, WrongState."""
    await works.unpublish(ctx, await _work(ctx, post_id, Permission.PUBLISH))
    return await access_post(ctx, post_id)


async def delete(ctx: Ctx, post_id: UUID) -> None:
    """Deletes a post softly. Raises NotFound, Forbidden."""
    work = await access_own_work(ctx, post_id)
    await works.delete(ctx, _of_kind(work))
    await pictures.note_uses(ctx, subject=KIND, subject_id=post_id, media_ids=(), title="", url="")


async def preview_of(ctx: Ctx, body_markdown: str) -> Rendered:
    """What a text would look like; stores nothing. Raises Invalid."""
    text = _Text(
        title="",
        body_markdown=_lines(body_markdown),
        category=None,
        images=[],
        cover_media_id=None,
        language="en",
        rating="general",
    )
    made = await _make(ctx, text, complete=False, owner_id=ctx.member.id)
    words = made.text.word_count
    return Rendered(made.body_html, made.text.excerpt, words, reading_minutes(words))


# ---- from what was typed to what is stored ---------------------------------------------------------------------


async def _make(ctx: Ctx, text: _Text, *, complete: bool, owner_id: UUID) -> _Made:
    """`owner_id`: whose pictures can be listed, and be the cover: the author's."""
    found = await _checked(text, complete=complete)
    media = await _media(ctx, text, found, owner_id)
    facts = {str(m.id): ImageFacts(m.width, m.height, m.srcset) for m in media.values()}
    body_html, words, excerpt, words_count = await in_thread(lambda: _rendered(found.document, facts))
    stored = WorkText(
        title=text.title,
        excerpt=excerpt,
        body_text=words,
        word_count=words_count,
        language=text.language,
        rating=text.rating,
        category=text.category,
        cover_media_id=text.cover_media_id or _first_own(text, found, media, owner_id),
        images=text.images,
    )
    return _Made(stored, body_html, sorted(m.id for m in media.values() if m.owner_id == owner_id))


async def _note_pictures(ctx: Ctx, post_id: UUID, made: _Made) -> None:
    """So that the author's library says where they are shown."""
    title = made.text.title or "Untitled"
    url = f"/write/{post_id}"
    await pictures.note_uses(ctx, subject=KIND, subject_id=post_id, media_ids=made.media_ids, title=title, url=url)


def _rendered(document: Document, facts: dict[str, ImageFacts]) -> tuple[str, str, str, int]:
    # Control characters have no place in words, and search uses two of them to mark what it found.
    words, excerpt = _CONTROL.sub("", document.words), preview(_CONTROL.sub("", document.prose))
    return document.html(images=facts), words, excerpt, word_count(words)


async def images_of(body_markdown: str) -> list[str]:
    """The addresses of the pictures in a text, in order, each once. Raises Invalid for one that is too much to read."""
    return (await _read(body_markdown)).images


async def _checked(text: _Text, *, complete: bool) -> _Read:
    found = await _read(text.body_markdown if readable(text.body_markdown) else "")
    check_post(
        title=text.title,
        body_markdown=text.body_markdown,
        category=text.category,
        images=text.images,
        images_in_text=found.images,
        language=text.language,
        rating=text.rating,
        complete=complete,
    )
    return found


async def _read(body_markdown: str) -> _Read:
    def work() -> _Read:
        document = read(body_markdown)
        return _Read(document, document.image_urls)

    try:
        return await in_thread(work)
    except TooMuch as error:
        raise Invalid(fields={"body_markdown": str(error)}) from None


async def _media(ctx: Ctx, text: _Text, found: _Read, owner_id: UUID) -> dict[UUID, MediaView]:
    """Our own pictures in the text, by id. Raises Invalid where the cover or a list entry is not the author's."""
    listed = _media_ids(text.images)
    wanted = {*listed, *_media_ids(found.images)}
    if text.cover_media_id is not None:
        wanted.add(text.cover_media_id)
    media = {m.id: m for m in await media_by_ids(ctx, list(wanted))}
    own = {m.id for m in media.values() if m.owner_id == owner_id}
    if not own.issuperset(listed):
        raise Invalid(fields={"images": "One of these pictures is not among your uploads"})
    if text.cover_media_id is not None and text.cover_media_id not in own:
        raise Invalid(fields={"cover_media_id": "This picture is not among your uploads"})
    return media


def _media_ids(urls: Sequence[str]) -> list[UUID]:
    return [UUID(media_id) for media_id in map(own_media_id, urls) if media_id is not None]


def _first_own(text: _Text, found: _Read, media: dict[UUID, MediaView], owner_id: UUID) -> UUID | None:
    for media_id in _media_ids([*text.images, *found.images]):
        if media_id in media and media[media_id].owner_id == owner_id:
            return media_id
    return None


def _screened(text: _Text) -> Screening:
    return screen(text.title, text.body_markdown)


def _typed(post: PostView) -> _Text:
    return _Text(
        title=post.title,
        body_markdown=post.body_markdown or "",
        category=post.category,
        images=post.images,
        cover_media_id=post.cover.id if post.cover and post.cover_chosen else None,
        language=post.language,
        rating=post.rating,
    )


async def _work(ctx: Ctx, post_id: UUID, permission: Permission) -> WorkRow:
    return _of_kind(await access_work_to(ctx, post_id, permission))


def _of_kind(work: WorkRow) -> WorkRow:
    if work.kind != KIND:
        raise NotFound("There is no such post")
    return work


def _as_read(work: WorkRow, post: PostView) -> WorkRow:
    """The work with the revision that was read with its text: a change in between is a conflict, not overwritten."""
    return msgspec.structs.replace(work, revision=post.revision, state=post.state)


def _checked_slug(slug: str) -> str:
    if not re.fullmatch(policies.SLUG_PATTERN, slug) or len(slug) > 100:
        raise Invalid(fields={"slug": "Please use lower case letters, digits and single hyphens, at most 100"})
    return slug


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
