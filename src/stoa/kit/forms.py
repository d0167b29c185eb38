"""Input of people and programs into Structs, reporting every field that is wrong, not just the first.

One parser for JSON bodies and HTML forms: keys may be snake_case or camelCase, unknown keys are ignored.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin

import msgspec

from stoa.kit.errors import Invalid

S = TypeVar("S", bound=msgspec.Struct)

_CAMEL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def snake(name: str) -> str:
    """'paymentMethodId' as 'payment_method_id'."""
    return _CAMEL.sub(r"_\1", name).lower()


_fields: Final = cache(msgspec.structs.fields)


@cache
def _names(row: type[msgspec.Struct]) -> dict[str, str]:
    """Each accepted key of a Struct (field name, encoded name, both in snake_case) to its field name."""
    names: dict[str, str] = {}
    for field in _fields(row):
        for key in (field.name, field.encode_name, snake(field.encode_name)):
            names[key] = field.name
    return names


def parse(row: type[S], mapping: object, *, strict: bool = True) -> S:
    """Makes a `row` of a mapping; raises Invalid with a message for each wrong or missing field.

    With strict=False, as for HTML forms, text is read as numbers, dates and booleans, an empty text counts as not
    given, and a checked box as True.
    """
    values, errors = _collect(row, mapping, strict, "")
    if errors:
        raise Invalid(fields=errors)
    return row(**values)


def _collect(
    row: type[msgspec.Struct], mapping: object, strict: bool, prefix: str
) -> tuple[dict[str, Any], dict[str, str]]:
    if not isinstance(mapping, Mapping):
        return {}, {prefix.rstrip(".") or "body": "This must be an object with named fields"}
    names = _names(row)
    given: dict[str, Any] = {}
    for key, raw in mapping.items():
        field_name = names.get(key) or names.get(snake(str(key)))
        if field_name is not None:
            given[field_name] = raw
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in _fields(row):
        raw = given.get(field.name, msgspec.UNSET)
        if not strict and isinstance(raw, str) and raw.strip() == "" and not field.required:
            raw = msgspec.UNSET
        if raw is msgspec.UNSET:
            if field.required:
                errors[prefix + field.name] = "This field is needed"
            continue
        nested = _nested(field.type)
        if nested is not None and isinstance(raw, Mapping):
            inner, inner_errors = _collect(nested, raw, strict, f"{prefix}{field.name}.")
            errors.update(inner_errors)
            if not inner_errors:
                values[field.name] = nested(**inner)
            continue
        try:
            values[field.name] = msgspec.convert(_prepared(raw, field.type, strict), field.type, strict=strict)
        except (msgspec.ValidationError, OverflowError) as error:
            blank = isinstance(raw, str) and not raw.strip()
            errors[prefix + field.name] = "Please fill this in" if blank and field.required else humane(str(error))
            continue
        if _has_bad_text(values[field.name]):
            errors[prefix + field.name] = "This holds a character that cannot be stored"
    return values, errors


def _nested(annotation: Any) -> type[msgspec.Struct] | None:
    for option in get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,):
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            return option
    return None


def _prepared(raw: object, annotation: Any, strict: bool) -> object:
    if strict:
        return raw
    if raw == "on" and annotation in (bool, bool | None):
        return True
    wants_list = any(get_origin(o) in (list, tuple, frozenset, set) for o in (annotation, *get_args(annotation)))
    if (wants_list and not isinstance(raw, Sequence | frozenset)) or (wants_list and isinstance(raw, str)):
        return [raw]
    return raw


def _has_bad_text(converted: object) -> bool:
    """PostgreSQL stores neither NUL nor lone surrogates; say so instead of failing later."""
    if isinstance(converted, str):
        return not storable(converted)
    if isinstance(converted, list | tuple | set | frozenset):
        return any(_has_bad_text(item) for item in converted)
    if isinstance(converted, dict):
        return any(_has_bad_text(k) or _has_bad_text(v) for k, v in converted.items())
    if isinstance(converted, msgspec.Struct):
        return any(_has_bad_text(getattr(converted, name)) for name in converted.__struct_fields__)
    return False


def storable(text: str) -> bool:
    """Whether PostgreSQL can store this text: no NUL, no lone surrogate."""
    if "\x00" in text:
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"Expected `str` of length >= (\d+)"), "Please use at least {0} characters"),
    (re.compile(r"Expected `str` of length <= (\d+)"), "Please use at most {0} characters"),
    (re.compile(r"Expected `array` of length <= (\d+)"), "At most {0} of these"),
    (re.compile(r"Expected `array` of length >= (\d+)"), "At least {0} of these"),
    (re.compile(r"Expected `(?:int|float|decimal)` >= (-?[\d.]+)"), "This must be at least {0}"),
    (re.compile(r"Expected `(?:int|float|decimal)` <= (-?[\d.]+)"), "This must be at most {0}"),
    (re.compile(r"Expected `(?:int|float|decimal)` > (-?[\d.]+)"), "This must be more than {0}"),
    (re.compile(r"Expected `(?:int|float|decimal)` < (-?[\d.]+)"), "This must be less than {0}"),
    (re.compile(r"Expected `str` matching regex"), "This is not of the expected form"),
    (re.compile(r"Invalid enum value (.+?)(?: - at .*)?$"), "{0} is not one of the choices"),
    (re.compile(r"Invalid (\w+)"), "This is not a valid {0}"),
    (re.compile(r"Expected `int"), "This must be a whole number"),
    (re.compile(r"Expected `(?:float|decimal)"), "This must be a number"),
    (re.compile(r"Expected `bool"), "This must be yes or no"),
    (re.compile(r"Expected `str"), "This must be text"),
    (re.compile(r"Expected `array"), "This must be a list"),
    (re.compile(r"Expected `object"), "This must be an object with named fields"),
    (re.compile(r"out of range"), "This number is out of range"),
)


def humane(message: str) -> str:
    """A decoder's message as a sentence for the person who filled in the field."""
    for pattern, sentence in _RULES:
        match = pattern.search(message)
        if match:
            said = sentence.format(*(cast("str", g) for g in match.groups()))
            return said.removesuffix("s") if said.endswith(" 1 characters") else said
    return message
