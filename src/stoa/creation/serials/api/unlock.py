"""`/api/v1/chapters/{id}/unlock`."""

from uuid import UUID

from litestar import post

from stoa.creation.serials.actions import unlock as actions
from stoa.creation.serials.schemas.unlock import UnlockIn
from stoa.creation.serials.types import Unlocked
from stoa.kit.http import Body, CtxDep, Path, Request, access
from stoa.kit.http.idempotency import key_of
from stoa.kit.ids import new_id

ANY_PRICE = UnlockIn()  # what no body at all means


@post(
    "/api/v1/chapters/{chapter_id:uuid}/unlock",
    status_code=200,
    opt=access("member", idempotent=True, limit="write"),
)
async def unlock(ctx: CtxDep, chapter_id: Path[UUID], request: Request, data: Body[UnlockIn] = ANY_PRICE) -> Unlocked:
    """Buys a chapter with coins or credits, for good. Honours `Idempotency-Key` (M11)."""
    key = key_of(request.scope) or str(new_id())
    return await actions.unlock(ctx, chapter_id, key=key, price_minor=data.price_minor, price_asset=data.price_asset)


routes = [unlock]
