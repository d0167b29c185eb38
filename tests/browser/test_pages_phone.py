"""Every page on a phone, in the light; see test_pages."""

from typing import Any

import pytest

from tests.browser.pages import Hall, Look
from tests.browser.test_pages import check_fit, hall, rounds
from tests.browser.visitor import PHONE

__all__ = ["hall"]


@pytest.mark.slow
@pytest.mark.parametrize(("who", "looks"), list(rounds()))
async def test_pages_are_fit_for_everybody(hall: Hall, open_page: Any, axe: str, who: str, looks: list[Look]) -> None:
    await check_fit(hall, open_page, axe, who, looks, PHONE)
