"""Bodies of the routes about plans."""

from datetime import datetime

import msgspec

from stoa.foundation.plans.types import Plan


class PlanIn(msgspec.Struct):
    """The plan an account is to be on; without `expires_at` until it is changed."""

    plan: Plan
    expires_at: datetime | None = None
