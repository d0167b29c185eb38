"""A picture for a place of a site or a series: sent, chosen out of the library, taken off, refused."""

from typing import Any

import pytest

from tests.foundation.media import samples
from tests.front.test_machines import site_of
from tests.front.test_series_pages import series_of
from tests.providers import clamd


@pytest.fixture(params=["site", "series"])
async def place(request: pytest.FixtureRequest, signed_in: Any, make: Any) -> Any:
    """A creator's browser, herself, the page of a place, and the addresses where what it holds is seen."""
    who = await make.user("ana", roles=("creator",))
    if request.param == "site":
        site = await site_of(make, who)
        path = f"/dashboard/sites/{site['id']}/branding"
        return await signed_in(who), who, f"{path}/cover", path
    series = await series_of(make, who)
    path = f"/dashboard/series/{series.id}"
    return await signed_in(who), who, f"{path}/pictures/cover", f"{path}/edit"


async def send(ana: Any, page: str, content: bytes, **fields: str) -> Any:
    files = {"file": ("x.png", content, "image/png")}
    return await ana.client.post(f"{page}/upload?_csrf={ana.token}", files=files, data=fields)


async def test_a_picture_is_sent_chosen_and_taken_off(place: Any, make: Any) -> None:
    ana, who, page, shown_at = place
    picture, foreign = await make.picture(who, alt="A column"), await make.picture(await make.user("eve"))
    await ana.get(page)
    for wrong, words in (
        (str(foreign.id), "This picture is not among your uploads"),
        ("nonsense", "There is no such picture"),
    ):
        answer = await ana.post(page, media_id=wrong)
        assert (answer.status_code, answer.text.count(words)) == (422, 1)
    answer = await ana.post(page, media_id=str(picture.id))
    assert (answer.status_code, answer.headers["location"]) == (303, shown_at)
    assert f"/media/{picture.id}/" in (await ana.get(shown_at)).text
    await ana.post(page, media_id="")
    assert f"/media/{picture.id}/" not in (await ana.get(shown_at)).text
    assert (await ana.get(f"{page.rpartition('/')[0]}/nothing")).status_code == 404
    sent = await send(ana, page, samples.picture(300, 300), alt="Waves at noon")
    assert (sent.status_code, sent.headers["location"]) == (303, shown_at)
    assert 'alt="Waves at noon"' in (await ana.get(page)).text


async def test_what_is_no_picture_is_refused_beside_its_field(place: Any, make: Any) -> None:
    ana, _, page, _ = place
    await ana.get(page)
    broken = await send(ana, page, b"<svg onload=alert(1)>")
    assert (broken.status_code, broken.text.count('id="f-file-error"')) == (422, 1)
    odd = await send(ana, page, samples.picture(30, 30), alt="a\0b")
    assert (odd.status_code, odd.text.count("cannot be stored")) == (422, 1)
    elsewhere = await ana.get(f"{page}?cursor=broken")
    assert (elsewhere.status_code, elsewhere.text.count("From your library")) == (200, 1)
    async with make.tx() as ctx:
        assert await ctx.db.fetchval("select count(*) from media") == 0


async def test_a_virus_is_kept_in_quarantine(place: Any, make: Any, client: Any) -> None:
    ana, _, page, shown_at = place
    await ana.get(page)
    async with clamd.standing(client.app):
        answer = await send(ana, page, samples.picture(50, 50) + clamd.EICAR)
    assert (answer.status_code, answer.text.count('id="f-file-error"')) == (422, 1)
    async with make.tx() as ctx:
        assert await ctx.db.fetchval("select array_agg(state) from media") == ["quarantined"]
    assert (await ana.get(shown_at)).status_code == 200
