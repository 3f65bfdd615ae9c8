"""Every form of every page over HTTP, with what nobody would type: never an answer that says it was our fault."""

import random
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.core.signals import got_request_exception
from django.urls import reverse

from addressbook.models import Address, Group, Upload
from tests.fuzz.run import fuzz
from tests.fuzz.texts import text
from tests.workspace.views.test_access import TABLE, url_of
from tests.workspace.views.test_members import freshly
from workspace.models import AuditEvent, BookMember

pytestmark = pytest.mark.timeout(1200)

# Signing out would end the run; the others call the service, as a person asks them to.
LEFT_OUT = {"sign_out", "test_connection", "compare_remote", "rebuild_remote"}
TYPES = ["application/x-www-form-urlencoded", "application/json", "text/plain", "multipart/form-data; boundary=x", ""]
TARGETS = ["console", "results", "addresses", "dialog", "jobs", "nothing", "\x7f"]
Form = tuple[str, str, list[tuple[str, str]]]


class Forms(HTMLParser):
    """The forms of a page, and what stands in their fields: method, URL, name and value."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.found.append((values.get("method", "get"), values.get("action", ""), []))
        elif values.get("name") and self.found:
            self.found[-1][2].append((values["name"], values.get("value", "")))
        if url := values.get("formaction") or values.get("hx-post"):
            # Such a button sends the fields of the form that it stands in.
            self.found.append(("post", url, self.found[-1][2] if self.found else []))


def test_no_form_is_answered_with_a_fault(
    book, alice, bob, vera, client_of, make_group, register, ask, check, do_reset
) -> None:
    freely = {"client": freshly(client_of(alice))}
    faults: list[BaseException | None] = []

    def note(sender: object, **values: Any) -> None:
        import sys

        faults.append(sys.exc_info()[1])

    def put_right() -> None:
        """What earlier cases have taken away; alice stays who she is."""
        BookMember.objects.filter(book=book, user=alice).update(role="admin")
        book.refresh_from_db()
        if Address.objects.filter(edition=book.current_edition).count() < 3:
            register("a@example.com b@example.com c@example.com d@example.com")
        if "_auth_user_id" not in freely["client"].session:
            freely["client"] = freshly(client_of(alice))

    def case(dice: random.Random) -> None:
        put_right()
        client = freely["client"]
        client.raise_request_exception = False
        name = dice.choice([name for name in TABLE if name not in LEFT_OUT])
        arguments = {key: dice.choice([value, known_id(dice)]) for key, value in TABLE[name].arguments.items()}
        page = url_of(name, TABLE[name]._replace(arguments=arguments), book.slug)
        looked_at = Forms()
        if dice.randrange(3):
            looked_at.feed(read(client.get(page)))
        form = dice.choice([*looked_at.found, ("post", page, [])])
        send(client, form, page, dice)
        assert not faults, f"{form[0]} {form[1] or page}"

    got_request_exception.connect(note)
    try:
        make_group("VIP")
        register("a@example.com")
        ask()
        check("email\nnew@example.com\nwrong\n")
        assert fuzz("forms", case, at_least=10)
    except BaseException as error:
        if faults and faults[0] is not None:
            raise error from faults[0]
        raise
    finally:
        got_request_exception.disconnect(note)


def read(answer: Any) -> str:
    """A page, or a file to its end, which closes it."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8", "replace")


def send(client: Any, form: Form, page: str, dice: random.Random) -> None:
    method, url, fields = form
    url = url or page
    if url.startswith(("http", "//")) or any(url.startswith(left) for left in ("/sign-out/", "/admin/")):
        return
    if any(reverse(name, args=["x"]).rpartition("/x/")[2] in url for name in LEFT_OUT - {"sign_out"}):
        return
    pairs = [(name, value_like(value, dice)) for name, value in fields if dice.randrange(8)]
    pairs += [(dice.choice(NAMES), value_like("", dice)) for _ in range(dice.randrange(4))]
    headers = {"HX-Request": "true", "HX-Target": dice.choice(TARGETS)} if dice.randrange(2) else {}
    if method == "get" and dice.randrange(4):
        answer = client.get(url.partition("?")[0], pairs, headers=headers)
    elif dice.randrange(10):
        body = urlencode(pairs, errors="surrogatepass").replace("%F0", dice.choice(["%F0", "%FF", "%"]))
        answer = client.generic("POST", url, body, content_type=TYPES[0], headers=headers)
    else:
        body = text(dice).encode() if dice.randrange(2) else urlencode(pairs).encode()
        answer = client.generic("POST", url, body, content_type=dice.choice(TYPES), headers=headers)
    read(answer)
    # That page says with 503 that a part is not there, and here no worker is.
    most = 503 if url == reverse("readyz") else 499
    assert answer.status_code <= most, f"{method} {url} {pairs}"


NAMES = (
    *(
        "group",
        "q",
        "page",
        "size",
        "address",
        "everything",
        "through",
        "seen",
        "token",
        "target",
        "name",
        "text",
        "into",
    ),
    *("user", "role", "copy", "seen_edition", "seen_groups", "seen_addresses", "scope", "format", "reason", "sheet"),
    *(
        "encoding",
        "delimiter",
        "header_row",
        "email_column",
        "group_column",
        "running",
        "number",
        "existing",
        "confirmed",
    ),
    *("person", "action", "since", "until", "before", "after", "invitation", "code", "masking", "version", "newcomers"),
    *("current_password", "next", "language", "in", "on", "cleared", "traces", "username", "password1", "password2"),
)


def value_like(value: str, dice: random.Random) -> str:
    match dice.randrange(9):
        case 0:
            return text(dice, most=12)
        case 1:
            return dice.choice(["", "0", "-1", "1e9", str(2**31), str(2**63), "9" * 30, "٣", "on", "x" * 70_000])
        case 2:
            return str(known_id(dice))
        case 3:
            return str(uuid4())
        case 4:
            return value + dice.choice(["0", "'", "\0", "💥"])
        case _:
            return value


def known_id(dice: random.Random) -> int:
    model = dice.choice([Address, Group, Upload, AuditEvent])
    return dice.choice([*model._default_manager.values_list("pk", flat=True)[:20], 1, 2, 4711])
