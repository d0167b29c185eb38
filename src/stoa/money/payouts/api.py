"""`/api/v1/earnings`, `/api/v1/payouts`, and `/api/v1/payout-destinations`: where payouts go."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import MediaType, Request, Response, delete, get, post, put
from litestar.params import QueryParameter
from litestar.response import Stream

from stoa.kit.http import Body, CtxDep, Cursor, PageLimit, Path, Query, access
from stoa.kit.http.idempotency import key_of
from stoa.kit.ids import new_id
from stoa.kit.pagination import Page, decode, keyset
from stoa.money.payouts import actions, queries
from stoa.money.payouts.actions import destinations, hearing, offers, statements
from stoa.money.payouts.actions.switchboard import provider_named, switched_on
from stoa.money.payouts.policies import access_destination, access_own_payout, access_payout
from stoa.money.payouts.queries import destinations as owned
from stoa.money.payouts.queries import stats
from stoa.money.payouts.schemas import (
    EarningsOut,
    PayoutDetailOut,
    PayoutIn,
    PayoutOut,
    QuoteIn,
    QuoteOut,
    ReasonIn,
    StatsOut,
    earnings_out,
    payout_detail_out,
    payout_out,
    quote_out,
    stats_out,
)
from stoa.money.payouts.schemas.destinations import (
    ChangeIn,
    DestinationIn,
    DestinationOut,
    FieldOut,
    FormOut,
    OptionOut,
    ProofIn,
    ProviderOut,
    destination_out,
)
from stoa.money.payouts.types import PayoutState, PayoutView

OfAsset = Annotated[str | None, QueryParameter(max_length=10, description="USD, …, or COIN")]
NO_PROOF = ProofIn()  # what no body at all means
Month = Annotated[str, QueryParameter(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$", description="Such as 2026-05")]
Format = Literal["pdf", "html"]
PRINTED = "default-src 'none'; style-src 'unsafe-inline'"
Days = Annotated[int, QueryParameter(ge=1, le=366)]


@get("/api/v1/earnings", opt=access("member"))
async def get_earnings(ctx: CtxDep, days: Days = 30) -> EarningsOut:
    """What one has earned and where it is, with a series of the last `days` days."""
    return earnings_out(await queries.earnings(ctx, ctx.member.id, days=days))


@get("/api/v1/payouts", opt=access("member"))
async def list_payouts(
    ctx: CtxDep,
    status: Query[PayoutState | None] = None,
    asset: OfAsset = None,
    cursor: Cursor = None,
    limit: PageLimit = 20,
) -> Page[PayoutOut]:
    """One's own payouts, newest first."""
    scope = f"payouts.{status}.{asset}"
    before = decode(cursor, tuple[datetime, UUID], scope=scope)
    rows = await queries.payouts(ctx, ctx.member.id, state=status, asset=asset, before=before, limit=limit + 1)
    page = keyset(rows, limit, scope=scope, key=lambda row: (row.requested_at, row.id))
    return Page([payout_out(row) for row in page.items], page.next_cursor)


@post("/api/v1/payouts", opt=access("member", idempotent=True))
async def request_payout(ctx: CtxDep, data: Body[PayoutIn], request: Request[Any, Any, Any]) -> PayoutOut:
    """Have what one has earned paid out (M7): all of it, or so much; coins where nothing is said."""
    payout = await actions.request_payout(
        ctx,
        key=key_of(request.scope) or str(new_id()),
        asset=data.asset,
        amount_minor=data.amount_minor,
        destination=data.destination,
        fee_minor=data.fee_minor,
    )
    return payout_out(payout)


@post("/api/v1/payouts/quote", status_code=200, opt=access("member"))
async def quote_payout(ctx: CtxDep, data: Body[QuoteIn]) -> QuoteOut:
    """What a payout would come to: the provider's fee, and what arrives by when."""
    return quote_out(await offers.quoted(ctx, data.asset, data.amount_minor, data.destination))


@get("/api/v1/payouts/stats", opt=access("member"))
async def get_stats(ctx: CtxDep) -> StatsOut:
    """What was paid out so far, by asset and currency, and what can be asked for."""
    sums, payables = await stats.sums(ctx, ctx.member.id), await queries.payables(ctx, ctx.member.id)
    return stats_out(sums, payables)


@get("/api/v1/payouts/export", opt=access("member", answers=("text/csv",)))
async def export(ctx: CtxDep, status: Query[PayoutState | None] = None, asset: OfAsset = None) -> Stream:
    """All one's payouts as CSV, sent while it is read."""
    headers = {"Content-Disposition": 'attachment; filename="payouts.csv"', "Cache-Control": "private, no-store"}
    return Stream(stats.as_csv(ctx, state=status, asset=asset), media_type="text/csv", headers=headers)


@get("/api/v1/payouts/statement", opt=access("member", answers=("application/pdf", "text/html")))
async def get_month_statement(ctx: CtxDep, month: Month, format: Query[Format] = "pdf") -> Response[Any]:
    """What a month did to what one has earned, and the payouts that arrived in it, as PDF or as HTML."""
    shown = await statements.of_month(ctx, date.fromisoformat(f"{month}-01"))
    return await _printed(shown, f"statement-{month}", ctx.now, format)


@get("/api/v1/payouts/{payout_id:uuid}/statement", opt=access("member", answers=("application/pdf", "text/html")))
async def get_payout_statement(ctx: CtxDep, payout_id: Path[UUID], format: Query[Format] = "pdf") -> Response[Any]:
    """What a payout of one's own was made of, as PDF or as HTML."""
    payout = await access_own_payout(ctx, payout_id)
    name = f"payout-{payout.requested_at:%Y-%m-%d}-{payout.id.hex[-6:]}"
    return await _printed(await statements.of_payout(ctx, payout), name, payout.ended_at or ctx.now, format)


async def _printed(shown: statements.Document, name: str, at: datetime, format: Format) -> Response[Any]:
    headers = {"Cache-Control": "private, no-store"}
    if format == "html":
        headers["Content-Security-Policy"] = PRINTED
        return Response(statements.as_html(shown), media_type=MediaType.HTML, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return Response(await statements.as_pdf(shown, at=at), media_type="application/pdf", headers=headers)


@get("/api/v1/payouts/{payout_id:uuid}", opt=access("member"))
async def get_payout(ctx: CtxDep, payout_id: Path[UUID]) -> PayoutDetailOut:
    """A payout of one's own, with all that happened to it; staff sees everybody's."""
    payout = await access_payout(ctx, payout_id)
    return payout_detail_out(payout, await queries.payout_events(ctx, payout.id))


@post("/api/v1/payouts/{payout_id:uuid}/cancel", status_code=200, opt=access("member", idempotent=True))
async def cancel_payout(ctx: CtxDep, payout_id: Path[UUID]) -> PayoutOut:
    """Call it off before it is sent."""
    return payout_out(await actions.cancel_payout(ctx, payout_id))


@get("/api/v1/payout-queue", opt=access("admin"))
async def list_open_payouts(ctx: CtxDep, cursor: Cursor = None, limit: PageLimit = 50) -> Page[PayoutView]:
    """Everybody's payouts that are under way, the longest waiting first."""
    after = decode(cursor, tuple[datetime, UUID], scope="payout-queue")
    rows = await queries.open_payouts(ctx, after=after, limit=limit + 1)
    return keyset(rows, limit, scope="payout-queue", key=lambda row: (row.requested_at, row.id))


@post("/api/v1/payouts/{payout_id:uuid}/review", status_code=200, opt=access("admin"))
async def review_payout(ctx: CtxDep, payout_id: Path[UUID], data: Body[ReasonIn]) -> PayoutOut:
    """Hold it until somebody has looked at it."""
    return payout_out(await actions.hold_for_review(ctx, payout_id, reason=data.reason))


@post("/api/v1/payouts/{payout_id:uuid}/approve", status_code=200, opt=access("admin"))
async def approve_payout(ctx: CtxDep, payout_id: Path[UUID]) -> PayoutOut:
    """Let a held payout go on."""
    return payout_out(await actions.approve(ctx, payout_id))


@post("/api/v1/payouts/{payout_id:uuid}/reject", status_code=200, opt=access("admin", idempotent=True))
async def reject_payout(ctx: CtxDep, payout_id: Path[UUID], data: Body[ReasonIn]) -> PayoutOut:
    """Call a held payout off; the coins go back."""
    return payout_out(await actions.reject(ctx, payout_id, reason=data.reason))


@post(
    "/api/v1/payout-webhooks/{provider:str}",
    status_code=200,
    # What is refused is kept, so a refusal must not roll back; and a provider's burst is no abuse.
    opt=access("provider", write=False, limit="none"),
    request_max_body_size=hearing.MAX_BODY_BYTES,
)
async def receive_payout_webhook(ctx: CtxDep, provider: Path[str], request: Request[Any, Any, Any]) -> dict[str, UUID]:
    """A payout provider's event: kept, then looked into by a job."""
    headers = {name.lower(): content for name, content in request.headers.items()}
    return {"id": await hearing.receive(ctx, provider, headers, await request.body())}


@get("/api/v1/payout-destinations", opt=access("member"))
async def list_destinations(ctx: CtxDep) -> Page[DestinationOut]:
    """One's own, the default one first."""
    return Page([destination_out(one, ctx.now) for one in await owned.destinations(ctx, ctx.member.id)], None)


@get("/api/v1/payout-providers", opt=access("member"))
async def list_providers(ctx: CtxDep) -> Page[ProviderOut]:
    """The ways of being paid out that are switched on."""
    found = [provider_named(ctx, name) for name in switched_on(ctx.app.settings)]
    return Page([ProviderOut(name=by.name, label=by.label, currencies=list(by.currencies)) for by in found], None)


@get("/api/v1/payout-providers/{provider:str}/fields", opt=access("member"))
async def get_fields(
    ctx: CtxDep,
    provider: Path[str],
    currency: Annotated[str, QueryParameter(pattern="^[A-Z]{3}$")],
    country: Annotated[str, QueryParameter(pattern="^[A-Z]{2}$")],
) -> FormOut:
    """What a destination is asked for."""
    return FormOut(
        [
            FieldOut(
                name=field.name,
                label=field.label,
                help=field.help,
                pattern=field.pattern,
                options=[OptionOut(value, label) for value, label in field.options],
                required=field.required,
                secret=field.secret,
            )
            for field in provider_named(ctx, provider).fields(currency, country)
        ]
    )


@post("/api/v1/payout-destinations", opt=access("member", idempotent=True))
async def add_destination(ctx: CtxDep, data: Body[DestinationIn]) -> DestinationOut:
    """A new one, after a second factor or the password (I4). All but the very first can be used a day later."""
    made = await destinations.add(
        ctx, provider=data.provider, label=data.label, details=data.details(), password=data.password
    )
    return destination_out(made, ctx.now)


@get("/api/v1/payout-destinations/{destination_id:uuid}", opt=access("member"))
async def get_destination(ctx: CtxDep, destination_id: Path[UUID]) -> DestinationOut:
    """One of one's own."""
    return destination_out(await access_destination(ctx, destination_id), ctx.now)


@put("/api/v1/payout-destinations/{destination_id:uuid}", opt=access("member"))
async def change_destination(ctx: CtxDep, destination_id: Path[UUID], data: Body[ChangeIn]) -> DestinationOut:
    """Another name, or another account, which can be used a day later."""
    changed = await destinations.change(
        ctx, destination_id, label=data.label, details=data.details(), password=data.password
    )
    return destination_out(changed, ctx.now)


@post("/api/v1/payout-destinations/{destination_id:uuid}/default", status_code=200, opt=access("member"))
async def make_default(ctx: CtxDep, destination_id: Path[UUID]) -> DestinationOut:
    """Payouts go there when nobody says where."""
    return destination_out(await destinations.make_default(ctx, destination_id), ctx.now)


@delete("/api/v1/payout-destinations/{destination_id:uuid}", opt=access("member"))
async def remove_destination(ctx: CtxDep, destination_id: Path[UUID], data: Body[ProofIn] = NO_PROOF) -> None:
    """Removes it; what was typed is forgotten."""
    await destinations.remove(ctx, destination_id, password=data.password)


routes = [
    get_earnings,
    list_payouts,
    request_payout,
    quote_payout,
    get_stats,
    export,
    get_month_statement,
    get_payout_statement,
    get_payout,
    cancel_payout,
    list_open_payouts,
    review_payout,
    approve_payout,
    reject_payout,
    receive_payout_webhook,
    list_destinations,
    list_providers,
    get_fields,
    add_destination,
    get_destination,
    change_destination,
    make_default,
    remove_destination,
]
