"""The settings of one installation: environment over `stoa.toml` over defaults, as one frozen Struct.

- A field `log_level` is read from the environment variable `STOA_LOG_LEVEL`, or from `stoa.toml` as `log_level = ...`
  or as `level = ...` under `[log]`. `database_url` is also read under its well-known name, `DATABASE_URL`.
- A name that is not a setting, or a value that does not fit, raises `ConfigError`, which names every one of them.
- Secrets that nobody configured are made once and kept in `<home>/secrets.toml`, readable by the owner only.

A new setting is one more field of `Settings` with a default; mark what must not be shown with `Secret`.
"""

import base64
import binascii
import difflib
import ipaddress
import os
import re
import secrets
import tempfile
import tomllib
import urllib.parse
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

import msgspec

__all__ = ["ConfigError", "EncryptionKey", "Settings", "load_settings", "masked"]

ROOT = Path(__file__).resolve().parents[3]

# Variables that the command itself reads before there are settings, or hands to its own children.
NOT_SETTINGS = frozenset({"STOA_PYTHON", "STOA_CHROMIUM", "STOA_LIFELINE_FD", "STOA_SOCKET_FD"})
ALIASES = {"DATABASE_URL": "database_url"}
MAX_UPLOAD_BYTES = 100 * 1024 * 1024  # what `max_upload_bytes` may be set to
MASK = "********"
_SMTP_URL = r"smtps?://(?:[^@/?#\s]*@)?(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?/?(?:\?starttls=(?:required|auto|never))?"
_MAIL_FROM = r"(?:[^<>@\r\n]*<[^<>@\s]+@[A-Za-z0-9.-]+>|[^<>@\s]+@[A-Za-z0-9.-]+)"
_TOGETHER = (  # all of them, or none
    ("google_client_id", "google_client_secret"),
    ("apple_client_id", "apple_team_id", "apple_key_id", "apple_private_key"),
    ("twitter_client_id", "twitter_client_secret"),
    ("twilio_account_sid", "twilio_auth_token", "twilio_from"),
    ("stripe_secret_key", "stripe_webhook_secret"),
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


def load_settings(env: Mapping[str, str] = os.environ, toml: Path | None = None) -> Settings:
    """Read the settings; `toml` is `stoa.toml` beside the command when not given, and may then be missing.

    Raises `ConfigError` naming every unknown or invalid setting. Makes missing secrets, and the home folder for them.
    """
    given, problems = _from_toml(toml)
    given |= _from_env(env, problems)
    hints = _hints()
    values: dict[str, Any] = {}
    for name, (where, raw) in given.items():
        if name == "encryption_keys":
            values[name] = raw  # converted with those of the secrets file, below
            continue
        try:
            values[name] = _converted(raw, hints[name])
        except ValueError as error:
            problems.append(f"{where}: {error}")
    home = values["home"] = _absolute(values.get("home", ROOT / ".stoa"))
    if not problems:
        for name, raw in _kept_secrets(home, wanted={"secret_key", "encryption_keys"} - given.keys()).items():
            values.setdefault(name, raw)
        where = given.get("encryption_keys", (str(home / "secrets.toml"), None))[0]
        values["encryption_keys"] = _encryption_keys(values["encryption_keys"], where, problems)
        settings = _completed(values)
        problems += _contradictions(settings)
    if problems:
        raise ConfigError("\n".join(problems))
    return settings


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


# --- reading


def _hints() -> dict[str, Any]:
    return get_type_hints(Settings, include_extras=True)


def _extras() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for field in msgspec.inspect.type_info(Settings).fields:  # type: ignore[attr-defined]
        kind = field.type
        candidates = kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)
        for candidate in candidates:
            if isinstance(candidate, msgspec.inspect.Metadata) and candidate.extra:
                found[field.name] = candidate.extra
    return found


def _unknown(where: str, name: str) -> str:
    near = difflib.get_close_matches(name.lower(), Settings.__struct_fields__, n=1)
    return f"{where}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")


def _from_env(env: Mapping[str, str], problems: list[str]) -> dict[str, tuple[str, Any]]:
    found: dict[str, tuple[str, Any]] = {}
    for variable, name in ALIASES.items():
        if env.get(variable):
            found[name] = (variable, env[variable])
    for variable, raw in sorted(env.items()):
        if not variable.startswith("STOA_") or variable in NOT_SETTINGS:
            continue
        name = variable.removeprefix("STOA_").lower()
        if name not in Settings.__struct_fields__:
            problems.append(_unknown(variable, name))
        elif raw != "":  # empty is the shell's way to say "not set"
            found[name] = (variable, raw)
    return found


def _from_toml(path: Path | None) -> tuple[dict[str, tuple[str, Any]], list[str]]:
    file = path or ROOT / "stoa.toml"
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, ([f"{file}: there is no such file"] if path else [])
    except (OSError, ValueError) as error:
        return {}, [f"{file}: {error}"]
    found: dict[str, tuple[str, Any]] = {}
    problems: list[str] = []
    for key, value in document.items():
        pairs = {f"{key}_{sub}": (f"{key}.{sub}", v) for sub, v in value.items()} if isinstance(value, dict) else None
        for name, (shown, raw) in (pairs or {key: (key, value)}).items():
            where = f"{file.name}: {shown}"
            if name in Settings.__struct_fields__:
                found[name] = (where, raw)
            else:
                problems.append(_unknown(where, name))
    return found, problems


def _converted(raw: Any, kind: Any) -> Any:
    if kind == tuple[str, ...] and isinstance(raw, str):
        raw = [part.strip() for part in raw.split(",") if part.strip()]
    if kind in (bool, bool | None) and isinstance(raw, str):
        words = {
            "1": True,
            "true": True,
            "yes": True,
            "on": True,
            "0": False,
            "false": False,
            "no": False,
            "off": False,
        }
        if raw.lower() not in words:
            raise ValueError("expected yes or no")
        return words[raw.lower()]
    try:
        return msgspec.convert(raw, kind, strict=not isinstance(raw, str), dec_hook=_decode_path)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def _decode_path(kind: type, raw: Any) -> Any:
    if kind is Path and isinstance(raw, str):
        return Path(raw)
    raise ValueError(f"expected {kind.__name__}")


def _absolute(path: Path) -> Path:
    """A relative path counts from the folder of the command, wherever it was called from."""
    return (ROOT / path).resolve()


def _encryption_keys(raw: Any, where: str, problems: list[str]) -> tuple[EncryptionKey, ...]:
    parts = raw.split(",") if isinstance(raw, str) else raw
    keys: list[EncryptionKey] = []
    for part in parts if isinstance(parts, list) else [None]:
        match = re.fullmatch(r"\s*([A-Za-z0-9_-]{1,16}):(\S+)\s*", part) if isinstance(part, str) else None
        try:
            key = base64.b64decode(match[2], altchars=b"-_", validate=True) if match else b""
        except binascii.Error:
            key = b""
        if match is None or len(key) != 32:
            problems.append(f"{where}: encryption_keys: each one must be id:base64 with 32 bytes behind the colon")
            return ()
        keys.append(EncryptionKey(match[1], key))
    if len({key.id for key in keys}) != len(keys) or not keys:
        problems.append(f"{where}: encryption_keys: at least one, and each id only once")
    return tuple(keys)


def _completed(values: dict[str, Any]) -> Settings:
    settings = Settings(**values)
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    host = f"[{host}]" if ":" in host else host
    return msgspec.structs.replace(
        settings,
        base_url=(settings.base_url or f"http://{host}:{settings.port}").rstrip("/"),
        storage_url=settings.storage_url or (settings.home / "files").as_uri(),
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _contradictions(settings: Settings) -> list[str]:
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
    if settings.mail_from and not re.fullmatch(_MAIL_FROM, settings.mail_from):
        problems.append("mail_from: expected an e-mail address, or a name with one, as in Stoa <post@example.org>")
    return problems


# --- secrets


def _kept_secrets(home: Path, wanted: set[str]) -> dict[str, Any]:
    """The secrets of this installation, made at the first call; two starts at once end up with the same ones."""
    file = home / "secrets.toml"
    if not wanted:
        return {}
    if not file.exists():
        _make_secrets(file)
    try:
        kept = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: {error}") from None
    missing = wanted - kept.keys()
    if missing:
        raise ConfigError(f"{file}: {', '.join(sorted(missing))}: missing; restore the file, or set it in stoa.toml")
    return {name: kept[name] for name in wanted}


def _make_secrets(file: Path) -> None:
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    text = (
        "# Made at the first start. Keep a copy with your backups: without it, what was sealed cannot be opened.\n"
        f'secret_key = "{secrets.token_urlsafe(48)}"\n'
        f'encryption_keys = ["k1:{key}"]\n'
    )
    try:
        file.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=file.parent, prefix="secrets-")  # mkstemp gives mode 0600
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            os.link(draft, file)  # unlike a rename it never replaces what another start has just made
        Path(draft).unlink()
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}; set STOA_HOME to a folder that can be written") from None


def _masked_url(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    netloc = parts.netloc
    if parts.password:
        netloc = netloc.replace(f":{parts.password}@", f":{MASK}@")
    query = re.sub(r"(?i)((?:secret|password|token|key)[^=&]*=)[^&]*", rf"\g<1>{MASK}", parts.query)
    return urllib.parse.urlunsplit(parts._replace(netloc=netloc, query=query))
