"""Somebody in the story: signed in, and speaking to the API as any program would."""

import time
from collections.abc import Callable
from typing import Any, Final

import httpx

from stoa.demo.telling import Teller

TIMEOUT_S: Final = 30.0
MOST_PATIENCE_S: Final = 90
WAITS_S: Final = 60.0


class StoryEnds(Exception):
    """The story cannot go on; the message says which request was refused, and why."""


class Visitor:
    """One person with a client of their own."""

    def __init__(self, teller: Teller, base_url: str, role: str) -> None:
        self.teller, self.role = teller, role
        self.id = self.username = self.password = ""
        # Never through a proxy to ourselves.
        self.http = httpx.Client(base_url=base_url, timeout=TIMEOUT_S, trust_env=False)

    def register(self, username: str) -> None:
        """A new account, and its token from now on."""
        self.password = f"{username} in the shade"
        body = {"username": username, "email": f"{username}@example.org", "password": self.password}
        made = self.post("/api/v1/auth/register", body)
        self.id, self.username = made["user"]["id"], made["user"]["username"]
        self.http.headers["Authorization"] = f"Bearer {made['access_token']}"

    def get(self, path: str, *, quiet: bool = False, **params: str | int) -> Any:
        """A JSON answer; `quiet` leaves the request untold."""
        return self._asked("GET", path, quiet=quiet, params=params or None).json()

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        """Sends JSON and answers JSON. `key` is the Idempotency-Key (M11)."""
        answer = self._asked("POST", path, json={} if body is None else body, headers=_keyed(key))
        return answer.json() if answer.content else None

    def patch(self, path: str, body: Any) -> Any:
        """A change, as JSON."""
        return self._asked("PATCH", path, json=body).json()

    def until(self, path: str, is_done: Callable[[Any], bool]) -> Any:
        """Looks again and again until it is done. Raises StoryEnds after a minute."""
        deadline = time.monotonic() + WAITS_S
        while True:
            seen = self.get(path, quiet=True)
            if is_done(seen):
                self.teller.request(self.role, "GET", path, 200)
                return seen
            if time.monotonic() > deadline:
                raise StoryEnds(f"after {WAITS_S:.0f} s {path} is still {seen['state']}; does a worker run?")
            time.sleep(0.3)

    def put(self, path: str) -> Any:
        """A request without a body."""
        return self._asked("PUT", path).json()

    def refused(self, path: str, body: Any, *, key: str | None = None) -> tuple[int, str]:
        """A POST that is to be refused: the status and the code of the answer."""
        answer = self._sent("POST", path, json=body, headers=_keyed(key))
        told: dict[str, Any] = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        return answer.status_code, str(told.get("code", ""))

    def upload(self, data: bytes, alt: str) -> Any:
        """A picture."""
        file = {"file": ("picture.jpg", data, "image/jpeg")}
        return self._asked("POST", "/api/v1/media", files=file, data={"alt": alt}).json()

    def close(self) -> None:
        """Gives the connections back."""
        self.http.close()

    def _asked(self, method: str, path: str, *, quiet: bool = False, **more: Any) -> httpx.Response:
        answer = self._sent(method, path, quiet=quiet, **more)
        if answer.status_code >= 400:
            raise StoryEnds(f"{method} {path} was answered {answer.status_code}: {answer.text[:300]}")
        return answer

    def _sent(self, method: str, path: str, *, quiet: bool = False, **more: Any) -> httpx.Response:
        deadline = time.monotonic() + MOST_PATIENCE_S
        while True:
            try:
                answer = self.http.request(method, path, **more)
            except httpx.TransportError as error:
                raise StoryEnds(f"{method} {path}: no answer ({error})") from error
            if not quiet:
                self.teller.request(self.role, method, path, answer.status_code)
            pause_s = int(answer.headers.get("retry-after", 1))
            if answer.status_code != 429 or time.monotonic() + pause_s > deadline:
                return answer
            self.teller.say(f"That was too quick for the rate limit (L1). It asks to wait {pause_s} s, so we wait.")
            time.sleep(pause_s)


def _keyed(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Idempotency-Key": key}
