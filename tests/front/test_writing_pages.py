import re
from typing import Any

import pytest

BODY = "Enough words to fill a post that may be published, and then a few more for good measure.\n\n> Said once."


def hidden(page: str) -> dict[str, str]:
    form = page.split("data-editor-root")[1].split("</form>")[0]
    return dict(re.findall(r'type="hidden" name="(id|revision)" value="([^"]*)"', form))


async def save(visitor: Any, **body: Any) -> Any:
    return await visitor.client.post("/write/save", json=body, headers={"X-CSRF-Token": visitor.token})


async def test_from_a_first_word_to_a_post_without_scripts(make: Any, signed_in: Any) -> None:
    ana = await signed_in(await make.user("ana"))
    await ana.get("/write")
    page = await ana.follow(await ana.post("/write", title="On shade", body="A few", category="", then="save"))
    assert "Saved." in page.text
    given = hidden(page.text)
    assert (await ana.get("/dashboard/posts")).text.count("On shade") >= 1
    answer = await ana.post("/write", **given, title="On shade", body=BODY, category="Travel", then="publish")
    page = await ana.follow(answer)
    assert answer.headers["location"] == f"/write/{given['id']}/publish"
    revision = re.search(r'name="revision" value="(\d+)"', page.text)
    assert revision
    page = await ana.follow(await ana.post(answer.headers["location"], revision=revision[1], category="Travel"))
    assert "Published. It is open to everybody now." in page.text
    assert "<blockquote>" in page.text


async def test_publishing_tells_what_is_missing(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    post = await make.post(user, title="Oh", body="Short", category=None, published=False)
    ana = await signed_in(user)
    path = f"/write/{post.id}/publish"
    await ana.get(path)
    answer = await ana.post(path, revision=str(post.revision), category="")
    assert answer.status_code == 422
    for said in ("at least 5 characters", "at least 50 characters", "choose a category"):
        assert said in answer.text


async def test_an_empty_page_is_told_what_a_post_needs_and_leaves_no_draft(make: Any, signed_in: Any) -> None:
    ana = await signed_in(await make.user("ana"))
    await ana.get("/write")
    answer = await ana.post("/write", title=" ", body="\r\n", category="", then="publish")
    assert answer.status_code == 422
    for name, said in (
        ("title", "Please use at least 5 characters"),
        ("body", "Please write at least 50 characters"),
        ("category", "Please choose a category"),
    ):
        beside = answer.text.split(f'id="{name}-error">')[1].split("</p>")[0]
        assert beside.endswith(f"<span>{said}</span>")
    saved = await ana.post("/write", title="", body="", category="Travel", then="save")
    assert (saved.status_code, "Please write something first" in saved.text) == (422, True)
    assert "No posts yet" in (await ana.get("/dashboard/posts")).text


async def test_the_step_to_publishing_says_what_is_missing(make: Any, signed_in: Any) -> None:
    ana = await signed_in(await make.user("ana"))
    await ana.get("/write")
    page = await ana.follow(await ana.post("/write", title="", body="Hello", category="", then="publish"))
    for said in (
        "<li>Title: Please use at least 5 characters</li>",
        "<li>Text: Please write at least 50 characters</li>",
        "<li>Category: Please choose a category</li>",
        "Not ready to publish yet",
        ">1 word ·",
    ):
        assert said in page.text
    assert "Publish it now" not in page.text
    assert '<span class="dot">1 word</span>' in (await ana.get("/dashboard/posts")).text
    user = await make.user("ben")
    post = await make.post(user, title="Long enough", body=BODY, category=None, published=False)
    page = await (await signed_in(user)).get(f"/write/{post.id}/publish")
    assert "Publish it now" in page.text
    assert "This is missing" not in page.text


@pytest.mark.parametrize(
    ("title", "body", "lacking", "there"),
    [("Long enough", "Hello", "Text: ", "Title: "), ("No", BODY, "Title: ", "Text: ")],
)
async def test_what_is_there_is_not_missing(
    make: Any, signed_in: Any, title: str, body: str, lacking: str, there: str
) -> None:
    ana = await signed_in(await make.user("ana"))
    await ana.get("/write")
    page = await ana.follow(await ana.post("/write", title=title, body=body, category="", then="publish"))
    assert page.status_code == 200
    assert f"<li>{lacking}" in page.text and f"<li>{there}" not in page.text


async def test_autosave_keeps_a_draft_and_its_revision(make: Any, signed_in: Any) -> None:
    ana = await signed_in(await make.user("ana"))
    first = await save(ana, title="Typed", body="One", category=None)
    assert first.status_code == 200
    kept = first.json()
    second = await save(ana, **kept, title="Typed", body="One, two", category="Food")
    assert second.json()["revision"] > kept["revision"]
    stale = await save(ana, **kept, title="Typed", body="Something else", category=None)
    assert (stale.status_code, stale.json()["code"]) == (409, "edit_conflict")
    page = await ana.get(f"/write/{kept['id']}")
    assert "One, two</textarea>" in page.text


async def test_autosave_says_what_it_cannot_keep(make: Any, signed_in: Any) -> None:
    ana = await signed_in(await make.user("ana"))
    many = "\n\n".join(f"![x](https://example.org/{n}.png)" for n in range(6))
    answer = await save(ana, title="Pictures", body=many, category=None)
    assert answer.status_code == 422
    assert "at most 5 pictures" in answer.json()["detail"]


async def test_autosave_never_touches_a_post_that_is_out(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    post = await make.post(user)
    ana = await signed_in(user)
    answer = await save(ana, id=str(post.id), revision=post.revision, title=post.title, body=BODY, category="Food")
    assert (answer.status_code, answer.json()["code"]) == (409, "is_live")


async def test_autosave_needs_the_writer(make: Any, signed_in: Any, visitor: Any) -> None:
    post = await make.post(await make.user("ana"), published=False)
    ben = await signed_in(await make.user("ben"))
    answer = await save(ben, id=str(post.id), revision=post.revision, title="Mine now", body=BODY)
    assert answer.status_code == 404
    await visitor.get("/")
    assert (await save(visitor, title="x", body="y")).status_code in (401, 303)


async def test_a_post_that_is_out_changes_with_the_button(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    post = await make.post(user, title="As it was")
    ana = await signed_in(user)
    page = await ana.get(f"/write/{post.id}")
    assert "Update the post" in page.text
    given = hidden(page.text)
    page = await ana.follow(
        await ana.post("/write", **given, title="As it is", body=BODY, category="Travel", then="update")
    )
    assert "Your readers see the new text." in page.text
    assert "As it is" in page.text


async def test_what_was_typed_comes_back_with_the_error(make: Any, signed_in: Any) -> None:
    user = await make.user("ana")
    post = await make.post(user)
    ana = await signed_in(user)
    given = hidden((await ana.get(f"/write/{post.id}")).text)
    answer = await ana.post("/write", **given, title="Kept <title>", body="Too short", category="Travel")
    assert answer.status_code == 422
    assert "Kept &lt;title&gt;</textarea>" in answer.text
    assert "Too short</textarea>" in answer.text
    stale = await ana.post("/write", id=given["id"], revision="99", title="A title", body=BODY, category="Travel")
    assert stale.status_code == 409
    assert "This text was changed in another window" in stale.text
    assert f'<a class="text-link tap" href="/write/{given["id"]}">Reload</a>' in stale.text
    assert 'data-returned="conflict"' in stale.text


async def test_taking_back_can_be_undone_and_deleting_asks(make: Any, signed_in: Any, visitor: Any) -> None:
    user = await make.user("ana")
    post = await make.post(user)
    ana = await signed_in(user)
    await ana.get("/dashboard/posts")
    page = await ana.follow(await ana.post(f"/write/{post.id}/unpublish"))
    assert "Readers no longer find it." in page.text
    assert (await visitor.get(f"/p/{post.slug}")).status_code == 404
    page = await ana.follow(await ana.post(f"/write/{post.id}/again"))
    assert "open to everybody again" in page.text
    assert "does not come back" in (await ana.get(f"/write/{post.id}/delete")).text
    page = await ana.follow(await ana.post(f"/write/{post.id}/delete"))
    assert "No posts yet" in page.text
    assert (await visitor.get(f"/p/{post.slug}")).status_code == 404


@pytest.mark.parametrize("path", ["", "/preview", "/publish", "/delete"])
async def test_the_writers_pages_are_the_writers(path: str, make: Any, signed_in: Any) -> None:
    post = await make.post(await make.user("ana"))
    ben = await signed_in(await make.user("ben"))
    assert (await ben.get(f"/write/{post.id}{path}")).status_code == 403
