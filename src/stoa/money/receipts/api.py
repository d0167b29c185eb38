"""`/api/v1/my/payments`: what one paid, and receipts; `/api/v1/payments`: what one received, its sums and a series."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from litestar import MediaType, Response, get
from litestar.params import QueryParameter
from litestar.response import Stream

from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, Cursor, PageLimit, Path, Query, access
from stoa.kit.pagination import Page
from stoa.money.payments import queries as orders
from stoa.money.payments.types import OrderState
from stoa.money.receipts import actions, queries
from stoa.money.receipts.policies import access_own_payment, access_received_payment
from stoa.money.receipts.schemas import (
    PaymentDetailOut,
    PaymentOut,
    ReceivedDetailOut,
    ReceivedOut,
    StatsOut,
    TimelineOut,
    payment_detail_out,
    payment_out,
    received_detail_out,
    received_out,
    stats_out,
    timeline_out,
)
from stoa.money.receipts.types import COIN, Filter, Interval

Kind: TypeAlias = Annotated[str | None, QueryParameter(max_length=40, description="gift, coins, …")]
Currency: TypeAlias = Annotated[str | None, QueryParameter(max_length=10, description="USD, …, or COIN")]
Moment: TypeAlias = Annotated[datetime | None, QueryParameter(description="With its zone")]
Day: TypeAlias = Annotated[date | None, QueryParameter(description="A day of UTC")]
EARLIEST = date(1971, 1, 1)
PRINTED = "default-src 'none'; style-src 'unsafe-inline'"


def _filter(
    kind: str | None,
    status: OrderState | None,
    currency: str | None,
    work_id: UUID | None,
    since: datetime | None,
    until: datetime | None,
) -> Filter:
    without = [name for name, at in (("since", since), ("until", until)) if at is not None and at.tzinfo is None]
    if without:
        raise Invalid(fields=dict.fromkeys(without, "Please give the time with its zone, such as 2026-03-01T00:00:00Z"))
    return Filter(kind=kind, state=status, asset=currency, work_id=work_id, since=since, until=until)


@get("/api/v1/my/payments", opt=access("member"))
async def list_paid(
    ctx: CtxDep,
    kind: Kind = None,
    status: Query[OrderState | None] = None,
    currency: Currency = None,
    since: Moment = None,
    until: Moment = None,
    cursor: Cursor = None,
    limit: PageLimit = 20,
) -> Page[PaymentOut]:
    """What one paid, newest first: orders for money, and gifts of coins."""
    wanted = _filter(kind, status, currency, None, since, until)
    page = await queries.payments(ctx, "paid", wanted, cursor=cursor, limit=limit)
    return Page([payment_out(row) for row in page.items], page.next_cursor)


@get("/api/v1/my/payments/{payment_id:uuid}", opt=access("member"))
async def get_paid(ctx: CtxDep, payment_id: Path[UUID]) -> PaymentDetailOut:
    """A payment of one's own, with what happened to it."""
    payment = await access_own_payment(ctx, payment_id)
    return payment_detail_out(payment, await orders.order_events(ctx, payment.id))


@get("/api/v1/my/payments/{payment_id:uuid}/receipt", opt=access("member", answers=("application/pdf", "text/html")))
async def get_receipt(
    ctx: CtxDep, payment_id: Path[UUID], format: Query[Literal["pdf", "html"]] = "pdf"
) -> Response[Any]:
    """The receipt for a payment of one's own, as PDF or as HTML. It has its number from when it is first asked for."""
    headers = {"Cache-Control": "private, no-store"}
    if format == "html":
        html = await actions.receipt_html(ctx, payment_id)
        return Response(html, media_type=MediaType.HTML, headers=headers | {"Content-Security-Policy": PRINTED})
    number, pdf = await actions.receipt_pdf(ctx, payment_id)
    headers["Content-Disposition"] = f'attachment; filename="receipt-{number}.pdf"'
    return Response(pdf, media_type="application/pdf", headers=headers)


@get("/api/v1/payments", opt=access("member"))
async def list_received(
    ctx: CtxDep,
    kind: Kind = None,
    status: Query[OrderState | None] = None,
    currency: Currency = None,
    work_id: Query[UUID | None] = None,
    since: Moment = None,
    until: Moment = None,
    cursor: Cursor = None,
    limit: PageLimit = 20,
) -> Page[ReceivedOut]:
    """What one received, newest first, each with one's own share."""
    wanted = _filter(kind, status, currency, work_id, since, until)
    page = await queries.payments(ctx, "received", wanted, cursor=cursor, limit=limit)
    return Page([received_out(row) for row in page.items], page.next_cursor)


@get("/api/v1/payments/{payment_id:uuid}", opt=access("member"))
async def get_received(ctx: CtxDep, payment_id: Path[UUID]) -> ReceivedDetailOut:
    """A payment one received; staff sees everybody's."""
    return received_detail_out(await access_received_payment(ctx, payment_id))


@get("/api/v1/payments/stats", opt=access("member"))
async def get_stats(
    ctx: CtxDep,
    kind: Kind = None,
    status: Query[OrderState | None] = None,
    currency: Currency = None,
    work_id: Query[UUID | None] = None,
    since: Moment = None,
    until: Moment = None,
) -> StatsOut:
    """What one received in all, by currency and kind."""
    return stats_out(await queries.sums(ctx, _filter(kind, status, currency, work_id, since, until)))


@get("/api/v1/payments/export", opt=access("member", answers=("text/csv",)))
async def export(
    ctx: CtxDep,
    kind: Kind = None,
    status: Query[OrderState | None] = None,
    currency: Currency = None,
    work_id: Query[UUID | None] = None,
    since: Moment = None,
    until: Moment = None,
) -> Stream:
    """All that one received as CSV, sent while it is read."""
    wanted = _filter(kind, status, currency, work_id, since, until)
    headers = {"Content-Disposition": 'attachment; filename="payments.csv"', "Cache-Control": "private, no-store"}
    return Stream(queries.as_csv(ctx, wanted), media_type="text/csv", headers=headers)


@get("/api/v1/payments/timeline", opt=access("member"))
async def get_timeline(
    ctx: CtxDep,
    interval: Query[Interval] = "day",
    currency: Annotated[str, QueryParameter(max_length=10)] = COIN,
    kind: Kind = None,
    work_id: Query[UUID | None] = None,
    since: Day = None,
    until: Day = None,
) -> TimelineOut:
    """What one received by day, week or month, the last 30 days when nothing else is asked for; both days included."""
    last = until or ctx.now.date()
    first = since or max(last, EARLIEST) - timedelta(days=29)
    wanted = Filter(kind=kind, asset=currency, work_id=work_id)
    return timeline_out(await queries.timeline(ctx, wanted, interval, first=first, last=last), interval, currency)


routes = [
    list_paid,
    get_paid,
    get_receipt,
    list_received,
    get_received,
    get_stats,
    export,
    get_timeline,
]
