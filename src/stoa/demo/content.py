"""What the demo is made of, read from the files beside: people.toml, gifts.toml, and posts/, a text each.

A post begins with lines of `name: value` and a line of dashes. `hours` says how long ago it came out; `cover` names a
picture and describes it: `ridges dawn | Hills in the light of dawn`. Pictures in the text are written
`![what one sees](picture:stone winter)`.
"""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

HERE: Final = Path(__file__).parent
PICTURE: Final = re.compile(r"!\[([^\]]*)\]\(picture:(\w+) (\w+)\)")


class Person(msgspec.Struct, frozen=True):
    """Somebody who lives here. `colours` and `shape` make the avatar; nobody has to have one."""

    username: str
    display_name: str
    bio: str
    colours: list[str] = []
    shape: int = 0


class People(msgspec.Struct, frozen=True):
    """Those who write, and those who only read."""

    writer: list[Person]
    reader: list[Person]


class Drawing(msgspec.Struct, frozen=True):
    """A picture to be drawn, with its description."""

    kind: str
    palette: str
    alt: str


class Post(msgspec.Struct, frozen=True):
    """A text. `state`: published, draft, or review."""

    name: str
    title: str
    by: str
    category: str
    hours: float
    body: str
    cover: Drawing | None = None
    state: str = "published"

    @property
    def drawings(self) -> list[Drawing]:
        """The pictures inside the text, in order."""
        return [Drawing(kind, palette, alt) for alt, kind, palette in PICTURE.findall(self.body)]


class Purchase(msgspec.Struct, frozen=True):
    """A package of coins that somebody bought, or tried to."""

    by: str
    package: int
    hours: float
    method: str = "pm_card_visa"


class Gift(msgspec.Struct, frozen=True):
    """Coins on a post, some hours `after` it came out; `undone`: taken back a moment later."""

    by: str
    post: str
    coins: Annotated[int, msgspec.Meta(ge=1)]
    after: float
    message: str | None = None
    undone: bool = False


class Tip(msgspec.Struct, frozen=True):
    """Dollars by card, so many hours ago. `back`: the receiver gave it back."""

    by: str
    to: str
    hours: float
    superlike: bool = True
    method: str = "pm_card_visa"
    back: bool = False


class Money(msgspec.Struct, frozen=True):
    """What was bought and given."""

    purchase: list[Purchase]
    gift: list[Gift]
    tip: list[Tip]


def people() -> People:
    """Everybody, in the order in which they came."""
    return msgspec.convert(tomllib.loads((HERE / "people.toml").read_text("utf-8")), People)


def money() -> Money:
    """Purchases and gifts."""
    return msgspec.convert(tomllib.loads((HERE / "gifts.toml").read_text("utf-8")), Money)


def posts() -> list[Post]:
    """All texts."""
    return [_post(path) for path in sorted((HERE / "posts").glob("*.md"))]


def _post(path: Path) -> Post:
    head, _, body = path.read_text("utf-8").partition("\n---\n")
    fields: dict[str, Any] = {"name": path.stem, "body": body.strip()}
    for line in head.splitlines():
        name, _, given = line.partition(":")
        fields[name] = given.strip()
    if "cover" in fields:
        picture, _, alt = fields["cover"].partition("|")
        kind, palette = picture.split()
        fields["cover"] = {"kind": kind, "palette": palette, "alt": alt.strip()}
    return msgspec.convert(fields, Post, strict=False)
