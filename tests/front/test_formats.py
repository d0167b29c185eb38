from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from stoa.front import formats
from stoa.front.formats import MINUS, THIN

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1000, f"1{THIN}000"), (1234567, f"1{THIN}234{THIN}567")]
)
def test_counts_are_grouped_by_a_space_that_does_not_break(number: int, text: str) -> None:
    assert formats.count(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (7, "7"),
        (999, "999"),
        (1000, f"1{THIN}k"),
        (1234, f"1.2{THIN}k"),
        (12345, f"12{THIN}k"),
        (3_400_000, f"3.4{THIN}M"),
    ],
)
def test_short_counts(number: int, text: str) -> None:
    assert formats.short_count(number) == text


@pytest.mark.parametrize(
    ("minor", "asset", "text"),
    [
        (123450, "USD", f"$1{THIN}234.50"),
        (-500, "EUR", f"{MINUS}€5.00"),
        (1500, "JPY", f"¥1{THIN}500"),
        (1234, "KWD", "1.234 KWD"),
        (100, "COIN", "1 coin"),
        (5050, "COIN", "50.50 coins"),
        (124000, "COIN", f"1{THIN}240 coins"),
    ],
)
def test_money_has_its_unit(minor: int, asset: str, text: str) -> None:
    assert formats.money(minor, asset) == text


def test_books_write_negative_amounts_in_parentheses() -> None:
    assert formats.accounting(-124050, "COIN") == f"(1{THIN}240.50)"
    assert formats.accounting(124000, "COIN") == f"1{THIN}240.00"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (3, "just now"),
        (-3, "in a moment"),
        (50, "1 minute ago"),
        (60, "1 minute ago"),
        (3599, "59 minutes ago"),
        (3600, "1 hour ago"),
        (86400 * 3, "3 days ago"),
        (-86400 * 3, "in 3 days"),
        (86400 * 14, "6 May"),
        (86400 * 400, "15 April 2025"),
    ],
)
def test_times_are_relative_until_a_date_says_more(seconds: int, text: str) -> None:
    assert formats.ago(NOW - timedelta(seconds=seconds), NOW) == text


def test_exact_times_are_in_utc() -> None:
    assert formats.exact(NOW) == "20 May 2026, 12:00 UTC"
    assert formats.iso(NOW) == "2026-05-20T12:00:00Z"


@pytest.mark.parametrize(
    ("name", "text"), [("Inês Duarte", "ID"), ("ana", "A"), ("maria_jose silva", "MS"), ("", "?"), ("…", "?")]
)
def test_initials(name: str, text: str) -> None:
    assert formats.initials(name) == text


# ---- by who looks at the page ----------------------------------------------------------------------------------


@pytest.fixture
def manner() -> Iterator[Callable[..., None]]:
    yield formats.write_for
    formats.write_for()


@pytest.mark.parametrize(
    ("locale", "text"),
    [("en", f"1{THIN}234{THIN}567"), ("en-US", "1,234,567"), ("en-GB", "1,234,567"), ("en-IN", "12,34,567")],
)
def test_numbers_are_grouped_by_locale(manner: Callable[..., None], locale: str, text: str) -> None:
    manner(locale)
    assert formats.count(1234567) == text
    assert formats.money(123456750) == f"${text}.50"
    assert formats.count(999) == "999"


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (1000, "1,000"), (100_000, "1,00,000"), (-12345, "-12,345")])
def test_numbers_in_india(manner: Callable[..., None], number: int, text: str) -> None:
    manner("en-IN")
    assert formats.count(number) == text


@pytest.mark.parametrize(
    ("locale", "zone", "exact", "day"),
    [
        ("en", "UTC", "31 December 2025, 20:05 UTC", "31 December 2025"),
        ("en-GB", "Europe/Berlin", "31 December 2025, 21:05 CET", "31 December 2025"),
        ("en-IN", "Asia/Kolkata", "1 January 2026, 01:35 IST", "1 January"),
        ("en-US", "America/New_York", "December 31, 2025, 3:05 PM EST", "December 31, 2025"),
        ("en", "America/Sao_Paulo", "31 December 2025, 17:05 UTC-03", "31 December 2025"),
        ("en", "Nowhere/Ever", "31 December 2025, 20:05 UTC", "31 December 2025"),
    ],
)
def test_times_are_in_the_readers_zone(
    manner: Callable[..., None], locale: str, zone: str, exact: str, day: str
) -> None:
    manner(locale, zone)
    moment = datetime(2025, 12, 31, 20, 5, tzinfo=UTC)
    assert (formats.exact(moment), formats.day(moment, NOW)) == (exact, day)
    assert formats.iso(moment) == "2025-12-31T20:05:00Z"
