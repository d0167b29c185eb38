"""Hashing passwords, off the event loop and few at a time: one hash takes 0.1 s and 64 MiB."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher
from pwdlib.hashers.bcrypt import BcryptHasher

# argon2id with pwdlib's defaults; a bcrypt hash from an import verifies and is replaced at the next log-in (I2).
_HASHES = PasswordHash((Argon2Hasher(), BcryptHasher()))
_THREADS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")
NOBODY: Final = _HASHES.hash(secrets.token_hex(16))  # verified when there is no account: time does not tell (I5)


async def hash_password(password: str) -> str:
    """argon2id, off the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASHES.hash, password)


async def verify_password(password: str, password_hash: str) -> tuple[bool, str | None]:
    """Whether it is right, and a fresh hash where the kept one is of an older kind."""

    def check() -> tuple[bool, str | None]:
        try:
            return _HASHES.verify_and_update(password, password_hash)
        except (UnknownHashError, ValueError):  # not a hash of ours; or longer than bcrypt takes, so not that password
            return False, None

    return await asyncio.get_running_loop().run_in_executor(_THREADS, check)
