"""A mail server and a Twilio of this machine, which take, refuse or hesitate as a test tells them."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from stoa.kit.ctx import App

USER, PASSWORD = "stoa", "p@ss/word:1"


class MailServer:
    """What it was given, and what it says. `answers` are used up one by one, for RCPT or DATA; then all is taken."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.senders: list[str] = []
        self.signed_in: list[bool] = []
        self.encrypted: list[bool] = []
        self.rcpt_answers: list[str] = []
        self.data_answers: list[str] = []
        self.port = 0

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, to: str, _: list[str]) -> str:
        if self.rcpt_answers:
            return self.rcpt_answers.pop(0)
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data_answers and not self.data_answers[0].startswith("2"):
            return self.data_answers.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        parsed = message_from_bytes(content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.recipients.append(list(envelope.rcpt_tos))
        self.senders.append(envelope.mail_from or "")
        self.signed_in.append(bool(session.authenticated))
        self.encrypted.append(session.ssl is not None)
        return self.data_answers.pop(0) if self.data_answers else "250 2.0.0 queued as 1A2B"


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False) if not right else AuthResult(success=True)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "mail.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
async def start_mail_server(certificate: Path) -> AsyncIterator[Callable[..., Any]]:
    """`server = await start_mail_server(tls=True, auth=True)`"""
    running: list[asyncio.Server] = []

    async def start(*, tls: bool = False, auth: bool = False, smtps: bool = False) -> MailServer:
        handler = MailServer()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

        def protocol() -> SMTP:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it warns of servers that are as careless as these are meant to be
                return SMTP(
                    handler,
                    hostname="mail.test",
                    enable_SMTPUTF8=True,
                    tls_context=context if tls else None,
                    require_starttls=tls,
                    authenticator=_authenticate if auth else None,
                    auth_required=auth,
                    auth_require_tls=tls,
                    loop=asyncio.get_running_loop(),
                )

        server = await asyncio.get_running_loop().create_server(
            protocol, "127.0.0.1", 0, ssl=context if smtps else None
        )
        running.append(server)
        handler.port = server.sockets[0].getsockname()[1]
        return handler

    yield start
    for server in running:
        server.close()


class TwilioServer:
    """Speaks Twilio's Messages resource. `answers` are used up one by one: (status, body); then all is taken."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.answers: list[tuple[int, Any]] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): content.strip() for name, _, content in (line.partition(":") for line in lines)}
        body = (await reader.readexactly(int(headers.get("content-length", 0)))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self.requests.append((first.split()[1], headers, form))
        taken = {"sid": f"SM{len(self.requests):032x}", "status": "queued", "to": form.get("To"), "error_code": None}
        status, answer = self.answers.pop(0) if self.answers else (201, taken)
        content = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode())
        writer.write(content)
        await writer.drain()
        writer.close()


@pytest.fixture
async def twilio_server() -> AsyncIterator[TwilioServer]:
    twilio = TwilioServer()
    server = await asyncio.start_server(twilio.serve, "127.0.0.1", 0)
    twilio.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield twilio
    server.close()


@pytest.fixture
def configured(app: App) -> Iterator[Callable[..., None]]:
    """`configured(smtp_url=…)`: as if the installation were started with these settings."""
    before = app.settings

    def change(**more: Any) -> None:
        app.settings = msgspec.structs.replace(app.settings, **more)

    yield change
    app.settings = before
