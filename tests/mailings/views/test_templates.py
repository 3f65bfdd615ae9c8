"""*Manage templates*, as forms without scripts and as htmx asks for them."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from libraries.outbound_mailer.simulator.faults import Fault, FaultKind
from mailings import limits
from mailings.models import Category, Mailing, Sender, Template, TemplateImport, TemplateRefresh
from mailings.services.templates import importing, refreshing
from tests.support.html import text_of
from workspace.models import AuditEvent

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
FIELDS = {
    "name": "Welcome",
    "subject": "Hello ${name}",
    "body": "<p>Dear ${name}, see <b>this</b></p>",
    "sender_address": "news@example.com",
    "sender_name": "News",
    "description": "For new customers",
    "editor": "simple",
}


@pytest.fixture
def client(bob, client_of):
    return client_of(bob)


@pytest.fixture
def at(book):
    return lambda name, *args: reverse(name, args=[book.slug, *args])


@pytest.fixture
def register(client, at):
    def register(**fields) -> Template:
        answer = client.post(at("register_template"), {**FIELDS, "token": uuid4(), **fields})
        assert answer.status_code == 302, text_of(answer)
        return Template.objects.latest("pk")

    return register


@pytest.fixture
def category(client, at) -> Category:
    client.post(at("create_template_category"), {"token": uuid4(), "name": "Letters"})
    return Category.objects.get()


def test_the_pages_of_a_book_lead_there_and_say_what_is_missing(client, at) -> None:
    assert at("manage_templates") in client.get(at("console")).content.decode()
    page = text_of(client.get(at("manage_templates")))
    assert "Manage templates" in page
    assert "There are no templates yet." in page
    assert "The templates are kept here only" in page


def test_a_template_is_registered_into_the_category_that_is_open(client, at, category, practice) -> None:
    opened = client.get(at("manage_templates"), {"category": category.pk}).content.decode()
    url = f"{at('register_template')}?category={category.pk}"
    assert url in opened
    form = client.get(url).content.decode()
    assert f'<option value="{category.pk}" selected>Letters</option>' in form

    answer = client.post(at("register_template"), {**FIELDS, "token": uuid4(), "category": category.pk}, follow=True)

    page = text_of(answer)
    assert "The template “Welcome” was registered." in page
    assert "For new customers" in page
    assert "News <news@example.com>" in page
    assert "${name}" in page
    assert "by 0 mailings" in page
    template = Template.objects.get()
    assert (template.category, template.editor, template.sid is not None) == (category, "simple", True)
    assert 'aria-current="true"><span class="tree-name">Welcome' in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "two words"}, "A name cannot hold spaces."),
        ({"name": ""}, "A name has 1 to 100 characters."),
        ({"subject": ""}, "Type a subject."),
        ({"body": "x" * 600_000}, "585.9"),
        ({"sender_address": "me@ncloud.com"}, "The service does not send from ncloud.com."),
        ({"sender_address": ""}, "Name a sender."),
        ({"description": "한" * 101}, "A Hangul syllable takes three bytes."),
    ],
)
def test_what_cannot_be_registered_is_said_and_nothing_is_lost(client, at, fields, sentence) -> None:
    sent = {**FIELDS, "token": uuid4(), **fields}
    answer = client.post(at("register_template"), sent)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    for name in ("name", "subject", "sender_address"):
        assert f'name="{name}" value="{sent[name]}"' in answer.content.decode()
    assert not Template.objects.exists()


def test_a_name_that_is_there_is_pointed_out_and_can_be_used_all_the_same(client, at, register) -> None:
    register()
    sent = {**FIELDS, "token": uuid4()}
    first = client.post(at("register_template"), sent)
    assert first.status_code == 409
    assert "The category already has a template with this name." in text_of(first)
    assert 'name="allow_twice"' in first.content.decode()
    page = client.post(at("register_template"), {**sent, "allow_twice": "1"}, follow=True)
    assert "The category has another template with this name." in text_of(page)


def test_without_an_answer_the_form_says_so_and_the_next_attempt_makes_one(client, at, practice) -> None:
    practice.faults.switch_on(Fault(kind=FaultKind.CUT_AFTER, operation="createTemplate", times=1))
    practice.faults.switch_on(Fault(kind=FaultKind.INTERNAL_ERROR, operation="getTemplateStructure", times=1))
    token = uuid4()
    answer = client.post(at("register_template"), {**FIELDS, "token": token})
    assert answer.status_code == 409
    assert "No answer came, and the service could not be asked" in text_of(answer)
    assert f'value="{token}"' in answer.content.decode()
    assert "No answer came when bob saved “Welcome”." in text_of(client.get(at("manage_templates")))

    page = client.post(at("register_template"), {**FIELDS, "token": token}, follow=True)
    assert "was registered" in text_of(page)
    assert Template.objects.count() == 1
    assert "No answer came" not in text_of(page)


def test_with_the_service_away_one_reads_and_begins_drafts(client, at, practice, register) -> None:
    template = register()
    practice.faults.switch_on(Fault(kind=FaultKind.RETIRED, times=None))

    answer = client.post(at("edit_template", template.pk), {**FIELDS, "version": 1, "subject": "Typed"})
    assert answer.status_code == 409
    assert "Nothing was changed." in text_of(answer)
    assert 'value="Typed"' in answer.content.decode()
    refreshing.ask(book=template.book, by=_actor(template))
    refreshing.run(TemplateRefresh.objects.get().pk)
    page = text_of(client.get(at("template", template.pk)))
    assert "The service could not be asked (retired)." in page
    assert "Hello ${name}" in page
    client.post(at("begin_draft"), {"token": uuid4(), "template": template.pk})
    assert Mailing.objects.get().subject == "Hello ${name}"


def _actor(template: Template):
    from workspace.models import BookMember
    from workspace.services.history.audit import Actor

    return Actor(BookMember.objects.filter(book=template.book).first().user)


def test_what_was_changed_elsewhere_stands_beside_what_was_typed(client, at, register) -> None:
    template = register()
    client.post(at("edit_template", template.pk), {**FIELDS, "version": 1, "subject": "Theirs"})
    mine = {**FIELDS, "version": 1, "subject": "Mine"}
    answer = client.post(at("edit_template", template.pk), mine)

    assert answer.status_code == 409
    page = text_of(answer)
    assert "The template was changed elsewhere" in page
    assert "Theirs" in page
    assert 'name="subject" value="Mine"' in answer.content.decode()
    assert 'name="version" value="2"' in answer.content.decode()
    client.post(at("edit_template", template.pk), {**mine, "version": 2})
    assert Template.objects.get().subject == "Mine"


def test_a_template_goes_out_of_use_and_comes_back(client, at, register, category) -> None:
    template = register(category=category.pk)
    assert "is taken out of use" in text_of(client.get(at("delete_template", template.pk), headers=HTMX))
    answer = client.post(at("delete_template", template.pk), follow=True)
    assert "“Welcome” is out of use." in text_of(answer)
    assert "Restore" in text_of(answer)
    assert at("begin_draft") not in answer.content.decode()
    assert "Welcome" not in text_of(client.get(at("manage_templates"), {"category": category.pk}))
    assert "Welcome" in text_of(client.get(at("manage_templates"), {"category": category.pk, "show": "unused"}))
    begun = client.post(at("begin_draft"), {"token": uuid4(), "template": template.pk}, follow=True)
    assert "This template is not in use any more." in text_of(begun)
    page = text_of(client.post(at("restore_template", template.pk), follow=True))
    assert "“Welcome” is in use again." in page


def test_categories_are_created_in_each_other_renamed_and_deleted(client, at, category, register) -> None:
    made = client.post(
        at("create_template_category"), {"token": uuid4(), "name": "Inner", "category": category.pk}, follow=True
    )
    assert "The category “Inner” was created." in text_of(made)
    inner = Category.objects.get(parent=category)
    again = client.post(at("create_template_category"), {"token": uuid4(), "name": "Inner", "category": category.pk})
    assert (again.status_code, "This name is already used here." in text_of(again)) == (409, True)
    bad = client.post(at("create_template_category"), {"token": uuid4(), "name": "two words"})
    assert (bad.status_code, 'value="two words"' in bad.content.decode()) == (422, True)

    client.post(at("rename_template_category", inner.pk), {"name": "Inside"})
    inner.refresh_from_db()
    assert inner.name == "Inside"
    refused = client.post(at("delete_template_category", category.pk), headers=HTMX)
    assert refused.status_code == 409
    assert "Only an empty category can be deleted" in text_of(refused)
    gone = client.post(at("delete_template_category", inner.pk), headers=HTMX)
    assert gone["HX-Redirect"].endswith(f"?category={category.pk}")
    assert not Category.objects.filter(name="Inside").exists()


def test_a_category_of_the_service_cannot_be_renamed_and_says_why(client, at, practice, category) -> None:
    page = text_of(client.get(at("rename_template_category", category.pk), headers=HTMX))
    assert "The service has no operation to rename a category." in page


def test_a_copy_goes_where_one_wants_it(client, at, register, category) -> None:
    template = register()
    form = client.get(at("copy_template", template.pk), headers=HTMX).content.decode()
    assert 'value="Welcome-2"' in form
    taken = client.post(at("copy_template", template.pk), {"token": uuid4(), "name": "Welcome", "category": ""})
    assert taken.status_code == 409
    client.post(at("copy_template", template.pk), {"token": uuid4(), "name": "Copy", "category": category.pk})
    copy = Template.objects.get(name="Copy")
    assert (copy.body, copy.category, copy.editor) == (template.body, category, "simple")


def test_view_content_asks_for_values_and_shows_the_mail_with_them(client, at, register) -> None:
    template = register(body='<p>Dear ${name}</p><a href="">x</a>')
    asked = client.get(at("template_content", template.pk), headers=HTMX)
    assert "No value yet: name" in text_of(asked)
    assert 'name="value-name"' in asked.content.decode()

    sent = {"recipient": "ann@example.com", "value-name": "Ann & Bob"}
    shown = client.post(at("template_content", template.pk), sent, headers=HTMX)
    page = text_of(shown)
    assert "ann@example.com" in page
    assert "Hello Ann & Bob" in page
    assert "1 links lead nowhere." in page
    text = text_of(client.post(at("template_content", template.pk), {**sent, "as": "text"}, headers=HTMX))
    assert "Dear Ann & Bob" in text
    frame = client.post(at("template_frame", template.pk), sent)
    assert "Dear Ann &amp; Bob" in frame.content.decode()
    assert "script-src 'none'" in frame["Content-Security-Policy"]
    assert "sandbox" in frame["Content-Security-Policy"]


def test_a_template_opens_a_draft_and_counts_its_mailings(client, at, register, book) -> None:
    Sender.objects.create(book=book, address="news@example.com", key="news@example.com")
    template = register()
    page = client.post(at("begin_draft"), {"token": uuid4(), "template": template.pk}, follow=True)
    draft = Mailing.objects.get()
    assert (draft.template, draft.editor, draft.sender.address) == (template, "simple", "news@example.com")
    assert "Hello ${name}" in page.content.decode()
    assert "by 0 mailings" in text_of(client.get(at("template", template.pk)))
    Mailing.objects.update(state="sent", confirmed_at=timezone.now() - timedelta(days=3))
    assert "by 1 mailing, last at" in text_of(client.get(at("template", template.pk)))
    assert "1" in text_of(client.get(at("manage_templates")))


def test_names_and_contents_are_searched(client, at, register, category) -> None:
    register(category=category.pk)
    register(name="Other", subject="Another", body="<p>autumn sale</p>")
    found = text_of(client.post(at("manage_templates"), {"query": "AUTUMN"}))
    assert "Found for “AUTUMN” 1" in found
    assert "Another" in found
    assert "No template has this" in text_of(client.post(at("manage_templates"), {"query": "winter"}))


def test_viewers_see_and_change_nothing(at, register, vera, client_of) -> None:
    template = register()
    viewer = client_of(vera)
    page = text_of(viewer.get(at("template", template.pk)))
    assert "View content" in page
    for word in ("Register template", "Edit", "Delete", "Import", "Copy"):
        assert word not in page
    assert viewer.get(at("template_content", template.pk)).status_code == 200
    assert viewer.post(at("export_templates")).status_code == 200
    assert viewer.post(at("edit_template", template.pk), FIELDS).status_code == 403


def test_templates_of_another_book_do_not_exist(book, register, charlie, client_of) -> None:
    from workspace.models import Region, Zone
    from workspace.services.books import books
    from workspace.services.history.audit import Actor

    template = register()
    other = books.create_book(name="Other", zone=Zone.PUBLIC, region=Region.KR, by=Actor(charlie))
    stranger = client_of(charlie)
    for name in ("template", "edit_template", "copy_template", "template_content", "delete_template"):
        assert stranger.get(reverse(name, args=[other.slug, template.pk])).status_code == 404
    stranger.post(reverse("begin_draft", args=[other.slug]), {"token": uuid4(), "template": template.pk})
    assert not Mailing.objects.exists()


def test_a_file_goes_out_comes_in_and_tells_what_was_not_taken(client, at, register, practice) -> None:
    register()
    content = b"".join(client.post(at("export_templates")).streaming_content)
    document = json.loads(content)
    document["templates"][0]["name"] = "Again"
    document["templates"].append({**document["templates"][0], "name": "two words"})
    file = SimpleUploadedFile("templates.json", json.dumps(document).encode())
    answer = client.post(at("import_templates"), {"token": uuid4(), "file": file}, headers=HTMX)
    assert answer["HX-Redirect"] == at("manage_templates")
    waiting = client.get(at("manage_templates"))
    assert 'hx-trigger="every 2s"' in waiting.content.decode()
    importing.run(TemplateImport.objects.get().pk)

    state = client.get(at("templates_state"), headers=HTMX)
    assert 'id="template-tree" hx-swap-oob="true"' in state.content.decode()
    assert 'id="template-shown" hx-swap-oob="true"' in state.content.decode()
    assert "every 2s" not in state.content.decode()
    page = text_of(state)
    assert "Imported 1" in page
    assert "Number 2, two words:" in page
    assert "A name cannot hold spaces." in page
    client.post(at("dismiss_template_import", TemplateImport.objects.get().pk))
    assert "two words" not in text_of(client.get(at("manage_templates")))
    history = text_of(client.get(at("history")))
    for title in ("Import templates", "Export templates", "Register template"):
        assert title in history


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "Choose a file."),
        (b"x", "The file is not JSON."),
        (b"{}", "This is not a file that Export has made."),
        (b'{"format": "mailer-console-templates", "version": 9}', "is of version 9"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused_with_a_sentence(client, at, content, sentence) -> None:
    fields = {"token": uuid4()}
    if content is not None:
        fields["file"] = SimpleUploadedFile("templates.json", content)
    answer = client.post(at("import_templates"), fields)
    assert (answer.status_code, sentence in text_of(answer)) == (422, True)
    assert not TemplateImport.objects.exists()


def test_a_refresh_is_asked_for_and_shown(client, at, practice, register) -> None:
    template = register()
    client.post(at("refresh_templates"), {"template": template.pk})
    moving = client.get(at("template", template.pk))
    assert "The content of 1 template is still to be read." in text_of(moving)
    poll = f"{at('templates_state')}?template={template.pk}"
    assert f'hx-get="{poll}"' in moving.content.decode()
    assert "hx-swap-oob" not in client.get(poll, headers=HTMX).content.decode()
    refreshing.run(TemplateRefresh.objects.get().pk)
    refreshed = client.get(poll, headers=HTMX)
    assert "Read from the service at" in text_of(refreshed)
    assert '<h2 id="template-title">Welcome</h2>' in refreshed.content.decode()
    assert "template-shown" not in client.get(at("templates_state") + "?found=1", headers=HTMX).content.decode()


def test_the_tree_of_many_shows_one_category_at_a_time_with_few_questions(
    client, at, book, monkeypatch, django_assert_max_num_queries
) -> None:
    monkeypatch.setattr(limits, "TEMPLATES_OF_A_WHOLE_TREE", 3)
    rows = [Category.objects.create(book=book, name=f"C{number}") for number in range(3)]
    for number in range(6):
        Template.objects.create(book=book, name=f"T{number}", category=rows[number % 3])
    page = text_of(client.get(at("manage_templates")))
    assert "T1" not in page
    with django_assert_max_num_queries(20):
        page = text_of(client.get(at("manage_templates"), {"category": rows[1].pk}))
    assert "T1" in page
    assert "T2" not in page
    assert AuditEvent.objects.filter(action__contains="template").count() == 0


@pytest.fixture
def draft(client, at, book, sender) -> Mailing:
    client.post(at("begin_draft"), {"token": uuid4()})
    Mailing.objects.update(subject="Autumn", body="<p>Leaves</p>", editor="simple")
    return Mailing.objects.get()


def test_a_draft_is_saved_as_a_template(client, at, draft, category) -> None:
    form = client.get(at("save_as_template", draft.pk), headers=HTMX)
    assert "Recipients, values, attachments and time are not part of a template." in text_of(form)
    fields = {"token": uuid4(), "name": "Autumn", "category": category.pk}
    saved = client.post(at("save_as_template", draft.pk), fields, headers=HTMX)
    assert "The template “Autumn” was registered." in text_of(saved)
    template = Template.objects.get()
    assert (template.subject, template.body, template.editor) == ("Autumn", "<p>Leaves</p>", "simple")
    assert (template.sender_address, template.sender_name, template.category) == ("news@example.com", "News", category)
    line = AuditEvent.objects.get(action="register_template")
    assert line.detail == {"template": "Autumn", "mailing": draft.pk}

    taken = client.post(at("save_as_template", draft.pk), {**fields, "token": uuid4()}, headers=HTMX)
    assert (taken.status_code, 'name="allow_twice"' in taken.content.decode()) == (409, True)
    again = {**fields, "token": uuid4(), "allow_twice": "1"}
    client.post(at("save_as_template", draft.pk), again, headers=HTMX)
    assert Template.objects.count() == 2


def test_a_draft_that_is_no_template_yet_says_what_is_missing(client, at, draft) -> None:
    Mailing.objects.update(subject="", sender=None)
    answer = client.post(at("save_as_template", draft.pk), {"token": uuid4(), "name": "two words"})
    assert answer.status_code == 422
    for sentence in ("A name cannot hold spaces.", "Type a subject.", "Name a sender."):
        assert sentence in text_of(answer)


def test_a_template_is_loaded_into_a_draft(client, at, draft, register, book) -> None:
    other = Sender.objects.create(book=book, address="shop@example.com", key="shop@example.com")
    template = register(sender_address="shop@example.com")
    register(name="Other", subject="Quite another")
    choice = text_of(client.get(at("load_template", draft.pk), headers=HTMX))
    assert "Welcome" in choice
    found = text_of(client.post(at("load_template", draft.pk), {"query": "quite"}, headers=HTMX))
    assert "Other" in found
    assert "Hello ${name}" not in found

    stale = client.post(at("load_template", draft.pk), {"template": template.pk, "version": 7}, headers=HTMX)
    assert stale.status_code == 409
    loaded = client.post(at("load_template", draft.pk), {"template": template.pk, "version": 1}, headers=HTMX)
    assert loaded["HX-Redirect"] == at("mailing", draft.pk)
    now = Mailing.objects.get()
    assert (now.subject, now.sender, now.template, now.version) == ("Hello ${name}", other, template, 2)
    client.post(at("delete_template", template.pk))
    gone = client.post(at("load_template", draft.pk), {"template": template.pk, "version": 2}, headers=HTMX)
    assert (gone.status_code, "not in use any more" in text_of(gone)) == (409, True)


def test_dialogs_open_with_their_page_where_there_are_no_scripts(client, at, register, category) -> None:
    template = register()
    for name in ("template_content", "copy_template", "delete_template"):
        page = client.get(at(name, template.pk)).content.decode()
        assert "<h1>Manage templates</h1>" in page
        assert '<dialog class="dialog' in page
    assert '<dialog class="dialog' in client.get(at("rename_template_category", category.pk)).content.decode()
    assert '<dialog class="dialog' in client.get(at("import_templates")).content.decode()
