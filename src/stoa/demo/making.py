"""Makes the demo content through the same actions as pages and API, each at its own time in the past.

Everything happens in one transaction, in the order in which it is said to have happened: an installation has all of it
or, after a crash, nothing. Only gateways and providers are spoken to afterwards, since they are not part of a
transaction; then what they list is compared with what stands here.
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
from stoa.demo import PASSWORD, content, drawn, pictures
from stoa.demo.content import Drawing, Gift, Person, Post, Purchase, Tip
from stoa.demo.printed import Printed
from stoa.foundation.identity import actions as identity
from stoa.foundation.identity.types import Role
from stoa.foundation.media import actions as media
from stoa.foundation.people import actions as people
from stoa.kit.clock import utcnow
from stoa.kit.ctx import Actor, App, Ctx
from stoa.kit.db import Db, run, value
from stoa.money.payments import actions as payments
from stoa.money.payouts import actions as payouts
from stoa.money.payouts import queries as payout_queries
from stoa.money.payouts.actions import sending
from stoa.money.payouts.types import SANDBOX_FAIL, USD, PayoutState
from stoa.money.reconciliation import actions as reconciliation
from stoa.money.reconciliation.types import Subject
from stoa.money.refunds import actions as refunds
from stoa.money.refunds.actions import carrying
from stoa.money.wallet import actions as wallet

_ALONE = run("select pg_advisory_xact_lock(hashtext('stoa.demo'))")
_IS_EMPTY = value(bool, "select not exists (select from users)")
_ANALYSE = run("analyze")  # plans made for empty tables are poor ones

_LATEST_ORDER = value(
    UUID | None,
    "select id from orders where user_id = $1 and kind = 'coins' and state = 'paid' order by created_at desc limit 1",
)

ROLES: Final = {"helen": Role.ADMIN, "marcus": Role.MODERATOR}
JOINED_HOURS: Final = 1000.0  # before now, the first of them
PAID_HOURS, ARRIVED_HOURS, ASKED_HOURS = 120.0, 46.0, 2.0
CLOSED_HOURS, CALLED_OFF_HOURS, WISH_HOURS = 26.0, 9.0, 3.0
SUBJECTS: Final[tuple[Subject, ...]] = ("payments", "payouts")
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
    await _go_on(app, hall)
    async with app.database.connection() as db:
        await _ANALYSE(db)
    return True


async def _go_on(app: App, hall: "Hall") -> None:
    """What the worker does meanwhile: payouts are sent, and looked at some days later; money goes back; all that is
    listed elsewhere is compared with what stands here."""

    def at(db: Db, hours: float, who: str) -> Ctx:
        return Ctx(db, hall.actors[who], hall.now - timedelta(hours=hours), "demo", app)

    await hall.printed.go_on(app, at)
    async with app.database.connection() as db:

        def ago(hours: float) -> Ctx:
            return Ctx(db, None, hall.now - timedelta(hours=hours), "demo", app)

        await sending.submit(ago(PAID_HOURS - 0.01), hall.payouts["elena"], 1)
        await sending.follow(ago(ARRIVED_HOURS), hall.payouts["elena"], 1)
        closed = hall.payouts["leila"]
        attempt = 0
        while (await payout_queries.PAYOUT(db, closed)).state in (PayoutState.PENDING, PayoutState.PROCESSING):
            attempt += 1
            await sending.submit(ago(CLOSED_HOURS - attempt / 10), closed, attempt)
        for hours, refund_id in hall.going_back:
            await carrying.submit(ago(hours), refund_id)
        for subject in SUBJECTS:
            since = hall.now - timedelta(hours=JOINED_HOURS)
            begun = await reconciliation.start(ago(0), subject=subject, gateway="sandbox", since=since, queued=False)
            await reconciliation.perform(ago(0), begun.id)


class Hall:
    """What is being filled: who is there, what was written, and all that is going to happen, by time."""

    def __init__(self, app: App, db: Db, drawers: ThreadPoolExecutor, password: str) -> None:
        self.app, self.db, self.drawers, self.password = app, db, drawers, password
        self.now = utcnow()
        self.dice = random.Random(11)
        self.actors: dict[str, Actor] = {}
        self.works: dict[str, UUID] = {}
        self.payouts: dict[str, UUID] = {}
        self.going_back: list[tuple[float, UUID]] = []
        self.printed = Printed()
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
        drawn.plan(self._plan, self.drawers)
        self.printed.plan(self._plan)
        for purchase in content.money().purchase:
            self._plan_purchase(purchase)
        for tip in content.money().tip:
            self._plan_tip(tip)
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

    def _plan_tip(self, tip: Tip) -> None:
        placed: list[UUID] = []

        async def give(ctx: Ctx) -> None:
            to = self.actors[tip.to].id
            key = f"demo:{tip.by}:{tip.to}:{tip.hours}"
            order = await wallet.order_tip(ctx, recipient_id=to, superlike=tip.superlike, key=key)
            await payments.confirm(ctx, order.id, tip.method, return_url="/")
            placed.append(order.id)

        async def give_back(ctx: Ctx) -> None:
            refund = await refunds.issue(ctx, placed[0], reason="It was meant for somebody else", key="demo")
            self.going_back.append((tip.hours - 1.1, refund.id))

        self._plan(tip.hours, tip.by, give)
        if tip.back:
            self._plan(tip.hours - 1, tip.to, give_back)

    def _plan_payouts(self) -> None:
        """One that has arrived by now, one whose account was closed, one that was called off, and one that waits for
        somebody to look at it; and a reader who wants their money back."""

        async def ask(ctx: Ctx) -> None:
            self.payouts["elena"] = (await payouts.request_payout(ctx, key="demo")).id

        async def ask_to_closed(ctx: Ctx) -> None:
            asked = await payouts.request_payout(ctx, key="demo", asset=USD, destination=SANDBOX_FAIL)
            self.payouts["leila"] = asked.id

        async def ask_and_call_off(ctx: Ctx) -> None:
            asked = await payouts.request_payout(ctx, key="demo", asset=USD)
            await payouts.cancel_payout(ctx, asked.id)

        async def ask_and_wait(ctx: Ctx) -> None:
            asked = await payouts.request_payout(ctx, key="demo")
            watching = Ctx(ctx.db, None, ctx.now, ctx.trace_id, ctx.app)
            await payouts.hold_for_review(watching, asked.id, reason=REVIEW_REASON)

        async def want_back(ctx: Ctx) -> None:
            order_id = await _LATEST_ORDER(ctx.db, ctx.member.id)
            assert order_id is not None
            await refunds.ask(ctx, order_id, reason="I meant to buy the smaller package", key="demo")

        self._plan(PAID_HOURS, "elena", ask)
        self._plan(CLOSED_HOURS, "leila", ask_to_closed)
        self._plan(CALLED_OFF_HOURS, "kofi", ask_and_call_off)
        self._plan(WISH_HOURS, "george", want_back)
        self._plan(ASKED_HOURS, "tomas", ask_and_wait)
