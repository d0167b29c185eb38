"""Sealing what must not be read from a stolen database, and signing what leaves and comes back.

A sealed value is AES-256-GCM with a random nonce. It is bound to its row by `aad` (say `payout_destination:<id>`):
moved to another row it does not open. The id of the key stands in the blob, so keys can be changed: the first of
`Settings.encryption_keys` seals and signs, all of them open and verify. `needs_reseal` finds what an old key sealed.
"""

import hashlib
import hmac
import os
from collections.abc import Sequence
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stoa.kit.config import EncryptionKey, Settings

VERSION: Final = 1
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16


class SealBroken(Exception):
    """The blob is not what was sealed for this place, or its key is not among those configured."""


class Keyring:
    """The keys of one installation. Blobs: version, length of the key id, key id, nonce, ciphertext with tag."""

    def __init__(self, keys: Sequence[EncryptionKey]) -> None:
        if not keys:
            raise ValueError("a keyring needs a key")
        for key in keys:
            if len(key.key) != 32 or not 1 <= len(key.id.encode()) <= 255:
                raise ValueError(f"key {key.id!r}: 32 bytes are needed, and an id")
        if len({key.id for key in keys}) != len(keys):
            raise ValueError("two keys have the same id")
        self._first = keys[0].id.encode()
        # The configured key itself touches no data: sealing and each purpose of signing have keys derived from it.
        self._roots = {key.id.encode(): key.key for key in keys}
        self._ciphers = {id_: AESGCM(_derived(root, b"seal")) for id_, root in self._roots.items()}
        self._signing: dict[tuple[bytes, str], bytes] = {}

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The keyring of these settings."""
        return cls(settings.encryption_keys)

    def seal(self, plain: bytes, aad: str) -> bytes:
        """Encrypts for the place that `aad` names."""
        nonce = os.urandom(NONCE_BYTES)
        return self.head + nonce + self._ciphers[self._first].encrypt(nonce, plain, self.head + aad.encode())

    def open(self, blob: bytes, aad: str) -> bytes:
        """What was sealed for this place. Raises SealBroken for anything else."""
        head, key_id, rest = _split(blob)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealBroken(f"there is no key {key_id.decode(errors='replace')!r}")
        if len(rest) < NONCE_BYTES + TAG_BYTES:
            raise SealBroken("the blob is cut off")
        try:
            return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], head + aad.encode())
        except InvalidTag:
            raise SealBroken("the blob was changed, or belongs to another place") from None

    def needs_reseal(self, blob: bytes) -> bool:
        """Whether another key than the first sealed it: open it and seal it again."""
        return _split(blob)[1] != self._first

    @property
    def head(self) -> bytes:
        """How everything begins that the first key seals: a query finds by it what has to be sealed anew."""
        return bytes((VERSION, len(self._first))) + self._first

    def sign(self, data: bytes, purpose: str) -> bytes:
        """A signature that holds for this purpose only. It names its key, so it outlives a change of keys."""
        return self._signed(self._first, data, purpose)

    def verify(self, data: bytes, signature: bytes, purpose: str) -> bool:
        """Whether `sign` made this signature, for these data and this purpose. Takes the same time either way."""
        try:
            _, key_id, _ = _split(signature)
        except SealBroken:
            return False
        if key_id not in self._roots:
            return False
        return hmac.compare_digest(self._signed(key_id, data, purpose), signature)

    def _signed(self, key_id: bytes, data: bytes, purpose: str) -> bytes:
        key = self._signing.get((key_id, purpose))
        if key is None:
            key = self._signing[key_id, purpose] = _derived(self._roots[key_id], b"sign:" + purpose.encode())
        return bytes((VERSION, len(key_id))) + key_id + hmac.digest(key, data, hashlib.sha256)


def _derived(root: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"stoa:1:" + purpose).derive(root)


def _split(blob: bytes) -> tuple[bytes, bytes, bytes]:
    if len(blob) < 2 or blob[0] != VERSION or len(blob) < 2 + blob[1] or blob[1] == 0:
        raise SealBroken("this is not a sealed value")
    end = 2 + blob[1]
    return blob[:end], blob[2:end], blob[end:]
