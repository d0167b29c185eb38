"""What a series warns of."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from stoa.creation.serials.actions.genres import LOCK
from stoa.creation.serials.policies.series import access_series, access_series_to_edit
from stoa.creation.serials.types import WARNINGS, WarningView
from stoa.kit.ctx import Ctx
from stoa.kit.db import run
from stoa.kit.errors import Invalid, NotFound
from stoa.kit.forms import storable

DETAILS_MAX: Final = 500
_DROP = run("delete from work_warnings where work_id = $1 and warning <> all($2::text[])")
_PUT = run(
    """
    insert into work_warnings as w (work_id, warning, details, added_by, added_at)
    select $1, warning, details, $4, $5 from unnest($2::text[], $3::text[]) as given (warning, details)
    on conflict (work_id, warning) do update set details = excluded.details where w.details <> excluded.details
    """
)
_REMOVE = run("delete from work_warnings where work_id = $1 and warning = $2")


async def set_warnings(ctx: Ctx, series_id: UUID, given: Mapping[str, str]) -> list[WarningView]:
    """Replaces the warnings of a series: kinds of WARNINGS, each with details in its author's words, or none.

    Raises NotFound, Forbidden, Invalid.
    """
    await access_series_to_edit(ctx, series_id)
    await LOCK(ctx.db, series_id)
    await put_warnings(ctx, series_id, given, replace=True)
    return (await access_series(ctx, series_id)).warnings


async def add_warning(ctx: Ctx, series_id: UUID, warning: str, details: str = "") -> list[WarningView]:
    """Adds a warning, or changes the details of one that is there. Raises as `set_warnings`."""
    await access_series_to_edit(ctx, series_id)
    await put_warnings(ctx, series_id, {warning: details})
    return (await access_series(ctx, series_id)).warnings


async def remove_warning(ctx: Ctx, series_id: UUID, warning: str) -> list[WarningView]:
    """Takes a warning away. Raises NotFound, Forbidden."""
    await access_series_to_edit(ctx, series_id)
    if not storable(warning) or not await _REMOVE(ctx.db, series_id, warning):
        raise NotFound("The series does not have this warning")
    return (await access_series(ctx, series_id)).warnings


async def put_warnings(ctx: Ctx, work_id: UUID, given: Mapping[str, str], *, replace: bool = False) -> None:
    """Stores warnings of a work that the actor may change, and with `replace` no others. Raises Invalid."""
    evened = {warning: " ".join(details.split()) for warning, details in given.items()}
    wrong = {}
    if not evened.keys() <= WARNINGS.keys():
        wrong["warning"] = "Please choose from the list of warnings"
    if any(len(details) > DETAILS_MAX or not storable(details) for details in evened.values()):
        wrong["details"] = f"Please use at most {DETAILS_MAX} characters that can be stored"
    if wrong:
        raise Invalid(fields=wrong)
    if replace:
        await _DROP(ctx.db, work_id, list(evened))
    await _PUT(ctx.db, work_id, list(evened), list(evened.values()), ctx.member.id, ctx.now)
