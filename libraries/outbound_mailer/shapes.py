"""Checks that a request holds what its dataclass says: a wrong kind of value is refused by the API's own name."""

import types
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, Union, get_args, get_origin

from libraries.outbound_mailer.errors import InvalidRequestError
from libraries.outbound_mailer.wire import fields_of

_KINDS = {str: "a text", int: "a whole number", bool: "True or False"}


def check_shape(request: object) -> None:
    """Raises InvalidRequestError, naming the field, for a value of another kind; a list does for a tuple."""
    _check_fields("", request)


def _check_fields(where: str, request: object) -> None:
    kind: type = type(request)
    for name, json_name, hint, _ in fields_of(kind):
        value = getattr(request, name)
        # Most fields of most recipients.
        if value is not None or type(None) not in get_args(hint):
            _check(f"{where}{json_name}", hint, value)


def _check(where: str, hint: Any, value: object) -> None:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        (hint,) = (choice for choice in get_args(hint) if choice is not type(None))
        origin = get_origin(hint)
    if origin is tuple:
        _check_list(where, get_args(hint)[0], value)
    elif origin is Mapping:
        _check_parameters(where, value)
    elif is_dataclass(hint):
        if not isinstance(value, hint):  # type: ignore[arg-type]
            raise InvalidRequestError(where, f"A {getattr(hint, '__name__', 'dataclass')} is needed")
        _check_fields(f"{where}.", value)
    elif type(value) is not hint and not (hint is str and isinstance(value, str)):
        raise InvalidRequestError(where, f"Must be {_KINDS[hint]}, not {_said(value)}")


def _check_list(where: str, item: Any, value: object) -> None:
    if not isinstance(value, tuple | list):
        raise InvalidRequestError(where, f"Must be a tuple or a list, not {_said(value)}")
    for index, one in enumerate(value):
        _check(f"{where}[{index}]", item, one)


def _check_parameters(where: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise InvalidRequestError(where, f"Must be a mapping of names to texts, not {_said(value)}")
    for name, text in value.items():
        # How a number is to look (1000 or 1,000) is the caller's to say; None would be printed or left out.
        if not isinstance(name, str) or not isinstance(text, str):
            wrong = text if isinstance(name, str) else name
            raise InvalidRequestError(where, f"Names and values must be texts, not {_said(wrong)}")


def _said(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
