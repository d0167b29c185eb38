"""Makes the demo content through the same actions as pages and API, each at its own time in the past.

Everything happens in one transaction, in the order in which it is said to have happened: an installation has all of it
or, after a crash, nothing. Only the provider of payouts is spoken to afterwards, since it is not part of a transaction.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from stoa.creation.posts import actions as posts
from stoa.creation.works import actions as works
from stoa.creation.works.types import Reaction
from stoa.demo import PASSWORD, content, pictures
from stoa.demo.content import Drawing, Gift, Person, Post, Purchase
from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.types import Role
from stoa.foundation.media import actions as media
from stoa.foundation.people import actions as people
from stoa.kit.clock import utcnow
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.db import Db, run, value
from stoa.money.payouts import actions as payouts
from stoa.money.payouts.actions import sending
from stoa.money.wallet import actions as wallet

_ALONE = run("select pg_advisory_xact_lock(hashtext('stoa.demo'))")
_IS_EMPTY = value(bool, "select not exists (select from users)")
_ANALYSE = run("analyze")  # plans made for empty tables are poor ones

ROLES: Final = {"helen": Role.ADMIN, "marcus": Role.MODERATOR}
JOINED_HOURS: Final = 1000.0  # before now, the first of them
PAID_HOURS, ARRIVED_HOURS, ASKED_HOURS = 120.0, 46.0, 2.0
REVIEW_REASON: Final = "The first payout of an account is looked at by a person"

Deed = Callable[[Ctx], Awaitable[object]]


async def make(app: App, password: str = PASSWORD) -> bool:
    """Fill an empty database; False, and nothing done, when somebody is there already."""
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="drawing") as drawers:
        async with app.database.transaction() as db:
            await _ALONE(db)
            if not await _IS_EMPTY(db):
                return False
            hall = Hall(app, db, drawers, password)
            await hall.fill()
    assert hall.payout_id is not None
    await _pay(app, hall.payout_id, hall.now)
    async with app.database.connection() as db:
        await _ANALYSE(db)
    return True


async def _pay(app: App, payout_id: UUID, now: datetime) -> None:
    """What the worker does with a payout: send it, and look some days later what became of it."""
    for hours, step in ((PAID_HOURS - 0.01, sending.submit), (ARRIVED_HOURS, sending.follow)):
        async with app.database.connection() as db:
            await step(Ctx(db, None, now - timedelta(hours=hours), "demo", app), payout_id, 1)


class Hall:
    """What is being filled: who is there, what was written, and all that is going to happen, by time."""

    def __init__(self, app: App, db: Db, drawers: ThreadPoolExecutor, password: str) -> None:
        self.app, self.db, self.drawers, self.password = app, db, drawers, password
        self.now = utcnow()
        self.dice = random.Random(11)
        self.actors: dict[str, Actor] = {}
        self.works: dict[str, UUID] = {}
        self.payout_id: UUID | None = None
        self._deeds: list[tuple[datetime, int, str | None, Deed]] = []

    async def fill(self) -> None:
        """Plan everything, then do it in the order of its times."""
        everybody = content.people()
        names = [person.username for person in (*everybody.writer, *everybody.reader)]
        password_hash = await identity.hash_password(self.password)
        for number, person in enumerate((*everybody.writer, *everybody.reader)):
            self._plan_person(person, JOINED_HOURS - number * 9, password_hash, writes=person in everybody.writer)
        texts = {post.name: post for post in content.posts()}
        for number, post in enumerate(texts.values()):
            self._plan_post(post, number)
            if post.state == "published":
                self._plan_readers(post, [name for name in names if name != post.by])
        for purchase in content.money().purchase:
            self._plan_purchase(purchase)
        for number, gift in enumerate(content.money().gift):
            self._plan_gift(gift, texts[gift.post], number)
        self._plan_follows(names, [writer.username for writer in everybody.writer])
        self._plan_payouts()
        for at, _, who, deed in sorted(self._deeds, key=lambda planned: planned[:2]):
            await deed(Ctx(self.db, self.actors[who] if who else None, at, "demo", self.app))

    def _plan(self, hours: float, who: str | None, deed: Deed) -> None:
        """Have somebody do something that many hours ago."""
        at = min(self.now, self.now - timedelta(hours=hours))
        self._deeds.append((at, len(self._deeds), who, deed))

    # ---- people

    def _plan_person(self, person: Person, hours: float, password_hash: str, *, writes: bool) -> None:
        drawn = self.drawers.submit(pictures.avatar, person.colours, person.shape) if person.colours else None
        roles = [Role.READER, *([Role.CREATOR] if writes else [])]
        if person.username in ROLES:
            roles.append(ROLES[person.username])

        async def join(ctx: Ctx) -> None:
            user = await identity.register(
                ctx,
                username=person.username,
                email=f"{person.username}@example.org",
                password=self.password,
                roles=tuple(roles),
                password_hash=password_hash,
                verified=True,
            )
            self.actors[person.username] = Actor(user.id, user.username, frozenset(user.roles))

        async def introduce(ctx: Ctx) -> None:
            avatar_id = None if drawn is None else await self._upload(ctx, drawn, "")
            await people.edit_profile(ctx, display_name=person.display_name, bio=person.bio, avatar_media_id=avatar_id)

        self._plan(hours, None, join)
        self._plan(hours - 0.1, person.username, introduce)

    def _plan_follows(self, names: list[str], writers: list[str]) -> None:
        for name in names:
            for writer in self.dice.sample(writers, self.dice.randint(1, 6)):
                if writer != name:
                    self._plan(self.dice.uniform(1, 700), name, partial(people.follow, person=writer))

    # ---- works

    def _plan_post(self, post: Post, number: int) -> None:
        drawings = [*([post.cover] if post.cover else []), *post.drawings]
        drawn = [self._draw(drawing, number * 10 + place) for place, drawing in enumerate(drawings)]

        async def write(ctx: Ctx) -> None:
            ids = [
                await self._upload(ctx, picture, drawing.alt) for picture, drawing in zip(drawn, drawings, strict=True)
            ]
            inside = iter(ids[1:] if post.cover else ids)
            body = content.PICTURE.sub(lambda match: f"![{match[1]}](/media/{next(inside)}/960.webp)", post.body)
            cover_id = ids[0] if post.cover else None
            written = await posts.write(
                ctx, title=post.title, body_markdown=body, category=post.category, cover_media_id=cover_id
            )
            self.works[post.name] = written.id

        self._plan(post.hours + 20, post.by, write)
        if post.state != "draft":
            self._plan(post.hours, post.by, lambda ctx: posts.publish(ctx, self.works[post.name]))

    def _plan_readers(self, post: Post, names: list[str]) -> None:
        """Some look, of those some like it, and now and then somebody does not."""
        for name in self.dice.sample(names, round(len(names) * self.dice.uniform(0.35, 0.97))):
            hours = post.hours * self.dice.random() ** 0.5 * 0.98
            self._plan(hours, name, lambda ctx: works.record_view(ctx, self.works[post.name]))
            taste = self.dice.random()
            if taste < 0.42:
                reaction = Reaction.DISLIKE if taste < 0.02 else Reaction.LIKE
                self._plan(
                    hours - 0.02,
                    name,
                    partial(self._react, post.name, reaction),
                )

    async def _react(self, name: str, reaction: Reaction, ctx: Ctx) -> None:
        await works.react(ctx, self.works[name], reaction)

    def _draw(self, drawing: Drawing, seed: int) -> "Future[bytes]":
        return self.drawers.submit(pictures.draw, drawing.kind, drawing.palette, seed)

    async def _upload(self, ctx: Ctx, drawn: "Future[bytes]", alt: str) -> UUID:
        return (await media.upload_image(ctx, data=await asyncio.wrap_future(drawn), alt=alt)).id

    # ---- money

    def _plan_purchase(self, purchase: Purchase) -> None:
        key = f"demo:{purchase.by}:{purchase.hours}"
        self._plan(
            purchase.hours,
            purchase.by,
            lambda ctx: wallet.buy_coins(ctx, purchase.package, purchase.method, key=key),
        )

    def _plan_gift(self, gift: Gift, post: Post, number: int) -> None:
        given: list[UUID] = []

        async def give(ctx: Ctx) -> None:
            made = await wallet.gift(
                ctx,
                amount_coins=gift.coins,
                message=gift.message,
                work_id=self.works[gift.post],
                key=f"demo:{number}",
            )
            given.append(made.id)

        hours = max(post.hours - gift.after, 0.1)
        self._plan(hours, gift.by, give)
        if gift.undone:
            self._plan(hours - 0.001, gift.by, lambda ctx: wallet.undo_gift(ctx, given[0]))

    def _plan_payouts(self) -> None:
        """One that has arrived by now, and one that waits for somebody to look at it."""

        async def ask(ctx: Ctx) -> None:
            self.payout_id = (await payouts.request_payout(ctx, key="demo")).id

        async def ask_and_wait(ctx: Ctx) -> None:
            asked = await payouts.request_payout(ctx, key="demo")
            watching = Ctx(ctx.db, None, ctx.now, ctx.trace_id, ctx.app)
            await payouts.hold_for_review(watching, asked.id, reason=REVIEW_REASON)

        self._plan(PAID_HOURS, "elena", ask)
        self._plan(ASKED_HOURS, "tomas", ask_and_wait)
