"""The settings themselves: one frozen Struct, and what must be true of several of them together."""

import ipaddress
import re
import urllib.parse
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

ROOT = Path(__file__).resolve().parents[4]
MAX_UPLOAD_BYTES = 100 * 1024 * 1024  # what `max_upload_bytes` may be set to
MAX_FILE_BYTES = 20 * 1024**3  # what `max_file_bytes` may be set to
MASK = "********"
_SMTP_URL = r"smtps?://(?:[^@/?#\s]*@)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?/?(?:\?starttls=(?:required|auto|never))?"
_STORAGE_URL = r"file:///.+|memory://.*|(?:s3|r2|gs|az)://[^/\s]+.*"
_CLAMD_URL = r"tcp://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}/?|unix:///.+"
_MAIL_FROM = r"(?:[^<>@\r\n]*<[^<>@\s]+@[A-Za-z0-9.-]+>|[^<>@\s]+@[A-Za-z0-9.-]+)"
_TOGETHER = (  # all of them, or none
    ("google_client_id", "google_client_secret"),
    ("apple_client_id", "apple_team_id", "apple_key_id", "apple_private_key"),
    ("twitter_client_id", "twitter_client_secret"),
    ("twilio_account_sid", "twilio_auth_token", "twilio_from"),
    ("stripe_secret_key", "stripe_webhook_secret"),
    ("razorpay_key_id", "razorpay_key_secret", "razorpay_webhook_secret"),
    ("xendit_secret_key", "xendit_webhook_token"),
    ("wise_api_token", "wise_profile_id", "wise_webhook_key"),
    ("airwallex_client_id", "airwallex_api_key", "airwallex_webhook_secret"),
)
Secret = Annotated[str, msgspec.Meta(extra={"secret": True})]
Url = Annotated[str, msgspec.Meta(extra={"url": True})]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


class ConfigError(Exception):
    """One or several settings cannot be used; the message names each, in a line of its own."""


class EncryptionKey(msgspec.Struct, frozen=True):
    """A 256-bit key with the id that is stored beside whatever it sealed."""

    id: str
    key: bytes

    def __repr__(self) -> str:
        return f"EncryptionKey({self.id})"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything an operator can set before the start. What can change while it runs is in the platform settings."""

    # Where things are
    home: Path = ROOT / ".stoa"
    host: str = "127.0.0.1"
    port: Port = 8200
    base_url: str = ""  # as people see it, without a slash at the end; made from host and port when empty
    workers: Positive = 1  # web processes
    worker_concurrency: Positive = 8  # jobs at a time in one job runner
    worker_lease_s: Annotated[int, msgspec.Meta(ge=3, le=600)] = 20  # after how long a dead one's work is taken over

    # What it stands on
    database_url: Url | None = None  # none: a PostgreSQL of its own under `home`
    pool_size: Positive = 10  # database connections of one process
    geoip_database: Path | None = None  # a MaxMind city file (.mmdb): the places of sessions are named by it
    storage_url: Url = ""  # file:///path, s3://bucket/prefix, ...; `home`/files when empty

    # Whom it sends by; what cannot be sent is kept, and shown by /admin/mail
    smtp_url: Url | None = None  # smtp://user:password@host:587 or smtps://…; ?starttls=required|auto|never
    mail_from: str = ""  # "Name <address>"; made from base_url when empty
    twilio_account_sid: str | None = None
    twilio_auth_token: Secret | None = None
    twilio_from: str | None = None  # the number that text messages come from, or the id of a messaging service (MG…)
    twilio_api_url: str = "https://api.twilio.com"

    # How it behaves
    demo: bool | None = None  # `up` fills an empty database with demo content; none: yes while `is_local`
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    secure_cookies: bool | None = None  # none: yes when base_url is https
    trusted_proxies: tuple[str, ...] = ()  # addresses or networks whose X-Forwarded-* headers are believed
    limits: bool = True  # rate limits
    limits_multiplier: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    sandbox: bool = True  # the payment and payout gateways that move no real money
    max_upload_bytes: Annotated[int, msgspec.Meta(ge=1, le=MAX_UPLOAD_BYTES)] = 25 * 1024 * 1024  # of one picture (L2)
    max_file_bytes: Annotated[int, msgspec.Meta(ge=1, le=MAX_FILE_BYTES)] = 1024**3  # of one file sent in parts
    clamd_url: Url | None = None  # tcp://host:3310 or unix:///path: by whom uploads are scanned; none: they are not
    comics_ocr: bool = True  # pages of comics are read by machine: 1 to 2 s each and up to 1 GB of memory meanwhile
    metrics_token: Secret | None = None  # when set, /metrics wants it as a bearer token

    # Logging in with an account of another provider (I7); a provider without its client id is not offered
    google_client_id: str = ""
    google_client_secret: Secret = ""
    google_app_ids: tuple[str, ...] = ()  # client ids of our own apps, whose id tokens are taken too
    google_issuer: str = "https://accounts.google.com"
    apple_client_id: str = ""  # the Services ID
    apple_team_id: str = ""
    apple_key_id: str = ""
    apple_private_key: Secret = ""  # the key file's text; \n for its line breaks is fine
    apple_app_ids: tuple[str, ...] = ()  # bundle ids of our own apps, whose id tokens are taken too
    apple_issuer: str = "https://appleid.apple.com"
    twitter_client_id: str = ""
    twitter_client_secret: Secret = ""
    twitter_authorize_url: str = "https://x.com/i/oauth2/authorize"
    twitter_api_url: str = "https://api.x.com"
    oauth_redirect_uris: tuple[str, ...] = ()  # where, besides here, a provider may send people back to: our own apps

    # Whom it is paid by; a gateway without its keys is switched off
    stripe_secret_key: Secret = ""
    stripe_webhook_secret: Secret = ""
    stripe_api_base: str = "https://api.stripe.com"
    stripe_connect_client_id: str = ""  # ca_…: creators connect accounts of their own by it
    stripe_connect_base: str = "https://connect.stripe.com"
    stripe_payouts_webhook_secret: Secret = ""  # of the endpoint that Stripe tells about transfers to them
    razorpay_key_id: str = ""
    razorpay_key_secret: Secret = ""
    razorpay_webhook_secret: Secret = ""
    razorpay_api_base: str = "https://api.razorpay.com"
    xendit_secret_key: Secret = ""
    xendit_webhook_token: Secret = ""
    xendit_api_base: str = "https://api.xendit.co"

    # By whom it pays creators out; a provider without its keys is switched off
    wise_api_token: Secret = ""
    wise_profile_id: str = ""
    wise_webhook_key: str = ""  # the public key, PEM, that Wise signs its webhooks with; \n for its line breaks is fine
    wise_api_base: str = "https://api.wise.com"
    airwallex_client_id: str = ""
    airwallex_api_key: Secret = ""
    airwallex_webhook_secret: Secret = ""
    airwallex_api_base: str = "https://api.airwallex.com"

    # Made once when not given
    secret_key: Secret = ""
    encryption_keys: tuple[EncryptionKey, ...] = ()  # "id:base64" each; the first one seals, all of them open

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in masked(self).items())})"

    @property
    def cookies_are_secure(self) -> bool:
        """Whether cookies carry `Secure`: as configured, else when people come by https."""
        return self.base_url.startswith("https://") if self.secure_cookies is None else self.secure_cookies

    @property
    def is_local(self) -> bool:
        """Whether nobody but people at this machine can come: it listens on, and is called by, its loopback address."""
        return all(map(_is_loopback, (self.host, urllib.parse.urlsplit(self.base_url).hostname or "")))

    @property
    def wants_demo(self) -> bool:
        """Whether an empty database is filled with demo content: as configured, else when all of it is local."""
        return self.is_local if self.demo is None else self.demo


def contradictions(settings: Settings) -> list[str]:
    """What cannot be so, a line for each setting."""
    problems = []
    if not re.match(r"https?://[^/\s]+", settings.base_url):
        problems.append("base_url: expected an address that begins with http:// or https://")
    if settings.database_url and not re.match(r"postgres(ql)?://", settings.database_url):
        problems.append("database_url: expected an address that begins with postgresql://")
    for together in _TOGETHER:
        missing = [name for name in together if not getattr(settings, name)]
        if missing and len(missing) < len(together):
            problems.append(f"{', '.join(missing)}: needed beside {', '.join(n for n in together if n not in missing)}")
    if len(settings.secret_key) < 32:
        problems.append("secret_key: at least 32 characters")
    smtp = re.fullmatch(_SMTP_URL, settings.smtp_url or "smtp://none")
    if smtp is None or int(smtp[1] or 25) not in range(1, 65536):
        problems.append("smtp_url: expected smtp:// or smtps://, a host and perhaps ?starttls=required, auto or never")
    if settings.clamd_url and not re.fullmatch(_CLAMD_URL, settings.clamd_url):
        problems.append("clamd_url: expected tcp://host:port, or unix:///path of the socket")
    if settings.storage_url and not re.fullmatch(_STORAGE_URL, settings.storage_url):
        problems.append("storage_url: expected file:///folder, or s3://, r2://, gs:// or az:// with a bucket")
    if wrong := [given for given in settings.trusted_proxies if not _is_network(given)]:
        problems.append(f"trusted_proxies: expected addresses or networks, not {', '.join(wrong)}")
    if settings.geoip_database and not settings.geoip_database.is_file():
        problems.append(f"geoip_database: there is no file {settings.geoip_database}")
    if settings.mail_from and not re.fullmatch(_MAIL_FROM, settings.mail_from):
        problems.append("mail_from: expected an e-mail address, or a name with one, as in Stoa <post@example.org>")
    return problems


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def masked(settings: Settings) -> dict[str, Any]:
    """Each setting by name, fit to be shown: secrets hidden, passwords inside addresses too."""
    shown: dict[str, Any] = {}
    extras = _extras()
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        kind = extras.get(name, {})
        if name == "encryption_keys":
            value = [f"{key.id}:{MASK}" for key in value]
        elif value and kind.get("secret"):
            value = MASK
        elif value and kind.get("url"):
            value = _masked_url(value)
        elif isinstance(value, Path):
            value = str(value)
        elif isinstance(value, tuple):
            value = list(value)
        shown[name] = value
    return shown


def _extras() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for field in msgspec.inspect.type_info(Settings).fields:  # type: ignore[attr-defined]
        kind = field.type
        candidates = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
        for candidate in candidates:
            if isinstance(candidate, msgspec.inspect.Metadata) and candidate.extra:
                found[field.name] = candidate.extra
    return found


def _masked_url(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    netloc = parts.netloc
    if parts.password:
        netloc = netloc.replace(f":{parts.password}@", f":{MASK}@")
    query = re.sub(r"(?i)((?:secret|password|token|key)[^=&]*=)[^&]*", rf"\g<1>{MASK}", parts.query)
    return urllib.parse.urlunsplit(parts._replace(netloc=netloc, query=query))
