"""Text messages by a server that speaks Twilio."""

import base64
from datetime import timedelta
from typing import Any

import pytest

from stoa.foundation.mail import actions
from stoa.foundation.mail.gateways import look
from stoa.kit.clock import utcnow
from stoa.kit.queue import run_due

ACCOUNT = {"twilio_account_sid": "AC42", "twilio_auth_token": "hush", "twilio_from": "+15005550006"}


@pytest.fixture
async def twilio(twilio_server: Any, configured: Any) -> Any:
    configured(twilio_api_url=twilio_server.url + "/", **ACCOUNT)
    return twilio_server


async def send(make: Any) -> None:
    async with make.tx() as ctx:
        await actions.send_sms(ctx, to="+491701234567", text="Your code is 123456 & äöü")


async def row(app: Any) -> Any:
    async with app.database.connection() as db:
        return await db.fetchrow("select * from mail_messages")


async def test_it_speaks_twilio(twilio: Any, make: Any, app: Any, jobs: Any) -> None:
    await send(make)
    await jobs()
    ((path, headers, form),) = twilio.requests
    assert path == "/2010-04-01/Accounts/AC42/Messages.json"
    assert headers["authorization"] == "Basic " + base64.b64encode(b"AC42:hush").decode()
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert form == {"To": "+491701234567", "From": "+15005550006", "Body": "Your code is 123456 & äöü"}
    sent = await row(app)
    assert (sent["state"], sent["provider_id"], sent["sealed"]) == ("sent", f"SM{1:032x}", None)
    assert (await look(app.settings)).seen == "kept for /admin/mail; text messages by Twilio from +15005550006"


async def test_a_messaging_service_sends(twilio: Any, make: Any, jobs: Any, configured: Any) -> None:
    configured(twilio_from="MG77")
    await send(make)
    await jobs()
    assert twilio.requests[0][2]["MessagingServiceSid"] == "MG77" and "From" not in twilio.requests[0][2]


async def test_a_number_that_is_none_ends_it(twilio: Any, make: Any, app: Any, jobs: Any) -> None:
    twilio.answers.append((400, {"code": 21211, "message": "The 'To' number is not valid", "status": 400}))
    await send(make)
    await jobs()
    failed = await row(app)
    assert (failed["state"], failed["attempts"]) == ("failed", 1)
    assert failed["last_error"] == "400, code 21211: The 'To' number is not valid"


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (500, b"<html>oops</html>", "500, code None: without a reason"),
        (503, {"code": 20503, "message": "Service unavailable"}, "503, code 20503: Service unavailable"),
        (429, {"code": 20429, "message": "Too many requests"}, "429, code 20429: Too many requests"),
        (401, {"code": 20003, "message": "Authenticate"}, "401, code 20003: Authenticate"),
        (404, {"code": 20404, "message": "No such account"}, "404, code 20404: No such account"),
        (302, b"", "302, code None: without a reason"),
    ],
)
async def test_what_is_no_fault_of_the_message_is_tried_again(
    twilio: Any, make: Any, app: Any, jobs: Any, status: int, body: Any, told: str
) -> None:
    twilio.answers.append((status, body))
    await send(make)
    await jobs(reraise=False)
    waiting = await row(app)
    assert (waiting["state"], waiting["last_error"]) == ("queued", told)
    await run_due(app, now=utcnow() + timedelta(minutes=1))
    assert ((await row(app))["state"], len(twilio.requests)) == ("sent", 2)


async def test_an_answer_that_is_no_json_is_still_a_yes(twilio: Any, make: Any, app: Any, jobs: Any) -> None:
    twilio.answers.append((201, b"fine"))
    await send(make)
    await jobs()
    assert ((await row(app))["state"], (await row(app))["provider_id"]) == ("sent", "taken without a sid")


async def test_nobody_answers(make: Any, app: Any, jobs: Any, configured: Any) -> None:
    configured(twilio_api_url="http://127.0.0.1:9", **ACCOUNT)
    await send(make)
    await jobs(reraise=False)
    waiting = await row(app)
    assert waiting["state"] == "queued" and waiting["last_error"].startswith("Twilio did not answer")
