"""Asking a gateway that speaks JSON over HTTP, where its own client would block or bring a client of its own along."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import httpx
import structlog

from stoa.money.payments.errors import GatewayUnavailable

log = structlog.get_logger(__name__)

TIMEOUT: Final = httpx.Timeout(15.0, connect=5.0)
# What concerns the request itself. Whatever else is no success keeps the gateway from doing it, now.
_CONCERNS_US: Final = frozenset({400, 403, 404, 422})


class Refused(Exception):
    """The gateway understood, and does not do it. `told` is the answer's body."""

    def __init__(self, status: int, told: Any) -> None:
        super().__init__(status)
        self.status = status
        self.told: dict[str, Any] = told if isinstance(told, dict) else {}


async def ask(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    auth: tuple[str, str],
    repeats: bool,
    headers: Mapping[str, str] | None = None,
    **sent: Any,
) -> Any:
    """The answer's JSON. `repeats`: asking again after no answer does no harm, so it is done once.

    Raises Refused, and GatewayUnavailable for everything that is no answer to the request: no connection, wrong keys,
    too many requests, a fault over there, something that is no JSON.
    """
    for is_last in (False, True) if repeats else (True,):
        try:
            answer = await http.request(
                method, url, auth=auth, headers=dict(headers or {}), timeout=TIMEOUT, follow_redirects=False, **sent
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("gateway.unavailable", url=url, error=type(error).__name__)
            if is_last:
                raise GatewayUnavailable from error
            continue
        if answer.status_code < 500 or is_last:
            break
    return _read(url, answer)


def _read(url: str, answer: httpx.Response) -> Any:
    try:
        told = answer.json(parse_float=Decimal)  # amounts stay what they are
    except ValueError:
        told = None
    if answer.is_success and told is not None:
        return told
    if answer.status_code in _CONCERNS_US and isinstance(told, dict):
        raise Refused(answer.status_code, told)
    log.warning("gateway.unavailable", url=url, status=answer.status_code)
    raise GatewayUnavailable
