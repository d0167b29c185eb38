"""What an operator may write about mail, and what stops the start."""

from pathlib import Path

import pytest

from stoa.foundation.mail.gateways.smtp import Smtp
from stoa.kit.config import ConfigError, Settings, load_settings, masked


def settings(home: Path, **more: str) -> Settings:
    (home / "stoa.toml").touch()
    return load_settings(
        {"STOA_HOME": str(home), **{f"STOA_{k.upper()}": v for k, v in more.items()}}, home / "stoa.toml"
    )


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "start_tls", "user", "password"),
    [
        ("smtp://relay.example", "relay.example", 25, False, None, None, ""),
        ("smtp://u%40x:p%2Fw@mail.example", "mail.example", 587, False, True, "u@x", "p/w"),
        ("smtp://u:p@mail.example:2525?starttls=never", "mail.example", 2525, False, False, "u", "p"),
        ("smtp://relay.example?starttls=required", "relay.example", 25, False, True, None, ""),
        ("smtps://u:p@mail.example", "mail.example", 465, True, False, "u", "p"),
        ("smtp://[::1]:1025", "::1", 1025, False, None, None, ""),
    ],
)
def test_addresses_of_servers(
    tmp_path: Path,
    url: str,
    host: str,
    port: int,
    tls: bool,
    start_tls: bool | None,
    user: str | None,
    password: str,
) -> None:
    server = Smtp(settings(tmp_path, smtp_url=url))
    found = (server.host, server.port, server.tls, server.start_tls, server.user, server.password)
    assert found == (host, port, tls, start_tls, user, password)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtp_url", "http://mail.example"),
        ("smtp_url", "smtp://"),
        ("smtp_url", "smtp://mail.example:port"),
        ("smtp_url", "smtp://mail.example:70000"),
        ("smtp_url", "smtp://mail.example:0"),
        ("smtp_url", "smtp://mail.example?starttls=maybe"),
        ("smtp_url", "smtp://mail.example\r\nX"),
        ("mail_from", "nobody"),
        ("mail_from", "Stoa <post@example.org>\r\nBcc: eve@example.org"),
        ("mail_from", "Stoa <post@example.org>, eve@example.org"),
        ("twilio_account_sid", "AC42"),
    ],
)
def test_what_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError, match="twilio_auth_token" if name.startswith("twilio") else name):
        settings(tmp_path, **{name: value})


def test_the_sender_is_made_of_the_address_of_the_place(tmp_path: Path) -> None:
    assert Smtp(settings(tmp_path, base_url="https://stoa.example:8443")).sender == "no-reply@stoa.example"
    assert Smtp(settings(tmp_path, base_url="http://[::1]:8200")).sender == "no-reply@localhost"
    named = Smtp(settings(tmp_path, mail_from="Die Stoa <post@stoa.example>"))
    assert (named.sender, named.domain) == ("Die Stoa <post@stoa.example>", "stoa.example")


def test_passwords_are_not_shown(tmp_path: Path) -> None:
    more = {"twilio_account_sid": "AC42", "twilio_auth_token": "hush", "twilio_from": "+15005550006"}
    shown = masked(settings(tmp_path, smtp_url="smtp://user:hush@mail.example", **more))
    assert shown["smtp_url"] == "smtp://user:********@mail.example"
    assert "hush" not in str(shown)
