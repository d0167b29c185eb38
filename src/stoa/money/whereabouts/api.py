"""`/api/v1/money`: where one's money is."""

from litestar import get

from stoa.kit.errors import NotFound
from stoa.kit.http import CtxDep, Cursor, PageLimit, Path, access
from stoa.kit.money import CURRENCIES
from stoa.kit.pagination import Page
from stoa.money.whereabouts import queries
from stoa.money.whereabouts.schemas import LineOut, MoneyOut, line_out, money_out
from stoa.money.whereabouts.types import Stage


@get("/api/v1/money", opt=access("member"))
async def get_money(ctx: CtxDep) -> MoneyOut:
    """Each asset's way from what was earned to what has arrived: how much is where, why, and what happens next."""
    return money_out(await queries.money(ctx, ctx.member.id))


@get("/api/v1/money/{asset:str}/{stage:str}", opt=access("member"))
async def list_stage(
    ctx: CtxDep, asset: Path[str], stage: Path[str], cursor: Cursor = None, limit: PageLimit = 20
) -> Page[LineOut]:
    """The movements that brought to a stage what is in it, newest first, each with its postings."""
    if asset not in CURRENCIES or stage not in list(Stage):
        raise NotFound
    page = await queries.stage_lines(ctx, ctx.member.id, asset, Stage(stage), cursor=cursor, limit=limit)
    return Page([line_out(line, asset) for line in page.items], page.next_cursor)


routes = [get_money, list_stage]
