"""The protocol to a provider of identities (I7). `configured` knows which are set up.

A provider is asked three things: where to send somebody (`authorization_url`), who came back with this code
(`redeem`), and whom an id token of one of our own apps speaks of (`trust`). None of them touches the database.
"""

from typing import Protocol

import msgspec

from stoa.foundation.identity import types
from stoa.kit.ctx import App


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A way out to a provider. `challenge` is the S256 of a PKCE verifier."""

    redirect_uri: str
    state: str
    nonce: str
    challenge: str


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """What came back, with what only whoever began knows."""

    code: str
    verifier: str
    redirect_uri: str
    nonce: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who somebody is at a provider.

    `account_id` never changes. `email_verified`: the provider has seen that they read this mailbox. `email_is_theirs`:
    it vouches that they still do, so that the address may find an existing account.
    """

    account_id: str
    email: str | None = None
    email_verified: bool = False
    email_is_theirs: bool = False
    name: str | None = None
    username: str | None = None
    avatar_url: str | None = None


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """The tokens that came with it; `expires_in_s` is the access token's."""

    access_token: str | None = None
    refresh_token: str | None = None
    expires_in_s: int | None = None
    scopes: tuple[str, ...] = ()


class Identity(msgspec.Struct, frozen=True):
    """A person, proved, at a provider."""

    provider: types.Provider
    person: Person
    grant: Grant


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

    async def revoke(self, app: App, token: str) -> None:
        """Tells the provider that a token of its will not be used any more."""
        ...
