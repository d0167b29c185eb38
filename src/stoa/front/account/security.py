"""`/dashboard/account/security`: what keeps the account safe, what is missing, and the ways to change it (I4)."""

from typing import Any

import msgspec
from litestar import Request, Response, get

from stoa.foundation.identity import queries
from stoa.foundation.identity.types import BackupCodesView, SecurityView
from stoa.front.page import page
from stoa.kit.http import CtxDep, access

HERE = "/dashboard/account/security"
FEW_CODES = 3
PROVIDERS = {"google": "Google", "apple": "Apple", "twitter": "X"}


class Gap(msgspec.Struct, frozen=True):
    """Something that is missing for a safe account: what, why it matters, and where to mend it."""

    what: str
    why: str
    label: str
    href: str


def gaps(security: SecurityView, codes: BackupCodesView) -> list[Gap]:
    """What is missing, the most important first."""
    found = []
    if not security.is_verified:
        why = "Until then we cannot bring you back in when you lose your password."
        found.append(Gap("Your e-mail is not confirmed", why, "Look at my e-mail", "/dashboard/account/email"))
    if not security.second_factors:
        why = "Whoever learns your password is in. With an app or a passkey, the password alone is not enough."
        found.append(Gap("There is no second factor", why, "Set one up", "/mfa/setup"))
    elif codes.left < FEW_CODES:
        left = "No backup code is" if not codes.left else f"Only {codes.left} backup {_codes(codes.left)}"
        why = "They are what lets you in on the day your phone is lost."
        found.append(Gap(f"{left} left", why, "Make new ones", "/mfa/backup-codes"))
    if security.second_factors == ["passkey"] and security.passkeys == 1:
        why = "If this one device is lost, only a backup code is left to log in with."
        found.append(Gap("There is a single passkey", why, "Add another one", "/dashboard/account/passkeys"))
    return found


def _codes(count: int) -> str:
    return "code is" if count == 1 else "codes are"


@get(HERE, opt=access("member"))
async def security_page(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """All of it at a glance."""
    security, codes = await queries.security(ctx), await queries.backup_codes(ctx)
    shown: dict[str, Any] = {"security": security, "codes": codes, "gaps": gaps(security, codes)}
    shown["named"] = [PROVIDERS[name] for name in security.providers]
    return await page(request, ctx, "account/security.html", **shown)


routes = [security_page]
