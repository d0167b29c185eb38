"""The page of one's sessions."""

from typing import Any

HERE = "/dashboard/account/sessions"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"


async def test_it_lists_devices_and_ends_one(signed_in: Any, make: Any, client: Any) -> None:
    ana = await make.user()
    login = {"email": ana.email, "password": ana.password}
    tokens = (await client.post("/api/v1/auth/login", json=login, headers={"user-agent": FIREFOX})).json()
    elsewhere = {"authorization": f"Bearer {tokens['access_token']}"}
    listed = (await client.get("/api/v1/auth/sessions", headers=elsewhere)).json()
    own = next(s for s in listed if s["is_current"])
    assert (own["device_type"], own["os"], own["browser"], own["provider"]) == (
        "desktop",
        "Windows",
        "Firefox",
        "password",
    )
    browser = await signed_in(ana)
    shown = await browser.get(HERE)
    assert "Firefox on Windows" in shown.text and "This one" in shown.text
    ended = await browser.post(f"{HERE}/{own['id']}/end")
    assert ended.status_code == 303
    assert "Firefox on Windows" not in (await browser.get(HERE)).text
    assert (await client.get("/api/v1/auth/me", headers=elsewhere)).status_code == 401


async def test_ending_the_others_keeps_this_one(signed_in: Any, make: Any, client: Any) -> None:
    ana, bob = await make.user(), await make.user()
    browser = await signed_in(ana)
    assert (await browser.post(f"{HERE}/end-others")).status_code == 303
    assert (await client.as_(ana).get("/api/v1/auth/me")).status_code == 401
    assert (await client.as_(bob).get("/api/v1/auth/me")).status_code == 200
    assert (await browser.get(HERE)).status_code == 200
