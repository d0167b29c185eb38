"""On to a page of somebody else's, such as where a card is typed.

Our policy lets no form end on a foreign site, not even by a redirect; so a page of ours lies between, which leads on by
itself.
"""

from typing import Any

from litestar import Request, Response

from stoa.front.page import page, see_other
from stoa.kit.ctx import Ctx


async def leave_to(request: Request[Any, Any, Any], ctx: Ctx, url: str, *, back: str, why: str) -> Response[Any]:
    """To `url`: at once where it is ours, else by the page between; `why` says in a sentence what happens there."""
    base = ctx.app.settings.base_url
    if url == base or url.startswith(f"{base}/"):
        return see_other(url)
    return await page(request, ctx, "public/leaving.html", target=url, back=back, why=why)
