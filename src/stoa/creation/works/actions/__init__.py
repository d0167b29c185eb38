"""Changing works: their text, their state, and what readers do with them.

The modules of the kinds (posts …) call these with what they have checked of their own; pages and API call those.
"""

from typing import Final
from uuid import UUID

import msgspec

from stoa.creation.works import policies, queries
from stoa.creation.works.actions.keeping import (
    create_many,
    delete_many,
    delete_on_site,
    delete_parts,
    empty,
    move,
    relabel,
    restore,
    set_access,
    set_free,
    set_price,
    set_rule,
    set_words,
    touch,
)
from stoa.creation.works.actions.readers import count_gift, react, record_view, unreact
from stoa.creation.works.actions.withholding import check_may_be_out, give_back, withhold
from stoa.creation.works.errors import EditConflict, WrongState
from stoa.creation.works.messages import (
    WorkChanged,
    WorkDeleted,
    WorkInReview,
    WorkPublished,
    WorkRefused,
    WorkUnpublished,
)
from stoa.creation.works.types import Screening, State, WorkRow, WorkText
from stoa.foundation.audit import actions as audit
from stoa.foundation.settings.queries import platform
from stoa.kit.ctx import Ctx
from stoa.kit.db import Statement, insert, run, value
from stoa.kit.errors import Conflict, Invalid, NotFound
from stoa.kit.ids import new_id
from stoa.kit.outbox import emit

__all__ = [
    "approve",
    "count_gift",
    "create",
    "create_many",
    "delete",
    "delete_many",
    "delete_on_site",
    "delete_parts",
    "edit",
    "empty",
    "first_slug",
    "give_back",
    "move",
    "publish",
    "react",
    "record_view",
    "refuse",
    "relabel",
    "rename",
    "restore",
    "set_access",
    "set_free",
    "set_price",
    "set_rule",
    "set_words",
    "touch",
    "unpublish",
    "unreact",
    "withhold",
]

MAX_REASON: Final = 1000

# Every change names the revision it was made on; none happens when that is not the newest any more.
_EDIT: Statement[int | None] = value(
    int | None,
    """
    update works set title = $3, excerpt = $4, body_text = $5, word_count = $6, language = $7, rating = $8,
      category = $9, cover_media_id = $10, images = $11, revision = revision + 1, updated_at = $12
    where id = $1 and revision = $2 and deleted_at is null returning revision
    """,
)
_SUBMIT: Statement[int | None] = value(
    int | None,
    """
    update works set state = $3, submitted_at = case $3 when 'in_review' then $6::timestamptz end,
      published_at = case $3 when 'published' then coalesce(published_at, $6) else published_at end,
      screening_score = $4, screening_reasons = $5, review_note = null, revision = revision + 1, updated_at = $6
    where id = $1 and revision = $2 and deleted_at is null returning revision
    """,
)
_SCREENED = run("update works set screening_score = $2, screening_reasons = $3 where id = $1")
_TAKE_BACK: Statement[int | None] = value(
    int | None,
    """
    update works set state = case when published_at is null then 'draft' else 'unpublished' end, submitted_at = null,
      revision = revision + 1, updated_at = $3
    where id = $1 and state = any($2::text[]) and deleted_at is null returning revision
    """,
)
_DELETE = run("update works set deleted_at = $2, updated_at = $2 where id = $1 and deleted_at is null")
_APPROVE: Statement[int | None] = value(
    int | None,
    """
    update works set state = 'published', published_at = coalesce(published_at, $4), submitted_at = null,
      approved_score = screening_score, review_note = null, reviewed_by = $3, reviewed_at = $4,
      revision = revision + 1, updated_at = $4
    where id = $1 and revision = $2 and state = 'in_review' and deleted_at is null returning revision
    """,
)
_REFUSE: Statement[int | None] = value(
    int | None,
    """
    update works set state = 'refused', submitted_at = null, approved_score = null, review_note = $4, reviewed_by = $3,
      reviewed_at = $5, revision = revision + 1, updated_at = $5
    where id = $1 and revision = $2 and state in ('in_review', 'published') and deleted_at is null returning revision
    """,
)
_OPEN_STATS = run(
    """
    insert into work_stats (work_id, published_at) select id, published_at from works where id = $1
    on conflict (work_id) do nothing
    """
)
# Takes a free address, or one the work had before; yields nothing where it belongs to another work (S6).
_CLAIM_SLUG: Statement[bool | None] = value(
    bool | None,
    """
    insert into work_slugs as held (kind, site_id, parent_id, slug, work_id, created_at)
    select kind, site_id, parent_id, $2, id, $3 from works where id = $1
    on conflict on constraint work_slugs_key do update set slug = held.slug where held.work_id = excluded.work_id
    returning true
    """,
)
_SET_SLUG = run("update works set slug = $2 where id = $1")


# ---- text ------------------------------------------------------------------------------------------------------


async def create(
    ctx: Ctx,
    *,
    kind: str,
    text: WorkText,
    author_id: UUID | None = None,
    site_id: UUID | None = None,
    parent_id: UUID | None = None,
) -> WorkRow:
    """A new draft; of the actor where no author is named."""
    work_id = new_id()
    row = {
        "id": work_id,
        "author_id": author_id or ctx.member.id,
        "site_id": site_id,
        "parent_id": parent_id,
        "kind": kind,
        **{name: getattr(text, name) for name in text.__struct_fields__},
        "created_at": ctx.now,
        "updated_at": ctx.now,
    }
    await insert(ctx.db, "works", row)
    return await _reload(ctx, work_id)


async def edit(ctx: Ctx, work: WorkRow, *, text: WorkText, screening: Screening | None = None) -> WorkRow:
    """Sets the text of a work as it was read. One that is out or in review needs its `screening` (P5): a published text
    may go into review by it.

    Raises EditConflict, TextRefused.
    """
    revision = await _EDIT(
        ctx.db,
        work.id,
        work.revision,
        text.title,
        text.excerpt,
        text.body_text,
        text.word_count,
        text.language,
        text.rating,
        text.category,
        text.cover_media_id,
        text.images,
        ctx.now,
    )
    if revision is None:
        raise await _conflict(ctx, work.id)
    work = msgspec.structs.replace(work, revision=revision, title=text.title)
    if work.state not in (State.PUBLISHED, State.IN_REVIEW):
        return work
    if screening is None:
        raise ValueError("the text of a work that is out or in review has to be screened")
    state = policies.state_after(screening, await platform(ctx), approved_score=work.approved_score)
    if work.state == State.PUBLISHED and state == State.IN_REVIEW:
        return await _submit(ctx, work, state, screening)
    await _SCREENED(ctx.db, work.id, screening.score, screening.reasons)
    if work.state == State.PUBLISHED:
        await emit(ctx, _changed(work))
    return await _reload(ctx, work.id)


async def rename(ctx: Ctx, work: WorkRow, slug: str) -> WorkRow:
    """Gives a work the address `slug`; the old one leads to it from now on (S6). Raises Invalid when it is taken."""
    if slug == work.slug:
        return work
    if not await _CLAIM_SLUG(ctx.db, work.id, slug, ctx.now):
        raise Invalid(fields={"slug": "This address belongs to another work already"})
    await _SET_SLUG(ctx.db, work.id, slug)
    work = msgspec.structs.replace(work, slug=slug)
    if work.state == State.PUBLISHED:
        await emit(ctx, _changed(work))
    return work


# ---- state -----------------------------------------------------------------------------------------------------


async def publish(ctx: Ctx, work: WorkRow, *, screening: Screening, slug: str | None = None) -> WorkRow:
    """Publishes a work, or puts it into review (P5); one that a moderator refused is always reviewed again.

    One without an address gets one: `slug`, or one of its title, with something added where that is taken.

    Raises TextRefused, EditConflict, and WrongState for one that is published already.
    """
    if work.state == State.PUBLISHED:
        raise WrongState("This is published already", work.state)
    state = policies.state_after(screening, await platform(ctx), approved_score=work.approved_score)
    if work.state == State.REFUSED:
        state = State.IN_REVIEW
    if work.slug is None:
        work = await first_slug(ctx, work, slug)
    return await _submit(ctx, work, state, screening)


async def unpublish(ctx: Ctx, work: WorkRow) -> WorkRow:
    """Takes a published work, or one in review, back to its author. Raises WrongState for any other."""
    if await _TAKE_BACK(ctx.db, work.id, [State.PUBLISHED, State.IN_REVIEW], ctx.now) is None:
        raise WrongState("This is not published", work.state)
    if work.state == State.PUBLISHED:
        await emit(ctx, WorkUnpublished(work_id=work.id, author_id=work.author_id, kind=work.kind, title=work.title))
    return await _reload(ctx, work.id)


async def delete(ctx: Ctx, work: WorkRow) -> None:
    """Deletes a work softly; its address stays taken."""
    if await _DELETE(ctx.db, work.id, ctx.now):
        await emit(ctx, WorkDeleted(work_id=work.id, author_id=work.author_id, kind=work.kind, title=work.title))


async def approve(ctx: Ctx, work_id: UUID, *, revision: int | None = None) -> WorkRow:
    """A moderator lets a text in review pass; `revision` is the one that was read.

    Raises NotFound, WrongState, EditConflict.
    """
    work = await _in_review(ctx, work_id)
    await check_may_be_out(ctx, work_id)
    if await _APPROVE(ctx.db, work_id, revision or work.revision, ctx.member.id, ctx.now) is None:
        raise await _conflict(ctx, work_id)
    await _decided(ctx, work, "works.approved", State.PUBLISHED, None)
    return await _now_published(ctx, work)


async def refuse(ctx: Ctx, work_id: UUID, *, reason: str, revision: int | None = None) -> WorkRow:
    """A moderator refuses a text in review, or takes a published one down, and tells its author why.

    `reason` has 1 to 1,000 characters. Raises NotFound, WrongState, EditConflict, Invalid.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= MAX_REASON:
        raise Invalid(fields={"reason": f"Please give a reason of at most {MAX_REASON} characters"})
    work = await _in_review(ctx, work_id, State.PUBLISHED)
    if await _REFUSE(ctx.db, work_id, revision or work.revision, ctx.member.id, reason, ctx.now) is None:
        raise await _conflict(ctx, work_id)
    await _decided(ctx, work, "works.refused", State.REFUSED, reason)
    await emit(
        ctx,
        WorkRefused(
            work_id=work.id,
            author_id=work.author_id,
            kind=work.kind,
            title=work.title,
            reason=reason,
            moderator_id=ctx.member.id,
        ),
    )
    return await _reload(ctx, work_id)


async def _decided(ctx: Ctx, work: WorkRow, action: str, state: State, reason: str | None) -> None:
    after = {"state": state, "title": work.title, **({"reason": reason} if reason else {})}
    await audit.record(
        ctx, action, subject="work", subject_id=work.id, before={"state": work.state, "title": work.title}, after=after
    )


async def _submit(ctx: Ctx, work: WorkRow, state: State, screening: Screening) -> WorkRow:
    await check_may_be_out(ctx, work.id)
    revision = await _SUBMIT(ctx.db, work.id, work.revision, state, screening.score, screening.reasons, ctx.now)
    if revision is None:
        raise await _conflict(ctx, work.id)
    if state == State.PUBLISHED:
        return await _now_published(ctx, work)
    await emit(
        ctx,
        WorkInReview(
            work_id=work.id,
            author_id=work.author_id,
            kind=work.kind,
            title=work.title,
            score=screening.score,
            reasons=screening.reasons,
        ),
    )
    return await _reload(ctx, work.id)


async def _now_published(ctx: Ctx, before: WorkRow) -> WorkRow:
    await _OPEN_STATS(ctx.db, before.id)
    work = await _reload(ctx, before.id)
    assert work.slug is not None
    await emit(
        ctx,
        WorkPublished(
            work_id=work.id,
            author_id=work.author_id,
            kind=work.kind,
            slug=work.slug,
            title=work.title,
            is_first=before.published_at is None,
        ),
    )
    return work


async def _in_review(ctx: Ctx, work_id: UUID, *also: State) -> WorkRow:
    work = await queries.work_by_id(ctx, work_id)
    if work is None:
        raise NotFound("There is no such work")
    if work.state not in (State.IN_REVIEW, *also):
        raise WrongState("This does not wait for a moderator", work.state)
    return work


async def first_slug(ctx: Ctx, work: WorkRow, wanted: str | None = None) -> WorkRow:
    """An address for a work that has none. Raises Conflict where none is free."""
    wanted = wanted or policies.slugify(work.title, fallback=work.kind)
    # The end of the id is random, so the second try is only taken for a work of its own.
    for slug in (wanted, f"{wanted}-{work.id.hex[-6:]}", f"{wanted}-{work.id.hex[-12:]}"):
        if await _CLAIM_SLUG(ctx.db, work.id, slug, ctx.now):
            await _SET_SLUG(ctx.db, work.id, slug)
            return msgspec.structs.replace(work, slug=slug)
    raise Conflict("There is no free address for this title")


async def _reload(ctx: Ctx, work_id: UUID) -> WorkRow:
    work = await queries.work_by_id(ctx, work_id)
    if work is None:
        raise NotFound("There is no such work")
    return work


async def _conflict(ctx: Ctx, work_id: UUID) -> Conflict | NotFound:
    revision = await queries.revision_of(ctx, work_id)
    return NotFound("There is no such work") if revision is None else EditConflict(revision)


def _changed(work: WorkRow) -> WorkChanged:
    assert work.slug is not None
    return WorkChanged(work_id=work.id, author_id=work.author_id, kind=work.kind, slug=work.slug, title=work.title)
