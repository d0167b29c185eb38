"""To whom messages may go."""

import re
from typing import Final

from stoa.kit.errors import Invalid

# `\Z`, not `$`: that one would let a line break at the end pass.
_EMAIL: Final = re.compile(
    r"[^@\s\x00-\x1f\x7f\"(),:;<>\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,186}[A-Za-z0-9])?\Z"
)
_PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}\Z", re.ASCII)


def check_email(to: str) -> None:
    """Raises Invalid for what is not one address: no names, lists, routes or line breaks."""
    if not _EMAIL.match(to):
        raise Invalid(fields={"email": "This does not look like an e-mail address"})


def check_phone(to: str) -> None:
    """Raises Invalid for what is not a number as E.164 writes it (I1)."""
    if not _PHONE.match(to):
        raise Invalid(fields={"phone": "Please give the number with its country code, such as +491701234567"})
