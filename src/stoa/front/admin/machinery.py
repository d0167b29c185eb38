"""`/admin/jobs`: what the machinery does, dead letters, and giving them another chance or up."""

from typing import Any, get_args
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from stoa.foundation.audit import actions as audit
from stoa.front import flash
from stoa.front.admin.filters import choice, newest, older, text
from stoa.front.page import page, safe_next, see_other
from stoa.kit.errors import Conflict, Invalid
from stoa.kit.http import CtxDep, Path, access
from stoa.kit.queue import admin

STATES: tuple[admin.State, ...] = get_args(admin.State)
LIMIT = 50


class QueueRow(msgspec.Struct, frozen=True):
    """A queue with its jobs by state."""

    queue: str
    counts: dict[str, int]


def by_queue(counts: list[admin.QueueCount]) -> list[QueueRow]:
    """One row for each queue."""
    rows: dict[str, dict[str, int]] = {}
    for one in counts:
        rows.setdefault(one.queue, dict.fromkeys(STATES, 0))[one.state] = one.count
    return [QueueRow(queue, states) for queue, states in sorted(rows.items())]


def rule(schedule: admin.ScheduleView) -> str:
    """When a periodic task runs: 'every 30 s', 'every 10 min', or its cron line."""
    if schedule.every_s is None:
        return schedule.cron or ""
    whole = int(schedule.every_s)
    for size, unit in ((3600, "h"), (60, "min")):
        if whole >= size and whole % size == 0:
            return f"every {whole // size} {unit}"
    return f"every {schedule.every_s:g} s"


@get("/admin/jobs", opt=access("admin"))
async def list_jobs(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Queues, the last hour, periodic tasks, and the jobs of a state."""
    state, queue, type_ = choice(request, "state", STATES), text(request, "queue"), text(request, "type")
    found = await admin.jobs(
        ctx, state=state, queue=queue, type_=type_, cursor=request.query_params.get("cursor"), limit=LIMIT
    )
    minutes = await admin.throughput(ctx)
    return await page(
        request,
        ctx,
        "admin/jobs.html",
        queues=by_queue(await admin.counts(ctx)),
        chart=[(f"{m.minute:%H:%M}", float(m.done), f"{m.done} done, {m.dead} dead") for m in minutes],
        ended=sum(m.done for m in minutes),
        oldest_s=await admin.oldest_waiting_s(ctx),
        schedules=await admin.schedules(ctx),
        rule=rule,
        jobs=found.items,
        states=STATES,
        chosen={"state": state, "queue": queue, "type": type_},
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/admin/jobs/dead", opt=access("admin"))
async def list_dead(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """Jobs that failed as often as they may, the last to die first."""
    type_ = text(request, "type")
    found = await admin.jobs(ctx, state="dead", type_=type_, cursor=request.query_params.get("cursor"), limit=LIMIT)
    return await page(
        request,
        ctx,
        "admin/dead.html",
        jobs=found.items,
        chosen={"type": type_},
        types=sorted({job.type for job in found.items}),
        older=older(request, found.next_cursor),
        newest=newest(request),
    )


@get("/admin/jobs/{job_id:uuid}", opt=access("admin"))
async def show_job(request: Request[Any, Any, Any], ctx: CtxDep, job_id: Path[UUID]) -> Response[str]:
    """Everything about one job."""
    job = await admin.job(ctx, job_id)
    pretty = msgspec.json.format(msgspec.json.encode(job.payload)).decode()
    result = None if job.result is None else msgspec.json.format(msgspec.json.encode(job.result)).decode()
    return await page(request, ctx, "admin/job.html", job=job, payload=pretty, result=result)


@post("/admin/jobs/{job_id:uuid}/retry", opt=access("admin"))
async def retry(request: Request[Any, Any, Any], ctx: CtxDep, job_id: Path[UUID]) -> Response[Any]:
    """Puts a dead letter back into its queue."""
    back = see_other(safe_next((await request.form()).get("next"), "/admin/jobs/dead"))
    try:
        await admin.retry(ctx, job_id)
        await audit.record(ctx, "jobs.retried", subject="job", subject_id=job_id)
    except Conflict as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
    else:
        flash.add(request, back, flash.Toast("It is back in its queue.", "good"))
    return back


@post("/admin/jobs/{job_id:uuid}/discard", opt=access("admin"))
async def discard(request: Request[Any, Any, Any], ctx: CtxDep, job_id: Path[UUID]) -> Response[Any]:
    """Gives a dead letter up."""
    back = see_other("/admin/jobs/dead")
    try:
        await admin.discard(ctx, job_id)
        await audit.record(ctx, "jobs.discarded", subject="job", subject_id=job_id)
    except Conflict as error:
        flash.add(request, back, flash.Toast(error.detail, "bad"))
    else:
        flash.add(request, back, flash.Toast("It is given up. It stays visible among the discarded ones."))
    return back


@post("/admin/jobs/dead/retry-all", opt=access("admin"))
async def retry_all(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Puts all dead letters of a type back."""
    type_ = (await request.form()).get("type")
    if not type_:
        raise Invalid(fields={"type": "Which type?"})
    revived = await admin.retry_all(ctx, type_)
    await audit.record(ctx, "jobs.retried_all", subject="job_type", subject_id=type_, after={"jobs": revived})
    back = see_other("/admin/jobs/dead")
    text_ = f"{revived} of {type_} are back in their queue." if revived else "None could be put back."
    flash.add(request, back, flash.Toast(text_, "good" if revived else "warn"))
    return back


routes = [list_jobs, list_dead, show_job, retry, discard, retry_all]
