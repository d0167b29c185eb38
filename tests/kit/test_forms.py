"""What people are told about a field they filled in wrongly, or not at all."""

from typing import Annotated

import msgspec
import pytest

from stoa.kit import forms
from stoa.kit.errors import Invalid


class Asked(msgspec.Struct):
    """One field of each sort that has to be filled in, and one that has not."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    reason: Annotated[str, msgspec.Meta(min_length=3, max_length=5)]
    coins: int
    initial: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = "x"


RIGHT = {"name": "Ana", "reason": "Why", "coins": "5"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": ""}, {"name": "Please fill this in"}),
        ({"reason": " "}, {"reason": "Please fill this in"}),
        ({"coins": ""}, {"coins": "Please fill this in"}),
        ({"reason": "no"}, {"reason": "Please use at least 3 characters"}),
        ({"reason": "much too long"}, {"reason": "Please use at most 5 characters"}),
        ({"coins": "some"}, {"coins": "This must be a whole number"}),
        ({"initial": "xy"}, {"initial": "Please use at most 1 character"}),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(changed: dict[str, str], told: dict[str, str]) -> None:
    with pytest.raises(Invalid) as caught:
        forms.parse(Asked, RIGHT | changed, strict=False)
    assert caught.value.fields == told


def test_an_empty_field_that_may_be_left_out_is_left_out() -> None:
    assert forms.parse(Asked, RIGHT | {"initial": ""}, strict=False).initial == "x"


def test_an_empty_text_that_a_program_sends_is_told_its_length() -> None:
    with pytest.raises(Invalid) as caught:
        forms.parse(Asked, RIGHT | {"coins": 5, "initial": ""})
    assert caught.value.fields == {"initial": "Please use at least 1 character"}
