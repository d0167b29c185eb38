"""S3: every save is a version, autosave is none, and two tabs do not overwrite each other unseen."""

from typing import Any

import pytest

from stoa.creation.serials.policies.diffs import counted, lines_between
from tests.conftest import Client

FIRST = "The gate was shut.\n\nNobody came.\n\n" + "\n\n".join(f"Line {n}." for n in range(20))


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


async def test_saves_are_versions_that_can_be_compared_and_brought_back(client: Client, make: Any, ana: Any) -> None:
    chapter = await make.chapter(ana, await make.series(ana), title="The gate", body=FIRST, published=False)
    me, path = client.as_(ana), f"/api/v1/chapters/{chapter.id}"
    second = FIRST.replace("was shut", "stood open") + "\n\nThe end."
    saved = await me.put(f"{path}/content", json={"revision": 1, "body_markdown": second, "note": "It is open"})
    assert (saved.json()["version"], saved.json()["revision"], saved.json()["body_markdown"]) == (2, 2, second)
    assert (await me.put(f"{path}/content", json={"revision": 1, "body_markdown": "lost"})).status_code == 409

    listed = (await me.get(f"{path}/versions")).json()["items"]
    assert [(one["version"], one["note"], one["made_by"]["username"]) for one in listed] == [
        (2, "It is open", "ana"),
        (1, "", "ana"),
    ]
    newest, oldest = (f"{path}/versions/{one['id']}" for one in listed)
    assert (await me.get(oldest)).json()["body_markdown"] == FIRST
    diff = (await me.get(f"{newest}/diff")).json()
    assert (diff["words_added"], diff["words_removed"], diff["title"]) == (4, 2, None)
    changed = diff["body"][0]
    assert (changed["kind"], [part["text"] for part in changed["parts"] if part["kind"] != "same"]) == (
        "changed", ["was", "stood", "shut.", "open."],
    )  # fmt: skip
    assert [line["kind"] for line in diff["body"]] == [
        "changed",
        *["same"] * 3,
        "skipped",
        *["same"] * 3,
        "added",
        "added",
    ]
    assert (await me.get(f"{path}/versions/compare/2/1")).json()["words_removed"] == 4
    first = (await me.get(f"{oldest}/diff")).json()
    assert (first["before"], first["words_removed"], first["words_added"] > 20) == (None, 0, True)
    assert (await me.get(f"{path}/versions/compare/1/{10**20}")).status_code == 404

    back = (await me.post(f"{oldest}/restore", json={"revision": 2})).json()
    assert (back["version"], back["revision"], back["body_markdown"]) == (3, 3, FIRST)
    assert (await me.post(f"{oldest}/restore")).json()["version"] == 3  # nothing to bring back
    listed = (await me.get(f"{path}/versions", params={"limit": 1})).json()
    assert (listed["items"][0]["restored_from"], listed["items"][0]["note"]) == (1, "Back to version 1")
    other = await make.chapter(ana, await make.series(ana), published=False)
    stranger = client.as_(await make.user())
    assert (await me.get(f"/api/v1/chapters/{other.id}/versions/{listed['items'][0]['id']}")).status_code == 404
    for url in (f"{path}/versions", oldest, f"{oldest}/diff", f"{path}/versions/compare/1/2"):
        assert (await stranger.get(url)).status_code == 404


async def test_two_tabs_do_not_overwrite_each_other(client: Client, make: Any, ana: Any, gather: Any) -> None:
    chapter = await make.chapter(ana, await make.series(ana), body="Before.", published=False)
    me, path = client.as_(ana), f"/api/v1/chapters/{chapter.id}/autosave"
    assert (await me.get(path)).status_code == 404

    async def keep(tab: str, text: str, **more: Any) -> Any:
        return await me.post(path, json={"tab": tab, "base_version": 1, "body_markdown": text, **more})

    one = (await keep("one", "Typed here")).json()
    assert (one["tab"], one["is_stale"], (await keep("one", "Typed on")).json()["body_markdown"]) == (
        "one", False, "Typed on",
    )  # fmt: skip
    refused = await keep("two", "Typed there")
    assert (refused.status_code, refused.json()["code"], refused.json()["tab"]) == (409, "other_tab", "one")
    assert (await keep("two", "Typed there", seen=one["saved_at"])).status_code == 409  # it went on meanwhile
    there = (await me.get(path)).json()
    assert there["body_markdown"] == "Typed on"
    taken = await keep("two", "Both together", seen=there["saved_at"])
    assert taken.json()["tab"] == "two"
    assert (await keep("one", "More")).status_code == 409
    assert (await keep("one", "x" * 500_001)).status_code == 422
    assert (await keep("one", "x", seen="2026-01-01T00:00:00")).status_code == 422
    assert (await me.post(path, json={"tab": "one", "base_version": 9, "body_markdown": ""})).status_code == 422
    assert len((await me.get(f"/api/v1/chapters/{chapter.id}/versions")).json()["items"]) == 1

    await me.put(f"/api/v1/chapters/{chapter.id}/content", json={"revision": 1, "body_markdown": "Both together"})
    assert (await me.get(path)).status_code == 404  # it is saved
    late = (await keep("one", "An older text")).json()
    assert (late["is_stale"], late["base_version"]) == (True, 1)
    assert (await me.delete(path)).status_code == 204
    at_once = await gather(*(keep(f"tab{n}", f"text {n}") for n in range(4)))
    assert sorted(answer.status_code for answer in at_once) == [200, 409, 409, 409]
    ed = await make.user()
    await make.collaborator(ana, ed, "editor")
    assert (await client.as_(ed).get(path)).status_code == 404  # everybody has their own


def test_what_lies_between_huge_texts_is_found_in_time() -> None:
    old = "\n".join(f"{n % 97} word" for n in range(12_000))
    new = "\n".join(f"{n % 89} word" for n in range(12_000))
    assert counted(lines_between(old, new))[0] > 10_000
    assert counted(lines_between("a " * 200_000, "b " * 200_000)) == (200_000, 200_000)
