"""Whatever goes wrong in a page is seen, and fails the test that did not expect it."""

import asyncio
from typing import Any

from tests.browser.house import House

# What is done in the page, and what is written down of it.
FAULTS = {
    "console.error('out of order')": "console: out of order",
    "setTimeout(() => { throw new Error('broken') })": "uncaught: broken",
    "fetch('/there/is/nothing')": "answer: GET",
    "fetch('http://127.0.0.1:1/').catch(() => {})": "content security policy: connect-src",
    "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')": "content security policy: style-src",
}


async def test_faults_are_seen(house: House, open_page: Any) -> None:
    visitor = await open_page(house)
    page = await visitor.go("/about")
    for script, fault in FAULTS.items():
        assert not any(fault in seen for seen in visitor.faults())
        await page.evaluate(f"() => {{ {script} }}")
        async with asyncio.timeout(20):
            while not any(fault in seen for seen in visitor.faults()):
                await asyncio.sleep(0.02)
    visitor.allow("")
    assert visitor.faults() == []
