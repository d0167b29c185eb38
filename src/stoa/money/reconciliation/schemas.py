"""Bodies of `/api/v1/reconciliation`."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from stoa.money.reconciliation.types import Kind, Subject

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class RunIn(msgspec.Struct):
    """Which account, and which time; see the action for what is taken when it is left out."""

    gateway: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    subject: Subject = "payments"
    account_id: UUID | None = None
    since: Moment | None = None
    until: Moment | None = None


class ResolveIn(msgspec.Struct):
    """How it was settled."""

    note: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]


class SummaryOut(msgspec.Struct):
    """How much is open, by kind and in all."""

    open: int
    kinds: dict[Kind, int]
