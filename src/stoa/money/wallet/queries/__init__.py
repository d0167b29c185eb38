"""Reads of wallets, packages and gifts; the history is in `queries.history`."""

from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from stoa.foundation.identity.errors import PersonSuspended
from stoa.foundation.people.queries import AVATAR_URL, not_hidden
from stoa.foundation.people.types import PersonView
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, one
from stoa.kit.errors import NotFound
from stoa.money.ledger import queries as ledger
from stoa.money.risk.types import Movement, Observed
from stoa.money.wallet.types import COIN, USD, CreditsView, GiftView, Package, WalletView

R = TypeVar("R", bound="WalletRow")

_PACKAGES = many(
    Package,
    "select id, coins, bonus_coins, price_minor, currency from coin_packages where is_offered order by price_minor, id",
)
_PACKAGE = maybe(
    Package, "select id, coins, bonus_coins, price_minor, currency from coin_packages where is_offered and id = $1"
)


class WalletRow(msgspec.Struct, frozen=True):
    """A row of `wallets`, with its owner's name."""

    user_id: UUID
    username: str
    accepts_promotional: bool
    debt_minor: int
    is_suspended: bool


class Wallet(WalletRow, frozen=True):
    """The same with what is owed in the smallest unit of each currency."""

    credit_debts: dict[str, int]


class Recipient(WalletRow, frozen=True):
    """The same of whom the actor may give something to, with the actor's own status: both are asked for at once."""

    giver_status: str


class Opened(Recipient, frozen=True):
    """The same with both as people see them, the actor's buckets, locked, and what risk has seen; or the `known_id` of
    a gift or tip under the same key, of which risk is told no second time.
    """

    giver: PersonView
    receiver: PersonView
    known_id: UUID | None
    promotional_minor: int
    purchased_minor: int
    earned_minor: int
    seen: Observed | None


_WALLET_COLUMNS: Final = """u.id as user_id, u.username, w.accepts_promotional, w.debt_minor,
    (u.status = 'suspended') as is_suspended"""
_WALLETS: Final = "from users u join wallets w on w.user_id = u.id"
_RECEIVES: Final = "u.status in ('active', 'pending_verification', 'suspended')"
_WALLET_BY_ID = maybe(
    Wallet,
    f"""
    select {_WALLET_COLUMNS}, coalesce(
      (select jsonb_object_agg(d.asset, d.debt_minor) from credit_debts d where d.user_id = u.id), '{{}}'
    ) as credit_debts {_WALLETS} where {_RECEIVES} and u.id = $1
    """,
)


def person_fields(alias: str, field: str) -> str:
    """The columns of a PersonView in `field`, of users `alias` and their profiles `alias`p."""
    avatar = AVATAR_URL.replace("p.", f"{alias}p.")
    return f"""{alias}.id as "{field}.id", {alias}.username as "{field}.username",
      {alias}p.display_name as "{field}.display_name", {avatar} as "{field}.avatar_url",
      {alias}.is_verified as "{field}.is_verified" """


# Of whom the actor ($2) may give something to (P4).
_SEEN: Final = f"{_RECEIVES} and {not_hidden('u.id', '$2')}"
_RECIPIENT: Final = f"""select {_WALLET_COLUMNS},
    coalesce((select a.status from users a where a.id = $2), 'deleted') as giver_status
  {_WALLETS} where {_SEEN}"""
_RECIPIENT_BY_ID = maybe(Recipient, f"{_RECIPIENT} and u.id = $1")
_OPENED: Final = {
    kind: maybe(
        Opened,
        f"""
        select r.*, o.known_id, o.promotional_minor, o.purchased_minor, o.earned_minor, o.movements as "seen.movements",
          o.volume_micro as "seen.volume_micro", o.from_status as "seen.from_status", o.to_status as "seen.to_status",
          o.same_destination as "seen.same_destination", o.open_high as "seen.open_high"
        from (
          select {_WALLET_COLUMNS}, a.status as giver_status, {person_fields("a", "giver")},
            {person_fields("u", "receiver")}
          {_WALLETS} join profiles up on up.user_id = u.id
            join users a on a.id = $2 join profiles ap on ap.user_id = a.id
          where {_SEEN} and u.id = $1 offset 0
        ) r
        cross join lateral wallet_open_movement('{kind}', $2, r.user_id, $3, $4, $5, $6, $7) o
        """,
    )
    for kind in ("gift", "tip", "sale")
}
_RECIPIENT_BY_NAME = maybe(Recipient, f"{_RECIPIENT} and lower(u.username) = lower($1)")

_GIFT: Final = f"""
    select g.id, {person_fields("s", "sender")}, {person_fields("r", "recipient")},
      g.work_id, g.work_title, g.work_path,
      g.amount_coins, g.message, g.promotional_minor, g.purchased_minor, g.earned_minor, g.creator_minor,
      g.creator_promotional_minor, g.platform_minor, g.platform_promotional_minor, g.repaid_minor, g.transfer_id,
      g.created_at, g.undo_until, g.undone_at
    from gifts g
    join users s on s.id = g.sender_id join profiles sp on sp.user_id = s.id
    join users r on r.id = g.recipient_id join profiles rp on rp.user_id = r.id
"""
GIFT = one(GiftView, f"{_GIFT} where g.id = $1")
_BEFORE: Final = "($2::timestamptz is null or (g.created_at, g.id) < ($2, $3))"
_NEWEST: Final = "order by g.created_at desc, g.id desc limit $4"
_SENT = many(GiftView, f"{_GIFT} where g.sender_id = $1 and {_BEFORE} {_NEWEST}")
_RECEIVED = many(GiftView, f"{_GIFT} where g.recipient_id = $1 and {_BEFORE} {_NEWEST}")


async def wallet_row(ctx: Ctx, user_id: UUID) -> Wallet:
    """Whose wallet it is and what they decided. Raises NotFound for nobody, or somebody who may not receive."""
    row = await _WALLET_BY_ID(ctx.db, user_id)
    if row is None:
        raise NotFound("There is nobody with this wallet")
    return row


async def recipient(ctx: Ctx, person: str | UUID) -> Recipient:
    """Somebody, by name or id, whom the actor may give something to.

    Raises NotFound, also across a block (P4) and for who is banned, and PersonSuspended (F5).
    """
    find = _RECIPIENT_BY_NAME if isinstance(person, str) else _RECIPIENT_BY_ID
    row = await find(ctx.db, person, ctx.member.id)
    if row is None and isinstance(person, str):
        raise NotFound("There is nobody of this name")
    return _there(row)


async def opened(ctx: Ctx, movement: Movement, key: str, *, worth_micro: int | None, since: datetime) -> Opened:
    """The same for a gift or a tip that begins: one statement locks, looks for the key, and shows it to risk."""
    find = _OPENED[movement.kind]
    row = await find(ctx.db, movement.to_id, ctx.member.id, movement.asset, key, worth_micro, ctx.now, since)
    return _there(row)


def _there(row: R | None) -> R:
    if row is None:
        raise NotFound("There is nobody with this wallet")
    if row.is_suspended and not (isinstance(row, Opened) and row.known_id is not None):
        raise PersonSuspended
    return row


async def wallet(ctx: Ctx, user_id: UUID) -> WalletView:
    """The buckets of a person (M4). Raises NotFound."""
    row = await wallet_row(ctx, user_id)
    held = {(b.asset, b.purpose): b.balance_minor for b in await ledger.balances(ctx, user_id)}
    promotional, purchased, earned = (held.get((COIN, p), 0) for p in ("promotional", "purchased", "earned"))
    return WalletView(
        promotional_minor=promotional,
        purchased_minor=purchased,
        earned_minor=earned,
        reserved_minor=sum(m for (asset, p), m in held.items() if asset == COIN and p.endswith("_reserved")),
        total_minor=promotional + purchased + earned,
        credits_minor=held.get((USD, "promotional"), 0),
        debt_minor=row.debt_minor,
        accepts_promotional=row.accepts_promotional,
        currencies=_currencies(row, held),
    )


def _currencies(row: Wallet, held: dict[tuple[str, str], int]) -> list[CreditsView]:
    assets = {asset for asset, minor in row.credit_debts.items() if minor}
    # What stands in an account of one's own (M12) is no credit.
    assets |= {asset for (asset, purpose), minor in held.items() if minor and asset != COIN and purpose != "direct"}
    return [
        CreditsView(
            asset=asset,
            promotional_minor=held.get((asset, "promotional"), 0),
            purchased_minor=held.get((asset, "purchased"), 0),
            earned_minor=held.get((asset, "earned"), 0),
            reserved_minor=sum(m for (a, p), m in held.items() if a == asset and p.endswith("_reserved")),
            debt_minor=row.credit_debts.get(asset, 0),
        )
        for asset in sorted(assets, key=lambda asset: (asset != USD, asset))
    ]


async def packages(ctx: Ctx) -> list[Package]:
    """What coins cost, the smallest first (M3)."""
    return await _PACKAGES(ctx.db)


async def package(ctx: Ctx, package_id: int) -> Package | None:
    """An offered package, or None."""
    return await _PACKAGE(ctx.db, package_id) if 0 < package_id < 2**15 else None


async def gift(ctx: Ctx, gift_id: UUID) -> GiftView:
    """A gift. Raises NotFound."""
    return await GIFT(ctx.db, gift_id)


async def gifts_sent(
    ctx: Ctx, user_id: UUID, *, before: tuple[datetime, UUID] | None = None, limit: int = 20
) -> list[GiftView]:
    """Gifts somebody made, newest first, those before the given (created_at, id); undone ones carry `undone_at`."""
    return await _SENT(ctx.db, user_id, *(before or (None, None)), limit)


async def gifts_received(
    ctx: Ctx, user_id: UUID, *, before: tuple[datetime, UUID] | None = None, limit: int = 20
) -> list[GiftView]:
    """Gifts somebody got, newest first."""
    return await _RECEIVED(ctx.db, user_id, *(before or (None, None)), limit)
