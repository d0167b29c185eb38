"""A site's own domain: claimed, proved by its DNS, looked at again and again.

question = await domain_question(ctx, site_id)      in a transaction
look = await look_at(question)                      outside of any: DNS and TLS may be slow
await note_look(ctx, question, look)                in another one
"""

import asyncio
import secrets
from collections.abc import Awaitable
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from stoa.creation.sites import gateways
from stoa.creation.sites.actions.settings import hold
from stoa.creation.sites.errors import DomainTaken, NoDomain
from stoa.creation.sites.gateways import Certificate, Unanswered
from stoa.creation.sites.messages import CheckDomain
from stoa.creation.sites.policies.domains import PROOF, Seen, domain_named, verdict_on, view_of
from stoa.creation.sites.queries.domains import DomainRow, domain_row, due, holder_of
from stoa.creation.sites.types import CertificateState, DomainState, DomainView
from stoa.foundation.audit import actions as audit
from stoa.foundation.team import actions as team
from stoa.foundation.team.policies import access_site
from stoa.foundation.team.types import Permission
from stoa.kit.ctx import Ctx
from stoa.kit.db import constraint_of, run, update, upsert
from stoa.kit.queue import enqueue

T = TypeVar("T")
GRACE: Final = timedelta(days=3)  # for which a proved domain may fail before it leads here no more
_REMOVE = run("delete from site_domains where site_id = $1")


class Looked(msgspec.Struct, frozen=True):
    """What a look at a domain found; `certificate` is None where there was none to look for."""

    seen: Seen
    certificate: Certificate | None


async def set_domain(ctx: Ctx, site_id: UUID, domain: str) -> DomainView:
    """Claims a domain for a site, instead of the one it has. It leads there once it is proved.

    Raises NotFound, Forbidden, Invalid, and DomainTaken for one that another site has proved.
    """
    access, _ = await hold(ctx, site_id)
    wanted = domain_named(domain, ctx.app.settings)
    before = await domain_row(ctx, site_id)
    if before is not None and before.domain == wanted:
        return view_of(before, ctx.app.settings)
    if await holder_of(ctx, wanted) is not None:
        raise DomainTaken
    row = {
        "site_id": site_id,
        "domain": wanted,
        "token": secrets.token_urlsafe(24),
        "state": DomainState.PENDING.value,
        "added_at": ctx.now,
        **dict.fromkeys(("method", "problem", "checked_at", "verified_at", "failing_since")),
        "certificate_state": CertificateState.NONE.value,
        **dict.fromkeys(("certificate_expires_at", "certificate_checked_at")),
    }
    await upsert(ctx.db, "site_domains", row, key=["site_id"])
    was = {"domain": before.domain} if before else None
    await audit.record(
        ctx, "sites.domain_set", subject="site", subject_id=access.id, before=was, after={"domain": wanted}
    )
    return view_of(await _row(ctx, site_id), ctx.app.settings)


async def remove_domain(ctx: Ctx, site_id: UUID) -> None:
    """Gives a domain up; it is free for others at once. Raises NotFound, Forbidden, NoDomain."""
    await hold(ctx, site_id)
    before = await _row(ctx, site_id)
    await _REMOVE(ctx.db, site_id)
    await audit.record(
        ctx, "sites.domain_removed", subject="site", subject_id=site_id, before={"domain": before.domain}
    )


async def domain_question(ctx: Ctx, site_id: UUID) -> DomainRow:
    """The domain that is to be looked at. Raises NotFound, Forbidden, NoDomain."""
    await access_site(ctx, site_id, Permission.MANAGE_SETTINGS)
    return await _row(ctx, site_id)


async def look_at(question: DomainRow) -> Looked:
    """Asks the DNS, and looks at the certificate. Outside of any transaction. Raises nothing."""
    resolver = gateways.resolver()
    texts, alias, addresses = await asyncio.gather(
        _or_none(resolver.texts(f"{PROOF}.{question.domain}")),
        _or_none(resolver.alias(question.domain)),
        _or_none(resolver.addresses(question.domain)),
    )
    certificate = await gateways.watch().look(question.domain) if addresses else None
    return Looked(Seen(texts=texts, alias=alias, addresses=addresses), certificate)


async def note_look(ctx: Ctx, question: DomainRow, look: Looked) -> DomainView:
    """Notes what a look has found. What nobody answered changes nothing; what fails stops leading here after GRACE.

    Raises NoDomain where the domain is another one meanwhile, and DomainTaken where another site has proved it.
    """
    await team.lock_site(ctx, question.site_id)
    row = await _row(ctx, question.site_id)
    if (row.domain, row.token) != (question.domain, question.token):
        raise NoDomain
    verdict = verdict_on(row, look.seen, ctx.app.settings)
    values: dict[str, object] = {"checked_at": ctx.now, "problem": verdict.problem}
    if verdict.proved:
        first = row.verified_at if row.state is DomainState.VERIFIED else ctx.now
        values |= {"state": "verified", "method": verdict.method, "verified_at": first, "failing_since": None}
        values |= _certificate(ctx, look.certificate)
    elif verdict.proved is False and row.state is DomainState.VERIFIED:
        since = row.failing_since or ctx.now
        values |= {"failing_since": since, "state": "failed" if ctx.now - since >= GRACE else "verified"}
    try:
        async with ctx.db.transaction():  # so that whoever is refused can still be shown a page
            await update(ctx.db, "site_domains", values, where={"site_id": row.site_id})
    except asyncpg.UniqueViolationError as error:
        if constraint_of(error) != "site_domains_verified_key":
            raise
        raise DomainTaken from None
    if values.get("state", row.state) != row.state:
        after = {"domain": row.domain, "state": values["state"]}
        await audit.record(
            ctx,
            "sites.domain_checked",
            subject="site",
            subject_id=row.site_id,
            before={"state": row.state.value},
            after=after,
        )
    return view_of(await _row(ctx, row.site_id), ctx.app.settings)


async def check_domains(ctx: Ctx) -> int:
    """Has all domains looked at whose time has come; answers how many."""
    sites = await due(ctx)
    for site_id in sites:
        await enqueue(ctx, CheckDomain(site_id=site_id), unique=str(site_id))
    return len(sites)


def _certificate(ctx: Ctx, found: Certificate | None) -> dict[str, object]:
    found = found or Certificate(CertificateState.PENDING, None, None)
    values: dict[str, object] = {
        "certificate_state": found.state.value,
        "certificate_expires_at": found.expires_at,
        "certificate_checked_at": ctx.now,
    }
    return values | ({"problem": found.problem} if found.problem else {})


async def _row(ctx: Ctx, site_id: UUID) -> DomainRow:
    row = await domain_row(ctx, site_id)
    if row is None:
        raise NoDomain
    return row


async def _or_none(question: Awaitable[T]) -> T | None:
    try:
        return await question
    except Unanswered:
        return None
