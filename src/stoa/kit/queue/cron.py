"""Cron rules of five fields, in UTC."""

from datetime import UTC, datetime

from cronsim import CronSim, CronSimError


class Cron:
    """A rule such as `15 3 * * 1` (minute, hour, day of month, month, day of week). Raises ValueError for another."""

    __slots__ = ("rule",)

    def __init__(self, rule: str) -> None:
        self.rule = rule
        try:
            CronSim(rule, datetime(2026, 1, 1, tzinfo=UTC))
        except CronSimError as error:
            raise ValueError(f"{rule!r} is not a cron rule: {error}") from None

    def after(self, moment: datetime) -> datetime:
        """The first time of the rule after `moment`."""
        return next(CronSim(self.rule, moment.astimezone(UTC)))
