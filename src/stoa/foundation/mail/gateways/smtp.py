"""Mail by SMTP: one connection for each mail, encrypted where the server can, or always when we sign in."""

import re
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as WIRE
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from aiosmtplib import SMTPAuthenticationError, SMTPException, SMTPRecipientsRefused, SMTPResponseException

from stoa.foundation.mail.errors import NotNow, Refused
from stoa.foundation.mail.types import Outgoing
from stoa.kit.config import Settings
from stoa.kit.ctx import App

TIMEOUT_S: Final = 20.0
MAX_ANSWER_CHARS: Final = 300
_STARTTLS: Final = {"required": True, "auto": None, "never": False}


class Smtp:
    """The server of `smtp_url`. Without a word about STARTTLS it is a must when we sign in, else used where offered."""

    name = "smtp"

    def __init__(self, settings: Settings) -> None:
        parts = urlsplit(settings.smtp_url or "")
        self.tls = parts.scheme == "smtps"
        self.user = unquote(parts.username) if parts.username else None
        self.password = unquote(parts.password or "")
        self.host = parts.hostname or "localhost"
        self.port = parts.port or (465 if self.tls else 587 if self.user else 25)
        default = "required" if self.user else "auto"
        self.start_tls = False if self.tls else _STARTTLS[parse_qs(parts.query).get("starttls", [default])[0]]
        self.sender = sender_of(settings)
        self.domain = self.sender.rpartition("@")[2].rstrip(">")

    async def deliver(self, app: App, message: Outgoing) -> str:
        """Answers what the server said when it took the mail, which names it in the server's log."""
        mail = self.written(message)
        server = await self._connected()
        try:
            sender = parseaddr(self.sender)[1]
            _, answer = await server.send_message(mail, sender=sender, recipients=[message.recipient])
        except SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            raise _verdict(refused.code, refused.message) from error
        except SMTPResponseException as error:
            raise _verdict(error.code, error.message) from error
        except aiosmtplib.SMTPNotSupported as error:  # an address in letters that this server does not take
            raise Refused(error.message) from error
        except (SMTPException, OSError, TimeoutError) as error:
            raise NotNow(_said(error)) from error
        finally:
            await _leave(server)  # whatever it answers to that: the mail is taken, or it is not
        return answer[:MAX_ANSWER_CHARS]

    def written(self, message: Outgoing) -> EmailMessage:
        """The mail as it goes over the wire. Its Message-ID is made of its id: sent twice, it is known as the same."""
        mail = EmailMessage(policy=WIRE)
        mail["From"] = self.sender
        mail["To"] = Address(addr_spec=message.recipient) if message.recipient.isascii() else message.recipient
        mail["Subject"] = message.subject
        mail["Date"] = format_datetime(message.created_at)
        mail["Message-ID"] = f"<{message.id}@{self.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail.set_content(message.body.text)
        if message.body.html is not None:
            mail.add_alternative(message.body.html, subtype="html")
        return mail

    async def look(self) -> str:
        """Goes in and out again."""
        server = await self._connected()
        tls = "encrypted" if server.get_transport_info("sslcontext") is not None else "not encrypted"
        await _leave(server)
        return f"{self.host}:{self.port}, {tls}, {'signed in' if self.user else 'without signing in'}"

    async def _connected(self) -> aiosmtplib.SMTP:
        """Encrypted and signed in as configured. What goes wrong here is no fault of a mail, so it is tried again."""
        server = aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=self.password if self.user else None,
            local_hostname=self.domain,
            timeout=TIMEOUT_S,
            use_tls=self.tls,
            start_tls=self.start_tls,
        )
        try:
            await server.connect()
        except SMTPAuthenticationError as error:
            server.close()
            raise NotNow(f"{self.host} does not let us in: {_said(error)}") from error
        except (SMTPException, OSError, TimeoutError) as error:
            server.close()
            raise NotNow(f"{self.host}:{self.port}: {_said(error)}") from error
        return server


def sender_of(settings: Settings) -> str:
    """`mail_from`, or an address at the host of `base_url`."""
    if settings.mail_from:
        return settings.mail_from
    host = urlsplit(settings.base_url).hostname or "localhost"
    return f"no-reply@{host if re.fullmatch(r'[A-Za-z0-9.-]+', host) else 'localhost'}"


async def _leave(server: aiosmtplib.SMTP) -> None:
    with suppress(SMTPException, OSError, TimeoutError):
        await server.quit()
    server.close()


def _verdict(code: int, message: str) -> Refused | NotNow:
    """5xx is for good, 4xx for now (RFC 5321, 4.2.1)."""
    text = f"{code} {message}"[:MAX_ANSWER_CHARS]
    return Refused(text) if 500 <= code <= 599 else NotNow(text)


def _said(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"[:MAX_ANSWER_CHARS]
    return (str(error) or type(error).__name__)[:MAX_ANSWER_CHARS]
