"""The studio's pages of a chapter: made, named, opened, scheduled, published and put away."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

from stoa.creation.serials.actions.chapters import create_chapter
from stoa.creation.serials.actions.opening import Chosen, change_access
from stoa.creation.serials.actions.series import create_series, publish_series
from stoa.creation.serials.types import AccessLevel
from stoa.kit.clock import utcnow

BODY = "\n\n".join(f"The {word} paragraph of it, which goes on for a while." for word in ("first", "second", "third"))
BODY += "\n\nAnd the ending nobody may know."


async def series_of(make: Any, user: Any, *chapters: str, publish: bool = True, **given: Any) -> tuple[str, list[str]]:
    """The address of a series in the studio, and those of its chapters."""
    site_id = await make.site(user)
    async with make.tx(user) as ctx:
        series = await create_series(ctx, site_id, title="The Long Walk", **given)
        made = [await create_chapter(ctx, series.id, title=title, body_markdown=BODY) for title in chapters]
        if publish:
            await publish_series(ctx, series.id)
    return f"/dashboard/series/{series.id}", [f"/dashboard/chapters/{one.id}" for one in made]


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


async def test_from_a_new_chapter_to_its_readers(make: Any, signed_in: Any, visitor: Any) -> None:
    user = await make.user("ana")
    base, _ = await series_of(make, user)
    ana = await signed_in(user)
    assert "No chapters yet" in (await ana.get(f"{base}/chapters")).text
    await ana.get(f"{base}/chapters/new")
    assert "This number is taken" not in (await ana.post(f"{base}/chapters/new", number="x")).text
    made = await ana.post(f"{base}/chapters/new", title="Setting out", number="3.5")
    chapter = made.headers["location"].removesuffix("/edit")
    assert chapter.startswith("/dashboard/chapters/")
    assert "3.5 · Setting out" in (await ana.get(f"{base}/chapters")).text
    empty = await ana.post(f"{chapter}/publish", when="now")
    assert (empty.status_code, "There is nothing to read in this chapter yet" in empty.text) == (422, True)


async def test_a_chapter_comes_out_at_its_time_or_now(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    base, (chapter,) = await series_of(make, user, "Setting out")
    ana = await signed_in(user)
    await ana.get(f"{chapter}/publish")
    past = await ana.post(f"{chapter}/publish", when="at", at="2020-02-02T10:00", timezone="Europe/Athens")
    assert (past.status_code, "This is in the past" in past.text, 'value="2020-02-02T10:00"' in past.text) == (
        422,
        True,
        True,
    )
    then = f"{(utcnow() + timedelta(days=9)):%Y-%m-%d}T18:00"
    page = await ana.follow(await ana.post(f"{chapter}/publish", when="at", at=then, timezone="Europe/Athens"))
    assert "It comes out" in page.text and "Scheduled" in page.text
    assert f'value="{then}"' in (await ana.get(f"{chapter}/publish")).text
    page = await ana.follow(await ana.post(f"{chapter}/unschedule"))
    assert "It is a draft again" in page.text
    page = await ana.follow(await ana.post(f"{chapter}/publish", when="now"))
    assert "Published. Readers find it now." in page.text
    page = await ana.follow(await ana.post(f"{chapter}/archive"))
    assert "It is put away." in page.text
    page = await ana.follow(await ana.post(f"{chapter}/unarchive"))
    page = await ana.follow(await ana.post(f"{chapter}/delete"))
    assert "The chapter is deleted." in page.text and "Setting out</a>" not in page.text
    assert "Setting out</a>" in (await ana.get(f"{base}/chapters?deleted=yes")).text
    page = await ana.follow(await ana.post(f"{chapter}/restore"))
    assert "It is back in its place." in page.text


async def test_who_may_read_it_is_seen_with_their_eyes(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    _, (chapter,) = await series_of(make, user, "Setting out")
    ana = await signed_in(user)
    stamp = hidden((await ana.get(f"{chapter}/access")).text, "stamp")
    wrong = await ana.post(f"{chapter}/access", stamp=stamp, access="scheduled", price="a lot", price_asset="COIN")
    assert wrong.status_code == 422 and 'value="a lot"' in wrong.text
    sent = {"access": "subscribers", "preview_paragraphs": "2", "price": "20", "price_asset": "COIN"}
    page = (await ana.follow(await ana.post(f"{chapter}/access", stamp=stamp, **sent))).text
    assert "Saved. It holds from now on." in page and 'value="20"' in page
    assert "ending nobody may know" not in page
    seen = {who: (await ana.get(f"{chapter}/preview?as={who}")).text for who in ("", "anonymous", "follower", "member")}
    assert {who: "ending nobody may know" in text for who, text in seen.items()} == {
        "": True, "anonymous": False, "follower": False, "member": True,
    }  # fmt: skip
    assert "second paragraph" in seen["anonymous"] and "20 coins" in seen["anonymous"]
    late = await ana.post(f"{chapter}/access", stamp=stamp, access="free")  # from a window that shows the old rule
    assert (late.status_code, late.text.count("Somebody changed who may read this meanwhile")) == (409, 1)
    assert "ending nobody may know" not in (await ana.get(f"{chapter}/preview?as=anonymous")).text
    again = await ana.post(f"{chapter}/access", stamp=hidden(late.text, "stamp"), access="free")
    assert "ending nobody may know" in (await ana.get(f"{chapter}/preview?as=anonymous")).text
    assert again.status_code == 303


async def test_single_memberships_are_offered_only_where_they_were_chosen(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    base, (chapter, other) = await series_of(make, user, "Setting out", "Coming back")
    ana = await signed_in(user)
    async with make.tx(user) as ctx:
        await change_access(ctx, UUID(chapter.rpartition("/")[2]), Chosen(access=AccessLevel.TIER))
    pages = (
        f"{chapter}/access",
        f"{other}/access",
        f"{base}/paywall",
        f"{base}/chapters/bulk-edit",
        f"{base}/chapters",
    )
    offered = ['value="tier"' in (await ana.get(path)).text for path in pages]
    assert offered == [True, False, False, False, False]
    assert "Some memberships" in (await ana.get(f"{base}/chapters")).text  # what the chapter says of itself


async def test_settings_of_a_chapter(make: Any, signed_in: Any, visitor: Any) -> None:
    user = await make.user("ana")
    _, (chapter, other) = await series_of(make, user, "Setting out", "On the road")
    ana = await signed_in(user)
    page = (await ana.get(f"{chapter}/settings")).text
    sent = {"revision": hidden(page, "revision"), "number": "2", "language": "en", "rating": "teen", "slug": "out"}
    taken = await ana.post(f"{chapter}/settings", **sent)
    assert (taken.status_code, "There is a chapter with this number already" in taken.text) == (422, True)
    page = (await ana.follow(await ana.post(f"{chapter}/settings", **(sent | {"number": "1.5", "volume": "1"})))).text
    assert 'value="1.5"' in page and 'value="out"' in page
    assert (await ana.post(f"{chapter}/settings", **sent)).status_code == 409
    page = await ana.follow(await ana.post(f"{other}/duplicate"))
    assert "This is the copy" in page.text and "On the road (copy)" in page.text
    assert "Nobody could read it yet" in (await ana.get(f"{chapter}/analytics")).text
    stranger = await signed_in(await make.user("zoe"))
    for at in ("settings", "access", "publish", "preview", "analytics"):
        assert (await stranger.get(f"{chapter}/{at}")).status_code in (403, 404), at
        assert (await visitor.get(f"{chapter}/{at}")).headers["location"].startswith("/login"), at


async def test_what_is_saved_is_a_version_and_comes_back(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    _, (chapter,) = await series_of(make, user, "Setting out")
    ana = await signed_in(user)
    page = (await ana.get(f"{chapter}/edit")).text
    sent = {
        "revision": hidden(page, "revision"),
        "title": "Setting out",
        "body": "A shorter one.",
        "author_note": "Hello",
        "author_note_position": "start",
        "note": "Cut it down",
    }
    too_long = await ana.post(f"{chapter}/edit", **(sent | {"note": "x" * 501}))
    assert (too_long.status_code, "A shorter one.</textarea>" in too_long.text) == (422, True)
    page = (await ana.follow(await ana.post(f"{chapter}/edit", **sent))).text
    assert "Saved as version 2." in page and "A shorter one.</textarea>" in page
    stale = await ana.post(f"{chapter}/edit", **(sent | {"body": "Mine instead."}))
    assert (stale.status_code, "Somebody saved another text meanwhile" in stale.text) == (409, True)
    assert "Mine instead.</textarea>" in stale.text
    again = sent | {"body": "Mine instead.", "revision": hidden(stale.text, "revision"), "then": "publish"}
    assert (await ana.post(f"{chapter}/edit", **again)).headers["location"] == f"{chapter}/publish"
    page = (await ana.get(f"{chapter}/versions")).text
    assert (page.count('name="before"'), "Cut it down" in page) == (3, True)
    ids = re.findall(r'href="[^"]*/versions/([0-9a-f-]{36})"', page)
    page = (await ana.get(f"{chapter}/versions/{ids[0]}")).text
    assert "<del>shorter one.</del><ins>instead.</ins>" in page and "2 words added, 3 removed" in page
    page = (await ana.get(f"{chapter}/versions/compare?before=3&after=1")).text
    assert "From version 1 to 3" in page
    assert (await ana.get(f"{chapter}/versions/compare?before=3&after=99")).status_code == 404
    assert "ending nobody may know" in (await ana.get(f"{chapter}/versions/{ids[2]}")).text
    page = (await ana.follow(await ana.post(f"{chapter}/versions/{ids[2]}/restore"))).text
    assert "It is back, as version 4." in page


async def test_what_was_typed_and_not_saved_is_offered(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    _, (chapter,) = await series_of(make, user, "Setting out")
    ana = await signed_in(user)
    await ana.get("/about")
    typed = {
        "tab": "one",
        "base_version": 1,
        "title": "Typed",
        "body_markdown": "Half a thought",
        "author_note_markdown": "",
    }
    api = chapter.replace("/dashboard/", "/api/v1/")
    kept = await ana.client.post(f"{api}/autosave", json=typed, headers={"X-CSRF-Token": ana.token})
    assert kept.status_code == 200
    page = (await ana.get(f"{chapter}/edit")).text
    assert "There is a text that was typed and not saved" in page and "Half a thought</textarea>" not in page
    page = (await ana.get(f"{chapter}/edit?typed=yes")).text
    assert "Half a thought</textarea>" in page and "data-seen=" in page
    page = (await ana.follow(await ana.post(f"{chapter}/edit", then="drop"))).text
    assert "What was not saved is thrown away." in page
    assert "data-kept" not in page


async def test_many_chapters_at_once(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    base, chapters = await series_of(make, user, "One", "Two", "Three")
    ids = [one.rpartition("/")[2] for one in chapters]
    ana = await signed_in(user)
    await ana.get(f"{base}/chapters")
    page = await ana.follow(await ana.post(f"{base}/chapters/bulk", do="publish"))
    assert "Please tick some chapters first." in page.text
    page = await ana.follow(await ana.post(f"{base}/chapters/bulk", do="change", ids=ids[:2]))
    assert page.text.count(" checked") == 2
    sent = {"ids": ids[:2], "do": "access", "access": "subscribers", "price": "12", "price_asset": "COIN"}
    wrong = await ana.post(f"{base}/chapters/bulk-edit", **(sent | {"price": "x"}))
    assert (wrong.status_code, "Nothing was changed" in wrong.text, wrong.text.count(" checked")) == (422, True, 2)
    page = await ana.follow(await ana.post(f"{base}/chapters/bulk-edit", **sent))
    assert "2 chapters changed." in page.text and page.text.count("Members or 12 coins") == 2
    then = f"{(utcnow() + timedelta(days=9)):%Y-%m-%d}T18:00"
    sent = {"ids": ids[1:], "do": "schedule", "at": then, "timezone": "Asia/Kolkata", "every_days": "7"}
    page = await ana.follow(await ana.post(f"{base}/chapters/bulk-edit", **sent))
    assert "2 chapters scheduled." in page.text and page.text.count("Scheduled</span>") == 2
    page = await ana.follow(
        await ana.post(f"{base}/chapters/bulk-edit", ids=ids, do="update", volume="2", rating="mature")
    )
    assert page.text.count("Vol. 2, ") == 6  # in the link, and for who does not see the box
    page = await ana.follow(await ana.post(f"{base}/chapters/bulk", do="delete", ids=ids[:1]))
    assert "1 chapter deleted." in page.text
    await ana.post(f"{base}/chapters/bulk", do="restore", ids=ids[:1])
    assert page.text.count("data-walk") + 1 == (await ana.get(f"{base}/chapters")).text.count("data-walk")


async def test_the_order_of_chapters(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    base, chapters = await series_of(make, user, "One", "Two", "Three")
    ids = [one.rpartition("/")[2] for one in chapters]
    ana = await signed_in(user)
    page = (await ana.get(f"{base}/chapters/order")).text
    assert page.count("data-order-item") == 3

    async def order() -> list[str]:
        return re.findall(r"data-walk>([\d.]+ · \w+)<", (await ana.get(f"{base}/chapters")).text)

    sent = {f"place-{one}": place for one, place in zip(ids, ("3", "1", "2"), strict=True)}
    await ana.follow(await ana.post(f"{base}/chapters/order", **sent))
    assert await order() == ["2 · Two", "3 · Three", "1 · One"]
    await ana.post(f"{base}/chapters/order", **sent, renumber="on")
    assert await order() == ["1 · Two", "2 · Three", "3 · One"]
    missing = await ana.post(f"{base}/chapters/order", **{f"place-{ids[0]}": "1"})
    assert (missing.status_code, "2 chapters of this series are missing" in missing.text) == (422, True)
    assert await order() == ["1 · Two", "2 · Three", "3 · One"]


async def test_a_chapter_warns_and_moves(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    _, (chapter,) = await series_of(make, user, "Setting out")
    ana = await signed_in(user)
    assert "Nowhere to move it" in (await ana.get(f"{chapter}/move")).text
    page = (await ana.follow(await ana.post(f"{chapter}/warnings", warning=["war"], **{"details-war": "A siege"}))).text
    assert "Readers see it before they begin." in page and "War" in page
    assert 'value="A siege"' in (await ana.get(f"{chapter}/warnings")).text
    assert (await ana.post(f"{chapter}/warnings", warning="nothing of the kind")).status_code == 422
    other = await make.series(user, title="The Short Walk")
    page = (await ana.get(f"{chapter}/move")).text
    assert (await ana.post(f"{chapter}/move", series_id="x")).status_code == 422
    page = (await ana.follow(await ana.post(f"{chapter}/move", series_id=str(other.id)))).text
    assert "It stands at the end of “The Short Walk” now." in page
