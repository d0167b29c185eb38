"""Content for an empty installation, and the main job told in the terminal (`story`).

Importing this is quick, since `./stoa up` does so at each start; what it needs is imported when it is called.
"""

from typing import Any, Final

PASSWORD: Final = "stone and shade"

# Who it is, username, password. Everybody in people.toml has the same password.
LOGINS: Final = (
    ("a reader", "nora", PASSWORD),
    ("a writer", "elena", PASSWORD),
    ("a moderator", "marcus", PASSWORD),
    ("administrator", "helen", PASSWORD),
)


async def seed(app: Any) -> None:
    """Fill an empty database with people, posts, gifts and payouts; leave any other as it is. `app`: a kit.ctx.App."""
    from stoa.demo.making import make

    await make(app)
