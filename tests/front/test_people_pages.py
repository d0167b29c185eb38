"""Followers, following with its settings, blocking and taking it back: as a browser without scripts does it."""

import re
from typing import Any

BLOCKED = "/account/settings/blocked"


async def test_followers_and_following_of_somebody(visitor: Any, make: Any, signed_in: Any) -> None:
    await make.user("ana")
    ben = await signed_in(await make.user("ben"))
    assert "No followers yet" in (await visitor.get("/@ana/followers")).text
    await ben.post("/@ana/follow")
    assert 'href="/@ben"' in (await visitor.get("/@ana/followers")).text
    assert 'href="/@ana"' in (await visitor.get("/@ben/following")).text
    assert "Nobody yet" in (await visitor.get("/@ana/following")).text
    assert 'href="/@ana/followers"' in (await visitor.get("/@ana")).text
    assert 'action="/@ana/unfollow"' in (await ben.get("/@ben/following")).text
    moved = await visitor.get("/@ANA/followers")
    assert (moved.status_code, moved.headers["location"]) == (303, "/@ana/followers")
    assert (await visitor.get("/@ana/followers?cursor=broken")).status_code == 303
    assert (await visitor.get("/ana/followers")).status_code == 404


async def test_long_lists_of_people_go_on(visitor: Any, make: Any, app: Any) -> None:
    ana = await make.user("ana")
    async with app.database.connection() as db:
        for _ in range(33):
            other = await make.user()
            await db.execute("insert into follows (follower_id, following_id, created_at) values ($1, $2, now())",
                             other.id, ana.id)  # fmt: skip
    first = (await visitor.get("/@ana/followers")).text
    more = re.search(r'href="(/@ana/followers\?cursor=[^"]+)"', first)
    assert more
    part = (await visitor.get(more[1], **{"HX-Request": "true"})).text
    assert "<html" not in part
    names = set(re.findall(r'href="/@(person\d+)"', first)), set(re.findall(r'href="/@(person\d+)"', part))
    assert (len(names[0]), len(names[1]), names[0] & names[1]) == (30, 3, set())


async def test_what_one_hears_of_is_changed_in_place(make: Any, signed_in: Any) -> None:
    ana = await make.user("ana")
    ben = await signed_in(await make.user("ben"))
    assert "You do not follow anybody yet" in (await ben.get("/account/following")).text
    await ben.post("/@ana/follow")
    page = await ben.get("/account/following")
    assert "You hear of everything" in page.text
    settings = f"/account/following/{ana.id}/settings"
    page = await ben.follow(await ben.post(settings, hear="some", notify_new_posts="on"))
    assert "You hear of some of it" in page.text
    ticks = re.findall(r'name="(notify_\w+)" value="on" checked', page.text)
    assert ticks == ["notify_new_posts"]
    part = await ben.post(settings, htmx=True, hear="none")
    assert "<html" not in part.text
    assert "You hear of nothing" in part.text
    assert (await ben.post(settings, hear="now and then")).status_code == 422
    page = await ben.follow(await ben.post(f"/account/following/{ana.id}/unfollow"))
    assert "You do not follow anybody yet" in page.text
    assert (await ben.post(settings, hear="all")).status_code == 404
    assert (await ben.post(f"/account/following/{ana.id}/unfollow")).status_code == 404


async def test_blocking_says_what_will_happen_and_can_be_taken_back(make: Any, signed_in: Any) -> None:
    ben_ = await make.user("ben")
    ana, ben = await signed_in(await make.user("ana")), await signed_in(ben_)
    assert "You have not blocked anybody" in (await ana.get(BLOCKED)).text
    profile = (await ana.get("/@ben")).text
    assert 'href="/@ben/block"' in profile
    assert "is not told" in profile  # in the dialog
    asked = await ana.get("/@ben/block")
    assert "You stop following each other" in asked.text
    page = await ana.follow(await ana.post("/@ben/block"))
    assert "You have blocked ben. You do not see each other any more." in page.text
    assert "@ben" in page.text
    assert (await ana.get("/@ben")).status_code == 404
    assert (await ben.get("/@ana")).status_code == 404
    assert (await ben.get("/@ana/block")).status_code == 404
    page = await ana.follow(await ana.post(f"{BLOCKED}/{ben_.id}/unblock"))
    assert "You and ben see each other again." in page.text
    assert (await ben.get("/@ana")).status_code == 200


async def test_nobody_blocks_themselves_or_without_an_account(visitor: Any, make: Any, signed_in: Any) -> None:
    ana = await signed_in(await make.user("ana"))
    assert (await ana.get("/@ana/block")).status_code == 409
    assert (await ana.post("/@ana/block")).status_code == 409
    assert "/@ana/block" not in (await ana.get("/@ana")).text
    assert "/@ana/block" not in (await visitor.get("/@ana")).text
    asked = await visitor.get("/@ana/block")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=/%40ana/block")
    assert (await ana.get(f"{BLOCKED}?cursor=broken")).status_code == 303
