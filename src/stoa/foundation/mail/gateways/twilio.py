"""Text messages by Twilio's Messages resource, or by anything that speaks like it."""

from typing import Final

import httpx
import msgspec

from stoa.foundation.mail.errors import NotNow, Refused
from stoa.foundation.mail.types import Outgoing
from stoa.kit.config import Settings
from stoa.kit.ctx import App

MAX_ANSWER_CHARS: Final = 300
# Nothing is wrong with the message: our credentials or our account are, or there was too much at once.
_OURS: Final = frozenset({401, 403, 404, 408, 425, 429})


class _Answer(msgspec.Struct):
    sid: str | None = None
    code: int | None = None
    message: str | None = None


class Twilio:
    """The account of `twilio_account_sid`. It knows no idempotency: a text message may arrive twice after a crash."""

    name = "twilio"

    def __init__(self, settings: Settings) -> None:
        self.sid = settings.twilio_account_sid or ""
        self.token = settings.twilio_auth_token or ""
        self.sender = settings.twilio_from or ""
        self.address = f"{settings.twilio_api_url.rstrip('/')}/2010-04-01/Accounts/{self.sid}/Messages.json"

    async def deliver(self, app: App, message: Outgoing) -> str:
        """Answers the sid of the message."""
        sender = "MessagingServiceSid" if self.sender.startswith("MG") else "From"
        form = {"To": message.recipient, sender: self.sender, "Body": message.body.text}
        try:
            response = await app.http.post(self.address, data=form, auth=(self.sid, self.token))
        except httpx.HTTPError as error:
            raise NotNow(f"Twilio did not answer: {error or type(error).__name__}"[:MAX_ANSWER_CHARS]) from error
        answer = _read(response)
        if response.is_success:
            return answer.sid or "taken without a sid"
        text = f"{response.status_code}, code {answer.code}: {answer.message or 'without a reason'}"[:MAX_ANSWER_CHARS]
        if 400 <= response.status_code <= 499 and response.status_code not in _OURS:
            raise Refused(text)
        raise NotNow(text)

    async def look(self) -> str:
        """Says who sends; asking Twilio would need a message."""
        return f"by Twilio from {self.sender}"


def _read(response: httpx.Response) -> _Answer:
    """What can be read of an answer; an error page of something in between is no JSON."""
    try:
        return msgspec.json.decode(response.content, type=_Answer)
    except msgspec.DecodeError:
        return _Answer()
