"""What can go wrong with plans."""

from stoa.kit.errors import LimitReached


class PlanLimit(LimitReached):
    """B4: says the meter, the plan, its limit, the use, and the plan that lifts it, to people and to programs."""
