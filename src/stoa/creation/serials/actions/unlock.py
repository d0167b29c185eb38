"""Buying a chapter by itself, with coins or credits (S1, M12)."""

from uuid import UUID

from stoa.creation.serials.errors import NotForSale
from stoa.creation.serials.policies.reading import access_published_chapter, access_to_read
from stoa.creation.serials.types import Unlocked
from stoa.kit.ctx import Ctx
from stoa.money.entitlements import actions as entitlements
from stoa.money.wallet import actions as wallet
from stoa.money.wallet.errors import PriceChanged


async def unlock(
    ctx: Ctx, chapter_id: UUID, *, key: str, price_minor: int | None = None, price_asset: str | None = None
) -> Unlocked:
    """The acting member buys a chapter and may read it for good; a refund takes that back (M13).

    `price_…`: what they agreed to, where they were shown a price. The same key buys once (M11), and so do two clicks
    with two keys. Raises NotFound, NotForSale, PriceChanged, NotEnoughCoins, NotEnoughCredits, Conflict where it is
    theirs already, and what refuses a movement of money (F4, F5).
    """
    chapter = await access_published_chapter(ctx, chapter_id)
    if not chapter.is_locked:
        raise NotForSale("You can read all of this already")
    offer = next((one for one in chapter.offers if one.kind == "buy"), None)
    if offer is None or offer.price_minor is None or offer.price_asset is None:
        raise NotForSale("This chapter is not sold by itself")
    price = (offer.price_minor, offer.price_asset)
    if (price_minor, price_asset) not in ((None, None), price):
        raise PriceChanged(price_minor=offer.price_minor, price_asset=offer.price_asset)
    sale, is_new = await wallet.sell(
        ctx,
        seller_id=chapter.author.id,
        work_id=chapter.id,
        work_title=f"{chapter.series_title}: {chapter.title or f'Chapter {chapter.number}'}"[:250],
        work_path=chapter.url,
        amount_minor=offer.price_minor,
        asset=offer.price_asset,
        key=key,
    )
    if is_new:
        # Of two at once the second finds the first one's grant, and is undone with its money.
        await entitlements.grant(ctx, user_id=ctx.member.id, work_id=chapter.id, source_id=sale.id)
    return Unlocked(sale=sale, chapter=await access_to_read(ctx, chapter_id))
