"""Which domains a site can have, what their DNS has to say, and what a look at it means."""

import ipaddress
from typing import Final
from urllib.parse import urlsplit

import idna
import msgspec

from stoa.creation.sites.policies.settings import is_hostname
from stoa.creation.sites.queries.domains import DomainRow
from stoa.creation.sites.types import CertificateState, DnsRecord, DomainState, DomainView
from stoa.kit.config import Settings
from stoa.kit.errors import Invalid
from stoa.kit.outgoing import is_public

PROOF: Final = "_stoa"  # where the TXT record stands, below the domain
_NOT_OURS: Final = frozenset(
    "alt arpa corp example home internal intranet invalid lan local localdomain localhost onion private test".split()
)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the DNS said: None where nobody answered, so that nothing is known."""

    texts: list[str] | None
    alias: str | None
    addresses: list[str] | None


class Verdict(msgspec.Struct, frozen=True):
    """Whether a domain is proved by what was seen, by which record; `problem` in words. None: nothing is known."""

    proved: bool | None
    method: str | None
    problem: str | None


def domain_named(text: str, settings: Settings) -> str:
    """A domain in the form in which it is kept, out of what somebody typed. Raises Invalid."""

    def wrong(message: str) -> Invalid:
        return Invalid(fields={"domain": message})

    typed = text.strip().rstrip(".").lower()
    if typed.startswith(("http://", "https://")):
        typed = typed.partition("://")[2].partition("/")[0]
    if not typed or len(typed) > 253 or any(sign in typed for sign in "/@:?#[]* \\"):
        raise wrong("Please give a domain such as stories.example.org, without anything before or after it")
    try:
        domain = idna.encode(typed, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise wrong("This is no domain that a browser could open") from None
    if _is_address(domain):
        raise wrong("This is an address of a machine; please give a domain")
    if not is_hostname(domain):
        raise wrong("Please give a whole domain such as stories.example.org")
    if domain.rpartition(".")[2] in _NOT_OURS or domain.rpartition(".")[2].isdigit():
        raise wrong("This domain exists in private networks only, so readers could not open it")
    host = host_of(settings)
    if domain == host or domain.endswith(f".{host}"):
        raise wrong("This is the platform's own address; your site has one there already")
    return domain


def host_of(settings: Settings) -> str:
    """The platform's own name."""
    return (urlsplit(settings.base_url).hostname or "localhost").lower()


def records_of(row: DomainRow, settings: Settings) -> list[DnsRecord]:
    """What is to be set where the domain is managed."""
    target = f"{row.site_slug}.{host_of(settings)}"
    return [
        DnsRecord(
            "TXT", f"{PROOF}.{row.domain}", proof_of(row.token), "Proves that the domain is yours. Keep it", proves=True
        ),
        DnsRecord(
            "CNAME",
            row.domain,
            target,
            "Leads readers here, and proves it, too. A domain without anything before it has ALIAS or ANAME instead",
            proves=True,
        ),
    ]


def proof_of(token: str) -> str:
    """What the TXT record holds."""
    return f"stoa-site={token}"


def verdict_on(row: DomainRow, seen: Seen, settings: Settings) -> Verdict:
    """Whether what was seen proves the domain. A domain that leads into a private network proves nothing (L3)."""
    inside = [one for one in seen.addresses or [] if not is_public(one)]
    if inside:
        return Verdict(False, None, f"The domain leads to {inside[0]}, which is no address of the open internet")
    targets = {f"{slug}.{host_of(settings)}" for slug in row.slugs}
    if seen.texts is not None and proof_of(row.token) in seen.texts:
        return Verdict(True, "txt", _where(seen))
    if seen.alias in targets:
        return Verdict(True, "cname", None)
    if seen.texts is None or seen.addresses is None:
        return Verdict(None, None, "The domain's name servers did not answer; we will ask again")
    if seen.texts:
        return Verdict(False, None, f"The TXT record at {PROOF}.{row.domain} holds something else than it should")
    return Verdict(
        False, None, "Neither record is there yet. New records can take some hours until everybody sees them"
    )


def _where(seen: Seen) -> str | None:
    if seen.alias is None and not seen.addresses:
        return "The domain is proved, but leads nowhere yet: set the second record, too"
    return None


def view_of(row: DomainRow, settings: Settings) -> DomainView:
    """A domain as those see it who may change it."""
    return DomainView(
        domain=row.domain,
        state=row.state,
        method=row.method,
        problem=row.problem,
        records=records_of(row, settings),
        added_at=row.added_at,
        checked_at=row.checked_at,
        verified_at=row.verified_at,
        failing_since=row.failing_since,
        certificate_state=row.certificate_state if row.state is DomainState.VERIFIED else CertificateState.NONE,
        certificate_expires_at=row.certificate_expires_at,
        certificate_checked_at=row.certificate_checked_at,
    )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
