"""Follows by id, lists of people, and what a follower hears of."""

from typing import Any

import pytest

ALL = {
    "notify": "all",
    "notify_new_posts": True,
    "notify_new_series": True,
    "notify_new_chapters": True,
    "notify_announcements": True,
}


async def test_following_an_author_by_id(client: Any, make: Any, app: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    as_ben = client.as_(ben)
    for _ in range(2):
        answer = await as_ben.post(f"/api/v1/authors/{ana.id}/follow")
        assert answer.status_code == 200
        body = answer.json()
        assert body == {
            "person": {
                "id": str(ana.id),
                "username": "ana",
                "display_name": "ana",
                "avatar_url": None,
                "is_verified": True,
            },
            "followed_at": body["followed_at"],
            **ALL,
        }
    assert (await client.get("/api/v1/people/ana")).json()["followers_count"] == 1
    for _ in range(2):
        assert (await as_ben.post(f"/api/v1/authors/{ana.id}/unfollow")).status_code == 204
    async with app.database.connection() as db:
        assert await db.fetchval("select count(*) from follows") == 0
    assert (await as_ben.post(f"/api/v1/authors/{ben.id}/follow")).status_code == 409
    assert (await as_ben.post(f"/api/v1/authors/{ben.actor.session_id}/follow")).status_code == 404
    assert (await client.post(f"/api/v1/authors/{ana.id}/follow")).status_code == 401


async def test_what_a_follower_hears_of(client: Any, make: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    as_ben = client.as_(ben)
    path = f"/api/v1/authors/{ana.id}/follow-settings"
    assert (await as_ben.patch(path, json={"notify": "none"})).status_code == 404
    await as_ben.post(f"/api/v1/authors/{ana.id}/follow")

    async def change(body: dict[str, Any]) -> list[Any]:
        answer = await as_ben.patch(path, json=body)
        assert answer.status_code == 200, answer.text
        return [answer.json()[name] for name in ALL]

    assert await change({}) == ["all", True, True, True, True]
    assert await change({"notifyNewSeries": False}) == ["some", True, False, True, True]
    assert await change({"notify": "none", "notify_announcements": True}) == ["some", False, False, False, True]
    assert await change({"notify": "some", "notifyNewChapters": True}) == ["some", False, False, True, True]
    assert await change({"notify": "none"}) == ["none", False, False, False, False]
    listed = (await as_ben.get("/api/v1/me/following")).json()
    assert [(one["person"]["username"], one["notify"]) for one in listed["items"]] == [("ana", "none")]
    refused = await as_ben.patch(path, json={"notify": "often", "notifyNewPosts": "yes"})
    assert (refused.status_code, sorted(refused.json()["fields"])) == (422, ["notify", "notify_new_posts"])
    # Following again brings nothing back that was switched off.
    assert (await as_ben.post(f"/api/v1/authors/{ana.id}/follow")).json()["notify"] == "none"


async def test_settings_are_each_followers_own(client: Any, make: Any) -> None:
    ana, ben, cleo = await make.user("ana"), await make.user("ben"), await make.user("cleo")
    for user in (ben, cleo):
        await client.as_(user).post(f"/api/v1/authors/{ana.id}/follow")
    await client.as_(ben).patch(f"/api/v1/authors/{ana.id}/follow-settings", json={"notify": "none"})
    found = (await client.as_(cleo).get("/api/v1/me/following")).json()["items"]
    assert [one["notify"] for one in found] == ["all"]


@pytest.mark.parametrize("which", ["followers", "following"])
async def test_lists_go_on_where_they_ended(client: Any, make: Any, queries: Any, which: str) -> None:
    ana = await make.user("ana")
    names = [f"person-{n}" for n in range(5)]
    for name in names:
        other = await make.user(name)
        if which == "followers":
            await client.as_(other).put("/api/v1/people/ana/follow")
        else:
            await client.as_(ana).put(f"/api/v1/people/{name}/follow")
    path = f"/api/v1/authors/{ana.id}/followers" if which == "followers" else "/api/v1/me/following"
    as_ana = client.as_(ana)
    seen: list[str] = []
    counts = set()
    cursor = ""
    while True:
        with queries() as sent:
            answer = (await as_ana.get(f"{path}?limit=2{cursor}")).json()
        counts.add(len(sent))
        seen += [one["person"]["username"] for one in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = f"&cursor={answer['next_cursor']}"
    assert seen == names[::-1]
    assert len(counts) <= 2  # the first may still have to ask who is signed in
    assert (await as_ana.get(f"{path}?cursor=broken")).status_code == 422


async def test_followers_are_shown_only_where_somebody_likes_it(client: Any, make: Any, app: Any) -> None:
    ana, ben = await make.user("ana"), await make.user("ben")
    chief = await make.user("chief", roles=("moderator",))
    await client.as_(ben).put("/api/v1/people/ana/follow")
    async with app.database.connection() as db:
        await db.execute("update profiles set preferences = $1 where user_id = $2", {"show_followers": False}, ana.id)
    path = f"/api/v1/authors/{ana.id}/followers"
    for who in (client, client.as_(ben)):
        answer = await who.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "followers_hidden")
        for page in ("/@ana/followers", "/@ana/following"):
            shown = await who.get(page)
            assert (shown.status_code, "This is not shown" in shown.text) == (200, True)
            assert "/@ben" not in shown.text.split("<main")[1].split("</main>")[0]
    for who in (client.as_(ana), client.as_(chief)):
        assert [one["person"]["username"] for one in (await who.get(path)).json()["items"]] == ["ben"]
