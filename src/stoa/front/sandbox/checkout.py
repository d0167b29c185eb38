"""`/sandbox/checkout/{session}` and `/sandbox/3ds/{payment}`: where the payer of a sandbox order types a card.

The unguessable id in the address is the right to open the page, as with a real gateway: it asks for no session of ours.
"""

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post

from stoa.front.page import page, see_other
from stoa.kit import forms
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.http import CtxDep, Path, access
from stoa.money.payments import queries
from stoa.money.payments.actions import hosted
from stoa.money.payments.errors import SessionClosed
from stoa.money.payments.types import SandboxCard

Text = Annotated[str, msgspec.Meta(max_length=100)]


class TestCard(msgspec.Struct, frozen=True):
    """A card of the list: a short name for the address, its number, and what it does."""

    name: str
    number: str
    does: str


CARDS: Final = (
    TestCard("good", "4242 4242 4242 4242", "The payment succeeds."),
    TestCard("declined", "4000 0000 0000 0002", "The card is declined."),
    TestCard("asks", "4000 0025 0000 3155", "The bank asks the payer first (3‑D Secure)."),
    TestCard("disputed", "4000 0000 0000 0259", "The payment succeeds and is disputed afterwards."),
)
REFUSED: Final = "The card's bank did not recognise you. Nothing was charged; you can try again."


class CardForm(msgspec.Struct):
    """The card as typed."""

    number: Text = ""
    expiry: Text = ""
    cvc: Text = ""


@get("/sandbox/checkout/{session_id:str}", opt=access("public"))
async def checkout(request: Request[Any, Any, Any], ctx: CtxDep, session_id: Path[str]) -> Response[str]:
    """The form; `?card=` fills in one of the test cards, `?refused=yes` is where a refused 3-D Secure leads."""
    chosen = next((c for c in CARDS if c.name == request.query_params.get("card")), None)
    typed = CardForm(chosen.number, f"12/{(ctx.now.year + 4) % 100:02d}", "123") if chosen else CardForm()
    declined = REFUSED if request.query_params.get("refused") == "yes" else None
    return await _checkout_page(request, ctx, session_id, typed=typed, declined=declined)


async def _checkout_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    session_id: str,
    *,
    typed: CardForm,
    errors: dict[str, str] | None = None,
    declined: str | None = None,
    status: int = 200,
) -> Response[str]:
    session = await _session(ctx, session_id)
    if session.state != "open":
        status = 410 if status == 200 else status
    return await page(
        request,
        ctx,
        "sandbox/checkout.html" if session.state == "open" else "sandbox/closed.html",
        status=status,
        session=session,
        cards=CARDS,
        typed=typed,
        errors=errors or {},
        declined=declined,
    )


async def _session(ctx: Ctx, session_id: str) -> Any:
    """Raises NotFound also where the sandbox is switched off."""
    if not ctx.app.settings.sandbox:
        raise NotFound
    return await queries.sandbox_session(ctx, session_id)


@post("/sandbox/checkout/{session_id:str}", opt=access("public"))
async def pay(request: Request[Any, Any, Any], ctx: CtxDep, session_id: Path[str]) -> Response[Any]:
    """Tries the card. One that is declined can be followed by another; the refusal is kept, so it answers 200."""
    typed = CardForm()
    await _session(ctx, session_id)
    try:
        typed = forms.parse(CardForm, dict(await request.form()), strict=False)
        card = SandboxCard(typed.number, typed.expiry, typed.cvc)
        answer = await hosted.submit_card(ctx, session_id, card)
    except Invalid as error:
        return await _checkout_page(request, ctx, session_id, typed=typed, errors=error.fields, status=error.status)
    except SessionClosed as error:
        return await _checkout_page(request, ctx, session_id, typed=typed, status=error.status)
    if answer.redirect_url is not None:
        return see_other(answer.redirect_url)
    return await _checkout_page(request, ctx, session_id, typed=typed, declined=answer.message)


@post("/sandbox/checkout/{session_id:str}/leave", opt=access("public"))
async def leave(ctx: CtxDep, session_id: Path[str]) -> Response[Any]:
    """The payer turns back."""
    await _session(ctx, session_id)
    return see_other(await hosted.leave_checkout(ctx, session_id))


@get("/sandbox/3ds/{payment_id:str}", opt=access("public"))
async def challenge(request: Request[Any, Any, Any], ctx: CtxDep, payment_id: Path[str]) -> Response[str]:
    """The bank's question."""
    if not ctx.app.settings.sandbox:
        raise NotFound
    asked = await queries.sandbox_challenge(ctx, payment_id)
    return await page(request, ctx, "sandbox/challenge.html", asked=asked)


@post("/sandbox/3ds/{payment_id:str}", opt=access("public"))
async def answer_challenge(request: Request[Any, Any, Any], ctx: CtxDep, payment_id: Path[str]) -> Response[Any]:
    """Approves or refuses; a second answer is told the outcome of the first."""
    answer = (await request.form()).get("answer")
    if answer not in ("approve", "refuse"):
        raise Invalid(fields={"answer": "approve or refuse"})
    told = await hosted.answer_challenge(ctx, payment_id, approve=answer == "approve")
    target = told.redirect_url or "/wallet/orders"
    # Back at the card, where another one can be tried, the page says what became of this one.
    is_back_at_card = target.startswith(f"{ctx.app.settings.base_url}/sandbox/checkout/")
    return see_other(f"{target}?refused=yes" if is_back_at_card and told.status == "failed" else target)


routes = [checkout, pay, leave, challenge, answer_challenge]
