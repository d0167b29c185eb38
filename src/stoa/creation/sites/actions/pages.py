"""Pages of a site: written, published, put in order, shown in the navigation."""

import re
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from stoa.creation.sites.actions.settings import hold
from stoa.creation.sites.errors import TooManyPages
from stoa.creation.sites.policies.pages import access_page, check_page, page_work
from stoa.creation.sites.policies.settings import RESERVED_PAGES
from stoa.creation.sites.queries import site_pages
from stoa.creation.sites.types import KIND, MAX_NAV, MAX_PAGES, PAGE_TITLE_MAX, NavEntry, PageRow, SitePage
from stoa.creation.sites.types.changes import PageChange, given
from stoa.creation.works import actions as works
from stoa.creation.works.errors import EditConflict
from stoa.creation.works.policies import screen, slugify
from stoa.creation.works.types import State, WorkRow, WorkText
from stoa.foundation.media import actions as media
from stoa.foundation.media.queries import media_by_ids
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import insert, run, update, value
from stoa.kit.errors import Invalid
from stoa.kit.markdown import (
    Document,
    ImageFacts,
    TooMuch,
    in_thread,
    own_media_id,
    preview,
    read,
    word_count,
)

# They have no place in words, and search uses two of them to mark what it found.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OUT: Final = (State.PUBLISHED, State.IN_REVIEW)
_TEXT: Final = frozenset({"title", "body_markdown"})
_NEXT = value(
    int,
    f"""
    select coalesce(max(g.nav_order), 0) + 1 from site_pages g join works w on w.id = g.work_id
    where w.site_id = $1 and w.kind = '{KIND}' and w.deleted_at is null
    """,
)
_COUNT = value(int, f"select count(*) from works where site_id = $1 and kind = '{KIND}' and deleted_at is null")
_LANGUAGE = value(str | None, "select language from site_settings where site_id = $1")
_ORDER = run(
    """
    update site_pages g set nav_order = n.place
    from unnest($1::uuid[]) with ordinality as n (work_id, place) where g.work_id = n.work_id
    """
)
_NAV = run(
    """
    update site_pages g set nav_order = n.place, show_in_nav = n.shown, nav_label = n.label
    from jsonb_to_recordset($1) as n (work_id uuid, place integer, shown boolean, label text)
    where g.work_id = n.work_id
    """
)


class _Made(msgspec.Struct, frozen=True):
    """What is stored of a text."""

    text: WorkText
    body_html: str
    media_ids: list[UUID]


async def create_page(
    ctx: Ctx,
    site_id: UUID,
    *,
    title: str,
    slug: str | None = None,
    body_markdown: str = "",
    show_in_nav: bool = False,
    nav_label: str = "",
    meta_title: str = "",
    meta_description: str = "",
) -> SitePage:
    """A new page of a site, which nobody else sees yet. Without a `slug` its address is made of the title.

    Raises NotFound, Forbidden, Invalid, TooManyPages.
    """
    access, site = await hold(ctx, site_id, Permission.EDIT_CONTENT)
    said = _tidied(
        {
            "title": title,
            "body_markdown": body_markdown,
            "nav_label": nav_label,
            "meta_title": meta_title,
            "meta_description": meta_description,
        }
    )
    check_page(said | ({"slug": slug} if slug else {}))
    if await _COUNT(ctx.db, site_id) >= MAX_PAGES:
        raise TooManyPages(MAX_PAGES)
    made = await _make(ctx, said["title"], said["body_markdown"], site.language, site.owner.id)
    work = await works.create(ctx, kind=KIND, text=made.text, author_id=access.owner_id, site_id=site_id)
    row = {
        "work_id": work.id,
        "body_markdown": said["body_markdown"],
        "body_html": made.body_html,
        "show_in_nav": show_in_nav,
        "nav_order": await _NEXT(ctx.db, site_id),
        **{name: said[name] for name in ("nav_label", "meta_title", "meta_description")},
    }
    await insert(ctx.db, "site_pages", row)
    if slug:
        await works.rename(ctx, work, slug)
    else:
        wanted = slugify(said["title"], fallback="page")
        await works.first_slug(ctx, work, f"{wanted}-page" if wanted in RESERVED_PAGES else wanted)
    await _note_pictures(ctx, work.id, site_id, made)
    return (await access_page(ctx, work.id))[1]


async def edit_page(
    ctx: Ctx, page_id: UUID, change: PageChange, *, revision: int, site_id: UUID | None = None
) -> SitePage:
    """Changes what is given, on the `revision` that was seen; what changes nothing keeps the revision.

    The text of a page that is out may go into review (P5). A new `slug` leaves the old one behind as a redirect (S6).
    Raises NotFound, Forbidden, EditConflict, Invalid, TextRefused.
    """
    _, page = await access_page(ctx, page_id, Permission.EDIT_CONTENT, site_id=site_id)
    if page.revision != revision:
        raise EditConflict(page.revision)
    wanted = _tidied(given(change))
    check_page(wanted)
    changes = {name: new for name, new in wanted.items() if new != getattr(page, name)}
    if not changes:
        return page
    new_slug = changes.pop("slug", None)
    work = _as_read(await page_work(ctx, page_id, Permission.EDIT_CONTENT), page)
    if _TEXT & changes.keys():
        title, body = changes.pop("title", page.title), changes.get("body_markdown", page.body_markdown or "")
        made = await _make(ctx, title, body, await _LANGUAGE(ctx.db, page.site_id) or "en", work.author_id)
        out = work.state in _OUT
        work = await works.edit(ctx, work, text=made.text, screening=screen(title, body) if out else None)
        changes["body_html"] = made.body_html
        await _note_pictures(ctx, page_id, page.site_id, made)
    elif await works.touch(ctx, page_id, revision) is None:
        raise EditConflict((await access_page(ctx, page_id))[1].revision)
    await update(ctx.db, "site_pages", changes, where={"work_id": page_id})
    if new_slug is not None:
        await works.rename(ctx, work, new_slug)
    return (await access_page(ctx, page_id))[1]


async def publish_page(
    ctx: Ctx, page_id: UUID, *, revision: int | None = None, site_id: UUID | None = None
) -> SitePage:
    """Publishes a page, or puts it into review: see `state` and `screening_reasons` of the answer (P5).

    Raises NotFound, Forbidden, TextRefused, WrongState, EditConflict.
    """
    _, page = await access_page(ctx, page_id, Permission.PUBLISH, site_id=site_id)
    if revision is not None and page.revision != revision:
        raise EditConflict(page.revision)
    work = _as_read(await page_work(ctx, page_id, Permission.PUBLISH), page)
    await works.publish(ctx, work, screening=screen(page.title, page.body_markdown or ""))
    return (await access_page(ctx, page_id))[1]


async def unpublish_page(ctx: Ctx, page_id: UUID, *, site_id: UUID | None = None) -> SitePage:
    """Takes a page back from visitors or from review. Raises NotFound, Forbidden, WrongState."""
    await access_page(ctx, page_id, Permission.PUBLISH, site_id=site_id)
    await works.unpublish(ctx, await page_work(ctx, page_id, Permission.PUBLISH))
    return (await access_page(ctx, page_id))[1]


async def delete_page(ctx: Ctx, page_id: UUID, *, site_id: UUID | None = None) -> None:
    """Deletes a page; one that is out only for who may take it back. Raises NotFound, Forbidden."""
    _, page = await access_page(ctx, page_id, Permission.EDIT_CONTENT, site_id=site_id)
    needed = Permission.PUBLISH if page.state in _OUT else Permission.EDIT_CONTENT
    await works.delete(ctx, await page_work(ctx, page_id, needed))
    await media.note_uses(ctx, subject=KIND, subject_id=page_id, media_ids=(), title="", url="")


async def duplicate_page(ctx: Ctx, page_id: UUID, *, site_id: UUID | None = None) -> SitePage:
    """A new page with the same text, which nobody else sees yet, and which is not in the navigation."""
    _, page = await access_page(ctx, page_id, Permission.EDIT_CONTENT, site_id=site_id)
    return await create_page(
        ctx,
        page.site_id,
        title=f"Copy of {page.title}"[:PAGE_TITLE_MAX].rstrip(),
        body_markdown=page.body_markdown or "",
        meta_title=page.meta_title,
        meta_description=page.meta_description,
    )


async def reorder_pages(ctx: Ctx, site_id: UUID, page_ids: Sequence[UUID]) -> list[PageRow]:
    """Puts all pages of a site into this order. Raises NotFound, Forbidden, and Invalid where one is missing, stands
    elsewhere, or is named twice.
    """
    access, _ = await hold(ctx, site_id, Permission.EDIT_CONTENT)
    check_all({page.id for page in await site_pages(ctx, access)}, page_ids)
    await _ORDER(ctx.db, list(page_ids))
    return await site_pages(ctx, access)


async def set_nav(ctx: Ctx, site_id: UUID, entries: Sequence[NavEntry]) -> list[PageRow]:
    """Puts all pages of a site into this order, and says which of them the navigation shows, under which names.

    Raises as `reorder_pages`, and Invalid for more than MAX_NAV that are shown.
    """
    access, _ = await hold(ctx, site_id, Permission.EDIT_CONTENT)
    check_all({page.id for page in await site_pages(ctx, access)}, [entry.page_id for entry in entries])
    if sum(entry.show_in_nav for entry in entries) > MAX_NAV:
        raise Invalid(fields={"entries": f"The navigation shows at most {MAX_NAV} pages"})
    rows = []
    for place, entry in enumerate(entries, 1):
        said = _tidied({"nav_label": entry.nav_label})
        check_page(said)
        rows.append({"work_id": entry.page_id, "place": place, "shown": entry.show_in_nav, "label": said["nav_label"]})
    await _NAV(ctx.db, rows)
    return await site_pages(ctx, access)


async def preview_page(ctx: Ctx, body_markdown: str) -> str:
    """What a text would look like, as safe HTML; stores nothing. Raises Invalid."""
    said = _tidied({"body_markdown": body_markdown})
    check_page(said)
    return (await _make(ctx, "", said["body_markdown"], "en", ctx.member.id)).body_html


def check_all(known: set[UUID], named: Sequence[UUID]) -> None:
    """Whether each of the pages is named once, and nothing else. Raises Invalid."""
    if len(named) != len(set(named)):
        raise Invalid(fields={"page_ids": "A page is named twice"})
    if foreign := set(named) - known:
        raise Invalid(fields={"page_ids": f"{len(foreign)} of these are no pages of this site"})
    if missing := known - set(named):
        raise Invalid(fields={"page_ids": f"{len(missing)} of the site's pages are missing; name them all"})


async def _make(ctx: Ctx, title: str, body: str, language: str, owner_id: UUID) -> _Made:
    def reading() -> tuple[Document, list[str]]:
        document = read(body)
        return document, document.image_urls

    try:
        document, images = await in_thread(reading)
    except TooMuch as error:
        raise Invalid(fields={"body_markdown": str(error)}) from None
    ids = [UUID(one) for one in map(own_media_id, images) if one is not None]
    found = await media_by_ids(ctx, ids)
    facts = {str(m.id): ImageFacts(m.width, m.height, m.srcset) for m in found}
    body_html, words, prose = await in_thread(lambda: (document.html(images=facts), document.words, document.prose))
    words = _CONTROL.sub("", words)
    text = WorkText(
        title=title,
        excerpt=preview(_CONTROL.sub("", prose)),
        body_text=words,
        word_count=word_count(words),
        language=language,
        rating="general",
        category=None,
        cover_media_id=None,
        images=images,
    )
    return _Made(text, body_html, [m.id for m in found if m.owner_id in (owner_id, ctx.member.id)])


async def _note_pictures(ctx: Ctx, page_id: UUID, site_id: UUID, made: _Made) -> None:
    url = f"/dashboard/sites/{site_id}/pages/{page_id}/edit"
    title = made.text.title
    await media.note_uses(ctx, subject=KIND, subject_id=page_id, media_ids=made.media_ids, title=title, url=url)


def _as_read(work: WorkRow, page: SitePage) -> WorkRow:
    """The work with the revision that was read with its text: a change in between is a conflict, not overwritten."""
    return msgspec.structs.replace(work, revision=page.revision, state=page.state)


def _tidied(said: dict[str, Any]) -> dict[str, Any]:
    found = dict(said)
    for name in ("title", "nav_label", "meta_title", "meta_description"):
        if name in found:
            found[name] = " ".join(found[name].split())
    if "body_markdown" in found:
        found["body_markdown"] = found["body_markdown"].replace("\r\n", "\n").replace("\r", "\n")
    return found
