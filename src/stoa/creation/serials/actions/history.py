"""Bringing a version of a chapter's text back, and what lies between two of them (S3)."""

from uuid import UUID

import msgspec

from stoa.creation.serials.actions.chapters import save, typed_of
from stoa.creation.serials.policies.chapters import access_chapter, access_chapter_to_edit, access_version
from stoa.creation.serials.policies.diffs import counted, lines_between, words_between
from stoa.creation.serials.types import ChapterView, VersionDiff, VersionText
from stoa.creation.works.errors import EditConflict
from stoa.kit.ctx import Ctx
from stoa.kit.markdown import in_thread


async def restore_version(ctx: Ctx, chapter_id: UUID, version_id: UUID, *, revision: int | None = None) -> ChapterView:
    """Brings the text of a version back, as a new version (S3); what is not in versions stays.

    Raises NotFound, Forbidden, EditConflict, Invalid, TextRefused.
    """
    chapter = await access_chapter_to_edit(ctx, chapter_id)
    kept = await access_version(ctx, chapter_id, version_id)
    if revision is not None and chapter.revision != revision:
        raise EditConflict(chapter.revision)
    after = msgspec.structs.replace(
        typed_of(chapter),
        title=kept.version.title,
        body_markdown=kept.body_markdown,
        author_note_markdown=kept.author_note_markdown,
    )
    if after != typed_of(chapter):
        number = kept.version.version
        await save(ctx, chapter, after, note=f"Back to version {number}", restored_from=number)
    return await access_chapter(ctx, chapter_id)


async def diff(ctx: Ctx, before: VersionText | None, after: VersionText) -> VersionDiff:
    """What changed from one version to another; from nothing where there is none before."""
    old = before or VersionText(version=after.version, body_markdown="", body_html="", author_note_markdown="")

    def work() -> VersionDiff:
        body = lines_between(old.body_markdown, after.body_markdown)
        note = lines_between(old.author_note_markdown, after.author_note_markdown)
        title = words_between(old.version.title if before else "", after.version.title)
        added, removed = counted(body)
        return VersionDiff(
            before=None if before is None else before.version,
            after=after.version,
            title=title if any(part.kind != "same" for part in title) else None,
            body=body,
            author_note=note if any(line.kind not in ("same", "skipped") for line in note) else None,
            words_added=added,
            words_removed=removed,
        )

    return await in_thread(work)
