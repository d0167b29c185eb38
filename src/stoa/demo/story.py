"""The main job as a story with figures: `./stoa demo`.

Somebody writes, somebody else finds it, buys coins and gives them, the writer is paid out; then the same with dollars
(see `dollars`); and the books balance. All of it through the API of a running Stoa, by people who are made for it; each
figure is held against `rules.md`'s M3 to M14, and the books are read from the database this installation is configured
for.
"""

import asyncio
import re
import secrets
import textwrap
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from stoa.demo import pictures
from stoa.demo.dollars import Dollars, usd
from stoa.demo.telling import Teller
from stoa.demo.visitor import TIMEOUT_S, StoryEnds, Visitor
from stoa.kit.clock import utcnow
from stoa.kit.config import Settings, load_settings
from stoa.kit.ctx import Ctx
from stoa.kit.invariants import FACTS, Difference, check
from stoa.kit.money import format_amount, round_ratio
from stoa.kit.postgres import EmbeddedPostgres
from stoa.modules import build_app, close_app
from stoa.money.ledger import queries as ledger
from stoa.money.ledger.types import TrialBalance

T = TypeVar("T")
TEXT: Final = """\
A stoa is the plainest of buildings: a roof, a back wall, and a row of columns where the other wall would be. Nobody
lived in it. It was for standing about in, out of the sun, while somebody sold olives at one end and somebody else
explained the universe at the other.

{picture}

> What one needs for a conversation is shade, and a reason to stay a little longer than one had meant to.

That is all this is, too.
"""

# M7, for 400 earned coins: net = earned / 78, amount = earned / 40 % / 78, the fee is what lies between.
EARNED_MINOR: Final = 400_00
NET_MINOR: Final = round_ratio(EARNED_MINOR, 78)
AMOUNT_MINOR: Final = round_ratio(EARNED_MINOR * 100, 78 * 40)


def main(base_url: str) -> int:
    """Tell it against the Stoa at this address; 1 if a figure is off or it cannot go on, else 0."""
    teller = Teller()
    story = Story(teller, base_url)
    try:
        story.tell()
    except StoryEnds as error:
        teller.broken_off = str(error)
    finally:
        story.close()
    return teller.end()


def coins(amount_minor: int) -> str:
    """Hundredths of a coin as people read them."""
    return format_amount(amount_minor, "COIN")


class Story:
    """Two people, what they have made so far, and one method for each scene."""

    def __init__(self, teller: Teller, base_url: str) -> None:
        self.teller, self.base_url = teller, base_url
        self.token = secrets.token_hex(3)  # so that each run has its own people, and a word to search for
        self.writer = Visitor(teller, base_url, "writer")
        self.reader = Visitor(teller, base_url, "reader")
        self.post_id = ""
        self.dollars = Dollars(teller, self.writer, self.reader, self.token, in_the_books)

    def tell(self) -> None:
        """All scenes. Raises StoryEnds."""
        self.teller.say(f"The main job, as it happens, at {self.base_url}")
        for scene in (
            self.sign_up,
            self.publish,
            self.read,
            self.give_welcome_coins,
            self.buy_coins,
            self.give,
            self.undo,
            self.pay_out,
            *self.dollars.scenes,
            self.close_the_books,
        ):
            scene()

    def close(self) -> None:
        """Ends all visits."""
        self.dollars.close()
        self.writer.close()
        self.reader.close()

    # ---- scenes

    def sign_up(self) -> None:
        """M5."""
        self.teller.scene("Two people sign up")
        self.writer.register(f"zeno-{self.token}")
        self.reader.register(f"chloe-{self.token}")
        self.teller.say(
            f"@{self.writer.username} will write and @{self.reader.username} will read. Each is welcomed with "
            "coins and credit. Both are promotional: they can be spent, and never become money."
        )
        for person in (self.writer, self.reader):
            wallet = self._wallet(person)
            self.teller.figure(f"the {person.role}'s promotional coins", wallet["promotional"], coins(100_00))
            self.teller.figure(f"the {person.role}'s promotional credit", wallet["credits"], coins(50_000_00))

    def publish(self) -> None:
        """P1, and the search."""
        self.teller.scene("A post with a picture")
        seed = int(self.token, 16) % 1000
        alt = "A row of columns, their shadows on the floor"
        image = self.writer.upload(pictures.draw("columns", "stone", seed), alt)
        shown = self.writer.http.get(image["url"])
        self.teller.figure("the picture, as readers get it", shown.headers.get("content-type"), "image/webp")
        body = TEXT.format(picture=f"![{alt}]({image['url']})")
        title = f"A place out of the sun, {self.token}"
        draft = {"title": title, "body_markdown": body, "category": "Lifestyle"}
        self.post_id = self.writer.post("/api/v1/posts", draft)["id"]
        published = self.writer.post(f"/api/v1/posts/{self.post_id}/publish")
        self.teller.figure("the post is", published["state"], "published")
        hits = self.reader.get("/api/v1/search", q=self.token)["items"]
        self.teller.figure("found by search", ", ".join(hit["work"]["title"] for hit in hits), title)
        feed = self.reader.get("/api/v1/posts", sort="recent")["items"]
        self.teller.figure("in the feed of recent posts", self.post_id in [card["id"] for card in feed], True)

    def read(self) -> None:
        """P2, P3."""
        self.teller.scene("Somebody reads it")
        for _ in range(2):
            self.reader.get(f"/api/v1/posts/{self.post_id}")
        self.writer.get(f"/api/v1/posts/{self.post_id}")
        liked = self.reader.put(f"/api/v1/works/{self.post_id}/like")
        self.teller.say("A view counts once for each reader, and never for the writer.")
        self.teller.figure("views", liked["views"], 1)
        self.teller.figure("likes", liked["likes"], 1)

    def give_welcome_coins(self) -> None:
        """M4, M6: promotional coins are spent first, and arrive as what they are."""
        self.teller.scene("The welcome coins go first")
        gift = self._give(100, "For the shade")
        self.teller.say(
            "Promotional coins are spent before bought ones, 40 % reach the writer, and they stay promotional on the "
            "way: otherwise the platform could be made to pay out money that nobody ever paid in."
        )
        moved = self._postings(gift)
        self.teller.figure("kept by the platform, promotional too", coins(moved["platform"]), coins(60_00))
        self.teller.figure("the reader's promotional coins", self._wallet(self.reader)["promotional"], coins(0))
        writer = self._wallet(self.writer)
        self.teller.figure("the writer's promotional coins", writer["promotional"], coins(100_00 + 40_00))
        self.teller.figure("the writer's earned coins", writer["earned"], coins(0))

    def buy_coins(self) -> None:
        """M3, M11, M14."""
        self.teller.scene("The reader buys coins")
        offered = {package["id"]: package for package in self.reader.get("/api/v1/wallet/packages")["items"]}
        large = offered.get(4, {})
        self.teller.figure("package 4", f"{large.get('coins')} + {large.get('bonus_coins')} coins", "1000 + 200 coins")
        self.teller.figure("its price", f"{large.get('price')} {large.get('currency')}", "34.99 USD")
        self.teller.say("The first card is declined. The order says so, and nothing has moved.")
        declined = self._buy(4, "pm_card_chargeDeclined")
        self.teller.figure("the order is", f"{declined['state']}, {declined['failure_code']}", "failed, card_declined")
        self.teller.figure("the reader's bought coins", self._wallet(self.reader)["purchased"], coins(0))
        self.teller.say("The second card wants to see its owner: 3-D Secure, for the smallest package.")
        asked = self._buy(1, "pm_card_authenticationRequired")
        self.teller.figure("the order is", asked["state"], "pending")
        self._approve(asked["next_action"]["url"])
        self.teller.say(
            "The bank said yes, and the gateway tells it to us by a signed webhook, which goes through the inbox."
        )
        paid = self.reader.until(f"/api/v1/orders/{asked['id']}", lambda order: order["state"] == "paid")
        self.teller.figure("the order is", paid["state"], "paid")
        self.teller.figure("the reader's bought coins", self._wallet(self.reader)["purchased"], coins(100_00))
        self.teller.say("The third one simply works. It is sent twice, with the same Idempotency-Key.")
        bought, again = (self._buy(4, "pm_card_visa", key=f"buy-{self.token}") for _ in range(2))
        self.teller.figure("the order is", bought["state"], "paid")
        self.teller.figure("both times the same order", again["id"] == bought["id"], True)
        self.teller.figure("the reader's bought coins", self._wallet(self.reader)["purchased"], coins(1300_00))

    def give(self) -> None:
        """M6, M11."""
        self.teller.scene("A gift of 1,000 coins")
        key = f"gift-{self.token}"
        gift = self._give(1000, "I stayed a little longer than I had meant to.", key=key)
        moved = self._postings(gift)
        self.teller.figure("from the reader's bought coins", coins(moved["reader"]), coins(-1000_00))
        self.teller.figure("to the writer, earned (40 %)", coins(moved["writer"]), coins(EARNED_MINOR))
        self.teller.figure("to the platform (60 %)", coins(moved["platform"]), coins(600_00))
        self.teller.say("The line was bad, and the reader's telephone sends it again, with the same key.")
        again = self._give(1000, "I stayed a little longer than I had meant to.", key=key)
        self.teller.figure("both times the same gift", again["id"] == gift["id"], True)
        status, code = self.reader.refused("/api/v1/gifts", {"amount": 999, "work_id": self.post_id}, key=key)
        self.teller.figure("another gift under that key", f"{status} {code}", "409 idempotency_key_reused")
        self.teller.figure("the writer's earned coins", self._wallet(self.writer)["earned"], coins(EARNED_MINOR))
        self.teller.figure("the reader's bought coins", self._wallet(self.reader)["purchased"], coins(300_00))

    def undo(self) -> None:
        """A gift can be taken back for ten seconds; everything it moved moves back."""
        self.teller.scene("A gift too many, taken back")
        gift = self._give(10, None)
        self.teller.figure("the writer's earned coins", self._wallet(self.writer)["earned"], coins(404_00))
        self.reader.post(f"/api/v1/gifts/{gift['id']}/undo")
        self.teller.figure("the writer's earned coins", self._wallet(self.writer)["earned"], coins(EARNED_MINOR))
        self.teller.figure("the reader's bought coins", self._wallet(self.reader)["purchased"], coins(300_00))
        stats = self.reader.get(f"/api/v1/posts/{self.post_id}")["stats"]
        self.teller.figure(
            "gifts on the post", f"{stats['gifts']} with {stats['gifts_coins']:,} coins", "2 with 1,100 coins"
        )

    def pay_out(self) -> None:
        """M7, M9, M10."""
        self.teller.scene("The writer is paid out")
        payout = self.writer.post("/api/v1/payouts", {}, key=f"payout-{self.token}")
        self.teller.say(
            "78 coins are a dollar. The givers paid for 1,000 coins; the platform kept its 60 % then, and takes "
            "nothing now."
        )
        self.teller.figure("earned coins", payout["coins"], f"{EARNED_MINOR / 100:.2f}")
        self.teller.figure(
            "what the gifts were worth (400 / 40 % / 78)", usd(payout["usd_amount_minor"]), usd(AMOUNT_MINOR)
        )
        self.teller.figure(
            "of that the platform's fee", usd(payout["platform_fee_minor"]), usd(AMOUNT_MINOR - NET_MINOR)
        )
        self.teller.figure("and the writer's (400 / 78)", usd(payout["net_payout_minor"]), usd(NET_MINOR))
        wallet = self._wallet(self.writer)
        self.teller.figure("earned / reserved", f"{wallet['earned']} / {wallet['reserved']}", "0.00 / 400.00")
        status, code = self.writer.refused("/api/v1/payouts", {})
        self.teller.figure("a second one meanwhile", f"{status} {code}", "409 payout_open")
        self.teller.say("The worker sends it in five seconds, and asks the provider what became of it.")
        ended = self.writer.until(
            f"/api/v1/payouts/{payout['id']}", lambda seen: seen["state"] not in ("pending", "processing")
        )
        self.teller.table(
            ("state", "why", "at (UTC)"),
            [
                (e["to_state"], e["cause"], f"{datetime.fromisoformat(e['created_at']):%H:%M:%S}")
                for e in ended["events"]
            ],
        )
        self.teller.figure("the payout is", ended["state"], "paid")
        wallet = self._wallet(self.writer)
        self.teller.figure("earned / reserved", f"{wallet['earned']} / {wallet['reserved']}", "0.00 / 0.00")
        arrived = self.writer.get("/api/v1/earnings")["timeline"]["arrived_minor"]
        self.teller.figure("arrived, ever", coins(arrived), coins(EARNED_MINOR))

    def close_the_books(self) -> None:
        """M1."""
        self.teller.scene("The books")
        books, differences, facts = in_the_books(read_books)
        self.teller.say("The trial balance of the whole installation. What was given to one was taken from another.")
        rows, ruled = [], []
        for total in books.totals:
            for row in (r for r in books.rows if r.asset == total.asset):
                whose = "platform" if row.platform else f"{row.accounts} people" if row.accounts > 1 else "1 person"
                amount = format_amount(row.balance_minor, row.asset)
                rows.append((row.asset, row.purpose, row.kind, whose, amount))
            ruled.append(len(rows))
            rows.append((total.asset, "sum", "", "", format_amount(total.total_minor, total.asset)))
        self.teller.table(("asset", "account", "kind", "whose", "balance"), rows, ruled=ruled)
        for total in books.totals:
            self.teller.figure(
                f"{total.asset} sums to", format_amount(total.total_minor, total.asset), format_amount(0, total.asset)
            )
        broken = len({difference.fact for difference in differences})
        self.teller.figure("facts about the books that hold", f"{facts - broken} of {facts}", f"{facts} of {facts}")
        for difference in differences[:10]:
            self.teller.say(str(difference))

    # ---- what the scenes are made of

    def _wallet(self, person: Visitor) -> dict[str, str]:
        found = person.get("/api/v1/wallet", quiet=True)
        buckets = ("promotional", "purchased", "earned", "reserved", "credits")
        return {bucket: coins(found[bucket]["amount_minor"]) for bucket in buckets}

    def _buy(self, package_id: int, card: str, *, key: str | None = None) -> Any:
        body = {"package_id": package_id, "payment_method_id": card}
        return self.reader.post("/api/v1/wallet/purchases", body, key=key)

    def _give(self, amount: int, message: str | None, *, key: str | None = None) -> Any:
        body = {"amount": amount, "work_id": self.post_id, "message": message}
        return self.reader.post("/api/v1/gifts", body, key=key)

    def _postings(self, gift: dict[str, Any]) -> dict[str, int]:
        """Tells a transfer posting by posting; what it changed for reader, writer and platform, in hundredths."""
        postings = self.reader.get(f"/api/v1/transfers/{gift['transfer_id']}")["postings"]
        room = self.teller.width - 22 - max(len(posting["account"]) for posting in postings)
        rows = []
        changed = dict.fromkeys(("reader", "writer", "platform"), 0)
        for posting in postings:
            first, *more = textwrap.wrap(posting["explanation"], max(room, 20))
            rows += [(posting["account"], first, coins(posting["amount_minor"])), *(("", line, "") for line in more)]
            others = "writer" if self.writer.username in posting["account"] else "platform"
            changed["reader" if posting["is_own"] else others] += posting["amount_minor"]
        self.teller.table(("account", "why", "coins"), rows)
        return changed

    def _approve(self, url: str) -> None:
        """The reader says yes on the bank's page, as in a browser: with a cookie and the form's token."""
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as browser:
            page = browser.get(url)
            token = re.search(r'name="_csrf" value="([^"]*)"', page.text)
            if page.status_code != 200 or token is None:
                raise StoryEnds(f"the page of the bank at {url} was answered {page.status_code}")
            answer = browser.post(url, data={"_csrf": token[1], "answer": "approve"})
            self.teller.request("reader", "POST", urlsplit(url).path, answer.status_code)


async def read_books(ctx: Ctx) -> tuple[TrialBalance, list[Difference], int]:
    """The trial balance, what breaks the facts of all modules, and how many facts there are."""
    return await ledger.trial_balance(ctx), await check(ctx.db), len(FACTS)


def in_the_books(do: Callable[[Ctx], Awaitable[T]]) -> T:
    """Does something in the database this installation is configured for, as the platform itself."""
    return asyncio.run(_in_the_books(do))


async def _in_the_books(do: Callable[[Ctx], Awaitable[T]]) -> T:
    settings = load_settings()
    with _address(settings) as database_url:
        app = await build_app(msgspec.structs.replace(settings, database_url=database_url, pool_size=2))
        try:
            async with app.database.connection() as db:
                return await do(Ctx(db, None, utcnow(), "demo", app))
        finally:
            await close_app(app)


@contextmanager
def _address(settings: Settings) -> Iterator[str]:
    """The database this installation uses: the configured one, or the embedded one, which others may use as well."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with EmbeddedPostgres(settings.home) as server:
        yield server.dsn
