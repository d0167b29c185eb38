"""CSS of a creator who wants more than their site: the platform's bar stays where it is, and can be pressed."""

from typing import Any

from stoa.creation.sites import actions
from stoa.creation.sites.types.changes import SiteChange
from tests.browser.house import House

GREEDY = """
body { margin-top: -100px; transform: translateY(-60px); z-index: 99999; position: fixed; background: rgb(1, 2, 3) }
main { position: absolute; top: -300px; left: -50px; width: 200vw; height: 90rem; z-index: 2147483647; color: red }
h1 { position: fixed; inset: 0; margin-top: -200px; transform: translateY(-500px) scale(9); background: red }
.masthead, header, .bottom-bar { display: none !important }
@keyframes rise { to { transform: translateY(-100vh) } }
html { animation: rise 1ms forwards } footer { animation: rise 1ms forwards }
"""
ON_TOP = """() => ['.wordmark', '.masthead-tools a:last-child'].map(name => {
  const box = document.querySelector(name).getBoundingClientRect()
  const there = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)
  return box.height > 0 && there?.closest('.masthead') !== null
})"""


async def test_nothing_of_a_site_lies_over_the_bar(house: House, open_page: Any) -> None:
    ana = await house.make.user("ana")
    async with house.make.tx(ana) as ctx:
        site = await actions.create_site(ctx, title="The Colonnade", description="Stone and shade.", theme="noir")
        change = SiteChange(custom_css=GREEDY, custom_css_enabled=True)
        site = await actions.edit_site(ctx, site.id, change)
    visitor = await open_page(house)
    page = await visitor.go(f"/s/{site.slug}")
    assert await page.evaluate(ON_TOP) == [True, True]
    painted = await page.evaluate("getComputedStyle(document.querySelector('.house')).backgroundColor")
    assert painted == "rgb(1, 2, 3)", "what is said of the site itself is taken"
