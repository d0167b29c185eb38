"""Who carries messages out of the house."""

from typing import Final, Protocol

from stoa.foundation.mail.errors import NotNow
from stoa.foundation.mail.gateways.smtp import Smtp
from stoa.foundation.mail.gateways.twilio import Twilio
from stoa.foundation.mail.types import Channel, Outgoing
from stoa.kit.config import Settings
from stoa.kit.ctx import App
from stoa.kit.doctor import Finding

KEPT: Final = "kept for /admin/mail"


class Carrier(Protocol):
    """What takes messages of one channel. Called outside of any transaction of ours."""

    name: str

    async def deliver(self, app: App, message: Outgoing) -> str:
        """Hands it over and answers the carrier's own name of it. Raises Refused for good, NotNow for this time."""
        ...

    async def look(self) -> str:
        """What an operator sees of it. Raises NotNow when it does not work."""
        ...


def carrier_for(settings: Settings, channel: Channel) -> Carrier | None:
    """Who carries this channel here, or None when nobody is configured."""
    match channel:
        case Channel.EMAIL:
            return Smtp(settings) if settings.smtp_url else None
        case Channel.SMS:
            return Twilio(settings) if settings.twilio_account_sid else None


async def look(settings: Settings) -> Finding:
    """A line for the doctor: by whom mails and text messages go, and whether the mail server lets us in."""
    mails, texts = carrier_for(settings, Channel.EMAIL), carrier_for(settings, Channel.SMS)
    try:
        seen = f"{await mails.look() if mails else KEPT}; text messages {await texts.look() if texts else KEPT}"
    except NotNow as error:
        return Finding("mail", False, str(error), "see to smtp_url and to the server it names; mails wait meanwhile")
    return Finding("mail", True, seen)
