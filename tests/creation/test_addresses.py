"""Two who want the same address at the same moment: each thing has one of its own, and none is given twice (S6)."""

from typing import Any

import pytest


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


async def test_chapters_of_one_name_that_come_out_at_once(client: Any, make: Any, ana: Any, gather: Any) -> None:
    series = await make.series(ana)
    drafts = [await make.chapter(ana, series, title="The gate", published=False) for _ in range(5)]
    me = client.as_(ana)
    out = await gather(*(me.post(f"/api/v1/chapters/{one.id}/publish") for one in drafts))
    assert [answer.status_code for answer in out] == [200] * 5, [answer.text for answer in out]
    slugs = {answer.json()["slug"] for answer in out}
    assert len(slugs) == 5 and "the-gate" in slugs
    wanted = await gather(
        *(me.patch(f"/api/v1/chapters/{one.id}", json={"revision": 2, "slug": "arch"}) for one in drafts)
    )
    assert sorted(answer.status_code for answer in wanted) == [200, 422, 422, 422, 422]
    assert all(list(answer.json()["fields"]) == ["slug"] for answer in wanted if answer.status_code == 422)
    for one in drafts:
        there = (await client.get(f"/api/v1/chapters/{one.id}/public")).json()
        assert there["slug"] in slugs | {"arch"}


async def test_series_and_pages_of_one_name_that_come_out_at_once(
    client: Any, make: Any, ana: Any, gather: Any
) -> None:
    drafts = [await make.series(ana, title="The road", published=False) for _ in range(3)]
    me = client.as_(ana)
    out = await gather(*(me.post(f"/api/v1/series/{one.id}/publish") for one in drafts))
    assert [answer.status_code for answer in out] == [200] * 3, [answer.text for answer in out]
    assert len({answer.json()["slug"] for answer in out}) == 3
    wanted = await gather(*(me.patch(f"/api/v1/series/{one.id}/settings", json={"slug": "way"}) for one in drafts))
    assert sorted(answer.status_code for answer in wanted) == [200, 422, 422]
    path = f"/api/v1/sites/{drafts[0].site_id}/pages"
    pages = await gather(*(me.post(path, json={"title": "Hours", "slug": "hours"}) for _ in range(3)))
    assert sorted(answer.status_code for answer in pages) == [201, 422, 422]
    assert all(list(answer.json()["fields"]) == ["slug"] for answer in pages if answer.status_code == 422)
