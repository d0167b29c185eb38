"""Pages: positions survive their cursor, and nothing else passes for one."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.kit.errors import Invalid
from stoa.kit.pagination import bounded, decode, encode, keyset, numbered

POSITION = (datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), UUID(int=7))
KIND = tuple[datetime, UUID]


def test_a_position_survives() -> None:
    assert decode(encode(POSITION, scope="a"), KIND, scope="a") == POSITION
    assert decode(None, KIND, scope="a") is None
    assert decode("", KIND, scope="a") is None


def test_floats_survive_exactly() -> None:
    position = (1234567.891234567891, uuid4())
    assert decode(encode(position, scope="hot"), tuple[float, UUID], scope="hot") == position


@given(st.text(max_size=80))
def test_anything_else_is_invalid(text: str) -> None:
    if text:
        with pytest.raises(Invalid) as caught:
            decode(text, KIND, scope="a")
        assert list(caught.value.fields) == ["cursor"]


def test_a_cursor_of_another_list_or_type_is_invalid() -> None:
    cursor = encode(POSITION, scope="a")
    for scope, kind in (("b", KIND), ("a", tuple[int, UUID])):
        with pytest.raises(Invalid):
            decode(cursor, kind, scope=scope)
    with pytest.raises(Invalid):
        decode(cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB"), KIND, scope="a")


def test_keyset_pages() -> None:
    page = keyset([3, 2, 1], 2, scope="n", key=lambda n: (n,))
    assert page.items == [3, 2] and decode(page.next_cursor, tuple[int], scope="n") == (2,)
    assert keyset([2, 1], 2, scope="n", key=lambda n: (n,)).next_cursor is None
    assert keyset([], 2, scope="n", key=lambda n: (n,)).items == []


def test_numbered_pages() -> None:
    assert numbered([1], page=3, limit=10, total=21).pages == 3
    assert numbered([], page=1, limit=10, total=0).pages == 0


@pytest.mark.parametrize(
    ("page", "limit", "wrong"), [(0, 10, ["page"]), (1, 51, ["limit"]), (10**30, 0, ["page", "limit"])]
)
def test_bounds(page: int, limit: int, wrong: list[str]) -> None:
    with pytest.raises(Invalid) as caught:
        bounded(page, limit)
    assert list(caught.value.fields) == wrong
