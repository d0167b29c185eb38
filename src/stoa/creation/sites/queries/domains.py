"""Domains of sites."""

from datetime import datetime
from uuid import UUID

import msgspec

from stoa.creation.sites.types import CertificateState, DomainState
from stoa.kit.ctx import Ctx
from stoa.kit.db import many, maybe, value


class DomainRow(msgspec.Struct, frozen=True, kw_only=True):
    """A domain as it was last looked at, with all addresses its site ever had."""

    site_id: UUID
    domain: str
    token: str
    state: DomainState
    method: str | None
    problem: str | None
    added_at: datetime
    checked_at: datetime | None
    verified_at: datetime | None
    failing_since: datetime | None
    certificate_state: CertificateState
    certificate_expires_at: datetime | None
    certificate_checked_at: datetime | None
    site_slug: str
    slugs: list[str]


_ROW = maybe(
    DomainRow,
    """
    select d.site_id, d.domain, d.token, d.state, d.method, d.problem, d.added_at, d.checked_at, d.verified_at,
      d.failing_since, d.certificate_state, d.certificate_expires_at, d.certificate_checked_at, s.slug as site_slug,
      array(select l.slug from site_slugs l where l.site_id = s.id order by l.slug) as slugs
    from site_domains d join sites s on s.id = d.site_id where d.site_id = $1
    """,
)
_HOLDER = value(UUID | None, "select site_id from site_domains where domain = $1 and state = 'verified'")


_KNOWN = value(
    bool,
    """
    select exists (
      select from site_domains d join sites s on s.id = d.site_id
      where d.domain = $1 and d.state = 'verified' and s.deleted_at is null
    ) or exists (select from site_slugs l join sites s on s.id = l.site_id where l.slug = $2 and s.deleted_at is null)
    """,
)


class Due(msgspec.Struct, frozen=True):
    """A site whose domain is to be looked at."""

    site_id: UUID


# What is proved once a day; what is not, each hour in the first days and once a day for a month.
_DUE = many(
    Due,
    """
    select d.site_id from site_domains d join sites s on s.id = d.site_id and s.deleted_at is null
    where d.checked_at is null or d.checked_at < $1::timestamptz - interval '1 day'
        and (d.state <> 'pending' or d.added_at > $1 - interval '30 days')
      or d.checked_at < $1 - interval '1 hour'
        and (d.failing_since is not null or d.state = 'pending' and d.added_at > $1 - interval '3 days')
    order by d.checked_at nulls first limit 200
    """,
)


async def domain_row(ctx: Ctx, site_id: UUID) -> DomainRow | None:
    """A site's domain. Policies decide who may know of its token."""
    return await _ROW(ctx.db, site_id)


async def holder_of(ctx: Ctx, domain: str) -> UUID | None:
    """The site that has proved a domain."""
    return await _HOLDER(ctx.db, domain)


async def is_known(ctx: Ctx, domain: str, label: str) -> bool:
    """Whether a site can be reached at this domain, which is its own, or by this label before the platform's name."""
    return await _KNOWN(ctx.db, domain, label)


async def due(ctx: Ctx) -> list[UUID]:
    """Sites whose domains are to be looked at now, at most 200."""
    return [one.site_id for one in await _DUE(ctx.db, ctx.now)]
