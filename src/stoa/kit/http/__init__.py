"""The way in over HTTP: what a route declares, and what it is given.

    @get("/api/v1/wallet", opt=access("member"))
    async def my_wallet(ctx: CtxDep) -> WalletOut: ...

A route without `access` stops the start. `kit.http.edge` opens the request's connection, signs the caller in, checks
the declared access, and commits before the answer leaves.
"""

from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import litestar
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody, QueryParameter, SkipValidation, URLEncodedBody

from stoa.kit.ctx import Ctx
from stoa.kit.pagination import MAX_LIMIT

Access = Literal["public", "member", "staff", "admin", "provider"]
LimitClass = Literal["auth", "upload", "write", "none"]

T = TypeVar("T")

# The context is ours: converting it again on each request, as the framework does with inputs, would be waste.
CtxDep = NamedDependency[SkipValidation[Ctx]]
Body: TypeAlias = JSONBody[T]
Form: TypeAlias = URLEncodedBody[T]
Multipart: TypeAlias = MultipartBody[T]
Path: TypeAlias = FromPath[T]
Query: TypeAlias = FromQuery[T]
Request: TypeAlias = litestar.Request[Any, Any, Any]
# The query parameters of lists: `cursor: Cursor = None, limit: PageLimit = 20`.
PageLimit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]
Cursor: TypeAlias = Annotated[str | None, QueryParameter(max_length=500)]


def access(
    kind: Access,
    *,
    idempotent: bool | Literal["own"] = False,
    limit: LimitClass | None = None,
    write: bool | None = None,
    gated: bool = True,
    answers: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The `opt` of a route: who may call it, and how.

    kind: public (anybody), member (signed in), staff (moderator and up), admin, provider (the handler checks a
        signature; no session, no CSRF).
    idempotent: the request moves money and honours `Idempotency-Key` (M11). The edge keeps key and answer, or, with
        "own", the action keeps the key with what it makes, and finds it again: two round trips less.
    limit: the class of L1 it counts against instead of the general one; "none" for what must always answer. A public
        route without limit, such as a static file, does not even look at who asks.
    write: whether the request runs in one transaction; by default every method but GET and HEAD.
    gated: whether only a few requests of its limit class run at a time; not for what waits for others outside.
    answers: the content types of a file it answers with; without any it answers JSON.
    """
    return {
        "access": kind,
        "idempotent": idempotent,
        "limit": limit,
        "write": write,
        "gated": gated,
        "answers": answers,
        "as_is": True,
    }
