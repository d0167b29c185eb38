"""What sites ask the outside: the DNS of a domain, its certificate, and whether a service knows an id."""

import asyncio
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver
import msgspec

from stoa.creation.sites.types import CertificateState
from stoa.kit import outgoing

TIMEOUT_S: Final = 6.0
_MOST_BYTES: Final = 2_000_000


class Unanswered(Exception):
    """Nobody answered in time, so nothing is known; it says nothing about what is asked for."""


class Certificate(msgspec.Struct, frozen=True):
    """What a browser would find; `problem` says in words why it would not trust it."""

    state: CertificateState
    expires_at: datetime | None
    problem: str | None


class Resolver(Protocol):
    """The DNS."""

    async def texts(self, name: str) -> list[str]:
        """The TXT records of a name; none where there are none. Raises Unanswered."""

    async def alias(self, name: str) -> str | None:
        """What a name's CNAME record leads to, without a dot at the end. Raises Unanswered."""

    async def addresses(self, name: str) -> list[str]:
        """The IP addresses it leads to at last. Raises Unanswered."""


class Watch(Protocol):
    """Whoever looks at a domain as a browser does."""

    async def look(self, domain: str) -> Certificate:
        """The certificate that is shown at its port 443."""

    async def knows(self, url: str) -> bool | None:
        """Whether a service answers at this address; None where nobody could be asked."""


class Dns:
    """The DNS as this machine sees it."""

    async def texts(self, name: str) -> list[str]:
        """Records of several parts are one text."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in await self._ask(name, "TXT")]

    async def alias(self, name: str) -> str | None:
        """The first step only: where that leads is its owner's."""
        found = await self._ask(name, "CNAME")
        return found[0].target.to_text(omit_final_dot=True).lower() if found else None

    async def addresses(self, name: str) -> list[str]:
        """Of both kinds."""
        answers = await asyncio.gather(self._ask(name, "A"), self._ask(name, "AAAA"))
        return [record.address for records in answers for record in records]

    async def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            resolver = dns.asyncresolver.Resolver()
            answer = await resolver.resolve(name, kind, lifetime=TIMEOUT_S, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise Unanswered(str(error)) from None
        return [] if answer.rrset is None else list(answer.rrset)


class Browser:
    """Looks by TLS at public addresses only (L3)."""

    async def look(self, domain: str) -> Certificate:
        """Connects to the very address that was looked at."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                address = await outgoing.checked(domain, 443)
                _, writer = await asyncio.open_connection(
                    address, 443, ssl=ssl.create_default_context(), server_hostname=domain
                )
        except outgoing.Unreachable as error:
            return Certificate(CertificateState.PENDING, None, str(error))
        except ssl.SSLCertVerificationError as error:
            late = error.verify_code == 10  # X509_V_ERR_CERT_HAS_EXPIRED
            state = CertificateState.EXPIRED if late else CertificateState.FAILED
            return Certificate(state, None, f"Browsers do not trust it: {error.verify_message}")
        except ssl.SSLError:
            return Certificate(CertificateState.FAILED, None, "No secure connection could be made to it")
        except (OSError, TimeoutError, socket.gaierror):
            return Certificate(CertificateState.PENDING, None, "Nothing answers there yet by https")
        try:
            shown = writer.get_extra_info("peercert") or {}
            ends = ssl.cert_time_to_seconds(shown["notAfter"])
            return Certificate(CertificateState.ACTIVE, datetime.fromtimestamp(ends, UTC), None)
        finally:
            writer.close()
            with suppress(OSError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(1):
                    await writer.wait_closed()

    async def knows(self, url: str) -> bool | None:
        """Whether there is something at this address."""
        try:
            await outgoing.download(url, most_bytes=_MOST_BYTES, timeout_s=TIMEOUT_S)
        except outgoing.Unreachable as error:
            return False if "status 4" in str(error) else None
        return True


def resolver() -> Resolver:
    """Whom domains are proved by."""
    return Dns()


def watch() -> Watch:
    """Who looks at certificates."""
    return Browser()
