"""How numbers, money and times are written on a page. All of them take what the database holds and give text.

The manner is that of who looks at the page: `write_for` sets it for the request, before the page is rendered.
"""

from contextvars import ContextVar
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from stoa.kit.clock import utcnow
from stoa.kit.money import exponent

THIN: Final = "\u202f"  # narrow no-break space: groups thousands without ever breaking a number
MINUS: Final = "\u2212"
SYMBOLS: Final[dict[str, str]] = {
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "INR": "₹",
    "PHP": "₱",
    "THB": "฿",
    "JPY": "¥",
    "KRW": "₩",
    "VND": "₫",
}


class Manner(msgspec.Struct, frozen=True):
    """Somebody's way to write: numbers and the order of a date by `locale`, times in `zone`."""

    locale: str = "en"
    zone: tzinfo = UTC


PLAIN: Final = Manner()
_manner: Final[ContextVar[Manner]] = ContextVar("manner", default=PLAIN)


def write_for(locale: str = "en", timezone: str = "UTC") -> None:
    """Has everything that is written in this request from now on follow a locale and a time zone."""
    _manner.set(_made(locale, timezone))


@cache
def _made(locale: str, timezone: str) -> Manner:
    try:
        return Manner(locale, ZoneInfo(timezone))
    except (ZoneInfoNotFoundError, ValueError):  # a zone that this machine does not know any more
        return Manner(locale)


def count(number: int) -> str:
    """1234567 as '1 234 567'; by locale as '1,234,567', or '12,34,567' in India."""
    grouped = f"{number:,}"
    match _manner.get().locale:
        case "en-US" | "en-GB":
            return grouped
        case "en-IN":
            return _by_lakh(number)
        case _:
            return grouped.replace(",", THIN)


def _by_lakh(number: int) -> str:
    sign, digits = ("-" if number < 0 else ""), str(abs(number))
    head, tail = digits[:-3], digits[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return sign + ",".join([*pairs, tail])


def short_count(number: int) -> str:
    """A count where room is short: 1234 as '1.2 k', 12345 as '12 k', 3400000 as '3.4 M'."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            scaled = number / size
            return f"{scaled:.0f}{THIN}{unit}" if scaled >= 10 else f"{scaled:.1f}".removesuffix(".0") + THIN + unit
    return str(number)


def amount(amount_minor: int, asset: str, *, trim: bool = False) -> str:
    """An amount without its unit: 123450 USD as '1 234.50', negative ones with a minus sign.

    trim leaves out decimals that are all zero.
    """
    digits = exponent(asset)
    whole, rest = divmod(abs(amount_minor), 10**digits)
    text = count(whole)
    if digits and not (trim and rest == 0):
        text += f".{rest:0{digits}d}"
    return MINUS + text if amount_minor < 0 else text


def coins(amount_minor: int) -> str:
    """Coins from hundredths: 124000 as '1 240', 124050 as '1 240.50'."""
    return amount(amount_minor, "COIN", trim=True)


def money(amount_minor: int, asset: str = "USD") -> str:
    """An amount with its unit: '$12.50', '1 240 coins', 'Rp' and others as '5 000.00 IDR'."""
    if asset == "COIN":
        return coins(amount_minor) + (" coin" if abs(amount_minor) == 100 else " coins")
    symbol = SYMBOLS.get(asset)
    if symbol is None:
        return f"{amount(amount_minor, asset)} {asset}"
    return (MINUS if amount_minor < 0 else "") + symbol + amount(abs(amount_minor), asset)


def accounting(amount_minor: int, asset: str) -> str:
    """As in books: two decimals kept, negative in parentheses: '(1 240.50)'."""
    text = amount(abs(amount_minor), asset)
    return f"({text})" if amount_minor < 0 else text


_STEPS: Final = ((60, "minute"), (3600, "hour"), (86400, "day"))


def ago(moment: datetime, now: datetime | None = None) -> str:
    """'just now', '5 minutes ago', 'in 3 days'; from two weeks on the date."""
    seconds = int(((now or utcnow()) - moment).total_seconds())
    past, seconds = seconds >= 0, abs(seconds)
    if seconds < 45:
        return "just now" if past else "in a moment"
    if seconds >= 14 * 86400:
        return day(moment, now)
    size, unit = next(step for step in reversed(_STEPS) if seconds >= step[0] or step[0] == 60)
    number = max(1, seconds // size)
    text = f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{text} ago" if past else f"in {text}"


def day(moment: datetime, now: datetime | None = None) -> str:
    """'3 May', with the year unless it is this one; 'May 3' in the United States."""
    zone = _manner.get().zone
    local = moment.astimezone(zone)
    if local.year == (now or utcnow()).astimezone(zone).year:
        return f"{local:%B} {local.day}" if _manner.get().locale == "en-US" else f"{local.day} {local:%B}"
    return date_of(local)


def date_of(day_: date) -> str:
    """A day without a time: '3 May 2026', 'May 3, 2026' in the United States."""
    if _manner.get().locale == "en-US":
        return f"{day_:%B} {day_.day}, {day_.year}"
    return f"{day_.day} {day_:%B} {day_.year}"


def exact(moment: datetime) -> str:
    """'3 May 2026, 14:05 UTC', in the reader's own time zone; 'May 3, 2026, 2:05 PM EDT' in the United States."""
    local = moment.astimezone(_manner.get().zone)
    name = local.strftime("%Z")
    zone = f"UTC{name}" if name[:1] in "+-" else name
    if _manner.get().locale == "en-US":
        return f"{date_of(local)}, {local.hour % 12 or 12}:{local:%M %p} {zone}"
    return f"{date_of(local)}, {local:%H:%M} {zone}"


def iso(moment: datetime) -> str:
    """For <time datetime>."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def bytes_of(number: int) -> str:
    """A size: 512 as '512 bytes', 1536 as '1.5 kB', 1073741824 as '1 GB'."""
    for size, unit in ((1024**4, "TB"), (1024**3, "GB"), (1024**2, "MB"), (1024, "kB")):
        if number >= size:
            scaled = number / size
            return f"{scaled:.0f}{THIN}{unit}" if scaled >= 10 else f"{scaled:.1f}".removesuffix(".0") + THIN + unit
    return f"{number}{THIN}{'byte' if number == 1 else 'bytes'}"


def host(address: str) -> str:
    """'https://www.example.org/about' as 'example.org'."""
    return (urlsplit(address).hostname or address).removeprefix("www.")


def initials(name: str) -> str:
    """One or two letters for a person without a picture."""
    words = [word for word in name.replace("_", " ").replace("-", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


FILTERS: Final = {
    "count": count,
    "short_count": short_count,
    "amount": amount,
    "coins": coins,
    "money": money,
    "accounting": accounting,
    "ago": ago,
    "day": day,
    "date": date_of,
    "exact": exact,
    "iso": iso,
    "bytes": bytes_of,
    "host": host,
    "initials": initials,
}
