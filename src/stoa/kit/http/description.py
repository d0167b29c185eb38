"""The API's description (OpenAPI), completed by what the framework cannot know: who may call what, how errors look."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.connection import Request
from litestar.openapi.plugins import JsonRenderPlugin

_TEXT: Final = {"type": "string"}
PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457). `code` is stable; `detail` is a sentence for a person.",
    "required": ["type", "title", "status", "code", "detail", "instance", "trace_id"],
    "properties": {
        **dict.fromkeys(("type", "title", "code", "detail", "instance", "trace_id"), _TEXT),
        "status": {"type": "integer"},
        "fields": {
            "type": "object",
            "description": "The message of each field that is not right.",
            "additionalProperties": _TEXT,
        },
    },
}
ERROR: Final[dict[str, Any]] = {
    "description": "Any error",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
FILE: Final = {"type": "string", "format": "binary"}
BEARER: Final = {"type": "http", "scheme": "bearer", "description": "The access token of `/api/v1/auth/login` (I3)."}
KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same request answers the same; with another request, 409 (M11).",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x20-\x7e]*$"},
}

Declared = Mapping[tuple[str, str], Mapping[str, Any]]


def complete(schema: Mapping[str, Any], declared: Declared) -> dict[str, Any]:
    """The description with errors, access and Idempotency-Key; `declared` is each route's `opt` by path and method."""
    document: dict[str, Any] = msgspec.to_builtins(schema)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            opt = declared.get((path, method.upper()))
            if opt is None or not isinstance(operation, dict):
                continue
            operation["responses"].pop("400", None)  # the framework's own form of an error, which is never sent
            if path.startswith("/api/"):
                operation["responses"]["default"] = {"$ref": "#/components/responses/Error"}
            if opt["answers"]:
                operation["responses"]["200"]["content"] = {kind: {"schema": FILE} for kind in opt["answers"]}
            operation["x-access"] = opt["access"]
            if opt["access"] not in ("public", "provider"):
                operation["security"] = [{"bearer": []}]
            if opt["idempotent"]:
                operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/IdempotencyKey"})
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {"Error": ERROR}
    components["parameters"] = {"IdempotencyKey": KEY}
    components["securitySchemes"] = {"bearer": BEARER}
    return document


class Description(JsonRenderPlugin):
    """Answers the description as JSON; it is made once."""

    def __init__(self, describe: Callable[[Litestar], dict[str, Any]]) -> None:
        super().__init__()
        self._describe = describe
        self._made: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The whole document."""
        if self._made is None:
            self._made = msgspec.json.encode(self._describe(request.app))
        return self._made
