"""What can go wrong with plans."""

from stoa.foundation.plans.types import Meter, Plan
from stoa.kit.errors import LimitReached

_WORDS = {
    Meter.STORAGE_BYTES: "of pictures and files",
    Meter.SERIES: "series",
    Meter.CHAPTERS: "chapters",
    Meter.MEMBERS: "paying members",
    Meter.BROADCASTS: "letters a month",
    Meter.AI_WORDS: "words by machine a month",
    Meter.COLLABORATORS: "people on your team, open invitations included",
}


def _amount(meter: Meter, number: int) -> str:
    if meter is not Meter.STORAGE_BYTES:
        return f"{number:,}"
    for size, unit in ((1024**3, "GB"), (1024**2, "MB"), (1024, "kB")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number} bytes"


class PlanLimit(LimitReached):
    """B4: says the limit, the use, and the plan that lifts it, to people and to programs."""

    def __init__(self, meter: Meter, plan: Plan, *, limit: int, used: int, wanted: int, lifted_by: Plan | None) -> None:
        detail = (
            f"The plan {plan.label} holds {_amount(meter, limit)} {_WORDS[meter]}; "
            f"you use {_amount(meter, used)}, and this needs {_amount(meter, wanted)} more."
        )
        if lifted_by is not None:
            detail += f" The plan {lifted_by.label} has room for it."
        super().__init__(
            detail,
            meter=meter.value,
            plan=plan.value,
            limit=limit,
            used=used,
            wanted=wanted,
            lifted_by=lifted_by.value if lifted_by else None,
        )
