"""How much series are read, and how hot they are, counted from time to time: lists are sorted by it."""

from uuid import UUID

from stoa.creation.serials.queries.listed import OUT
from stoa.kit.ctx import Ctx
from stoa.kit.db import run

# A series is as hot as the hottest of it and its chapters, so that one that goes on does not fade as it grows old.
_COUNT = run(
    f"""
    update series b set reads = n.reads, trending = n.hot
    from (
      select s.work_id, (s.views + coalesce(parts.views, 0))::bigint as reads,
        greatest(s.hot, parts.hot) as hot
      from work_stats s join series on series.work_id = s.work_id
      left join (
        select c.parent_id, sum(cs.views) as views, max(cs.hot) as hot
        from works c join work_stats cs on cs.work_id = c.id where {OUT} and ($1::uuid is null or c.parent_id = $1)
        group by c.parent_id
      ) parts on parts.parent_id = s.work_id
      where $1::uuid is null or s.work_id = $1
    ) n
    where n.work_id = b.work_id and (b.reads, b.trending) is distinct from (n.reads, n.hot)
    """
)


async def count(ctx: Ctx, series_id: UUID | None = None) -> int:
    """Counts one series, or all; answers how many changed."""
    return await _COUNT(ctx.db, series_id)
