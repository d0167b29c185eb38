"""The second half of the story: dollars, from a card to a bank account, and the reports on them (M8 to M13)."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar

from stoa.demo.telling import Teller
from stoa.demo.visitor import StoryEnds, Visitor
from stoa.kit.clock import utcnow
from stoa.kit.ctx import Ctx
from stoa.kit.money import format_amount
from stoa.money.payments.gateways.sandbox import Sandbox
from stoa.money.payments.types import SandboxCard
from stoa.money.reconciliation import actions as reconciliation
from stoa.money.reconciliation import queries as reports
from stoa.money.reconciliation.errors import RunUnderWay
from stoa.money.reconciliation.types import Discrepancy, MatterState, Run, Subject

T = TypeVar("T")
Scene = Callable[[], None]

# M8, of a tip of 3 USD: 97 % for the writer, 2 for the platform, 1 for charity.
TIP_MINOR, WRITERS_MINOR, PLATFORMS_MINOR, CHARITYS_MINOR = 300, 291, 6, 3
TIPS: Final = 3
LOST_MINOR: Final = 500  # a payment of which nobody told us
ACCOUNT: Final = {"provider": "sandbox", "currency": "USD", "country": "US"}


def usd(amount_minor: int) -> str:
    """Cents as people read them."""
    return f"{format_amount(amount_minor, 'USD')} USD"


class Books(Protocol):
    """Does something in the database of this installation; see `story.in_the_books`."""

    def __call__(self, do: Callable[[Ctx], Awaitable[T]], /) -> T:
        """What it comes to."""


class Dollars:
    """The same two people, and a second account of the writer's."""

    def __init__(self, teller: Teller, writer: Visitor, reader: Visitor, token: str, books: Books) -> None:
        self.teller, self.writer, self.reader, self.token, self.books = teller, writer, reader, token, books
        self.second = Visitor(teller, str(writer.http.base_url), "second")
        self.began_at = utcnow()
        self.regretted: dict[str, Any] = {}  # a tip that goes back
        self.account_number = f"0001{secrets.randbelow(10**8):08}"

    @property
    def scenes(self) -> tuple[Scene, ...]:
        """In their order."""
        return (self.buy_credit, self.tip, self.tip_oneself, self.refund, self.withdraw, self.reconcile)

    def close(self) -> None:
        """Ends the visit of the second account."""
        self.second.close()

    # ---- scenes

    def buy_credit(self) -> None:
        """M4, M14."""
        self.teller.scene("The reader adds credit")
        paid = self._add_credit(self.reader, 2000)
        self.teller.figure("the order is", paid["state"], "paid")
        self.teller.figure("the reader's bought credit", usd(self._credit(self.reader)["purchased_minor"]), usd(2000))

    def tip(self) -> None:
        """M4, M8, M11."""
        self.teller.scene("A tip of 3 USD, three times")
        self.writer.patch("/api/v1/wallet/settings", {"accepts_promotional": False})
        self.teller.say(
            "The writer has decided not to take promotional value. So a tip is paid from what was bought: 97 % of it "
            "is the writer's, 2 % the platform's, 1 % goes to charity."
        )
        key = f"tip-{self.token}"
        tip = self._tip(self.reader, key=key)
        self._tell_postings(tip["transfer_id"])
        self.teller.figure("to the writer", usd(tip["creator_minor"]), usd(WRITERS_MINOR))
        self.teller.figure("to the platform", usd(tip["platform_minor"]), usd(PLATFORMS_MINOR))
        self.teller.figure("to charity", usd(tip["charity_minor"]), usd(CHARITYS_MINOR))
        parts_minor = tip["creator_minor"] + tip["platform_minor"] + tip["charity_minor"] + tip["tax_minor"]
        self.teller.figure("together", usd(parts_minor), usd(TIP_MINOR))
        self.teller.figure("sent twice, the same tip", self._tip(self.reader, key=key)["id"] == tip["id"], True)
        for number in range(1, TIPS):
            self.regretted = self._tip(self.reader, key=f"{key}-{number}")
        self.teller.figure("earned by now", usd(self._credit(self.writer)["earned_minor"]), usd(TIPS * WRITERS_MINOR))

    def tip_oneself(self) -> None:
        """F4."""
        self.teller.scene("A tip to oneself")
        status, code = self.writer.refused("/api/v1/tips", {"recipient_id": self.writer.id, "superlike": True})
        self.teller.figure("from an account to itself", f"{status} {code}", "422 tip_to_oneself")
        self.second.register(f"zenon-{self.token}")
        self.teller.say(
            f"@{self.second.username} is the writer once more, with credit of their own. Both accounts are to be paid "
            "out to the same bank account, and that gives it away."
        )
        self._add_credit(self.second, 500)
        for person in (self.writer, self.second):
            self._destination(person)
        tip = {"recipient_id": self.writer.id, "superlike": True}
        status, code = self.second.refused("/api/v1/tips", tip)
        self.teller.figure("from the second account", f"{status} {code}", "409 blocked_by_risk")
        self.teller.figure("the second account's credit", usd(self._credit(self.second)["purchased_minor"]), usd(500))
        self.teller.figure("the writer's", usd(self._credit(self.writer)["earned_minor"]), usd(TIPS * WRITERS_MINOR))

    def refund(self) -> None:
        """M13."""
        self.teller.scene("One of the tips goes back")
        path = f"/api/v1/payments/{self.regretted['id']}/refund"
        asked = self.reader.post(path, {"reason": "I pressed once too often"}, key=f"back-{self.token}")
        self.teller.figure("the reader's wish is", asked["status"], "requested")
        agreed = self.writer.post(f"/api/v1/refunds/{asked['id']}/approve", key=f"agreed-{self.token}")
        self.teller.figure("the writer agrees, and it is", agreed["status"], "done")
        bought_minor = 2000 - (TIPS - 1) * TIP_MINOR
        self.teller.figure(
            "the reader's bought credit", usd(self._credit(self.reader)["purchased_minor"]), usd(bought_minor)
        )
        left_minor = (TIPS - 1) * WRITERS_MINOR
        self.teller.figure("earned by now", usd(self._credit(self.writer)["earned_minor"]), usd(left_minor))

    def withdraw(self) -> None:
        """M7, M9, M10, I4."""
        self.teller.scene("The writer withdraws dollars")
        (savings,) = [
            one for one in self.writer.get("/api/v1/payout-destinations")["items"] if one["label"] == "Savings"
        ]
        earned_minor = self._credit(self.writer)["earned_minor"]
        quote = self.writer.post("/api/v1/payouts/quote", {"asset": "USD", "destination": savings["id"]})
        fee_minor = -(-earned_minor // 100)
        self.teller.say("What arrives is told before anything is asked for: express costs 1 %, rounded up.")
        self.teller.figure("the provider's fee", usd(quote["fee_minor"]), usd(fee_minor))
        self.teller.figure("what would arrive", usd(quote["arrives_minor"]), usd(earned_minor - fee_minor))
        cooling = {"asset": "USD", "destination": savings["id"]}
        status, code = self.writer.refused("/api/v1/payouts", cooling)
        self.teller.figure("to an account added just now", f"{status} {code}", "409 destination_cooling_down")
        self.teller.say("A new account waits for a day. So it goes to the one from before, which is slower and free.")
        payout = self.writer.post("/api/v1/payouts", {"asset": "USD", "fee_minor": 0}, key=f"usd-{self.token}")
        self.teller.figure("asked for", usd(payout["net_payout_minor"]), usd(earned_minor))
        self.teller.figure("where it is", self._where(), f"reserved {usd(earned_minor)}")
        ended = self.writer.until(
            f"/api/v1/payouts/{payout['id']}", lambda seen: seen["state"] not in ("pending", "processing")
        )
        self.teller.figure("the payout is", ended["state"], "paid")
        self.teller.figure("where it is", self._where(), f"arrived {usd(earned_minor)}")

    def reconcile(self) -> None:
        """What gateway and provider list, beside orders, payouts and books; and something that is missing here."""
        self.teller.scene("Two sides of the same money")
        self.teller.say(
            "The sandbox keeps books of its own. All it lists since this story began is compared with ours."
        )
        compared = self._compare("payments").compared
        self.teller.figure("payments that were compared", compared >= 5, True)
        self.teller.figure("of them differ", self._compare("payments").found, 0)
        self.teller.figure("payouts that differ", self._compare("payouts").found, 0)
        self.teller.say(
            "Now the reader pays on the gateway's page while the line to us is down: its books have a payment of which "
            "we never heard."
        )
        body = {"amount_minor": LOST_MINOR, "currency": "USD"}
        checkout = self.reader.post("/api/v1/wallet/credits/checkout", body, key=f"lost-{self.token}")
        before_minor = self._credit(self.reader)["purchased_minor"]
        self.books(lambda ctx: pay_unheard(ctx, checkout["session_id"]))
        self.teller.figure("differ", self._compare("payments").found, 1)
        found = self.books(lambda ctx: open_matters(ctx, checkout["order_id"]))
        self.teller.table(
            ("what", "of the order", "here", "there"),
            [(one.kind.value, f"…{str(one.order_id)[-6:]}", _side(one.here), _side(one.there)) for one in found],
        )
        self.teller.figure("it is called", ", ".join(one.kind.value for one in found), "missing_here")
        self.teller.say("What the gateway says is taken over, and the credit is there.")
        mended = self.books(lambda ctx: reconciliation.mend(ctx, found[0].id))
        self.teller.figure("the matter is", mended.state.value, "closed")
        gained_minor = self._credit(self.reader)["purchased_minor"] - before_minor
        self.teller.figure("added to the reader's credit", usd(gained_minor), usd(LOST_MINOR))
        self.teller.figure("payments that differ", self._compare("payments").found, 0)

    # ---- what the scenes are made of

    def _credit(self, person: Visitor) -> dict[str, int]:
        found = person.get("/api/v1/wallet", quiet=True)["currencies"]
        return next(held for held in found if held["currency"] == "USD")

    def _add_credit(self, person: Visitor, amount_minor: int) -> Any:
        body = {"amount_minor": amount_minor, "currency": "USD", "payment_method_id": "pm_card_visa"}
        return person.post("/api/v1/wallet/credits", body, key=f"credit-{self.token}-{person.role}")

    def _tip(self, person: Visitor, *, key: str) -> Any:
        return person.post("/api/v1/tips", {"recipient_id": self.writer.id, "superlike": True}, key=key)

    def _destination(self, person: Visitor) -> None:
        body = {**ACCOUNT, "label": "Savings", "holder": "Zeno of the Stoa", "password": person.password}
        fields = {"account_number": self.account_number, "speed": "express"}
        person.post("/api/v1/payout-destinations", {**body, "fields": fields}, key=f"place-{self.token}-{person.role}")

    def _tell_postings(self, transfer_id: str) -> None:
        postings = self.reader.get(f"/api/v1/transfers/{transfer_id}")["postings"]
        rows = [(posting["account"], usd(posting["amount_minor"])) for posting in postings]
        self.teller.table(("account", "amount"), rows)

    def _where(self) -> str:
        """What the writer's dollars are, stage by stage, those that are not empty."""
        assets = self.writer.get("/api/v1/money", quiet=True)["assets"]
        (found,) = [asset for asset in assets if asset["asset"] == "USD"]
        return ", ".join(
            f"{stage['stage']} {usd(stage['amount_minor'])}" for stage in found["stages"] if stage["amount_minor"]
        )

    def _compare(self, subject: Subject) -> Run:
        run = self.books(lambda ctx: compare(ctx, subject, self.began_at))
        if run.state != "done":
            raise StoryEnds(f"comparing {subject} came to nothing: {run.failure}")
        return run


def _side(said: dict[str, Any]) -> str:
    """What one side says of a payment, in a few words."""
    return ", ".join(str(said[name]) for name in ("order", "status", "amount_minor", "currency") if name in said)


async def compare(ctx: Ctx, subject: Subject, since: datetime) -> Run:
    """One comparison over all the sandbox lists since then, made at once, as `./stoa reconcile` does."""
    for _ in range(20):
        try:
            begun = await reconciliation.start(
                ctx, subject=subject, gateway="sandbox", since=since, until=ctx.now, queued=False
            )
        except RunUnderWay:  # the nightly one, or somebody's
            await asyncio.sleep(0.5)
        else:
            return await reconciliation.perform(ctx, begun.id)
    raise StoryEnds("somebody else is comparing all the time")


async def pay_unheard(ctx: Ctx, session_id: str) -> None:
    """A card on the sandbox's page, and no word of it to Stoa."""

    async def lost(_: Ctx, event_id: str) -> None:
        """Where the webhook would be sent."""

    async with ctx.db.transaction():
        await Sandbox(lost).submit_card(ctx, session_id, SandboxCard("4242 4242 4242 4242", "12 / 40", "123"))


async def open_matters(ctx: Ctx, order_id: str) -> list[Discrepancy]:
    """What is open about an order."""
    found = await reports.discrepancies(ctx, state=MatterState.OPEN, gateway="sandbox", limit=100)
    return [one for one in found.items if str(one.order_id) == order_id]
