"""Who carries messages out of the house."""

from typing import Protocol

from stoa.foundation.mail.types import Channel, Outgoing
from stoa.kit.ctx import App


class Carrier(Protocol):
    """What takes messages of one channel. Called outside of any transaction of ours."""

    name: str

    async def deliver(self, app: App, message: Outgoing) -> str:
        """Hands it over and answers the carrier's own id of it. Raises Refused for good, NotNow for this time."""
        ...


def carrier_for(app: App, channel: Channel) -> Carrier | None:
    """Who carries this channel here, or None when nobody is configured."""
    return None
