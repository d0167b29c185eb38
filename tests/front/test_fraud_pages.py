"""`/admin/fraud` in a browser's hands, and the hold where the person looks."""

from typing import Any

from tests.front.test_admin_pages import words


async def flagged(client: Any, make: Any) -> Any:
    ana, bob = await make.member("ana", purchased=100, earned=400), await make.member("bob")
    for _ in range(11):
        await client.as_(ana).post("/api/v1/gifts", json={"recipient_id": str(bob.id), "amount": 1})
    return ana


async def test_deciding_about_a_flag(client: Any, make: Any, signed_in: Any) -> None:
    await flagged(client, make)
    admin = await signed_in(await make.user("alma", roles=("admin",)))
    page = (await admin.get("/admin/fraud")).text
    assert "11 movements within an hour, more than 10" in words(page)
    assert "Nothing was noticed" in (await admin.get("/admin/fraud?severity=critical")).text
    address = page.split('href="/admin/fraud/')[1].split('"')[0]
    shown = words((await admin.get(f"/admin/fraud/{address}")).text)
    assert "until then the payouts of @ana are held" in shown
    refused = await admin.post(f"/admin/fraud/{address}/reject", note="")
    assert refused.status_code == 422 and "Please say why" in refused.text
    assert (await admin.post(f"/admin/fraud/{address}/perhaps")).status_code == 422
    done = await admin.follow(await admin.post(f"/admin/fraud/{address}/reject", note="These gifts go in a circle"))
    assert "by @alma" in words(done.text) and "These gifts go in a circle" in done.text
    again = await admin.follow(await admin.post(f"/admin/fraud/{address}/approve"))
    assert "It is rejected already" in again.text


async def test_the_person_reads_why_and_by_when(client: Any, make: Any, signed_in: Any) -> None:
    """F7."""
    ana = await signed_in(await flagged(client, make))
    shown = words((await ana.get("/dashboard/earnings")).text)
    assert "Your payouts are held 11 movements within an hour, more than 10. A person looks at it." in shown
    assert "You hear from us by" in shown
