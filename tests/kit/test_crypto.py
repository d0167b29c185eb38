"""Sealed values and signatures."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.config import EncryptionKey
from stoa.kit.crypto import Keyring, SealBroken

OLD, NEW = EncryptionKey("k1", secrets.token_bytes(32)), EncryptionKey("k2", secrets.token_bytes(32))
ring = Keyring([OLD])


@given(st.binary(max_size=2000), st.text(max_size=50))
def test_what_was_sealed_opens_in_its_place(plain: bytes, aad: str) -> None:
    assert ring.open(ring.seal(plain, aad), aad) == plain


def test_the_same_text_is_never_sealed_the_same_and_never_shows() -> None:
    blobs = {ring.seal(b"DE89 3704 0044", "x") for _ in range(100)}
    assert len(blobs) == 100
    assert not any(b"3704" in blob for blob in blobs)


def test_it_does_not_open_in_another_row() -> None:
    blob = ring.seal(b"secret", "payout_destination:1")
    with pytest.raises(SealBroken, match="another place"):
        ring.open(blob, "payout_destination:2")


@given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=1, max_value=255))
def test_any_changed_byte_is_noticed(at: int, change: int) -> None:
    blob = bytearray(ring.seal(b"forty-two coins", "x"))
    blob[at % len(blob)] ^= change
    with pytest.raises(SealBroken):
        ring.open(bytes(blob), "x")


@pytest.mark.parametrize("length", range(32))
def test_a_cut_off_blob_is_refused(length: int) -> None:
    with pytest.raises(SealBroken):
        ring.open(ring.seal(b"", "x")[:length], "x")


def test_keys_rotate() -> None:
    both, new = Keyring([NEW, OLD]), Keyring([NEW])
    blob = ring.seal(b"old", "x")
    assert not ring.needs_reseal(blob) and both.needs_reseal(blob)
    again = both.seal(both.open(blob, "x"), "x")
    assert not both.needs_reseal(again) and new.open(again, "x") == b"old"
    with pytest.raises(SealBroken, match="no key 'k1'"):
        new.open(blob, "x")


def test_a_key_id_cannot_be_exchanged() -> None:
    twin = Keyring([EncryptionKey("k9", OLD.key)])
    blob = ring.seal(b"x", "y")
    with pytest.raises(SealBroken):
        twin.open(blob.replace(b"k1", b"k9", 1), "y")


def test_signatures_hold_for_data_and_purpose_and_outlive_rotation() -> None:
    signature = ring.sign(b"order 7", "unsubscribe")
    assert ring.verify(b"order 7", signature, "unsubscribe")
    assert Keyring([NEW, OLD]).verify(b"order 7", signature, "unsubscribe")
    assert not Keyring([NEW]).verify(b"order 7", signature, "unsubscribe")
    assert not ring.verify(b"order 8", signature, "unsubscribe")
    assert not ring.verify(b"order 7", signature, "download")
    for wrong in (b"", b"\x01", signature[:-1], signature + b"x", b"\x01\x02zz" + signature[4:]):
        assert not ring.verify(b"order 7", wrong, "unsubscribe")


def test_the_configured_key_itself_is_not_what_seals() -> None:
    assert ring.sign(b"x", "a")[4:] != ring.sign(b"x", "b")[4:]


@pytest.mark.parametrize(
    "keys",
    [[], [EncryptionKey("a", b"short")], [OLD, EncryptionKey("k1", NEW.key)], [EncryptionKey("", OLD.key)]],
)
def test_a_keyring_that_cannot_work_is_not_made(keys: list[EncryptionKey]) -> None:
    with pytest.raises(ValueError, match="key"):
        Keyring(keys)
