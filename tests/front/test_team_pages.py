"""Teams on pages: inviting, the way of an invited person with and without an account, changing, and ending."""

from typing import Any

import pytest

from stoa.foundation.settings.actions import change_platform

PASSWORD = "a stoa has columns"


@pytest.fixture
async def ana(make: Any) -> Any:
    return await make.user("ana", roles=("creator",))


@pytest.fixture
async def site(make: Any, ana: Any) -> Any:
    return await make.site(ana)


async def test_who_has_no_site_learns_what_a_team_is(signed_in: Any, make: Any) -> None:
    visitor = await signed_in(await make.user("ben"))
    shown = await visitor.get("/dashboard/team")
    assert shown.status_code == 200
    assert "You have no site yet" in shown.text and 'href="/dashboard/account/author-profile"' in shown.text
    assert "Invite and manage people" in shown.text, "the table of permissions"
    assert (await visitor.get("/dashboard/team/invite")).headers["location"] == "/dashboard/team"
    assert "No invitations" in (await visitor.get("/invites")).text


async def test_invited_by_form_and_accepted_by_button(signed_in: Any, make: Any, ana: Any, site: Any) -> None:
    ben = await make.user("ben")
    owner, invited = await signed_in(ana), await signed_in(ben)
    empty = await owner.get("/dashboard/team")
    assert "Nobody but you, so far" in empty.text and f"/dashboard/team/invite?site={site}" in empty.text
    form = await owner.get(f"/dashboard/team/invite?site={site}")
    assert 'name="permissions" value="manage_team"' in form.text and 'value="see_money"' not in form.text
    fields = {"site": str(site), "email": ben.email, "role": "translator", "permissions": ["publish", "see_analytics"]}
    sent = await owner.post("/dashboard/team/invite", **fields)
    listed = await owner.follow(sent)
    assert "on its way to ben@example.org" in listed.text and "1 of 3 places taken" in listed.text
    waits = await invited.get("/invites")
    assert "invited by ana" in waits.text
    assert "An invitation waits" in (await invited.get("/dashboard/team")).text
    token = await make.invite_token(ben.email)
    shown = await invited.get(f"/invites/{token}?for={ben.email}")
    assert "ana would like you to join as a translator" in shown.text
    assert "Read drafts, Publish and take back, Translate, See readers and reactions" in shown.text
    assert shown.headers["referrer-policy"] == "no-referrer" and shown.headers["cache-control"] == "no-store"
    done = await invited.follow(await invited.post(f"/invites/{token}/accept"))
    assert "You work on ana’s site now." in done.text and "with you as a translator" in done.text
    again = await invited.post(f"/invites/{token}/accept")
    assert again.status_code == 409 and "You have accepted" in again.text
    assert "Works here since" in (await owner.get(await member_path(make, ben))).text


async def member_path(make: Any, user: Any) -> str:
    async with make.tx() as ctx:
        found = await ctx.db.fetchval(
            "select id from collaborators where user_id = $1 order by id desc limit 1", user.id
        )
    return f"/dashboard/team/{found}"


async def test_what_is_wrong_stands_beside_the_field(signed_in: Any, make: Any, ana: Any, site: Any, tx: Any) -> None:
    owner = await signed_in(ana)
    await owner.get("/dashboard/team/invite")
    for fields, status, said in (
        ({"email": "nobody", "role": "editor"}, 422, "does not look like an e-mail"),
        ({"email": "ben@example.org"}, 422, "Please choose a role"),
        ({"email": "ben@example.org", "role": "emperor"}, 422, "Please choose a role"),
        ({"email": "ana@example.org", "role": "editor"}, 409, "on the team already"),
        ({"email": "ben@example.org", "role": "editor", "permissions": ["see_money"]}, 403, "that you have yourself"),
    ):
        answer = await owner.post("/dashboard/team/invite", site=str(site), **fields)
        assert answer.status_code == status and said in answer.text, (fields, answer.status_code)
        assert f'value="{fields["email"]}"' in answer.text, "what was typed is not lost"
    for n in range(3):
        await make.invite(ana, f"n{n}@example.org")
    full = await owner.post("/dashboard/team/invite", site=str(site), email="ben@example.org", role="editor")
    assert full.status_code == 402 and "The plan Starter has room for it." in full.text
    assert await make.mails("ben@example.org") == []


async def test_somebody_without_an_account_is_led_there_and_back(visitor: Any, make: Any, ana: Any, jobs: Any) -> None:
    """From the mail's link over the register form and the confirmed address to the team."""
    await make.invite(ana, "new@example.org", "analyst")
    mail = (await make.mails("new@example.org"))[0]
    link = next(line for line in mail.text.splitlines() if "/invites/" in line).removeprefix("http://testserver")
    shown = await visitor.get(link)
    assert "ana would like you to join as an analyst" in shown.text
    token = link.split("/invites/")[1].partition("?")[0]
    bare = await visitor.get(f"/invites/{token}")
    assert "new@example.org" not in bare.text, "only the mail's own link holds the address"
    register = f"/register?next=%2Finvites%2F{token}&email=new%40example.org"
    assert register.replace("&", "&amp;") in shown.text
    form = await visitor.get(register)
    assert 'value="new@example.org"' in form.text
    made = await visitor.post(
        "/register", username="newcomer", email="new@example.org", password=PASSWORD, next=f"/invites/{token}"
    )
    assert made.headers["location"] == f"/invites/{token}"
    waits = await visitor.follow(made)
    assert "First confirm your address" in waits.text and f"/invites/{token}/accept" not in waits.text
    refused = await visitor.post(f"/invites/{token}/accept")
    assert refused.status_code == 403 and "Please confirm your e-mail address first" in refused.text
    await jobs()
    verify = next(m for m in await make.mails("new@example.org") if "/verify-email/" in m.text)
    path = next(line for line in verify.text.splitlines() if "/verify-email/" in line).removeprefix("http://testserver")
    await visitor.get(path)
    assert (await visitor.post(path)).status_code == 303
    await visitor.get(f"/invites/{token}")
    done = await visitor.follow(await visitor.post(f"/invites/{token}/accept"))
    assert "with you as an analyst" in done.text


async def test_another_account_is_told_what_to_do_and_not_the_address(signed_in: Any, make: Any, ana: Any) -> None:
    _, token = await make.invite(ana, "secret.person@example.org")
    stranger = await signed_in(await make.user("eve"))
    for answer, status in (
        (await stranger.get(f"/invites/{token}"), 409),
        (await stranger.get("/invites/no-such-token"), 409),
        (await stranger.post(f"/invites/{token}/accept"), 404),
        (await stranger.post(f"/invites/{token}/decline"), 404),
        (await stranger.post("/invites/no-such-token/accept"), 404),
    ):
        assert answer.status_code == status
        assert "There is no invitation for you here" in answer.text and "ask whoever invited you" in answer.text
        assert "secret.person" not in answer.text and "ana" not in answer.text.replace("manage", "").replace(
            "Canary", ""
        )


async def test_declined_and_withdrawn(signed_in: Any, make: Any, ana: Any, site: Any) -> None:
    ben = await make.user("ben")
    first, _ = await make.invite(ana, ben.email)
    invited, owner = await signed_in(ben), await signed_in(ana)
    await invited.get("/invites")
    done = await invited.follow(await invited.post(f"/invites/{first}/decline"))
    assert "You have declined" in done.text and "No invitations" in done.text
    second, token = await make.invite(ana, ben.email)
    one = await owner.get(f"/dashboard/team/{second}")
    assert "Withdraw the invitation" in one.text
    gone = await owner.follow(await owner.post(f"/dashboard/team/{second}/remove"))
    assert "The invitation is withdrawn." in gone.text
    assert "not open any more" in (await invited.get(f"/invites/{token}")).text


async def test_sent_again(signed_in: Any, make: Any, ana: Any, tx: Any) -> None:
    invite, old = await make.invite(ana, "ben@example.org")
    owner = await signed_in(ana)
    await owner.get("/dashboard/team")
    soon = await owner.post(f"/dashboard/team/{invite}/resend")
    assert soon.status_code == 429
    async with tx() as ctx:
        await change_platform(ctx, team_invite_pause_s=0)
    done = await owner.follow(await owner.post(f"/dashboard/team/{invite}/resend"))
    assert "Sent again." in done.text
    assert await make.invite_token("ben@example.org") != old


async def test_changed_paused_let_in_again_and_taken_off(signed_in: Any, make: Any, ana: Any, site: Any) -> None:
    ben = await make.user("ben")
    collaborator = await make.collaborator(ana, ben, "editor")
    owner, member = await signed_in(ana), await signed_in(ben)
    path = f"/dashboard/team/{collaborator}"
    await owner.get(path)
    await owner.follow(await owner.post(path, role="analyst", permissions=["translate"]))
    shown = await owner.get(path)
    assert "Translate, See readers and reactions" in shown.text
    wrong = await owner.post(path, role="owner")
    assert wrong.status_code == 422 and "Please choose a role" in wrong.text
    paused = await owner.follow(await owner.post(f"{path}/deactivate", reason="On leave"))
    assert "Paused since" in paused.text and "On leave" in paused.text
    assert (await member.get(f"/dashboard/team?site={site}")).status_code == 404
    back = await owner.follow(await owner.post(f"{path}/reactivate"))
    assert "Works here" in back.text
    assert (await member.get(f"/dashboard/team?site={site}")).status_code == 200
    own = await member.get(path)
    assert "Leave ana’s site" in own.text and "Pause" not in own.text
    off = await owner.follow(await owner.post(f"{path}/remove"))
    assert "They are off the team." in off.text
    assert (await member.get(path)).status_code == 404


async def test_leaving(signed_in: Any, make: Any, ana: Any) -> None:
    ben = await make.user("ben")
    collaborator = await make.collaborator(ana, ben, "manager")
    member = await signed_in(ben)
    await member.get("/dashboard/team")
    left = await member.follow(await member.post(f"/dashboard/team/{collaborator}/remove"))
    assert "You no longer work on ana’s site." in left.text and "You have no site yet" in left.text


async def test_several_sites_can_be_switched(signed_in: Any, make: Any, ana: Any, site: Any) -> None:
    ben = await make.user("ben", roles=("creator",))
    own = await make.site(ben)
    await make.collaborator(ana, ben, "editor")
    member = await signed_in(ben)
    shown = await member.get("/dashboard/team")
    assert "Nobody but you, so far" in shown.text
    assert f"/dashboard/team?site={own}" in shown.text and f"/dashboard/team?site={site}" in shown.text
    other = await member.get(f"/dashboard/team?site={site}")
    assert "with you as an editor" in other.text and "Invite somebody" not in other.text
    assert (await member.get(f"/dashboard/team/invite?site={site}")).status_code == 403
    for odd in ("x", "", "00000000-0000-0000-0000-000000000000"):
        assert (await member.get(f"/dashboard/team?site={odd}")).status_code == 404
    assert (await member.get(f"/dashboard/team?site={own}&cursor=x")).status_code == 303


# ---- the owner's posts -----------------------------------------------------------------------------------------


async def test_an_editor_edits_and_publishes_what_the_owner_drafts(
    signed_in: Any, make: Any, ana: Any, site: Any
) -> None:
    ben = await make.user("ben")
    await make.collaborator(ana, ben, "editor")
    draft = await make.post(ana, title="Under construction", published=False)
    member = await signed_in(ben)
    assert f"/dashboard/posts?site={site}" in (await member.get("/dashboard/posts")).text
    listed = await member.get(f"/dashboard/posts?site={site}")
    assert "Under construction" in listed.text and f"/write/{draft.id}/delete" not in listed.text
    editor = await member.get(f"/write/{draft.id}")
    assert "You are editing a text of ana. It stays theirs." in editor.text
    fields = {"id": str(draft.id), "revision": "1", "category": "Education", "body": draft.body_markdown}
    saved = await member.post("/write", title="Finished", then="publish", **fields)
    assert saved.headers["location"] == f"/write/{draft.id}/publish"
    await member.follow(saved)
    done = await member.post(f"/write/{draft.id}/publish", revision="2", category="Education")
    shown = await member.follow(done)
    assert "Finished" in shown.text and 'href="/@ana"' in shown.text, "it stays its author's"
    back = await member.post(f"/write/{draft.id}/unpublish")
    assert back.headers["location"] == f"/dashboard/posts?site={site}"
    assert (await member.get(f"/write/{draft.id}/delete")).status_code == 403
    assert (await member.get("/dashboard/earnings")).status_code == 200, "their own, not the owner's"


async def test_who_may_edit_but_not_publish(signed_in: Any, make: Any, ana: Any, site: Any) -> None:
    ben = await make.user("ben")
    await make.collaborator(ana, ben, "translator", ("edit_content",))
    draft, out = await make.post(ana, published=False), await make.post(ana)
    member = await signed_in(ben)
    editor = await member.get(f"/write/{draft.id}")
    assert "Publish …" not in editor.text and "<span>Save</span>" in editor.text
    assert (await member.get(f"/write/{draft.id}/publish")).status_code == 403
    assert (await member.post(f"/write/{draft.id}/publish", revision="1")).status_code == 403
    assert (await member.get(f"/write/{out.id}")).status_code == 403
    answer = await member.post("/write", id=str(out.id), revision=str(out.revision), title="Other", body="Other")
    assert answer.status_code == 403
    listed = await member.get(f"/dashboard/posts?site={site}")
    assert f"/write/{out.id}/unpublish" not in listed.text and f'href="/p/{out.slug}"' in listed.text


async def test_an_analyst_sees_how_it_is_read_and_no_draft(signed_in: Any, make: Any, ana: Any, site: Any) -> None:
    ben = await make.user("ben")
    await make.collaborator(ana, ben, "analyst")
    draft, out = (
        await make.post(ana, title="A secret draft", published=False),
        await make.post(ana, title="Out in the open"),
    )
    member = await signed_in(ben)
    listed = await member.get(f"/dashboard/posts?site={site}")
    assert "Out in the open" in listed.text and "0 readers" in listed.text and "A secret draft" not in listed.text
    assert "A secret draft" not in (await member.get(f"/dashboard/posts?site={site}&state=draft")).text
    for path in (f"/write/{draft.id}", f"/write/{draft.id}/preview"):
        assert (await member.get(path)).status_code == 404
    assert (await member.get(f"/write/{out.id}")).status_code == 403
    stranger = await signed_in(await make.user("eve"))
    assert (await stranger.get(f"/dashboard/posts?site={site}")).status_code == 404


async def test_a_reader_of_drafts_previews_them(signed_in: Any, make: Any, ana: Any) -> None:
    ben = await make.user("ben")
    await make.collaborator(ana, ben, "translator")
    draft = await make.post(ana, title="To be translated", published=False)
    member = await signed_in(ben)
    shown = await member.get(f"/write/{draft.id}/preview")
    assert shown.status_code == 200 and "Go on writing" not in shown.text and "To be translated" in shown.text
