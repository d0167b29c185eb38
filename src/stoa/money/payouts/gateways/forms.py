"""The forms for bank accounts, by the currency in which they are held; what the banks of a country ask for.

The names of the fields are ours; each provider says them in its own words.
"""

from collections.abc import Mapping
from typing import Final

from stoa.money.payouts.errors import BadDestination
from stoa.money.payouts.types import Field

_IBAN: Final = Field(
    name="iban",
    label="IBAN",
    help="The international number of the account, such as DE89 3704 0044 0532 0130 00; spaces do not matter",
    pattern="[A-Za-z]{2}[0-9]{2}[0-9A-Za-z ]{10,38}",
    secret=True,
)
_SWIFT: Final = Field(
    name="swift_code",
    label="SWIFT code (BIC)",
    help="8 or 11 letters and digits, such as NBOKKWKW",
    pattern="[A-Za-z]{6}[0-9A-Za-z]{2}([0-9A-Za-z]{3})?",
)
_SORT_CODE: Final = Field(
    name="sort_code",
    label="Sort code",
    help="Six digits, such as 23-14-70",
    pattern="[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}",
)
_ROUTING: Final = Field(
    name="routing_number",
    label="Routing number (ABA)",
    help="The nine digits for ACH transfers",
    pattern="[0-9]{9}",
)
_IFSC: Final = Field(
    name="ifsc",
    label="IFSC",
    help="Eleven letters and digits, such as YESB0236041",
    pattern="[A-Za-z]{4}0[0-9A-Za-z]{6}",
)
_BANK_CODE: Final = Field(name="bank_code", label="Bank code", help="Four digits", pattern="[0-9]{4}")
_BRANCH_CODE: Final = Field(name="branch_code", label="Branch code", help="Three digits", pattern="[0-9]{3}")
# An account is the same account wherever its holder is said to live.
_KIND: Final = Field(
    name="account_type",
    label="Kind of account",
    options=[("checking", "Checking"), ("savings", "Savings")],
    identifies=False,
)
_ADDRESS: Final = (
    Field(
        name="street",
        label="Street and number",
        help="Where the holder of the account lives; no P.O. box",
        identifies=False,
    ),
    Field(name="city", label="City", identifies=False),
    Field(name="state", label="State", help="Two letters, such as WA", pattern="[A-Z]{2}", identifies=False),
    Field(
        name="postcode",
        label="ZIP code",
        help="Five digits, or nine",
        pattern="[0-9]{5}(-[0-9]{4})?",
        identifies=False,
    ),
)


def _number(digits: str, told: str) -> Field:
    return Field(name="account_number", label="Account number", help=told, pattern=digits, secret=True)


# Whose answers are asked for: of accounts in these currencies, held in these countries ("" is any).
FORMS: Final[Mapping[str, tuple[str, tuple[Field, ...]]]] = {
    "EUR": ("", (_IBAN,)),
    "GBP": ("GB", (_SORT_CODE, _number("[0-9]{8}", "Eight digits"))),
    "USD": ("US", (_ROUTING, _number("[0-9]{4,17}", "4 to 17 digits"), _KIND, *_ADDRESS)),
    "INR": ("IN", (_IFSC, _number("[0-9]{9,18}", "9 to 18 digits"))),
    "JPY": ("JP", (_BANK_CODE, _BRANCH_CODE, _number("[0-9]{7}", "Seven digits"))),
    "BHD": ("BH", (_SWIFT, _IBAN)),
    "KWD": ("KW", (_SWIFT, _IBAN)),
}


def form_of(currency: str, country: str, reached: tuple[str, ...]) -> list[Field]:
    """The form of an account. Raises BadDestination for a currency, or an account's country, that is not `reached`."""
    if currency not in reached:
        raise BadDestination(fields={"currency": f"One of {', '.join(reached)}"})
    home, fields = FORMS[currency]
    if home and country != home:
        raise BadDestination(fields={"country": f"An account in {currency} has to be held in {home}"})
    return list(fields)


def bare(text: str) -> str:
    """An account's number without what only helps the eye, in capitals."""
    return text.replace(" ", "").replace("-", "").upper()
