"""The sandbox's test cards, and what they do."""

import re
from datetime import datetime
from typing import Final

from stoa.money.payments.errors import BadCard
from stoa.money.payments.types import SandboxCard

# What a card does. "disputed" is paid, and disputed by its owner right after.
METHODS: Final = {
    "pm_card_visa": "good",
    "pm_card_chargeDeclined": "declined",
    "pm_card_authenticationRequired": "asks",
    "pm_card_createDispute": "disputed",
}
CARDS: Final = {
    "4242424242424242": "good",
    "4000000000000002": "declined",
    "4000002500003155": "asks",
    "4000000000000259": "disputed",
}
DECLINED: Final = ("card_declined", "The card was declined. Please use another one.")
NOT_AUTHENTICATED: Final = ("authentication_failed", "The card's bank did not recognise you. Please try again.")


def behaviour_of(card: SandboxCard, now: datetime) -> str:
    """What a typed card does. Raises BadCard naming every field that is wrong."""
    wrong: dict[str, str] = {}
    number = re.sub(r"[ -]", "", card.number)
    if number not in CARDS:
        wrong["number"] = "This is a sandbox: please use one of the test cards"
    match = re.fullmatch(r"\s*(\d{1,2})\s*/\s*(?:20)?(\d{2})\s*", card.expiry, re.ASCII)
    if match is None or not 1 <= int(match[1]) <= 12:
        wrong["expiry"] = "Please give month and year, such as 04/30"
    elif (2000 + int(match[2]), int(match[1])) < (now.year, now.month):
        wrong["expiry"] = "This card has expired"
    if re.fullmatch(r"\d{3,4}", card.cvc.strip(), re.ASCII) is None:
        wrong["cvc"] = "Three or four digits"
    if wrong:
        raise BadCard(fields=wrong)
    return CARDS[number]
