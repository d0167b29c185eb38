"""Works for tests: `await make.post(author=ana)`, `await make.picture(ana)`."""

import itertools
from typing import Any

import pyvips

from stoa.creation.posts import actions as posts
from stoa.creation.posts.types import PostView
from stoa.foundation.media import actions as media
from stoa.foundation.media.types import MediaView

_numbers = itertools.count(1)
BODY = (
    "A covered walk of columns, open on one side to the market. People came for the shade, and stayed for the talk.\n\n"
    "> Nothing in it was for sale that could not be carried away in the head.\n"
)


async def make_post(
    make: Any,
    author: Any = None,
    *,
    title: str | None = None,
    body: str = BODY,
    category: str | None = "Education",
    published: bool = True,
    at: Any = None,
    **more: Any,
) -> PostView:
    """A post, published unless told otherwise. at: when it was published, for lists ordered by time."""
    author = author or await make.user(roles=("creator",))
    title = f"Under the columns, part {next(_numbers)}" if title is None else title
    async with make.tx(author) as ctx:
        if at is not None:
            ctx.now = at
        post = await posts.write(ctx, title=title, body_markdown=body, category=category, **more)
        return await posts.publish(ctx, post.id) if published else post


async def make_picture(make: Any, owner: Any, *, width: int = 400, height: int = 300, alt: str = "") -> MediaView:
    """An uploaded picture of one colour, different at each call."""
    number = next(_numbers)
    image = pyvips.Image.black(width, height, bands=3).linear(1, [number % 256, number // 256 % 256, 90])
    async with make.tx(owner) as ctx:
        return await media.upload_image(ctx, data=bytes(image.cast("uchar").pngsave_buffer()), alt=alt)
