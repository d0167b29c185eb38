"""The protocol to a provider of identities (I7). `configured` knows which are set up.

A provider is asked three things: where to send somebody (`authorization_url`), who came back with this code
(`redeem`), and whom an id token of one of our own apps speaks of (`trust`). None of them touches the database.
"""

from datetime import datetime
from typing import Protocol

import msgspec

from stoa.foundation.identity.types import Identity
from stoa.kit.ctx import App


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A way out to a provider. `challenge` is the S256 of a PKCE verifier."""

    redirect_uri: str
    state: str
    nonce: str
    challenge: str


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """What came back `at` that time, with what only whoever began knows."""

    code: str
    verifier: str
    redirect_uri: str
    nonce: str
    at: datetime


class Provider(Protocol):
    """What every provider can do. All of it raises ProviderUnavailable, and never another error of the network."""

    async def authorization_url(self, app: App, ask: Ask) -> str:
        """Where to send somebody."""
        ...

    async def redeem(self, app: App, code: Code) -> Identity:
        """Who came back. Raises ProofRefused."""
        ...

    async def trust(self, app: App, id_token: str, nonce: str) -> Identity:
        """Whom an id token speaks of. Raises ProofRefused, and Invalid where the provider gives none."""
        ...

    async def revoke(self, app: App, token: str, at: datetime) -> None:
        """Tells the provider that a token of its will not be used any more."""
        ...
