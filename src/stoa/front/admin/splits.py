"""`/admin/splits`: how what is paid is shared, now, before and from a day on."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from litestar import Request, Response, get, post

from stoa.front import flash
from stoa.front.formats import date_of
from stoa.front.page import page, see_other
from stoa.kit.ctx import Ctx
from stoa.kit.errors import Invalid
from stoa.kit.http import CtxDep, access
from stoa.money.splits import actions, queries
from stoa.money.splits.errors import RuleTaken
from stoa.money.splits.types import KINDS, SplitKind, SplitRule, with_states

LABELS: Final[dict[SplitKind, str]] = {"gift": "Gifts of coins", "tip": "Tips", "sale": "Sales"}
EXAMPLES: Final[dict[SplitKind, tuple[int, str]]] = {
    "gift": (5_000, "COIN"),
    "tip": (300, "USD"),
    "sale": (10_000, "INR"),
}
_PARTS: Final = ("creator", "platform", "charity", "tax")


def percent(basis_points: int) -> str:
    """'2.5 %' of 250 basis points."""
    return f"{basis_points / 100:g}\u202f%"


def example(rule: SplitRule) -> dict[str, Any]:
    """What an amount that many pay becomes by a rule."""
    amount_minor, asset = EXAMPLES[rule.kind]
    return {
        "amount_minor": amount_minor,
        "asset": asset,
        "shares": [share for share in rule.shares(amount_minor) if share.amount_minor],
    }


@get("/admin/splits", opt=access("admin"))
async def show_rules(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[str]:
    """The rules in force with an example each, those to come, those that were, and a form for a new one."""
    return await _rules_page(request, ctx)


async def _rules_page(
    request: Request[Any, Any, Any],
    ctx: Ctx,
    *,
    form: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    items = with_states(await queries.rules(ctx), ctx.now)
    tomorrow = (ctx.now + timedelta(days=1)).date()
    return await page(
        request,
        ctx,
        "admin/splits.html",
        status=status,
        in_force=sorted((i.rule for i in items if i.state == "in_force"), key=lambda rule: KINDS.index(rule.kind)),
        coming=[i.rule for i in items if i.state == "coming"],
        past=[i.rule for i in items if i.state == "past"],
        labels=LABELS,
        percent=percent,
        example=example,
        form=form or {"effective_from": tomorrow.isoformat()},
        tomorrow=tomorrow.isoformat(),
        errors=errors or {},
    )


@post("/admin/splits", opt=access("admin"))
async def add_rule(request: Request[Any, Any, Any], ctx: CtxDep) -> Response[Any]:
    """Shares a kind differently from the beginning of a day (UTC) on."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    try:
        given = _given(form)
        await actions.add_rule(ctx, **given)
    except Invalid as error:
        fields = {name.removesuffix("_bp"): message for name, message in error.fields.items()}
        return await _rules_page(request, ctx, form=form, errors=fields, status=error.status)
    except RuleTaken as error:
        return await _rules_page(request, ctx, form=form, errors={"effective_from": error.detail}, status=error.status)
    back = see_other("/admin/splits")
    label, day = LABELS[given["kind"]], date_of(given["effective_from"].date())
    flash.add(request, back, flash.Toast(f"{label} are shared by the new rule from {day} on.", "good"))
    return back


def _given(form: dict[str, str]) -> dict[str, Any]:
    """The form as `actions.add_rule` takes it. Raises Invalid with each field that cannot be read."""
    wrong: dict[str, str] = {}
    given: dict[str, Any] = {"kind": form.get("kind"), "tax_name": form.get("tax_name")}
    if given["kind"] not in KINDS:
        wrong["kind"] = "One of gifts, tips and sales"
    try:
        day = date.fromisoformat(form.get("effective_from", ""))
        given["effective_from"] = datetime(day.year, day.month, day.day, tzinfo=UTC)
    except ValueError:
        wrong["effective_from"] = "Please give a day, such as 2026-05-03"
    for name in _PARTS:
        points = _points(form.get(name, ""), empty=0 if name in ("charity", "tax") else None)
        if points is None:
            wrong[name] = "Please give percents, such as 97 or 2.5"
        given[f"{name}_bp"] = points
    if wrong:
        raise Invalid(fields=wrong)
    return given


def _points(text: str, *, empty: int | None) -> int | None:
    """'2.5' as 250 basis points; None for what is no percentage of at most two decimals."""
    text = text.strip().removesuffix("%").strip()
    if not text:
        return empty
    try:
        points = Decimal(text) * 100
    except ArithmeticError:  # no number, or one beyond all bounds
        return None
    if not points.is_finite() or not 0 <= points <= 10_000 or points != points.to_integral_value():
        return None
    return int(points)


routes = [show_rules, add_rule]
