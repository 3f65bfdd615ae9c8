"""What the simulator answers: successes, and the two shapes of error."""

import json
from dataclasses import dataclass, field

from libraries.outbound_mailer.simulator.words import translate

JSON_TYPE = "application/json;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. `cut_after_bytes` ends the connection when so much of it is out; `delay_seconds` holds
    it back; `drip_seconds` lie between its bytes.
    """

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    cut_after_bytes: int | None = None
    delay_seconds: float = 0.0
    drip_seconds: float = 0.0


def json_reply(status: int, payload: object) -> Reply:
    return Reply(status, json.dumps(payload, ensure_ascii=False).encode())


class GatewayError(Exception):
    """Refused before the product saw the request. The gateway speaks English only."""

    def __init__(self, status: int, code: int, message: str, details: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.details = details

    def reply(self, *, numeric_codes: bool) -> Reply:
        error: dict[str, object] = {
            "errorCode": self.code if numeric_codes else str(self.code),
            "message": str(self),
        }
        if self.details is not None:
            error["details"] = self.details
        return json_reply(self.status, {"error": error})


class ProductError(Exception):
    """Refused by the product. `detail` names the field and stays in English."""

    def __init__(self, status: int, code: int, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.detail = detail

    def reply(self, *, numeric_codes: bool, language: str, twice: bool = False) -> Reply:
        message = " ".join(filter(None, (translate(str(self), language), self.detail)))
        code = self.code if numeric_codes else str(self.code)
        codes = {"code": code, "errorCode": code} if twice else {"code": code}
        return json_reply(self.status, {"error": {**codes, "message": message}})


def bad_request(detail: str) -> ProductError:
    return ProductError(400, 77102, "The request is not valid.", detail)


def not_found(detail: str) -> ProductError:
    return ProductError(400, 77103, "The resource does not exist.", detail)
