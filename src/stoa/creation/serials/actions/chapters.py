"""Making, changing, deleting and restoring chapters."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from stoa.creation.serials.actions import opening, places
from stoa.creation.serials.actions.rendering import Made, Typed, evened, faults, made, screened
from stoa.creation.serials.actions.versions import note_version, note_versions
from stoa.creation.serials.messages import ChapterCopied
from stoa.creation.serials.policies.chapters import access_chapter, access_chapter_to_edit, access_series_place
from stoa.creation.serials.queries.opening import access_of
from stoa.creation.serials.queries.places import SeriesPlace
from stoa.creation.serials.types import CHAPTER, KEPT_DAYS, AccessLevel, ChapterView, NewChapter
from stoa.creation.works import actions as works
from stoa.creation.works.errors import EditConflict
from stoa.creation.works.policies import slugify
from stoa.creation.works.queries import work_by_id
from stoa.creation.works.types import State, WorkRow
from stoa.foundation.media import actions as pictures
from stoa.foundation.plans import actions as plans
from stoa.foundation.plans.types import Meter
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import run, update
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.outbox import emit
from stoa.money.entitlements.policies import is_open

BATCH: Final = 100  # chapters in one statement
RESERVED_SLUGS: Final = frozenset({"chapter", "chapters", "feed", "rss", "atom", "json"})
_INSERT = run(
    """
    insert into chapters (work_id, series_id, number, volume, position, body_markdown, body_html, preview_html, words,
      excerpt, preview_words, preview_excerpt, author_note_markdown, author_note_html, author_note_position, timezone,
      meta_title, meta_description)
    select n.work_id, $1, n.number, n.volume, n.position, n.body_markdown, n.body_html, n.preview_html, n.words,
      n.excerpt, n.preview_words, n.preview_excerpt, n.author_note_markdown, n.author_note_html,
      n.author_note_position, $3, n.meta_title, n.meta_description
    from jsonb_to_recordset($2) as n (work_id uuid, number numeric, volume smallint, position integer,
      body_markdown text, body_html text, preview_html text, words text, excerpt text, preview_words text,
      preview_excerpt text, author_note_markdown text, author_note_html text, author_note_position text,
      meta_title text, meta_description text)
    """
)
# Whoever takes a chapter back has not said that it goes out the next moment.
_NOT_AT_ONCE = run(
    """
    update chapters set scheduled_at = null, schedule_problem = 'It was deleted when its time came'
    where work_id = $1 and scheduled_at <= $2
    """
)
_FORGET_AUTOSAVE = run("delete from chapter_autosaves where chapter_id = $1 and user_id = $2")


async def create_chapter(
    ctx: Ctx,
    series_id: UUID,
    *,
    title: str = "",
    body_markdown: str = "",
    author_note_markdown: str = "",
    author_note_position: str = "end",
    number: Decimal | None = None,
    volume: int | None = None,
    language: str | None = None,
    rating: str | None = None,
    meta_title: str = "",
    meta_description: str = "",
    access: AccessLevel | None = None,
) -> ChapterView:
    """A new draft at the end of a series, with the next number where none is given.

    Another rule of `access` than new chapters have is for those who may change it later, too. Raises NotFound,
    Forbidden, Invalid, and PlanLimit where the owner's plan holds no more (B4).
    """
    if access not in (None, (await access_series_place(ctx, series_id, Permission.EDIT_CONTENT)).default_access):
        await access_series_place(ctx, series_id, Permission.MANAGE_SETTINGS)
    new = NewChapter(
        title=title,
        body_markdown=body_markdown,
        author_note_markdown=author_note_markdown,
        author_note_position=author_note_position,
        number=number,
        volume=volume,
        language=language,
        rating=rating,
        meta_title=meta_title,
        meta_description=meta_description,
        access=access,
    )
    (chapter_id,) = await _create(ctx, series_id, [new], prefix="")
    return await access_chapter(ctx, chapter_id)


async def create_chapters(ctx: Ctx, series_id: UUID, chapters: Sequence[NewChapter]) -> list[UUID]:
    """New drafts at the end of a series, in this order; their ids. Wrong fields are named `chapters.2.title`.

    Raises NotFound, Forbidden, Invalid, PlanLimit; then none is made.
    """
    return await _create(ctx, series_id, chapters, prefix="chapters.") if chapters else []


async def edit_chapter(ctx: Ctx, chapter_id: UUID, *, revision: int, **given: Any) -> ChapterView:
    """Changes what is `given` of the fields of `Typed`, and `slug`, on the `revision` the actor saw.

    What is UNSET stays; what changes nothing keeps the revision. Another title, text or author's note is a version
    (S3), and `note` says what changed. A chapter that is out may go into review by its new words (P5). A new `slug`
    leaves the old one behind as a redirect (S6). Raises NotFound, Forbidden, EditConflict, Invalid, TextRefused.
    """
    chapter = await access_chapter_to_edit(ctx, chapter_id)
    if chapter.revision != revision:
        raise EditConflict(chapter.revision)
    slug, note = given.pop("slug", UNSET), given.pop("note", UNSET)
    before = typed_of(chapter)
    after = evened(msgspec.structs.replace(before, **{name: v for name, v in given.items() if v is not UNSET}))
    if wrong := faults(after):
        raise Invalid(fields=wrong)
    new_slug = None if slug in (UNSET, chapter.slug) else _checked_slug(slug)
    if after != before:
        await save(ctx, chapter, after, note="" if note is UNSET else note)
    elif new_slug is not None and await works.touch(ctx, chapter_id, revision) is None:
        raise EditConflict(revision)
    if new_slug is not None:
        await works.rename(ctx, await work_of(ctx, chapter_id), new_slug)
    return await access_chapter(ctx, chapter_id)


async def save(
    ctx: Ctx, chapter: ChapterView, after: Typed, *, note: str = "", restored_from: int | None = None
) -> None:
    """Stores what was typed over a chapter as it was read. Raises EditConflict, Invalid, TextRefused."""
    before = typed_of(chapter)
    series = await access_series_place(ctx, chapter.series_id)
    paragraphs = series.preview_paragraphs if chapter.preview_paragraphs is None else chapter.preview_paragraphs
    (stored,) = await made(ctx, [after], paragraphs=paragraphs, owners={chapter.author.id, ctx.member.id})
    if (after.number, after.volume) != (before.number, before.volume):
        if after.number is None:
            raise Invalid(fields={"number": "Please give a number"})
        await places.lock(ctx, chapter.series_id)
        await places.check_free(ctx, chapter.series_id, after.number, after.volume, besides=chapter.id)
    is_out = chapter.state in (State.PUBLISHED, State.IN_REVIEW)
    if is_out:
        check_complete(after, images_count=chapter.images_count)
    await works.edit(
        ctx,
        _as_read(await work_of(ctx, chapter.id), chapter),
        text=stored.text(is_open=is_open(chapter.access, chapter.opens_at, ctx.now)),
        screening=screened(after) if is_out else None,
    )
    version = chapter.version + (after.text != before.text)
    row = stored.row | {"number": after.number, "version": version}
    await update(ctx.db, "chapters", row, where={"work_id": chapter.id})
    if version != chapter.version:
        await note_version(ctx, chapter.id, version, after, stored.word_count, note=note, restored_from=restored_from)
        await _FORGET_AUTOSAVE(ctx.db, chapter.id, ctx.member.id)
    now = await access_of(ctx, chapter.id)  # which may be another one since it was read
    shown = now.series_preview_paragraphs if now.preview_paragraphs is None else now.preview_paragraphs
    if shown != paragraphs:
        await opening.cut_chapter_again(ctx, chapter.id, shown)
    elif chapter.images_count or (now.access, now.opens_at) != (chapter.access, chapter.opens_at):
        await opening.follow(ctx, [chapter.id])  # what is written in its pictures is searched for, too
    await _note_pictures(ctx, chapter.id, after.title, stored)


async def delete_chapters(ctx: Ctx, owner_id: UUID, chapter_ids: Collection[UUID]) -> None:
    """Deletes chapters softly (S5); whoever calls it has asked whether the actor may. Their numbers are free then."""
    gone = await works.delete_many(ctx, chapter_ids)
    await places.leave_numbers(ctx, gone)
    await plans.give_back(ctx, owner_id, Meter.CHAPTERS, len(gone))


async def delete_chapter(ctx: Ctx, chapter_id: UUID) -> None:
    """Deletes a chapter; for KEPT_DAYS it can be restored (S5). Raises NotFound, Forbidden."""
    chapter = await access_chapter_to_edit(ctx, chapter_id)
    await delete_chapters(ctx, chapter.author.id, [chapter_id])


async def restore_chapter(ctx: Ctx, chapter_id: UUID) -> ChapterView:
    """Brings a deleted chapter back where it was; where its number was taken meanwhile, it gets the next one (S5).

    One that was out comes back as it was. Raises NotFound, Forbidden, PlanLimit.
    """
    chapter = await access_chapter(ctx, chapter_id, Permission.EDIT_CONTENT, also_deleted=True)
    if chapter.deleted_at is not None and ctx.now - chapter.deleted_at >= timedelta(days=KEPT_DAYS):
        raise NotFound("There is no such chapter")
    if chapter.state == State.PUBLISHED:
        await access_chapter(ctx, chapter_id, Permission.PUBLISH, also_deleted=True)
    if chapter.deleted_at is not None and await works.restore(ctx, [chapter_id]):
        await plans.use(ctx, chapter.author.id, Meter.CHAPTERS, 1)
        await places.lock(ctx, chapter.series_id)
        await places.take_number_back(ctx, chapter.series_id, chapter_id, chapter.number, chapter.volume)
        await _NOT_AT_ONCE(ctx.db, chapter_id, ctx.now)
    return await access_chapter(ctx, chapter_id)


async def duplicate_chapter(ctx: Ctx, chapter_id: UUID) -> ChapterView:
    """A draft with the same text, pages and rule of access, at the end of the series. Of one that is to open, the rule
    until then; its price is not taken along.

    Raises NotFound, Forbidden, PlanLimit.
    """
    chapter = await access_chapter(ctx, chapter_id, Permission.EDIT_CONTENT)
    given = {name: getattr(typed_of(chapter), name) for name in Typed.__struct_fields__}
    title = f"{chapter.title[:190]} (copy)" if chapter.title else ""
    level = chapter.access
    if level is AccessLevel.SCHEDULED:
        level = (await access_of(ctx, chapter_id)).access_before or AccessLevel.SUBSCRIBERS
    new = NewChapter(**given | {"number": None, "title": title, "access": level})
    (copy_id,) = await _create(ctx, chapter.series_id, [new], prefix="")
    rule = {name: getattr(chapter, name) for name in ("tier_id", "preview_paragraphs", "paywall_message")}
    await update(ctx.db, "chapters", rule, where={"work_id": copy_id})
    if chapter.preview_paragraphs is not None:
        await opening.cut_chapter_again(ctx, copy_id, chapter.preview_paragraphs)
    await emit(ctx, ChapterCopied(chapter_id, copy_id))
    return await access_chapter(ctx, copy_id)


# ---- what others need ------------------------------------------------------------------------------------------


def typed_of(chapter: ChapterView) -> Typed:
    """What of a chapter was typed."""
    return Typed(**{name: getattr(chapter, name) for name in Typed.__struct_fields__})


def check_complete(typed: Typed, *, images_count: int) -> None:
    """What readers get has to be something. Raises Invalid."""
    if not typed.body_markdown.strip() and not images_count:
        raise Invalid(fields={"body_markdown": "There is nothing to read in this chapter yet"})


def wanted_slug(title: str, number: Decimal) -> str:
    """The address of a chapter that has none yet."""
    plain = f"chapter-{slugify(str(number.normalize().__format__('f')), fallback='0')}"
    slug = slugify(title, fallback=plain)
    return f"{slug}-{plain}" if slug in RESERVED_SLUGS else slug


async def work_of(ctx: Ctx, chapter_id: UUID) -> WorkRow:
    """A chapter's row in works. Raises NotFound."""
    work = await work_by_id(ctx, chapter_id)
    if work is None or work.kind != CHAPTER:
        raise NotFound("There is no such chapter")
    return work


def _as_read(work: WorkRow, chapter: ChapterView) -> WorkRow:
    """The work with the revision that was read with its text: a change in between is a conflict, not overwritten."""
    return msgspec.structs.replace(work, revision=chapter.revision, state=chapter.state)


async def _create(ctx: Ctx, series_id: UUID, chapters: Sequence[NewChapter], *, prefix: str) -> list[UUID]:
    series = await access_series_place(ctx, series_id, Permission.EDIT_CONTENT)
    typed = [_typed(one, series) for one in chapters]
    owners = {series.author_id, ctx.member.id}
    stored = await made(ctx, typed, paragraphs=series.preview_paragraphs, owners=owners, prefix=prefix)
    await places.lock(ctx, series_id)
    numbers, position = await places.numbers_for(ctx, series_id, typed, prefix=prefix)
    await plans.use(ctx, series.author_id, Meter.CHAPTERS, len(typed))
    ids: list[UUID] = []
    for start in range(0, len(typed), BATCH):
        part = slice(start, start + BATCH)
        levels = [one.access or series.default_access for one in chapters[part]]
        ids += await _insert(ctx, series, typed[part], stored[part], numbers[part], position + start, levels)
    return ids


async def _insert(
    ctx: Ctx,
    series: SeriesPlace,
    typed: Sequence[Typed],
    stored: Sequence[Made],
    numbers: Sequence[Decimal],
    position: int,
    levels: Sequence[AccessLevel],
) -> list[UUID]:
    texts = [one.text(is_open=level is AccessLevel.FREE) for one, level in zip(stored, levels, strict=True)]
    ids = await works.create_many(
        ctx, kind=CHAPTER, texts=texts, author_id=series.author_id, site_id=series.site_id, parent_id=series.id
    )
    rows = [
        one.row | {"work_id": work_id, "number": str(number), "position": position + place}
        for place, (work_id, one, number) in enumerate(zip(ids, stored, numbers, strict=True))
    ]
    await _INSERT(ctx.db, series.id, rows, series.timezone)
    for level in set(levels) - {AccessLevel.FREE}:
        chosen = [work_id for work_id, own in zip(ids, levels, strict=True) if own is level]
        await works.set_access(ctx, chosen, access=level, opens_at=None, price_minor=None, price_asset=None)
    await note_versions(ctx, list(zip(ids, typed, [one.word_count for one in stored], strict=True)))
    shown = [
        (work_id, one.media_ids, one.title or "Untitled", _edit_url(work_id))
        for work_id, one in zip(ids, stored, strict=True)
        if one.media_ids
    ]
    await pictures.note_uses_of_new(ctx, subject=CHAPTER, shown=shown)
    return ids


def _typed(new: NewChapter, series: SeriesPlace) -> Typed:
    taken = {name: getattr(new, name) for name in Typed.__struct_fields__}
    inherited = {"language": new.language or series.language, "rating": new.rating or series.rating}
    return evened(Typed(**taken | inherited))


async def _note_pictures(ctx: Ctx, chapter_id: UUID, title: str, stored: Made) -> None:
    """So that the author's library says where they are shown."""
    await pictures.note_uses(
        ctx,
        subject=CHAPTER,
        subject_id=chapter_id,
        media_ids=stored.media_ids,
        title=title or "Untitled",
        url=_edit_url(chapter_id),
    )


def _edit_url(chapter_id: UUID) -> str:
    return f"/dashboard/chapters/{chapter_id}/edit"


def _checked_slug(slug: str) -> str:
    return places.checked_slug(slug, reserved=RESERVED_SLUGS)
