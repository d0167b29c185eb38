"""What somebody is typing, kept beside the chapter until they save it; no version (S3)."""

from datetime import datetime
from uuid import UUID

from stoa.creation.serials.actions.rendering import Typed, evened, faults
from stoa.creation.serials.errors import OtherTab
from stoa.creation.serials.policies.chapters import access_chapter, access_chapter_to_edit
from stoa.creation.serials.queries.versions import autosave_of
from stoa.creation.serials.types import Autosave
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, value
from stoa.kit.errors import Invalid, NotFound

# Another tab's text is overwritten only by one that has seen it.
_KEEP = value(
    bool | None,
    """
    insert into chapter_autosaves as a (chapter_id, user_id, tab, base_version, title, body_markdown,
      author_note_markdown, saved_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict on constraint chapter_autosaves_pkey do update set tab = excluded.tab,
      base_version = excluded.base_version, title = excluded.title, body_markdown = excluded.body_markdown,
      author_note_markdown = excluded.author_note_markdown, saves = a.saves + 1, saved_at = excluded.saved_at
      where a.tab = excluded.tab or a.saved_at = $9
    returning true
    """,
)
_FORGET = run("delete from chapter_autosaves where chapter_id = $1 and user_id = $2")


async def autosave(
    ctx: Ctx,
    chapter_id: UUID,
    *,
    tab: str,
    base_version: int,
    title: str,
    body_markdown: str,
    author_note_markdown: str = "",
    seen: datetime | None = None,
) -> Autosave:
    """Keeps what the actor typed in a tab, on the version they began with; `is_stale` where there is a newer one.

    seen: `saved_at` of what another tab had kept, where this one has shown it to the actor. Raises NotFound,
    Forbidden, Invalid, and OtherTab where another tab has kept something that this one has not seen.
    """
    chapter = await access_chapter_to_edit(ctx, chapter_id)
    typed = Typed(
        title=title,
        body_markdown=body_markdown,
        author_note_markdown=author_note_markdown,
        author_note_position="end",
        number=None,
        volume=None,
        language="en",
        rating="general",
        meta_title="",
        meta_description="",
    )
    wrong = faults(typed)
    if not 1 <= base_version <= chapter.version:
        wrong["base_version"] = "There is no such version"
    if wrong:
        raise Invalid(fields=wrong)
    typed = evened(typed)
    kept = await _KEEP(ctx.db, chapter_id, ctx.member.id, tab, base_version, *typed.text, ctx.now, seen)
    there = await autosave_of(ctx, chapter)
    if there is None:
        raise NotFound("It was saved or thrown away in another window")
    if kept is None:
        raise OtherTab(saved_at=there.saved_at, tab=there.tab)
    return there


async def kept_text(ctx: Ctx, chapter_id: UUID) -> Autosave | None:
    """What the actor typed in a chapter and has not saved. Raises NotFound, Forbidden."""
    return await autosave_of(ctx, await access_chapter(ctx, chapter_id, Permission.EDIT_CONTENT))


async def forget(ctx: Ctx, chapter_id: UUID) -> None:
    """Throws it away; repeating it changes nothing. Raises NotFound, Forbidden."""
    await access_chapter(ctx, chapter_id, Permission.EDIT_CONTENT)
    await _FORGET(ctx.db, chapter_id, ctx.member.id)
