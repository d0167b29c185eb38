"""Pages in, in order, and out. Their files are the site's owner's, whoever of the team sends them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from stoa.creation.comics.actions.working import find_spreads, go_on, note_words, read_on, start
from stoa.creation.comics.policies import access_comic_to_edit, in_natural_order
from stoa.creation.comics.queries import chapter_media, image_ids_of, images_of
from stoa.creation.comics.types import MAX_ALT, MAX_IMAGES, ImageView, Refused, Uploaded
from stoa.creation.serials.policies.chapters import access_chapter
from stoa.creation.serials.types import ChapterView
from stoa.foundation.media import actions as media
from stoa.foundation.media.actions import About
from stoa.foundation.media.actions.pictures import Head
from stoa.foundation.media.actions.texts import tidy_filename
from stoa.foundation.media.errors import FileInfected
from stoa.foundation.media.types import FileView, Visibility
from stoa.foundation.media.types import State as FileState
from stoa.kit.ctx import Actor, Ctx
from stoa.kit.db import run, update, value
from stoa.kit.errors import Invalid, NotFound, StoaError, Unavailable
from stoa.kit.forms import storable
from stoa.kit.ids import new_id

_TOO_LONG: Final = f"Please use at most {MAX_ALT} characters that can be stored"
USES: Final = "comic"  # beside 'chapter', whose uses are the pictures in its text
_LOCK = run("select from chapters where work_id = $1 for no key update")
_LAST = value(int, "select coalesce(max(position), 0) from chapter_images where chapter_id = $1")
_HOLD = run("select from media where id = any($1::uuid[]) order by id for key share")
_INSERT = run(
    """
    insert into chapter_images (id, chapter_id, media_id, position, filename, alt, width, height, created_at)
    select n.id, $1, n.media_id, n.position, n.filename, n.alt, n.width, n.height, $3
    from jsonb_to_recordset($2) as n (id uuid, media_id uuid, position integer, filename text, alt text, width integer,
      height integer)
    """,
)
_UNSHOWN = value(
    list[UUID],
    """
    select coalesce(array_agg(m.id order by m.id), '{}') from media m
    where m.id = any($1::uuid[]) and m.owner_id = $2 and m.purpose = 'library' and m.state <> 'blocked'
      and not exists (select from media_uses u where u.media_id = m.id)
    """,
)
_COPY = value(
    list[UUID],
    """
    with made as (
      insert into chapter_images (id, chapter_id, media_id, position, filename, alt, state, problem, width, height,
        is_double, is_double_chosen, slices, ocr_state, ocr_text, ocr_boxes, created_at, processed_at)
      select n.id, $2, i.media_id, i.position, i.filename, i.alt, i.state, i.problem, i.width, i.height,
        i.is_double, i.is_double_chosen, i.slices, i.ocr_state, i.ocr_text, i.ocr_boxes, $5, i.processed_at
      from unnest($3::uuid[], $4::uuid[]) as n (old_id, id)
      join chapter_images i on i.id = n.old_id and i.chapter_id = $1
      returning id, state
    ) select coalesce(array_agg(id) filter (where state = 'processing'), '{}') from made
    """,
)
_PLACE = run(
    """
    update chapter_images i set position = o.n
    from unnest($2::uuid[]) with ordinality as o (id, n)
    where i.id = o.id and i.chapter_id = $1 and i.position <> o.n
    """,
)
_DESCRIBE = run(
    """
    update chapter_images i set alt = n.alt, is_double = coalesce(n.is_double, i.is_double),
      is_double_chosen = n.is_double is not null
    from jsonb_to_recordset($2) as n (id uuid, alt text, is_double boolean)
    where i.id = n.id and i.chapter_id = $1
      and (i.alt, i.is_double_chosen, i.is_double_chosen and i.is_double)
        is distinct from (n.alt, n.is_double is not null, coalesce(n.is_double, false))
    """,
)
_DELETE = run("delete from chapter_images where chapter_id = $1 and id = any($2::uuid[])")
_FORGET = run("delete from chapter_images where chapter_id = any($1::uuid[])")


class NewImage(msgspec.Struct, frozen=True):
    """A file that is to be a page."""

    filename: str
    data: bytes
    alt: str = ""


class Arranged(msgspec.Struct, frozen=True):
    """What is said of a page. `is_double` None: its measures say whether it is a spread."""

    id: UUID
    alt: str
    is_double: bool | None


async def add_images(ctx: Ctx, chapter_id: UUID, files: Sequence[NewImage]) -> Uploaded:
    """Adds files as pages behind those that are there, in the natural order of their names.

    What cannot be taken is left out, and named with the reason; one with a virus is in quarantine then. The worker does
    the rest. Raises NotFound, Forbidden, NotAComic, Invalid for more pages than a chapter can have.
    """
    chapter = await access_comic_to_edit(ctx, chapter_id)
    taken: list[tuple[NewImage, FileView, Head]] = []
    refused: list[Refused] = []
    for new in in_natural_order((one.filename, one) for one in files):
        try:
            taken.append((new, *await _take(ctx, chapter, new)))
        except Unavailable:
            raise
        except StoaError as error:
            refused.append(Refused(_name(new), _reason(error)))
    added = await _insert(ctx, chapter, taken)
    await note_uses(ctx, chapter)
    return Uploaded(await images_of(ctx, chapter.id, added), refused)


async def edit_image(
    ctx: Ctx,
    chapter_id: UUID,
    image_id: UUID,
    *,
    alt: str | UnsetType = UNSET,
    position: int | UnsetType = UNSET,
    is_double: bool | UnsetType | None = UNSET,
) -> ImageView:
    """Changes what is given of a page. position: its new place, from 1; a higher one than there are is the last.

    is_double: whether it is a spread; None leaves that to its measures again. Raises NotFound, Forbidden, Invalid.
    """
    chapter = await access_comic_to_edit(ctx, chapter_id)
    if alt is not UNSET and (len(alt.strip()) > MAX_ALT or not storable(alt)):
        raise Invalid(fields={"alt": _TOO_LONG})
    if position is not UNSET and position < 1:
        raise Invalid(fields={"position": "Places are counted from 1"})
    await _LOCK(ctx.db, chapter.id)
    there = await image_ids_of(ctx, chapter.id)
    if image_id not in there:
        raise NotFound("There is no such page in this chapter")
    changes: dict[str, object] = {} if alt is UNSET else {"alt": alt.strip()}
    if is_double is not UNSET:
        changes |= {"is_double_chosen": is_double is not None} | ({} if is_double is None else {"is_double": is_double})
    if changes:
        await update(ctx.db, "chapter_images", changes, where={"id": image_id})
    if position is not UNSET:
        others = [one for one in there if one != image_id]
        others.insert(position - 1, image_id)
        await _PLACE(ctx.db, chapter.id, others)
    if is_double is None:
        await find_spreads(ctx, chapter.id)
    if alt is not UNSET:
        await note_words(ctx, chapter.id)
    return (await images_of(ctx, chapter.id, [image_id]))[0]


async def reorder(ctx: Ctx, chapter_id: UUID, image_ids: Sequence[UUID]) -> list[ImageView]:
    """Puts the pages of a chapter into this order. Raises NotFound, Forbidden, Invalid unless each is named once."""
    chapter = await access_comic_to_edit(ctx, chapter_id)
    await _LOCK(ctx.db, chapter.id)
    there = await image_ids_of(ctx, chapter.id)
    given, missing = set(image_ids), len(set(there).difference(image_ids))
    if not given.issubset(there):
        raise Invalid(fields={"image_ids": "Not all of these are pages of this chapter"})
    if missing or len(given) != len(image_ids):
        raise Invalid(fields={"image_ids": f"Please name every page once; {missing} are missing"})
    await _PLACE(ctx.db, chapter.id, list(image_ids))
    return await images_of(ctx, chapter.id)


async def arrange(ctx: Ctx, chapter_id: UUID, pages: Sequence[Arranged]) -> list[ImageView]:
    """Describes and orders several pages at once: those that are named come first, in this order.

    Pages that came meanwhile stay behind them, and what is gone is left out. Raises NotFound, Forbidden, and Invalid
    with `alt-<id>` for each text that is too long; then nothing is changed.
    """
    chapter = await access_comic_to_edit(ctx, chapter_id)
    wrong = {f"alt-{one.id}": _TOO_LONG for one in pages if len(one.alt.strip()) > MAX_ALT or not storable(one.alt)}
    if wrong:
        raise Invalid(fields=wrong)
    await _LOCK(ctx.db, chapter.id)
    there = await image_ids_of(ctx, chapter.id)
    known = {one.id: one for one in pages if one.id in set(there)}
    said = [{"id": str(one.id), "alt": one.alt.strip(), "is_double": one.is_double} for one in known.values()]
    await _DESCRIBE(ctx.db, chapter.id, said)
    await _PLACE(ctx.db, chapter.id, [*known, *(one for one in there if one not in known)])
    await find_spreads(ctx, chapter.id)
    await note_words(ctx, chapter.id)
    return await images_of(ctx, chapter.id)


async def sort_by_name(ctx: Ctx, chapter_id: UUID) -> list[ImageView]:
    """Puts the pages into the natural order of their files' names. Raises NotFound, Forbidden."""
    chapter = await access_comic_to_edit(ctx, chapter_id)
    await _LOCK(ctx.db, chapter.id)
    there = await images_of(ctx, chapter.id)
    await _PLACE(ctx.db, chapter.id, in_natural_order((one.filename, one.id) for one in there))
    return await images_of(ctx, chapter.id)


async def delete_images(ctx: Ctx, chapter_id: UUID, image_ids: Iterable[UUID]) -> int:
    """Takes pages out of a chapter; a file that is shown nowhere else goes to the trash of the library.

    Answers how many. Raises NotFound when one of them is not there, Forbidden.
    """
    chapter = await access_comic_to_edit(ctx, chapter_id)
    await _LOCK(ctx.db, chapter.id)
    wanted = set(image_ids)
    there = await images_of(ctx, chapter.id)
    gone = [one for one in there if one.id in wanted]
    if len(gone) != len(wanted):
        raise NotFound("There is no such page in this chapter")
    await _DELETE(ctx.db, chapter.id, list(wanted))
    await _PLACE(ctx.db, chapter.id, [one.id for one in there if one.id not in wanted])
    await note_uses(ctx, chapter)
    await note_words(ctx, chapter.id)
    unshown = await _UNSHOWN(ctx.db, [one.media_id for one in gone], chapter.author.id)
    await media.delete_many(for_owner(ctx, chapter.author.id), unshown)
    return len(gone)


async def process_again(ctx: Ctx, chapter_id: UUID, image_id: UUID) -> ImageView:
    """Has a page worked on once more: its measures, its parts, its words. Raises NotFound, Forbidden, NotReady."""
    chapter = await access_comic_to_edit(ctx, chapter_id)
    if image_id not in await image_ids_of(ctx, chapter.id):
        raise NotFound("There is no such page in this chapter")
    await start(ctx, image_id, for_owner(ctx, chapter.author.id))
    return (await images_of(ctx, chapter.id, [image_id]))[0]


async def copy_images(ctx: Ctx, chapter_id: UUID, copy_id: UUID) -> None:
    """Gives the copy of a chapter its pages: the same files, with what was said of them and read in them.

    Whoever calls it has looked whether the actor may.
    """
    there = await image_ids_of(ctx, chapter_id)
    if not there:
        return
    await _HOLD(ctx.db, await chapter_media(ctx, chapter_id))  # as in `_insert`
    waiting = await _COPY(ctx.db, chapter_id, copy_id, there, [new_id() for _ in there], ctx.now)
    await go_on(ctx, waiting)
    await read_on(ctx, copy_id)
    await note_uses(ctx, await access_chapter(ctx, copy_id))


async def forget_chapters(ctx: Ctx, chapter_ids: Sequence[UUID]) -> None:
    """Nothing is left of these chapters (S5). The files stay in the library, as those of texts do."""
    await _FORGET(ctx.db, list(chapter_ids))
    for chapter_id in chapter_ids:
        await media.note_uses(ctx, subject=USES, subject_id=chapter_id, media_ids=(), title="", url="")


def for_owner(ctx: Ctx, owner_id: UUID) -> Ctx:
    """The same, as the owner of the site: pages are their files, and count on their plan."""
    return replace(ctx, actor=Actor(owner_id, "", frozenset()))


async def note_uses(ctx: Ctx, chapter: ChapterView) -> None:
    """So that the owner's library says where the pages are shown."""
    title = f"{chapter.series_title}, {chapter.title or f'chapter {chapter.number:f}'}"
    url = f"/dashboard/chapters/{chapter.id}/images"
    shown = await chapter_media(ctx, chapter.id)
    await media.note_uses(ctx, subject=USES, subject_id=chapter.id, media_ids=shown, title=title, url=url)


async def _take(ctx: Ctx, chapter: ChapterView, new: NewImage) -> tuple[FileView, Head]:
    if not storable(new.alt) or len(new.alt.strip()) > MAX_ALT:
        raise Invalid(fields={"alt": _TOO_LONG})
    owner = for_owner(ctx, chapter.author.id)
    async with ctx.db.transaction():
        about = About(filename=_name(new), visibility=Visibility.PRIVATE)
        file, head = await media.upload_later(owner, data=new.data, about=about)
        if file.visibility is Visibility.PUBLIC:  # it was there already, for everybody to see
            file = await media.copy(owner, file.id) if file.uses_count else file
            file = await media.edit(owner, file.id, visibility=Visibility.PRIVATE)
    if file.state is FileState.QUARANTINED:
        raise FileInfected(file.id, file.scan_result)
    return file, head


async def _insert(ctx: Ctx, chapter: ChapterView, taken: list[tuple[NewImage, FileView, Head]]) -> list[UUID]:
    # The files first, as whoever ends the work on one holds it while looking for its pages. So either they find these,
    # or these find it ready.
    await _HOLD(ctx.db, [file.id for _, file, _ in taken])
    await _LOCK(ctx.db, chapter.id)
    last = await _LAST(ctx.db, chapter.id)
    if last + len(taken) > MAX_IMAGES:
        raise Invalid(fields={"files": f"A chapter has at most {MAX_IMAGES} pages; this one has {last}"})
    rows = [
        {
            "id": str(new_id()),
            "media_id": str(file.id),
            "position": position,
            "filename": tidy_filename(_name(new)) or file.filename,
            "alt": new.alt.strip(),
            "width": head.width,
            "height": head.height,
        }
        for position, (new, file, head) in enumerate(taken, last + 1)
    ]
    await _INSERT(ctx.db, chapter.id, rows, ctx.now)
    added = [UUID(str(row["id"])) for row in rows]
    await go_on(ctx, added)
    return added


def _name(new: NewImage) -> str:
    return new.filename if storable(new.filename) else ""


def _reason(error: StoaError) -> str:
    return next(iter(error.fields.values()), error.detail) if isinstance(error, Invalid) else error.detail
