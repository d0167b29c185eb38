"""Bodies of `/api/v1/admin/fraud`."""

from typing import Annotated

import msgspec


class ApproveIn(msgspec.Struct):
    """What was found, for the log."""

    note: Annotated[str, msgspec.Meta(max_length=500)] | None = None


class RejectIn(msgspec.Struct):
    """Why payouts stay held, in words the person reads."""

    note: Annotated[str, msgspec.Meta(min_length=3, max_length=500)]
