"""A chapter is bought by itself with coins or credits; a refund closes it again (M4, M11, M12, M13)."""

from typing import Any

import pytest

from stoa.creation.serials.actions.opening import Chosen, change_access
from stoa.creation.serials.types import AccessLevel
from tests.conftest import Client


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


async def locked(make: Any, ana: Any, price_minor: int | None = 50_000, asset: str | None = "COIN") -> Any:
    chapter = await make.chapter(ana, await make.series(ana), title="The gate")
    async with make.tx(ana) as ctx:
        chosen = Chosen(access=AccessLevel.SUBSCRIBERS, price_minor=price_minor, price_asset=asset)
        await change_access(ctx, chapter.id, chosen)
    return chapter


async def held(make: Any, user: Any, asset: str = "COIN") -> dict[str, int]:
    async with make.tx() as ctx:
        rows = await ctx.db.fetch(
            "select purpose, balance_minor from ledger_accounts where owner_id = $1 and asset = $2", user.id, asset
        )
    return {row["purpose"]: row["balance_minor"] for row in rows if row["balance_minor"]}


async def test_a_chapter_is_bought_with_coins_and_shared_as_a_sale(client: Client, make: Any, ana: Any) -> None:
    chapter = await locked(make, ana)
    ben = await make.member(promotional=100, purchased=1000)
    his, path = client.as_(ben), f"/api/v1/chapters/{chapter.id}"
    before, hers = await held(make, ben), await held(make, ana)
    other = {"price_minor": 100, "price_asset": "COIN"}
    changed = await his.post(f"{path}/unlock", json=other)
    assert (changed.status_code, changed.json()["code"], changed.json()["price_minor"]) == (
        409,
        "price_changed",
        50_000,
    )
    agreed = {"price_minor": 50_000, "price_asset": "COIN"}
    bought = await his.post(f"{path}/unlock", json=agreed, headers={"Idempotency-Key": "once"})
    assert bought.status_code == 200, bought.text
    sale = bought.json()["sale"]
    # 90 to 10, and 18 % of the platform's share as tax from the creator's; a fifth was promotional
    assert (sale["promotional_minor"], sale["purchased_minor"], sale["earned_minor"]) == (10_000, 40_000, 0)
    assert (sale["creator_minor"], sale["creator_promotional_minor"]) == (35_280, 8_820)
    assert (sale["platform_minor"], sale["platform_promotional_minor"]) == (4_000, 1_000)
    assert (sale["tax_minor"], sale["tax_promotional_minor"]) == (720, 180)
    read = bought.json()["chapter"]
    assert (read["is_locked"], read["why"], "Paragraph 6" in read["body_html"]) == (False, "bought", True)
    again = await his.post(f"{path}/unlock", json=agreed, headers={"Idempotency-Key": "once"})
    assert again.json() == bought.json()
    twice = await his.post(f"{path}/unlock", json=agreed)
    assert (twice.status_code, twice.json()["code"]) == (409, "not_for_sale")
    after = await held(make, ben)
    assert after["purchased"] == before["purchased"] - 40_000
    assert (await held(make, ana)) == {
        "earned": 35_280, "promotional": hers["promotional"] + 8_820,
    }  # fmt: skip
    in_lists = await his.get(f"/api/v1/series/{chapter.series_id}/chapters/public")
    assert in_lists.json()["items"][0]["is_locked"] is False
    assert (await client.get(f"{path}/read")).json()["is_locked"] is True

    shown = []
    for viewer, path_of_list in ((his, "/api/v1/my/payments"), (client.as_(ana), "/api/v1/payments")):
        listed = (await viewer.get(path_of_list)).json()["items"][0]
        assert (listed["id"], listed.get("kind", "sale")) == (sale["id"], "sale"), listed
        shown.append((await viewer.get("/wallet/history")).text)
    assert (await his.get(f"/account/payments/{sale['id']}")).status_code == 200
    assert all("bought “The road" in page.replace("&#8220;", "“") for page in shown)
    assert (await his.get(f"/api/v1/my/payments/{sale['id']}/receipt")).status_code == 200
    refund = await client.as_(ana).post(
        f"/api/v1/payments/{sale['id']}/refund", json={"reason": "By mistake"}, headers={"Idempotency-Key": "back"}
    )
    assert refund.status_code in (200, 201), refund.text
    assert await held(make, ben) == before
    assert await held(make, ana) == hers
    shut = (await his.get(f"{path}/read")).json()
    assert (shut["is_locked"], shut["why"]) == (True, None)
    assert (await his.post(f"{path}/unlock", json=agreed)).status_code == 200  # and bought anew


async def test_two_clicks_buy_once_and_credits_work_too(client: Client, make: Any, ana: Any, gather: Any) -> None:
    chapter = await locked(make, ana, 300, "USD")
    ben, path = await make.member(), f"/api/v1/chapters/{chapter.id}/unlock"
    before = (await held(make, ben, "USD"))["promotional"]
    his = client.as_(ben)
    clicks = await gather(*(his.post(path, headers={"Idempotency-Key": f"click-{n}"}) for n in range(4)))
    assert sorted(answer.status_code for answer in clicks) == [200, 409, 409, 409]
    assert (await held(make, ben, "USD"))["promotional"] == before - 300
    async with make.tx() as ctx:
        assert await ctx.db.fetchval("select count(*) from sales") == 1
        assert await ctx.db.fetchval("select count(*) from grants where revoked_at is null") == 1


async def test_what_is_not_for_sale_is_not_sold(client: Client, make: Any, ana: Any) -> None:
    ben = await make.member(purchased=10)
    his = client.as_(ben)
    before = await held(make, ben)
    not_sold, dear = await locked(make, ana, None, None), await locked(make, ana)
    series = await make.series(ana)
    free, draft = await make.chapter(ana, series), await make.chapter(ana, series, published=False)
    for chapter, status, code in (
        (not_sold, 409, "not_for_sale"),
        (dear, 409, "insufficient_funds"),
        (free, 409, "not_for_sale"),
        (draft, 404, "not_found"),
    ):
        answer = await his.post(f"/api/v1/chapters/{chapter.id}/unlock")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert (await client.as_(ana).post(f"/api/v1/chapters/{dear.id}/unlock")).json()["code"] == "not_for_sale"
    assert (await client.post(f"/api/v1/chapters/{dear.id}/unlock")).status_code == 401
    assert await held(make, ben) == before
