"""People who gift, buy and are paid out, over HTTP, and who do not give up: whatever goes wrong on the way, they send
the same again with the same key until it is answered. Each keeps a list of what was acknowledged."""

import asyncio
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

PATIENCE_S = 60.0
MINIMUM_MINOR = 390_00  # M7


@dataclass
class Receipts:
    """What was acknowledged, by key."""

    gifts: dict[str, tuple[str, str, str, int]] = field(default_factory=dict)  # id, sender, recipient, coins
    orders: dict[str, tuple[str, str, int]] = field(default_factory=dict)  # id, buyer, coins
    payouts: dict[str, tuple[str, str, int]] = field(default_factory=dict)  # id, writer, hundredths of a coin
    troubles: Counter[str] = field(default_factory=Counter)


class Person:
    """Somebody with an account and a connection that may break at any moment."""

    def __init__(self, url: str, name: str, receipts: Receipts, seed: int) -> None:
        self.name, self.receipts = name, receipts
        self.dice = random.Random(seed)
        self.id = ""
        self.coins = 0  # at least so many bought ones are there to be given
        self._made = 0
        self.http = httpx.AsyncClient(base_url=url, timeout=15.0, trust_env=False)

    async def register(self) -> None:
        """An account of one's own."""
        body = {"username": self.name, "email": f"{self.name}@example.org", "password": f"{self.name} of the stoa"}
        made = (await self.send("POST", "/api/v1/auth/register", json=body)).json()
        self.id = made["user"]["id"]
        self.http.headers["Authorization"] = f"Bearer {made['access_token']}"

    def key(self) -> str:
        """A new Idempotency-Key."""
        self._made += 1
        return f"{self.name}-{self._made}"

    async def send(self, method: str, path: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        """Sends until it is answered by more than an excuse."""
        headers = {"Idempotency-Key": key} if key else {}
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            try:
                answer = await self.http.request(method, path, headers=headers, **more)
                trouble = f"{answer.status_code}"
                busy = answer.status_code == 409 and answer.json().get("code") == "busy"
                if answer.status_code < 500 and not busy:
                    return answer
            except httpx.TransportError as error:
                trouble = type(error).__name__
            self.receipts.troubles[trouble] += 1
            assert asyncio.get_running_loop().time() < deadline, f"{method} {path}: {trouble} for {PATIENCE_S:.0f} s"
            await asyncio.sleep(self.dice.uniform(0.05, 0.3))

    async def give(self, to: "Person", coins: int) -> None:
        """A gift; now and then the same one is sent twice at the same moment."""
        key, body = self.key(), {"recipient_id": to.id, "amount": coins}
        times = 2 if self.dice.random() < 0.15 else 1
        answers = await asyncio.gather(*(self.send("POST", "/api/v1/gifts", key=key, json=body) for _ in range(times)))
        assert {answer.status_code for answer in answers} == {201}, answers[0].text
        (gift_id,) = {answer.json()["id"] for answer in answers}
        self.receipts.gifts[key] = (gift_id, self.name, to.name, coins)
        self.coins -= coins

    async def buy(self, package_id: int, coins: int) -> None:
        """Coins, paid at once."""
        key, body = self.key(), {"package_id": package_id, "payment_method_id": "pm_card_visa"}
        answer = await self.send("POST", "/api/v1/wallet/purchases", key=key, json=body)
        assert (answer.status_code, answer.json()["state"]) == (201, "paid"), answer.text
        self.receipts.orders[key] = (answer.json()["id"], self.name, coins)
        self.coins += coins

    async def buy_with_the_bank_asking(self) -> None:
        """Coins, paid on the page of the bank: what comes of it comes by webhook."""
        key, body = self.key(), {"package_id": 1, "payment_method_id": "pm_card_authenticationRequired"}
        asked = (await self.send("POST", "/api/v1/wallet/purchases", key=key, json=body)).json()
        path = httpx.URL(asked["next_action"]["url"]).path
        page = await self.send("GET", path)
        token = re.search(r'name="_csrf" value="([^"]*)"', page.text)
        if token is not None:  # otherwise it was answered by a request whose answer was lost
            form = {"_csrf": token[1], "answer": "approve"}
            answer = await self.send("POST", path, data=form)
            assert answer.status_code == 303, answer.text
        self.receipts.orders[key] = (asked["id"], self.name, 100)

    async def ask_for_a_payout(self) -> bool:
        """Everything earned, if it is enough and nothing is under way."""
        wallet = (await self.send("GET", "/api/v1/wallet")).json()
        if wallet["earned"]["amount_minor"] < MINIMUM_MINOR:
            return False
        key = self.key()
        answer = await self.send("POST", "/api/v1/payouts", key=key, json={})
        if answer.status_code == 409:
            assert answer.json()["code"] == "payout_open", answer.text
            return False
        assert answer.status_code == 201, answer.text
        self.receipts.payouts[key] = (answer.json()["id"], self.name, answer.json()["coins_minor"])
        return True


async def read_on(reader: Person, writers: list[Person], stop: asyncio.Event) -> None:
    """Gives, and buys coins now and then, until told to stop."""
    while not stop.is_set():
        chance = reader.dice.random()
        if chance < 0.06:
            await reader.buy_with_the_bank_asking()
        elif chance < 0.14:
            await reader.buy(1, 100)
        elif reader.coins < 100:
            await reader.buy(4, 1200)
        else:
            await reader.give(reader.dice.choice(writers), reader.dice.randint(1, 40))


async def write_on(writer: Person, stop: asyncio.Event) -> None:
    """Has paid out what was earned, whenever there is enough."""
    while not stop.is_set():
        await writer.ask_for_a_payout()
        await asyncio.sleep(writer.dice.uniform(0.3, 0.8))
