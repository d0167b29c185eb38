"""Request bodies: decoded by `kit.forms`, so that every wrong field is reported and either case of key is taken.

Forms of pages hold text and nothing else; see `PageRequest`.
"""

from typing import Any, ClassVar

import msgspec
from litestar import Request
from litestar._openapi.schema_generation import SchemaCreator
from litestar.datastructures import FormMultiDict
from litestar.dto import AbstractDTO
from litestar.openapi.spec import Reference, Schema
from litestar.typing import FieldDefinition

from stoa.kit.errors import Invalid
from stoa.kit.forms import parse, storable


class InputDTO(AbstractDTO[Any]):
    """Applies to each handler's `data` of a Struct type; anything else is left to Litestar."""

    _inputs: ClassVar[dict[str, type[msgspec.Struct]]] = {}
    model_type = msgspec.Struct

    @classmethod
    def is_supported_model_type_field(cls, field_definition: FieldDefinition) -> bool:
        """Only Structs."""
        return isinstance(field_definition.annotation, type) and issubclass(field_definition.annotation, msgspec.Struct)

    @classmethod
    def create_for_field_definition(
        cls, field_definition: FieldDefinition, handler_id: str, backend_cls: Any = None
    ) -> None:
        """Remembers the Struct of this handler."""
        cls._inputs[handler_id] = field_definition.annotation

    @classmethod
    def create_openapi_schema(
        cls, field_definition: FieldDefinition, handler_id: str, schema_creator: SchemaCreator
    ) -> Reference | Schema:
        """The schema of the Struct itself."""
        return schema_creator.for_field_definition(field_definition)

    @classmethod
    def generate_field_definitions(cls, model_type: type[Any]) -> Any:
        """Not used: the Struct is its own description."""
        yield from ()

    @classmethod
    def detect_nested_field(cls, field_definition: FieldDefinition) -> bool:
        """Not used."""
        return False

    def struct_for(self, document: Any) -> type[msgspec.Struct]:
        """What this handler reads a body as; a route that takes several kinds looks at it and chooses."""
        return self._inputs[str(self.asgi_connection.route_handler.handler_id)]

    def decode_bytes(self, value: bytes) -> Any:
        """JSON to the handler's Struct; an empty body counts as an empty object."""
        try:
            document = msgspec.json.decode(value) if value else {}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid("The body is not valid JSON") from error
        return parse(self.struct_for(document), document)

    def decode_builtins(self, value: Any) -> Any:
        """A submitted form to the handler's Struct."""
        if isinstance(value, FormMultiDict):
            value = value.dict()
        flat = {k: (v[0] if isinstance(v, list) and len(v) == 1 else v) for k, v in value.items()}
        return parse(self.struct_for(flat), flat, strict=False)


class PageRequest(Request[Any, Any, Any]):
    """A request for a page: its form holds only texts that can be stored, whatever was sent."""

    async def form(self) -> FormMultiDict:
        """The text fields; files are left out. Raises Invalid for a text that nothing below could store."""
        sent = await super().form()
        texts = [(name, text) for name, text in sent.multi_items() if isinstance(text, str)]
        for name, text in texts:
            if not storable(name + text):
                raise Invalid(
                    fields={name if storable(name) else "form": "This holds a character that cannot be stored"}
                )
        return FormMultiDict(texts)
