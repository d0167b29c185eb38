import json
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Response

from stoa.front import flash
from stoa.front.flash import Action, Toast

SECRET = "a secret of the installation"


@given(st.text(max_size=200), st.sampled_from(["", "good", "warn", "bad"]))
def test_a_toast_survives_its_cookie(text: str, kind: str) -> None:
    toast = Toast(text.encode("utf-8", "replace").decode(), kind, Action("Undo", "/x"))  # type: ignore[arg-type]
    assert flash.unpack(flash.pack([toast], SECRET), SECRET) == [toast]


@pytest.mark.parametrize("cookie", [None, "", "x", "é", "AAAA" * 2000, "=" * 9])
def test_a_broken_cookie_says_nothing(cookie: str | None) -> None:
    assert flash.unpack(cookie, SECRET) == []


def test_a_cookie_that_is_not_ours_says_nothing() -> None:
    theirs = flash.pack([Toast("Your account is locked", "bad", Action("Unlock", "/gifts"))], "another secret")
    assert flash.unpack(theirs, SECRET) == []


def test_htmx_answers_carry_any_script_in_their_header() -> None:
    class Request:
        headers: ClassVar[dict[str, str]] = {"hx-request": "true"}

    response = Response(content="", status_code=200)
    flash.add(Request(), response, Toast("Ελλάδα 🎁"), closes_dialog=True)  # type: ignore[arg-type]
    header = response.headers["HX-Trigger"]
    assert header.isascii()
    events = json.loads(header)
    assert events["toast"]["items"][0]["text"] == "Ελλάδα 🎁"
    assert "closeDialog" in events
