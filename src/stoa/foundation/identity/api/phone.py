"""`/api/v1/auth/phone`: one's own phone, and logging in by a code that is sent there (I1)."""

from litestar import get, post, put

from stoa.foundation.identity import actions, queries
from stoa.foundation.identity.api.session import open_session
from stoa.foundation.identity.queries import PhoneView
from stoa.foundation.identity.schemas import (
    CodeIn,
    CodeSentOut,
    PhoneCodeIn,
    PhoneIn,
    ProveIn,
    SetPhoneIn,
    SignedInOut,
)
from stoa.kit.http import Body, CtxDep, access

CODE_TTL_S = int(actions.phone.CODE_TTL.total_seconds())


@post("/api/v1/auth/phone/request", status_code=202, opt=access("public", limit="auth"))
async def request_code(ctx: CtxDep, data: Body[PhoneIn]) -> CodeSentOut:
    """A code to log in with. Status, body and time tell nothing of whose phone it is."""
    phone = await actions.phone.request_code(ctx, data.phone)
    return CodeSentOut("If there is an account with this phone, a code is on its way", phone, CODE_TTL_S)


@post("/api/v1/auth/phone/verify", status_code=200, opt=access("public", limit="auth"))
async def verify_code(ctx: CtxDep, data: Body[PhoneCodeIn]) -> SignedInOut:
    """A new session for the code. 401 `mfa_required` hands out a challenge where a second factor is set up."""
    user_id = await actions.phone.verify_code(ctx, data.phone, data.code)
    await actions.enter(ctx, user_id, by="phone")
    return await open_session(ctx, user_id, by="phone")


@get("/api/v1/auth/phone", opt=access("member"))
async def my_phone(ctx: CtxDep) -> PhoneView:
    """One's phone, and the one that waits to be confirmed."""
    return await queries.phone_of(ctx)


@put("/api/v1/auth/phone", status_code=202, opt=access("member", limit="auth"))
async def change_phone(ctx: CtxDep, data: Body[SetPhoneIn]) -> CodeSentOut:
    """Sends a code to what is to be one's phone. 403 `step_up_required` where the account has second factors."""
    phone = await actions.phone.change_phone(ctx, phone=data.phone, password=data.password)
    return CodeSentOut("A code is on its way to this phone", phone, CODE_TTL_S)


@post("/api/v1/auth/phone/confirm", status_code=200, opt=access("member", limit="auth"))
async def confirm_phone(ctx: CtxDep, data: Body[CodeIn]) -> PhoneView:
    """The code makes the phone one's own."""
    await actions.phone.confirm_phone(ctx, data.code)
    return await queries.phone_of(ctx)


@post("/api/v1/auth/phone/remove", status_code=204, opt=access("member", limit="auth"))
async def remove_phone(ctx: CtxDep, data: Body[ProveIn]) -> None:
    """Takes the phone off the account."""
    await actions.phone.remove_phone(ctx, password=data.password)


routes = [request_code, verify_code, my_phone, change_phone, confirm_phone, remove_phone]
