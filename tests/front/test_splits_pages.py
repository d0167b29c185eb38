"""`/admin/splits` in a browser's hands."""

from datetime import timedelta
from typing import Any

from stoa.kit.clock import utcnow
from tests.front.test_admin_pages import words
from tests.money.books import count


async def test_the_rules_in_force_with_an_example_each(make: Any, signed_in: Any) -> None:
    admin = await signed_in(await make.user("alma", roles=("admin",)))
    shown = words((await admin.get("/admin/splits")).text)
    assert "40 % creator · 60 % platform" in shown
    assert "97 % creator · 2 % platform · 1 % charity" in shown
    assert "Of $3.00: Creator $2.91 Platform $0.06 Charity $0.03" in shown
    assert "Of ₹100.00: Creator ₹88.20 Platform ₹10.00 GST ₹1.80" in shown


async def test_adding_a_rule_from_a_day_on(make: Any, signed_in: Any, app: Any) -> None:
    admin = await signed_in(await make.user("alma", roles=("admin",)))
    day = (utcnow() + timedelta(days=3)).date().isoformat()
    form = {"kind": "tip", "effective_from": day, "creator": "95,5", "platform": "2", "charity": ""}
    refused = await admin.post("/admin/splits", **form)
    assert refused.status_code == 422
    assert "Please give percents, such as 97 or 2.5" in refused.text and 'value="95,5"' in refused.text
    refused = await admin.post("/admin/splits", **form | {"creator": "95.5"})
    assert refused.status_code == 422 and "together are 100 percent" in refused.text
    for odd in ("9e999999", "-1", "NaN", "sNaN", "101", "1.234", "٩٥"):
        assert (await admin.post("/admin/splits", **form | {"creator": odd})).status_code == 422, odd
    for odd in ("", "0001-01-01", "9999-12-32", "soon"):
        assert (await admin.post("/admin/splits", **form | {"effective_from": odd})).status_code == 422, odd
    assert await count(app, "select count(*) from split_rules") == 3
    made = await admin.post("/admin/splits", **form | {"creator": "95.5", "charity": "2.5"})
    assert made.status_code == 303
    shown = words((await admin.get("/admin/splits")).text)
    assert "95.5 % creator · 2 % platform · 2.5 % charity @alma" in shown
    again = await admin.post("/admin/splits", **form | {"creator": "95.5", "charity": "2.5"})
    assert again.status_code == 409 and "Another rule begins at this moment" in again.text


async def test_only_administrators_come_here(make: Any, signed_in: Any) -> None:
    moderator = await signed_in(await make.user("mina", roles=("moderator",)))
    assert (await moderator.get("/admin/splits")).status_code == 403
