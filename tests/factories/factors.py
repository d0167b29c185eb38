"""Second factors for tests: `phone = await make.phone(ana)`, `key = await make.authenticator()`.

A phone has an authenticator app that is set up and confirmed; an authenticator makes passkeys as a browser's would.
"""

import hashlib
import json
import os
from typing import Any

import cbor2
import pyotp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from stoa.foundation.identity import actions
from stoa.foundation.identity.types import Attestation
from stoa.kit import forms
from stoa.kit.clock import utcnow


class Phone:
    """An authenticator app, and the backup codes that came with it."""

    def __init__(self, make: Any, user: Any, secret: str, backup_codes: list[str]) -> None:
        self.make = make
        self.user = user
        self.secret = secret
        self.backup_codes = backup_codes

    def code(self, steps: int = 0) -> str:
        """The code it shows now, or showed or will show some steps of 30 seconds away."""
        return pyotp.TOTP(self.secret).at(utcnow(), counter_offset=steps)

    async def later(self) -> str:
        """The code it shows when enough time has gone by for the last one to be history."""
        async with self.make.tx() as ctx:
            await ctx.db.execute("update totp_factors set last_step = 0 where user_id = $1", self.user.id)
        return self.code()


async def make_phone(make: Any, user: Any) -> Phone:
    """Somebody with an app as second factor; their session has not shown it lately."""
    async with make.tx(user) as ctx:
        begun = await actions.totp.enable(ctx, password=user.password)
        added = await actions.totp.verify(ctx, pyotp.TOTP(begun.secret).at(ctx.now))
        await ctx.db.execute("update sessions set second_factor_at = null where user_id = $1", user.id)
        await ctx.db.execute("update totp_factors set last_step = 0 where user_id = $1", user.id)
    return Phone(make, user, begun.secret, added.backup_codes)


async def make_recent(make: Any, user: Any) -> None:
    """Their session has shown a second factor just now."""
    async with make.tx(user) as ctx:
        await ctx.db.execute("update sessions set second_factor_at = $2 where user_id = $1", user.id, ctx.now)


class Authenticator:
    """Makes passkeys and signs with them. `counts`: whether it counts its signatures, as security keys do."""

    def __init__(self, origin: str = "http://testserver", *, counts: bool = True) -> None:
        self.origin = origin
        self.counts = counts
        self.count = 0
        self.id = os.urandom(20)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.user_handle = b""

    def create(self, options: dict[str, Any], **changed: Any) -> dict[str, Any]:
        """What `navigator.credentials.create` answers."""
        self.user_handle = base64url_to_bytes(options["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        data = self._data(options["rp"]["id"], 0x40, **changed) + attested
        made = {"fmt": "none", "attStmt": {}, "authData": data}
        return {
            "id": bytes_to_base64url(self.id),
            "rawId": bytes_to_base64url(self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": self._client_data("webauthn.create", options["challenge"], **changed),
                "attestationObject": bytes_to_base64url(cbor2.dumps(made)),
                "transports": ["internal"],
            },
        }

    def get(self, options: dict[str, Any], **changed: Any) -> dict[str, Any]:
        """What `navigator.credentials.get` answers. changed: origin, rp_id, verified, count, user_handle, signer."""
        if self.counts:
            self.count += 1
        client_data = self._client_data("webauthn.get", options["challenge"], **changed)
        data = self._data(options["rpId"], 0, **changed)
        signed = data + hashlib.sha256(base64url_to_bytes(client_data)).digest()
        signature = changed.get("signer", self.key).sign(signed, ec.ECDSA(SHA256()))
        return {
            "id": bytes_to_base64url(self.id),
            "rawId": bytes_to_base64url(self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": client_data,
                "authenticatorData": bytes_to_base64url(data),
                "signature": bytes_to_base64url(signature),
                "userHandle": bytes_to_base64url(changed.get("user_handle", self.user_handle)),
            },
        }

    def _data(self, party: str, flags: int, **changed: Any) -> bytes:
        flags |= 0x01 | (0x04 if changed.get("verified", True) else 0)
        count = changed.get("count", self.count)
        return hashlib.sha256(changed.get("rp_id", party).encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str, **changed: Any) -> str:
        origin = changed.get("origin", self.origin)
        said = {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}
        return bytes_to_base64url(json.dumps(said).encode())


async def make_authenticator(make: Any, **more: Any) -> Authenticator:
    """One that knows nobody yet."""
    return Authenticator(**more)


async def make_passkey(make: Any, user: Any, **more: Any) -> Authenticator:
    """Somebody with a passkey; their session has not shown a factor lately."""
    key = Authenticator(**more)
    async with make.tx(user) as ctx:
        options = await actions.passkeys.begin_adding(ctx, password=user.password)
        await actions.passkeys.add(ctx, forms.parse(Attestation, key.create(options)), name=None)
        await ctx.db.execute("update sessions set second_factor_at = null where user_id = $1", user.id)
    return key
