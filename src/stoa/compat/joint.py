"""The two paths that Synctale's and Stoory's documents share: each takes both bodies and answers in that document's
words. Stoory's is told by its fields: a name or a phone, and no username.
"""

from typing import Any

import msgspec
from litestar import post
from litestar._openapi.schema_generation import SchemaCreator
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from stoa.compat.stoory import accounts as stoory
from stoa.compat.stoory import bodies as stoorys
from stoa.compat.synctale import accounts as synctale
from stoa.compat.synctale import bodies as synctales
from stoa.kit.forms import snake
from stoa.kit.http import Body, CtxDep, access
from stoa.kit.http.inputs import InputDTO


class Registration(InputDTO):
    """Reads either document's registration."""

    _either: tuple[type[msgspec.Struct], type[msgspec.Struct]] = (synctales.RegisterIn, stoorys.RegisterIn)
    _telling = frozenset({"name", "phone"})

    def struct_for(self, document: Any) -> type[msgspec.Struct]:
        """Stoory's where a name or a phone is given and no username, else Synctale's."""
        given = {snake(str(key)) for key in document} if isinstance(document, dict) else set()
        return self._either["username" not in given and not self._telling.isdisjoint(given)]

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: SchemaCreator
    ) -> Reference | Schema:
        """One of both."""
        fields = [FieldDefinition.from_annotation(struct) for struct in cls._either]
        return Schema(one_of=[schema_creator.for_field_definition(field) for field in fields])


class LogIn(Registration):
    """Reads either document's log-in: Stoory's has a phone."""

    _either = (synctales.LoginIn, stoorys.LoginIn)
    _telling = frozenset({"phone"})


@post("/api/auth/register", dto=Registration, return_dto=None, opt=access("public", limit="auth"))
async def register(ctx: CtxDep, data: Body[msgspec.Struct]) -> synctales.RegisterOut | stoorys.SignedInOut:
    """A new account with its welcome bonus (M5) and a 7-day token (I3)."""
    if isinstance(data, stoorys.RegisterIn):
        return await stoory.register(ctx, data)
    assert isinstance(data, synctales.RegisterIn)
    return await synctale.register(ctx, data)


@post("/api/auth/login", dto=LogIn, return_dto=None, status_code=200, opt=access("public", limit="auth"))
async def login(
    ctx: CtxDep, data: Body[msgspec.Struct]
) -> synctales.LoginOut | stoorys.SignedInOut | stoorys.CodeSentOut:
    """A 7-day token for these credentials; a phone without password or code is sent a code."""
    if isinstance(data, stoorys.LoginIn):
        return await stoory.login(ctx, data)
    assert isinstance(data, synctales.LoginIn)
    return await synctale.login(ctx, data)


routes = [register, login]
