"""What the ledger refuses. The database raises SQLSTATE LGnnn; `translated` makes the typed error of it."""

from typing import Any, Final, cast

import asyncpg
import msgspec

from stoa.kit.errors import Conflict, Invalid, NotFound, StoaError


class InsufficientFunds(Conflict):
    """409: an account would fall below zero (M9). Carries owner_id, asset, purpose, available_minor, needed_minor."""

    code = "insufficient_funds"
    title = "There is not enough in the account"


class Unbalanced(Invalid):
    """422: the legs of a transfer do not sum to zero per asset, or are out of form (M1)."""

    code = "unbalanced"
    title = "The transfer does not balance"


class KeyReused(Conflict):
    """409: the idempotency key was used for another transfer (M11)."""

    code = "idempotency_key_reused"
    title = "This key belongs to another transfer"


class BooksAreFinal(Conflict):
    """409: history, a balance or a hold was to be changed directly (M1)."""

    code = "books_are_final"
    title = "The books cannot be changed"


class HoldClosed(Conflict):
    """409: the hold was settled, released or has expired. Carries hold_id and state."""

    code = "hold_closed"
    title = "This hold is closed"


class HoldExceeded(Conflict):
    """409: more was to be paid out of a hold than it holds. Carries hold_id, asset and missing_minor."""

    code = "hold_exceeded"
    title = "More than is held"


class AlreadyReversed(Conflict):
    """409: a transfer is reversed once. Carries transfer_id and reversed_by."""

    code = "already_reversed"
    title = "This transfer is reversed already"


class NotReversible(Conflict):
    """409: reversals, and transfers that open or return a hold, are not reversed."""

    code = "not_reversible"
    title = "This transfer cannot be reversed"


class UnknownAccount(Invalid):
    """422: there is no such asset, or no such purpose in ledger_purposes."""

    code = "unknown_account"
    title = "There is no such account"


_CLASSES: Final[dict[str, type[StoaError]]] = {
    "LG001": InsufficientFunds,
    "LG002": Unbalanced,
    "LG003": KeyReused,
    "LG004": BooksAreFinal,
    "LG005": HoldClosed,
    "LG006": HoldExceeded,
    "LG007": AlreadyReversed,
    "LG008": NotReversible,
    "LG009": UnknownAccount,
    "LG010": NotFound,
}
_CONSTRAINTS: Final[dict[str, type[StoaError]]] = {
    "ledger_accounts_not_negative": InsufficientFunds,
    "ledger_transfers_key_once": KeyReused,
    "ledger_postings_pkey": Unbalanced,
}


def translated(error: asyncpg.PostgresError) -> BaseException:
    """The typed error of a refusal by the database; any other error as it is."""
    found = _CLASSES.get(str(error.sqlstate)) or _CONSTRAINTS.get(getattr(error, "constraint_name", None) or "")
    if found is None:
        return cast("BaseException", error)
    detail = getattr(error, "detail", None)
    extra: dict[str, Any] = msgspec.json.decode(detail) if detail and detail.startswith("{") else {}
    return found(None if found is InsufficientFunds else str(error.args[0]), **extra)
