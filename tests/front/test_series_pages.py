"""The studio's pages of a series: made, described, put on a schedule, found, deleted and put back."""

import re
from typing import Any

from stoa.creation.serials.actions.series import create_series, publish_series


async def series_of(make: Any, user: Any, title: str = "The Long Walk", **given: Any) -> Any:
    site_id = await make.site(user)
    async with make.tx(user) as ctx:
        return await create_series(ctx, site_id, title=title, **given)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


async def test_from_a_title_to_a_series_that_is_out(make: Any, signed_in: Any, visitor: Any) -> None:
    user = await make.user("ana")
    await make.site(user)
    ana = await signed_in(user)
    page = await ana.follow(await ana.get("/dashboard/series"))
    assert "No series yet" in page.text
    path = re.search(r'href="(/dashboard/sites/[^"]+/series/new)"', page.text)
    assert path
    assert (await ana.get(path[1])).status_code == 200
    wrong = await ana.post(path[1], title="", content_type="opera")
    assert (wrong.status_code, wrong.text.count("field-error")) == (422, 2)
    made = await ana.post(path[1], title="The Long Walk", content_type="web_novel", language="en", rating="teen")
    page = await ana.follow(made)
    base = made.headers["location"]
    assert "Here it is, as a draft." in page.text and "Before readers come" in page.text
    page = await ana.follow(await ana.post(f"{base}/publish"))
    assert "It is open to readers now" in page.text
    page = await ana.follow(await ana.post(f"{base}/hiatus"))
    assert "Readers see that it pauses." in page.text
    page = await ana.follow(await ana.post(f"{base}/hiatus"))
    assert "what can be done is: resume or complete or cancel" in page.text
    page = await ana.follow(await ana.post(f"{base}/unpublish"))
    assert "Publish again" in page.text
    page = await ana.follow(await ana.post(f"{base}/delete"))
    assert "is deleted, with its chapters" in page.text and "The Long Walk</a>" not in page.text
    page = await ana.follow(await ana.post(f"{base}/restore"))
    assert "It is back, with its chapters." in page.text


async def test_what_a_series_is_and_how_it_comes_out(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    series = await series_of(make, user)
    ana, base = await signed_in(user), f"/dashboard/series/{series.id}"
    page = (await ana.get(f"{base}/edit")).text
    genre, other = re.findall(r'name="genre_ids" value="([^"]+)"', page)[:2]
    typed = {
        "revision": hidden(page, "revision"),
        "title": "The Longer Walk",
        "synopsis_markdown": "Somebody walks, **and walks**.",
        "content_type": "web_novel",
        "reading_direction": "ltr",
        "language": "en",
        "original_language": "de",
        "rating": "teen",
        "primary_genre": genre,
        "genre_ids": [other],
        "tags": "Slow burn, roads",
    }
    wrong = await ana.post(f"{base}/edit", **(typed | {"tags": "§§", "language": "a language"}))
    assert (wrong.status_code, "The Longer Walk" in wrong.text) == (422, True)
    page = (await ana.follow(await ana.post(f"{base}/edit", **typed))).text
    tags = re.search(r'name="tags" type="text" value="([^"]*)"', page)
    assert "Saved." in page and tags
    assert set(tags[1].split(", ")) == {"Slow burn", "roads"}
    stale = await ana.post(f"{base}/edit", **(typed | {"title": "Mine"}))
    assert (stale.status_code, "Somebody changed this series meanwhile" in stale.text) == (409, True)
    again = typed | {"title": "Mine", "revision": hidden(stale.text, "revision")}
    assert "Saved." in (await ana.follow(await ana.post(f"{base}/edit", **again))).text

    page = (await ana.get(f"{base}/schedule")).text
    sent = {"revision": hidden(page, "revision"), "timezone": "Europe/Athens", "update_days": ["2", "5"]}
    page = (await ana.follow(await ana.post(f"{base}/schedule", **sent))).text
    assert page.count('type="checkbox" name="update_days"') == 7
    assert [re.search(rf'value="{day}" checked', page) is not None for day in range(1, 8)] == [
        False, True, False, False, True, False, False,
    ]  # fmt: skip

    page = (await ana.get(f"{base}/paywall")).text
    sent = {"revision": hidden(page, "revision"), "default_access": "subscribers", "preview_paragraphs": "99"}
    assert "from 0 to 50" in (await ana.post(f"{base}/paywall", **sent)).text
    page = (await ana.follow(await ana.post(f"{base}/paywall", **(sent | {"preview_paragraphs": "5"})))).text
    assert 'value="subscribers" checked' in page

    page = (await ana.get(f"{base}/settings")).text
    sent = {"revision": hidden(page, "revision"), "slug": "Not one", "meta_title": "x" * 61}
    assert (await ana.post(f"{base}/settings", **sent)).status_code == 422
    page = (
        await ana.follow(await ana.post(f"{base}/settings", **(sent | {"slug": "walk", "meta_title": "Walk"})))
    ).text
    assert 'value="walk"' in page

    await ana.get(f"{base}/warnings")
    page = (
        await ana.follow(await ana.post(f"{base}/warnings", warning=["war", "death"], **{"details-war": "A siege"}))
    ).text
    assert (page.count('name="warning"'), page.count(" checked"), 'value="A siege"' in page) == (23, 2, True)
    page = (await ana.get(f"{base}/discovery")).text
    assert "Needed to list it" in page and "disabled" in page
    page = (await ana.follow(await ana.post(f"{base}/discovery", listed="yes"))).text
    assert "Before it is listed: publish the series" in page
    assert "Nobody could read yet" in (await ana.get(f"{base}/analytics")).text


async def test_who_works_here_sees_what_their_role_includes(make: Any, signed_in: Any, visitor: Any) -> None:
    user, eva, ina = await make.user("ana"), await make.user("eva"), await make.user("ina")
    series = await series_of(make, user)
    await make.collaborator(user, eva, "editor")
    await make.collaborator(user, ina, "analyst")
    base = f"/dashboard/series/{series.id}"
    editor, analyst, stranger = [await signed_in(one) for one in (eva, ina, await make.user("zoe"))]
    assert [(await editor.get(f"{base}{at}")).status_code for at in ("", "/edit", "/paywall", "/analytics")] == [
        200,
        200,
        403,
        403,
    ]
    assert (await analyst.get(base)).status_code == 404  # a draft
    async with make.tx(user) as ctx:
        await publish_series(ctx, series.id)
    assert [(await analyst.get(f"{base}{at}")).status_code for at in ("", "/analytics", "/chapters", "/edit")] == [
        200,
        200,
        403,
        403,
    ]
    for at in ("", "/edit", "/chapters", "/analytics", "/discovery", "/settings", "/warnings", "/schedule"):
        assert (await stranger.get(f"{base}{at}")).status_code in (403, 404), at
        assert (await visitor.get(f"{base}{at}")).headers["location"].startswith("/login"), at
    await stranger.get("/")
    assert (await stranger.post(f"{base}/delete")).status_code in (403, 404)
    assert (await editor.get(base)).status_code == 200


async def test_lists_ask_as_often_for_many_as_for_few(make: Any, signed_in: Any, queries: Any) -> None:
    user = await make.user("ana")
    site_id = await make.site(user)
    ana, counts = await signed_in(user), []
    series = await make.series(user)
    for _ in range(2):
        await make.chapter(user, series, published=False)
        await make.chapter(user, series)
        seen = []
        for path in (f"/dashboard/sites/{site_id}/series", f"/dashboard/series/{series.id}/chapters"):
            await ana.get(path)  # what is remembered after a first look is remembered now
            with queries() as asked:
                assert (await ana.get(path)).status_code == 200
            seen.append(len(asked))
        counts.append(seen)
        await make.series(user, chapters=1)
    assert counts[0] == counts[1], counts
