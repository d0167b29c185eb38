"""The settings of one installation: environment over `stoa.toml` over defaults, as one frozen Struct.

- A field `log_level` is read from the environment variable `STOA_LOG_LEVEL`, or from `stoa.toml` as `log_level = ...`
  or as `level = ...` under `[log]`. `database_url` is also read under its well-known name, `DATABASE_URL`.
- A name that is not a setting, or a value that does not fit, raises `ConfigError`, which names every one of them.
- Secrets that nobody configured are made once and kept in `<home>/secrets.toml`, readable by the owner only.

A new setting is one more field of `Settings` (in `settings`) with a default; mark what must not be shown with `Secret`.
"""

import base64
import binascii
import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from stoa.kit.config.kept import kept_secrets
from stoa.kit.config.settings import (
    MAX_UPLOAD_BYTES,
    ROOT,
    ConfigError,
    EncryptionKey,
    Settings,
    contradictions,
    masked,
)

__all__ = ["MAX_UPLOAD_BYTES", "ROOT", "ConfigError", "EncryptionKey", "Settings", "load_settings", "masked"]

# Variables that the command itself reads before there are settings, or hands to its own children.
NOT_SETTINGS = frozenset({"STOA_PYTHON", "STOA_CHROMIUM", "STOA_LIFELINE_FD", "STOA_SOCKET_FD"})
ALIASES = {"DATABASE_URL": "database_url"}


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
        for name, raw in kept_secrets(home, wanted={"secret_key", "encryption_keys"} - given.keys()).items():
            values.setdefault(name, raw)
        where = given.get("encryption_keys", (str(home / "secrets.toml"), None))[0]
        values["encryption_keys"] = _encryption_keys(values["encryption_keys"], where, problems)
        settings = _completed(values)
        problems += contradictions(settings)
    if problems:
        raise ConfigError("\n".join(problems))
    return settings


# --- reading


def _hints() -> dict[str, Any]:
    return get_type_hints(Settings, include_extras=True)


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
