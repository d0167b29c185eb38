"""Settings: where they come from, what stops the start, and what is never shown."""

import base64
import os
import stat
from pathlib import Path

import pytest

from stoa.kit.config import ROOT, ConfigError, EncryptionKey, Settings, load_settings, masked

NOTHING = Path(os.devnull)
KEY = base64.b64encode(b"k" * 32).decode()


def load(home: Path, toml: str | None = None, **env: str) -> Settings:
    file = NOTHING
    if toml is not None:
        file = home / "given.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(toml)
    return load_settings({"STOA_HOME": str(home), **env}, file)


def test_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.base_url == "http://127.0.0.1:8200"
    assert settings.database_url is None
    assert settings.storage_url == (tmp_path / "files").as_uri()
    assert not settings.cookies_are_secure


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({}, True),
        ({"STOA_HOST": "localhost", "STOA_BASE_URL": "http://localhost:8200"}, True),
        ({"STOA_HOST": "::1"}, True),
        ({"STOA_HOST": "0.0.0.0"}, False),
        ({"STOA_HOST": "192.168.1.5"}, False),
        ({"STOA_BASE_URL": "https://hall.example"}, False),
        ({"STOA_BASE_URL": "http://127.0.0.1.hall.example"}, False),
        ({"STOA_HOST": "0.0.0.0", "STOA_DEMO": "yes"}, True),
        ({"STOA_DEMO": "no"}, False),
    ],
)
def test_demo_content_is_made_by_itself_only_where_nobody_else_can_come(
    tmp_path: Path, env: dict[str, str], wanted: bool
) -> None:
    assert load(tmp_path, **env).wants_demo is wanted


def test_environment_over_file_over_defaults(tmp_path: Path) -> None:
    toml = 'port = 9000\nworkers = 2\nlimits = false\ntrusted_proxies = ["10.0.0.1"]\n[log]\nlevel = "debug"\n'
    settings = load(tmp_path, toml, STOA_PORT="9100", STOA_BASE_URL="https://hall.example/", STOA_WORKERS="")
    assert (settings.port, settings.workers, settings.limits) == (9100, 2, False)
    assert settings.log_level == "debug"
    assert settings.trusted_proxies == ("10.0.0.1",)
    assert settings.base_url == "https://hall.example"
    assert settings.cookies_are_secure


def test_well_known_names(tmp_path: Path) -> None:
    settings = load(tmp_path, DATABASE_URL="postgresql://a@b/c")
    assert settings.database_url == "postgresql://a@b/c"
    assert load(tmp_path, DATABASE_URL="postgresql://a@b/c", STOA_DATABASE_URL="postgresql://d/e").database_url == (
        "postgresql://d/e"
    )


def test_every_wrong_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, 'hots = "x"\n[log]\nlevle = 1\n', STOA_PORT="many", STOA_DEMO="perhaps", STOA_WROKERS="3")
    message = str(caught.value)
    assert "hots: there is no such setting; did you mean host?" in message
    assert "log.levle: there is no such setting; did you mean log_level?" in message
    assert "STOA_WROKERS: there is no such setting; did you mean workers?" in message
    assert "STOA_PORT: " in message and "STOA_DEMO: expected yes or no" in message
    assert not (tmp_path / "secrets.toml").exists()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("STOA_PORT", "70000"),
        ("STOA_WORKERS", "0"),
        ("STOA_LOG_FORMAT", "xml"),
        ("STOA_MAX_UPLOAD_BYTES", str(2**30)),
        ("STOA_BASE_URL", "hall.example"),
        ("DATABASE_URL", "mysql://x"),
        ("STOA_STORAGE_URL", "ftp://x"),
        ("STOA_STORAGE_URL", "s3://"),
        ("STOA_TRUSTED_PROXIES", "10.0.0.0/8,foo"),
        ("STOA_GEOIP_DATABASE", "/nope.mmdb"),
        ("STOA_SECRET_KEY", "short"),
        ("STOA_ENCRYPTION_KEYS", "k1:abc"),
        ("STOA_ENCRYPTION_KEYS", f"k1:{KEY},k1:{KEY}"),
    ],
)
def test_invalid_values_stop_the_start(tmp_path: Path, variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=variable.removeprefix("STOA_").lower().split("_")[0] + "|" + variable):
        load(tmp_path, **{variable: value})


def test_a_named_file_must_exist_and_be_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_settings({"STOA_HOME": str(tmp_path)}, tmp_path / "no.toml")
    with pytest.raises(ConfigError, match=r"given\.toml"):
        load(tmp_path, "port = = 1")


def test_secrets_are_made_once_for_the_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "new home"
    first = load(home)
    assert load(home) == first
    assert len(first.secret_key) >= 32
    assert [len(key.key) for key in first.encryption_keys] == [32]
    file = home / "secrets.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(home.iterdir()) == [file]


def test_configured_secrets_need_no_file_and_keep_their_order(tmp_path: Path) -> None:
    settings = load(tmp_path, STOA_SECRET_KEY="x" * 40, STOA_ENCRYPTION_KEYS=f"k2:{KEY}, k1:{KEY}")
    assert settings.encryption_keys == (EncryptionKey("k2", b"k" * 32), EncryptionKey("k1", b"k" * 32))
    assert not (tmp_path / "secrets.toml").exists()


def test_a_damaged_secrets_file_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "secrets.toml").write_text('secret_key = "' + "x" * 40 + '"\n')
    with pytest.raises(ConfigError, match="encryption_keys: missing"):
        load(tmp_path)


def test_nothing_secret_is_shown(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        DATABASE_URL="postgresql://stoa:hunter2@db/stoa?sslpassword=hunter2",
        STOA_STORAGE_URL="s3://bucket?aws_secret_access_key=hunter2&region=x",
        STOA_METRICS_TOKEN="hunter2",
        STOA_SECRET_KEY="hunter2" * 6,
        STOA_ENCRYPTION_KEYS=f"k2:{KEY}",
    )
    shown = masked(settings)
    for text in (str(shown), repr(settings), str(settings)):
        assert "hunter2" not in text
        assert KEY not in text
    assert shown["database_url"].startswith("postgresql://stoa:********@db/stoa")
    assert shown["encryption_keys"] == ["k2:********"]
    assert shown["secure_cookies"] is None


def test_a_provider_is_set_up_wholly_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, STOA_GOOGLE_CLIENT_ID="x", STOA_APPLE_TEAM_ID="x", STOA_APPLE_KEY_ID="x")
    message = str(caught.value)
    assert "google_client_secret: needed beside google_client_id" in message
    assert "apple_client_id, apple_private_key: needed beside apple_team_id, apple_key_id" in message
    settings = load(tmp_path, STOA_TWITTER_CLIENT_ID="x", STOA_TWITTER_CLIENT_SECRET="y", STOA_GOOGLE_APP_IDS="a, b")
    assert settings.google_app_ids == ("a", "b")
    assert masked(settings)["twitter_client_secret"] == "********"


def test_every_setting_is_read_by_something() -> None:
    files = [file for file in (ROOT / "src").rglob("*.py") if "config" not in file.parts and file.name != "doctor.py"]
    sources = [file.read_text() for file in files]
    own = {"home", "encryption_keys", "secure_cookies", "secret_key"}  # read in kit/config, or as a whole
    unread = [name for name in Settings.__struct_fields__ if not any(f".{name}" in text for text in sources)]
    assert set(unread) <= own
