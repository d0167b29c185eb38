"""`/admin/reconciliation` in a browser's hands."""

from typing import Any

from stoa.kit.queue import run_due
from tests.contract.things import World, discrepancy
from tests.front.test_admin_pages import words


async def test_comparing_and_settling(app: Any, client: Any, make: Any, signed_in: Any) -> None:
    world = World(make, client)
    await world.people()
    admin = await signed_in(await make.user("alma", roles=("admin",)))
    empty = words((await admin.get("/admin/reconciliation")).text)
    assert "Nothing was compared yet" in empty and "Nothing differs" in empty
    made = await discrepancy(world)
    shown = words((await admin.get("/admin/reconciliation")).text)
    assert "Not known here 1 open" in shown and "Payments by sandbox" in shown
    assert "There is nothing of this kind" in (await admin.get("/admin/reconciliation?state=closed")).text
    address = f"/admin/reconciliation/{made['discrepancy_id']}"
    detail = words((await admin.get(address)).text)
    assert "It was paid there, and the order here does not know it." in detail
    assert "Take over what sandbox says" in detail
    refused = await admin.post(f"{address}/resolve", note=" ")
    assert refused.status_code == 422 and "Please say how it was settled" in refused.text
    merged = await admin.follow(await admin.post(f"{address}/merge"))
    assert "Both sides agree now." in merged.text and "In order" in merged.text
    assert f'href="{address}"' in (await admin.get("/admin/audit")).text, "what was done stands in the audit"
    again = await admin.follow(await admin.post(f"{address}/resolve", note="Too late"))
    assert "It is closed already" in again.text
    begun = await admin.follow(await admin.post("/admin/reconciliation", account="payments:sandbox"))
    assert "It is being compared." in begun.text and "hx-get=" in begun.text
    assert (
        "This is being compared already"
        in (await admin.follow(await admin.post("/admin/reconciliation", account="payments:sandbox"))).text
    )
    await run_due(app, reraise=True)
    part = await admin.get("/admin/reconciliation", **{"hx-request": "true"})
    assert "hx-get=" not in part.text and "<html" not in part.text


async def test_what_cannot_be_compared(client: Any, make: Any, signed_in: Any) -> None:
    admin = await signed_in(await make.user("alma", roles=("admin",)))
    for form in (
        {"account": "payments:nobody"},
        {"account": ""},
        {"account": "payments:sandbox", "since": "soon"},
        {"account": "payments:sandbox", "since": "2026-05-03", "until": "2026-05-01"},
    ):
        answer = await admin.post("/admin/reconciliation", **form)
        assert answer.status_code == 422 and "Nothing was compared" in answer.text
    assert (await admin.get("/admin/reconciliation?kind=none")).status_code == 422
