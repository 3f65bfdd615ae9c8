"""Between the dataclasses of `types` and the JSON on the wire: `some_field` there is `someField`.

The API prints some numbers as strings and some lists as null, and may add fields; all that is taken. A
required field that is missing or of another kind, and a count below zero, mean that this is not an answer of
this API.
"""

import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
JsonObject = dict[str, Any]
Count = Annotated[int, "how many of something: never below zero"]
# NUL and half of a pair: JSON may hold either as an escape, and no database takes both.
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
# Longer than any number of this API, and short enough for a 64-bit column.
_INTEGER = re.compile(r"-?[0-9]{1,18}")


class UndecodableError(ValueError):
    """The JSON is not what the operation documents. The text names the field, never its value."""


def encode(request: Any) -> JsonObject:
    """The JSON object of a request dataclass, without the fields that are None: those are optional ones."""
    dataclass_type: Any = type(request)
    return {
        json_name: _plain(value)
        for name, json_name, _, _ in fields_of(dataclass_type)
        if (value := getattr(request, name)) is not None
    }


def _plain(value: object) -> object:
    if is_dataclass(value):
        return encode(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return dict(value)
    return value


def decode(kind: type[T], payload: object) -> T:
    """An instance of the dataclass `kind`, or UndecodableError."""
    if not isinstance(payload, dict):
        raise UndecodableError(f"{kind.__name__} is not an object")
    values: dict[str, Any] = {}
    dataclass_type: Any = kind
    for name, json_name, hint, required in fields_of(dataclass_type):
        raw = payload.get(json_name)
        if raw is None and not required:
            continue  # null and absent mean the same to this API; the default stands for both
        values[name] = _value(hint, raw, f"{kind.__name__}.{json_name}")
    return kind(**values)


@cache
def fields_of(kind: type) -> tuple[tuple[str, str, Any, bool], ...]:
    """Of each field: its name, the API's name, its type and whether it is required."""
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} is not a dataclass")
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        (
            field.name,
            _camel_case(field.name),
            hints[field.name],
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(kind)
    )


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _value(hint: Any, raw: object, where: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        (hint,) = (choice for choice in get_args(hint) if choice is not type(None))
        return None if raw is None else _value(hint, raw, where)
    if origin is tuple:
        if not isinstance(raw, list):
            raise UndecodableError(f"{where} is not a list")
        return tuple(_value(get_args(hint)[0], item, where) for item in raw)
    if origin is Mapping:
        if not isinstance(raw, dict):
            raise UndecodableError(f"{where} is not an object")
        return {_text(str(key), where): _text(str(value), where) for key, value in raw.items()}
    if is_dataclass(hint):
        return decode(hint, raw)  # type: ignore[arg-type]
    if hint == Count:
        return _count(raw, where)
    return _scalar(hint, raw, where)


def _count(raw: object, where: str) -> int:
    count = int(_scalar(int, raw, where))
    if count < 0:
        raise UndecodableError(f"{where} is not a count")
    return count


def _scalar(hint: type, raw: object, where: str) -> str | int | bool:
    if hint is bool and isinstance(raw, bool):
        return raw
    if hint is str and isinstance(raw, str | int) and not isinstance(raw, bool):
        return _text(str(raw), where)
    if hint is int and isinstance(raw, str | int) and not isinstance(raw, bool) and _INTEGER.fullmatch(str(raw)):
        return int(raw)
    raise UndecodableError(f"{where} is not {hint.__name__}")


def _text(text: str, where: str) -> str:
    if _UNSTORABLE.search(text):
        raise UndecodableError(f"{where} is not storable text")
    return text
