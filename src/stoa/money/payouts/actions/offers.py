"""What a payout would come to: the amounts of M7, and the provider's fee and date. Nothing is changed by asking."""

from stoa.foundation.settings import queries as settings
from stoa.foundation.settings.types import PlatformConfig
from stoa.kit.ctx import Ctx
from stoa.kit.ids import parse_id
from stoa.kit.money import exponent, format_amount
from stoa.money.ledger import queries as ledger
from stoa.money.ledger.types import AccountRef
from stoa.money.payouts.actions.destinations import default_destination, own_test_account
from stoa.money.payouts.actions.switchboard import provider_named
from stoa.money.payouts.errors import BelowMinimum, NotEarned, NothingArrives, UnknownDestination
from stoa.money.payouts.policies import access_destination
from stoa.money.payouts.queries import minimum_minor
from stoa.money.payouts.queries.destinations import RECIPIENT
from stoa.money.payouts.types import (
    COIN,
    TEST_ACCOUNTS,
    DestinationView,
    Offer,
    PayoutAmounts,
    credit_amounts,
    payout_amounts,
)
from stoa.money.splits.queries import rule_at


async def chosen_destination(ctx: Ctx, wanted: str | None) -> DestinationView:
    """A destination by its id, or one of TEST_ACCOUNTS; without either the default one. A test account is made when it
    is first used. Raises UnknownDestination, NoDestination, StepUpRequired."""
    if wanted is None:
        return await default_destination(ctx)
    if wanted in TEST_ACCOUNTS:
        return await own_test_account(ctx, wanted)
    destination_id = parse_id(wanted)
    if destination_id is None:
        raise UnknownDestination(fields={"destination": "Please choose one of your destinations"})
    return await access_destination(ctx, destination_id)


async def earned_now(ctx: Ctx, asset: str) -> int:
    """What the actor has earned of an asset and not reserved, without waiting for anybody."""
    return await ledger.balance(ctx, AccountRef(ctx.member.id, asset, "earned"))


async def offer(ctx: Ctx, *, asset: str, source_minor: int, destination: DestinationView) -> Offer:
    """What the provider says of an amount, whether it is earned or not.

    The creator bears the provider's fee, unless the operator decided that the platform adds it. Raises NothingArrives,
    ProviderUnavailable, BadDestination.
    """
    config = await settings.platform(ctx)
    amounts = await _amounts(ctx, config, asset, source_minor)
    by = provider_named(ctx, destination.provider)
    recipient = await RECIPIENT(ctx.db, destination.id) or ""
    quote = await by.quote(ctx, recipient, amounts.net_payout_minor, amounts.currency)
    fee_minor = quote.fee_minor
    if config.payout_fee_on_platform and fee_minor:
        quote = await by.quote(ctx, recipient, amounts.net_payout_minor + fee_minor, amounts.currency)
    elif fee_minor >= amounts.net_payout_minor:
        raise NothingArrives(fee_minor=fee_minor)
    if quote.arrives_minor <= 0:
        raise NothingArrives(fee_minor=fee_minor)
    return Offer(
        asset=asset,
        source_minor=source_minor,
        amounts=amounts,
        provider=by.name,
        destination=destination,
        recipient=recipient,
        fee_minor=fee_minor,
        fee_on_platform=config.payout_fee_on_platform,
        arrives_minor=quote.arrives_minor,
        arrives_currency=quote.currency,
        arrives_by=quote.arrives_by,
    )


async def quoted(ctx: Ctx, asset: str, amount_minor: int | None, wanted: str | None) -> Offer:
    """What a payout of all that is earned, or of so much, would come to; see `chosen_destination` for where.

    Raises BelowMinimum, NotEarned, and what `offer` and `chosen_destination` raise.
    """
    exponent(asset)
    earned_minor = await earned_now(ctx, asset)
    source_minor = earned_minor if amount_minor is None else amount_minor
    check_amount(await settings.platform(ctx), asset, source_minor, earned_minor)
    return await offer(ctx, asset=asset, source_minor=source_minor, destination=await chosen_destination(ctx, wanted))


def check_amount(config: PlatformConfig, asset: str, source_minor: int, earned_minor: int) -> None:
    """M7 and M4. Raises BelowMinimum, NotEarned."""
    least_minor = minimum_minor(config, asset)
    if source_minor < least_minor:
        least = f"{config.payout_min_coins:,} earned coins" if asset == COIN else f"{_text(least_minor, asset)} earned"
        have = format_amount(earned_minor, asset)
        detail = f"{least} are needed; you have {have}" if earned_minor < least_minor else f"At least {least}"
        raise BelowMinimum(detail, earned_minor=earned_minor, minimum_minor=least_minor, asset=asset)
    if source_minor > earned_minor:
        have = _text(earned_minor, asset)
        raise NotEarned(f"{have} are earned and not reserved", earned_minor=earned_minor, asset=asset)


async def _amounts(ctx: Ctx, config: PlatformConfig, asset: str, source_minor: int) -> PayoutAmounts:
    if asset != COIN:
        return credit_amounts(source_minor, asset)
    percent = (await rule_at(ctx, "gift")).creator_percent
    return payout_amounts(source_minor, coins_per_usd=config.coins_per_usd, creator_percent=percent)


def _text(minor: int, asset: str) -> str:
    return f"{format_amount(minor, asset)} {'coins' if asset == COIN else asset}"
