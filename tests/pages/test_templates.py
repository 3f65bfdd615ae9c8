"""*Manage templates* in a browser: a category, a template, its content with values, a draft from it, and back."""

import json

import pytest
from playwright.sync_api import Page, expect

from mailings.models import Category, Mailing, Template
from tests.support.stack import wait_for


def register(page: Page, name: str) -> None:
    page.get_by_role("link", name="Register template").click()
    page.get_by_label("Template name").fill(name)
    page.get_by_label("Mail subject").fill("Hello ${name}")
    page.get_by_label("Sender address").fill("news@example.com")
    page.locator("#simple-field").click()
    page.keyboard.type("Dear ${name}, welcome")


@pytest.mark.usefixtures("connected")
def test_a_template_from_its_category_to_a_draft_and_back(
    page_of, bob, book, sender, axe, tmp_path, allowed_console_errors
) -> None:
    allowed_console_errors.append("status of 409")
    page = page_of(bob, viewport={"width": 1440, "height": 900})
    page.goto(f"/books/{book.slug}/")
    page.get_by_role("link", name="Manage templates").click()
    create = page.get_by_role("region", name="Categories").get_by_role("button", name="Create")
    expect(create).to_be_disabled()
    page.get_by_label("Category or template name").fill("Letters")
    create.click()
    expect(page.get_by_role("heading", name="Letters")).to_be_visible()
    axe(page)

    register(page, "Welcome")
    axe(page)
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    axe(page)
    assert Template.objects.get().sid is not None

    page.get_by_role("button", name="View content").click()
    dialog = page.get_by_role("dialog", name="View content")
    dialog.get_by_label("Recipient").fill("ann@example.com")
    dialog.get_by_label("Value of name").fill("Ann")
    dialog.get_by_role("button", name="Narrow").click()
    expect(dialog).to_contain_text("Hello Ann")
    expect(page.frame_locator("iframe[title='The mail']").locator("body")).to_contain_text("Dear Ann, welcome")
    axe(page)
    dialog.get_by_role("button", name="Close").click()

    page.get_by_role("link", name="Edit").click()
    page.locator("#simple-field").click()
    page.keyboard.type("Really, ")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert "Really" in Template.objects.get().body

    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_label("Mail subject")).to_have_value("Hello ${name}")
    expect(page.locator("#simple-field")).to_contain_text("welcome")
    page.get_by_label("Mail subject").fill("Good morning ${name}")
    page.get_by_role("button", name="Save as template").click()
    dialog = page.get_by_role("dialog", name="Save as template")
    dialog.get_by_label("Template name").fill("Welcome")
    axe(page)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("This name is already used here.")
    dialog.get_by_label("Template name").fill("Morning")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog", name="Notification")).to_contain_text("Morning")
    page.get_by_role("button", name="OK").click()

    page.get_by_role("button", name="Load template").click()
    dialog = page.get_by_role("dialog", name="Load template")
    dialog.get_by_role("radio", name="Welcome").check()
    axe(page)
    dialog.get_by_role("button", name="Load", exact=True).click()
    expect(page.get_by_label("Mail subject")).to_have_value("Hello ${name}")
    assert Mailing.objects.get().subject == "Hello ${name}"

    page.get_by_role("link", name="Manage templates").click()
    with page.expect_download() as going_out:
        page.get_by_role("button", name="Export").click()
    document = json.loads(going_out.value.path().read_text())
    assert [row["name"] for row in document["templates"]] == ["Morning", "Welcome"]
    document["templates"][0]["name"] = "Evening"
    file = tmp_path / "templates.json"
    file.write_text(json.dumps(document))
    page.get_by_role("button", name="Import").click()
    page.get_by_role("dialog").get_by_label("File").set_input_files(file)
    axe(page)
    page.get_by_role("dialog").get_by_role("button", name="Import").click()
    expect(page.locator("#templates-state")).to_contain_text("Imported 1 · Already there 1", timeout=30_000)
    page.get_by_role("button", name="Refresh").click()
    wait_for(lambda: "Read from the service" in page.locator("#templates-state").inner_text(), seconds=30)

    page.get_by_role("link", name="Evening").first.click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("“Evening” is out of use.")).to_be_visible()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_text("“Evening” is in use again.")).to_be_visible()


@pytest.mark.parametrize(
    ("width", "scheme", "language"), [(1440, "dark", "ja"), (1024, "light", "ko"), (390, "dark", "en")]
)
def test_the_pages_of_templates_are_accessible_and_fit(
    stack, page_of, bob, book, axe, width, scheme, language, allowed_console_errors
) -> None:
    """A category with a long name, an empty one, a template, what is out of use, and a form that was refused."""
    allowed_console_errors.append("status of 422")
    long = Category.objects.create(book=book, name="아주-긴-카테고리-이름" * 8)
    values = {"book": book, "category": long, "subject": "W" * 300, "body": "<p>${name}</p>"}
    template = Template.objects.create(name="W" * 100, sender_address=f"{'w' * 60}@example.com", **values)
    Template.objects.create(name="Unused", is_in_use=False, **values)
    page = page_of(bob, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.context.add_cookies([{"name": "django_language", "value": language, "url": stack.url}])

    def looks_right() -> None:
        expect(page.locator("html")).to_have_attribute("lang", language)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url

    for path in ("", f"?category={long.pk}", "?show=unused", f"{template.pk}/", f"{template.pk}/edit/"):
        page.goto(f"/books/{book.slug}/templates/{path}")
        looks_right()
    page.goto(f"/books/{book.slug}/templates/register/")
    page.locator(".template-actions .primary").click()
    expect(page.locator("#name-problem")).to_be_visible()
    looks_right()
