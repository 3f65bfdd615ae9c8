"""One authenticated call as the simulated product sees it, and how its operations are registered."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from libraries.outbound_mailer.simulator.books import Book
from libraries.outbound_mailer.simulator.database import Database
from libraries.outbound_mailer.simulator.outcomes import Outcomes
from libraries.outbound_mailer.simulator.replies import Reply, bad_request
from libraries.outbound_mailer.simulator.settings import SimulatorSettings
from libraries.outbound_mailer.simulator.words import translate


@dataclass(frozen=True)
class Call:
    """`place` names the account and region whose data this is about; `ids` are the variable parts of the
    path.
    """

    database: Database
    settings: SimulatorSettings
    outcomes: Outcomes
    place: str
    now: float
    language: str
    ids: Mapping[str, str]
    query_string: str
    content_type: str
    body: bytes

    @cached_property
    def payload(self) -> dict[str, Any]:
        """The JSON object of the body."""
        try:
            payload = json.loads(self.body)
        except (ValueError, RecursionError):
            raise bad_request("The body is not JSON.") from None
        if not isinstance(payload, dict):
            raise bad_request("The body is not a JSON object.")
        return payload

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """The query's pairs, decoded; names may repeat."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    @cached_property
    def book(self) -> Book:
        return Book(self.database, self.place, self.settings)

    def parameter(self, name: str) -> str | None:
        """A query parameter that stands once."""
        return dict(self.query).get(name)

    def parameters(self, name: str) -> list[str]:
        """A query parameter that may be repeated."""
        return [value for key, value in self.query if key == name]

    def required(self, name: str) -> str:
        value = self.parameter(name)
        if not value:
            raise bad_request(f"{name} is required.")
        return value

    def labelled(self, code: str, label: str) -> dict[str, str]:
        """The API's {label, code} object, in the language of the call."""
        return {"label": translate(label, self.language), "code": code}


@dataclass(frozen=True, slots=True)
class Route:
    """An operation under its name in the API. `path` has `{name}` for a variable segment."""

    method: str
    path: str
    operation: str
    handle: Callable[[Call], Reply]
    media_type: str | None = None  # what the body has to be
    is_documented: bool = True  # the others have pages of their own, but are not in the overview of 2026


JSON_BODY = "application/json"
MULTIPART_BODY = "multipart/form-data"
