"""Content for an empty installation, and the main job told in the terminal (`story`).

Importing this is quick, since `./stoa up` does so at each start; what it needs is imported when it is called.
"""

from typing import Any, Final

PASSWORD: Final = "stone and shade"

# Who it is, username, password where all is local. Everybody in people.toml has the same password.
LOGINS: Final = (
    ("a reader", "nora", PASSWORD),
    ("a writer", "elena", PASSWORD),
    ("a moderator", "marcus", PASSWORD),
    ("administrator", "helen", PASSWORD),
)


async def seed(app: Any, password: str = PASSWORD) -> bool:
    """Fill an empty database with people, posts, gifts and payouts; False for any other, which is left as it is.

    `app`: a kit.ctx.App. `password`: of all its people; that of LOGINS is for where only this machine can come.
    """
    from stoa.demo.making import make

    return await make(app, password)
