"""What the door asks of a work, and what it answers."""

from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

import msgspec

Why = Literal["free", "author", "collaborator", "staff", "bought"]


class Readable(Protocol):
    """Of any work: who made it, whether it is out, and its access rule (S1)."""

    @property
    def id(self) -> UUID:
        """The work's id."""

    @property
    def author_id(self) -> UUID:
        """Who made it."""

    @property
    def state(self) -> str:
        """'published' when it is out."""

    @property
    def access(self) -> str:
        """free, subscribers, tier or scheduled."""

    @property
    def opens_at(self) -> datetime | None:
        """When a scheduled work opens to everybody."""

    @property
    def closed(self) -> bool:
        """Whether the series or the site it stands in is not open to readers."""

    @property
    def price_minor(self) -> int | None:
        """What opens it for good, in the smallest unit of `price_asset`."""

    @property
    def price_asset(self) -> str | None:
        """The asset of its price; none where it is not sold by itself."""

    @property
    def team_role(self) -> str | None:
        """What the actor is on the site it stands on, if they work there."""

    @property
    def team_permissions(self) -> list[str]:
        """What they were given there beyond the role."""


class Offer(msgspec.Struct, frozen=True):
    """Something that would open a work: `label` for people, `opens_at` when waiting is enough, the price of `buy`."""

    kind: Literal["wait", "buy", "subscribe", "tier"]
    label: str
    opens_at: datetime | None = None
    price_minor: int | None = None
    price_asset: str | None = None


class Granted(msgspec.Struct, frozen=True, tag="granted"):
    """The reader may have the whole work."""

    why: Why


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The reader may have only its beginning; the offers would open the rest."""

    offers: list[Offer]


Answer = Granted | Refused
