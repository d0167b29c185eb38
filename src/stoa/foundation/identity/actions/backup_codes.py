"""Ten codes for the day the phone is gone (I4): each good once, kept as keyed hashes, shown when they are made."""

import secrets
from typing import Final
from uuid import UUID

import msgspec

from stoa.foundation.identity.actions import factors
from stoa.foundation.identity.errors import NoSecondFactor
from stoa.foundation.identity.policies import require_recent_factor
from stoa.kit.ctx import App, Ctx
from stoa.kit.db import many, run, value

HOW_MANY: Final = 10
# 31 letters and digits that are not taken for one another; ten of them are 49 bits.
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_HALF: Final = 5
_PURPOSE: Final = "backup_code"


class _Kept(msgspec.Struct, frozen=True):
    code_hash: bytes


_KEPT = many(_Kept, "select code_hash from backup_codes where user_id = $1 and used_at is null")
_USE = value(
    bool | None,
    "update backup_codes set used_at = $3 where user_id = $1 and code_hash = $2 and used_at is null returning true",
)
_DROP = run("delete from backup_codes where user_id = $1")
_KEEP = run("insert into backup_codes (user_id, code_hash, created_at) select $1, unnest($2::bytea[]), $3")
_LEFT = value(int, "select count(*) from backup_codes where user_id = $1 and used_at is null")


async def regenerate(ctx: Ctx) -> list[str]:
    """Ten new backup codes; the old ones are void. Raises StepUpRequired, and NoSecondFactor where there is none."""
    await require_recent_factor(ctx)
    owner = await factors.hold(ctx)
    if not owner.second_factors:
        raise NoSecondFactor
    codes = await make(ctx, owner.id)
    await factors.changed(
        ctx, owner, "identity.backup_codes_made", "New backup codes were made", then="The earlier ones are void."
    )
    return codes


async def make(ctx: Ctx, user_id: UUID) -> list[str]:
    """Ten new codes in place of the old ones. The caller holds the account, and tells its owner."""
    codes = [_new() for _ in range(HOW_MANY)]
    await _DROP(ctx.db, user_id)
    await _KEEP(ctx.db, user_id, [_hash(ctx.app, user_id, _bare(code)) for code in codes], ctx.now)
    return codes


async def drop(ctx: Ctx, user_id: UUID) -> None:
    """Forgets all codes, with the last second factor."""
    await _DROP(ctx.db, user_id)


async def use(ctx: Ctx, user_id: UUID, code: str) -> bool:
    """Whether this code was good; of two at once only one is. Its owner is told how many are left."""
    signed = _signed(user_id, _bare(code))
    kept = await _KEPT(ctx.db, user_id)
    # A hash names the key it was made with, so those that were printed before a change of keys stay good.
    found = [one.code_hash for one in kept if ctx.app.keyring.verify(signed, one.code_hash, _PURPOSE)]
    if not found or not await _USE(ctx.db, user_id, found[0], ctx.now):
        return False
    left = await _LEFT(ctx.db, user_id)
    await factors.changed(
        ctx,
        await factors.owner_of(ctx, user_id),
        "identity.backup_code_used",
        "One of your backup codes was used",
        after={"left": left},
        then=f"{left} of them {'is' if left == 1 else 'are'} left." if left else "None are left. Please make new ones.",
    )
    return True


def _new() -> str:
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(2 * _HALF))
    return f"{letters[:_HALF]}-{letters[_HALF:]}"


def _bare(code: str) -> str:
    """As it counts, however it was typed: without spaces and dashes, in small letters."""
    return "".join(c for c in code.lower() if c.isascii() and c.isalnum())


def _signed(user_id: UUID, bare: str) -> bytes:
    return user_id.bytes + bare.encode()


def _hash(app: App, user_id: UUID, bare: str) -> bytes:
    return app.keyring.sign(_signed(user_id, bare), _PURPOSE)
