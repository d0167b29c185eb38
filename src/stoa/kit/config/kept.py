"""Secrets that nobody configured: made once, and kept in a file that only its owner reads."""

import base64
import os
import secrets
import tempfile
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

from stoa.kit.config.settings import ConfigError


def kept_secrets(home: Path, wanted: set[str]) -> dict[str, Any]:
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
