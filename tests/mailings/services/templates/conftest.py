from collections.abc import Callable
from uuid import uuid4

import pytest


@pytest.fixture(params=["at the service", "here alone"])
def kept(request) -> str:
    """Both ways of keeping templates: in a book connected to the simulator, and in one connected to nothing."""
    if request.param == "at the service":
        request.getfixturevalue("practice")
    return request.param


@pytest.fixture
def text() -> Callable:
    from mailings.services.templates.texts import TemplateText

    def text(name: str = "Welcome", **fields: str) -> TemplateText:
        values = {"subject": "Hello ${name}", "body": "<p>Dear ${name}</p>", "sender_address": "news@example.com"}
        return TemplateText(name=name, **{**values, **fields})

    return text


@pytest.fixture
def register_template(book, by, text) -> Callable:
    from mailings.services.templates import writing

    def register_template(name: str = "Welcome", category=None, **options):
        own = {key: options.pop(key) for key in ("token", "by", "allow_twice", "mailing_id") if key in options}
        return writing.register(
            book=book,
            category_id=category and category.pk,
            text=text(name, **options),
            **{"token": uuid4(), "by": by, **own},
        )

    return register_template


@pytest.fixture
def make_category(book, by) -> Callable:
    from mailings.services.templates import categories

    def make_category(name: str = "Letters", parent=None, **options):
        return categories.create(
            book=book, parent_id=parent and parent.pk, name=name, **{"token": uuid4(), "by": by, **options}
        )

    return make_category


@pytest.fixture
def edit(book, by) -> Callable:
    """Saves a template with some of its fields changed, as a form does that was opened just now."""
    from dataclasses import replace

    from mailings.services.templates import writing
    from mailings.services.templates.texts import text_of

    def edit(template, seen_version: int | None = None, **fields: str):
        return writing.change(
            book=book,
            template_id=template.pk,
            seen_version=seen_version or template.version,
            category_id=template.category_id,
            text=replace(text_of(template), **fields),
            by=by,
        )

    return edit


@pytest.fixture
def service(book, practice):
    """The client of the simulated service: what NAVER's console would do there."""
    from workspace.services.books.connection import client_for

    with client_for(book) as client:
        yield client


@pytest.fixture
def at_service(practice) -> Callable:
    """Name and whether in use of each template at the simulated service, in all of its accounts."""
    from libraries.outbound_mailer.simulator.templates import TEMPLATE

    def at_service() -> list[tuple[str, bool]]:
        with practice._gateway.lock:
            places = [place for (place,) in practice._database.rows("SELECT DISTINCT place FROM documents")]
            found = [row for place in places for _, row in practice._database.documents(TEMPLATE, place)]
        return sorted((row["name"], row["isUse"]) for row in found)

    return at_service
