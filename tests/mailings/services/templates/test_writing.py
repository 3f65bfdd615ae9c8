"""Templates and categories are written: at the service first, or here alone."""

from dataclasses import replace
from uuid import uuid4

import pytest

from libraries.outbound_mailer import MailerError
from libraries.outbound_mailer.simulator.faults import Fault, FaultKind
from mailings import actions, limits
from mailings.models import Category, Template, TemplateCall
from mailings.services.rules import NotAllowedError
from mailings.services.templates import calls, categories, writing
from mailings.services.templates.calls import BusyError
from mailings.services.templates.categories import CategoryNotEmptyError, HeldByServiceError, NameTakenError
from mailings.services.templates.settling import UnsettledError
from mailings.services.templates.texts import UnfitTextError
from mailings.services.templates.tree import CategoryGoneError
from mailings.services.templates.writing import StaleTemplateError
from workspace.models import AuditEvent
from workspace.services.history.audit import Actor
from workspace.services.work import crash_points

pytestmark = pytest.mark.django_db

# What takes effect although no answer says so.
TAKES_EFFECT = [FaultKind.ENDPOINT_TIMEOUT, FaultKind.CUT_AFTER, FaultKind.CUT_IN_ANSWER, FaultKind.RUBBISH]


def test_both_ways_keep_a_template_with_its_whole_life(kept, book, by, make_category, register_template, edit) -> None:
    seasons = make_category("Seasons")
    spring = make_category("Spring", seasons)

    template = register_template("봄-인사", spring, sender_name="News", description="For spring")
    assert (template.sid is not None) == (kept == "at the service")
    assert (spring.sid is not None) == (kept == "at the service")
    changed = edit(template, subject="Spring is here", editor="simple")
    assert (changed.subject, changed.editor, changed.version) == ("Spring is here", "simple", 2)
    assert not writing.delete(book=book, template_id=template.pk, by=by).is_in_use
    assert writing.delete(book=book, template_id=template.pk, by=by).name == "봄-인사"
    with pytest.raises(CategoryNotEmptyError):
        categories.delete(book=book, category_id=spring.pk, by=by)
    restored = writing.restore(book=book, template_id=template.pk, by=by)
    assert (restored.is_in_use, restored.subject) == (True, "Spring is here")
    empty = make_category("Empty")
    categories.delete(book=book, category_id=empty.pk, by=by)
    categories.delete(book=book, category_id=empty.pk, by=by)

    assert not Category.objects.filter(name="Empty").exists()
    assert not TemplateCall.objects.exists()
    told = AuditEvent.objects.filter(action__regex="template|category").order_by("pk").values_list("action", flat=True)
    assert list(told) == [
        *["create_category", "create_category", "register_template", "change_template", "delete_template"],
        *["restore_template", "create_category", "delete_category"],
    ]
    assert "Spring is here" not in str(list(AuditEvent.objects.values_list("detail", flat=True)))


def test_the_service_holds_what_is_shown(practice, service, make_category, register_template, edit) -> None:
    category = make_category()
    template = edit(register_template("One", category), body="<p>Changed</p>", description="")

    there = service.templates.get(template.sid)
    assert (there.name, there.body, there.category.sid) == ("One", "<p>Changed</p>", category.sid)


@pytest.mark.parametrize("restored_is_used", [True, False])
def test_a_restored_template_is_in_use_whatever_the_service_makes_of_it(
    restored_is_used, practice, book, by, register_template, at_service
) -> None:
    practice.settings = replace(practice.settings, restored_template_is_used=restored_is_used)
    template = register_template()
    writing.delete(book=book, template_id=template.pk, by=by)
    writing.restore(book=book, template_id=template.pk, by=by)
    assert at_service() == [("Welcome", True)]


@pytest.mark.parametrize("kind", TAKES_EFFECT)
def test_a_call_without_an_answer_is_looked_for(
    kind, practice, service, book, by, make_category, register_template, edit, at_service
) -> None:
    def lose(operation: str) -> None:
        practice.faults.switch_on(Fault(kind=kind, operation=operation, times=1))

    lose("createCategory")
    category = make_category()
    lose("createTemplate")
    template = register_template("One", category)
    lose("updateTemplate")
    template = edit(template, subject="Changed")
    lose("deleteTemplate")
    writing.delete(book=book, template_id=template.pk, by=by)
    lose("restoreTemplate")
    writing.restore(book=book, template_id=template.pk, by=by)
    lose("createCategory")
    categories.delete(book=book, category_id=make_category("Empty").pk, by=by)
    lose("deleteCategory")
    categories.delete(book=book, category_id=make_category("Empty").pk, by=by)

    assert at_service() == [("One", True)]
    assert service.templates.get(template.sid).title == "Changed"
    assert list(Category.objects.values_list("name", flat=True)) == ["Letters"]
    assert not practice.faults.waiting()
    assert not TemplateCall.objects.exists()


@pytest.mark.parametrize("operation", ["getTemplate", "getTemplateStructure"])
@pytest.mark.parametrize("kind", TAKES_EFFECT)
def test_a_lost_reading_changes_nothing(
    kind, operation, practice, make_category, register_template, edit, service
) -> None:
    template = register_template("One", make_category())
    if operation == "getTemplate":
        practice.faults.switch_on(Fault(kind=kind, operation=operation, times=1))
        with pytest.raises(MailerError):
            edit(template, subject="Changed")
        assert not TemplateCall.objects.exists()
        assert service.templates.get(template.sid).title == "Hello ${name}"
        assert edit(template, subject="Changed").subject == "Changed"
    else:
        practice.faults.switch_on(Fault(kind=kind, operation="createTemplate", times=1))
        practice.faults.switch_on(Fault(kind=kind, operation=operation, times=1))
        with pytest.raises(UnsettledError):
            register_template("Two")


def test_what_could_not_be_looked_for_is_looked_for_before_it_is_tried_again(
    practice, service, register_template, at_service
) -> None:
    practice.faults.switch_on(Fault(kind=FaultKind.CUT_AFTER, operation="createTemplate", times=1))
    practice.faults.switch_on(Fault(kind=FaultKind.INTERNAL_ERROR, operation="getTemplateStructure", times=1))
    with pytest.raises(UnsettledError) as failed:
        register_template("One")
    assert not failed.value.looked
    assert not Template.objects.exists()

    register_template("One", subject="Typed since then")

    assert at_service() == [("One", True)]
    assert service.templates.get(Template.objects.get().sid).title == "Typed since then"


def test_a_change_of_unknown_outcome_can_be_saved_again(practice, service, register_template, edit) -> None:
    template = register_template("One")
    practice.faults.switch_on(Fault(kind=FaultKind.CUT_AFTER, operation="updateTemplate", times=1))
    practice.faults.switch_on(Fault(kind=FaultKind.INTERNAL_ERROR, operation="getTemplate", times=1, skip=1))
    with pytest.raises(UnsettledError):
        edit(template, subject="First")
    assert Template.objects.get().subject == "Hello ${name}"

    edit(template, subject="Second")

    assert service.templates.get(template.sid).title == "Second"
    assert Template.objects.get().subject == "Second"


@pytest.mark.parametrize(
    ("kind", "error"),
    [(FaultKind.INTERNAL_ERROR, MailerError), (FaultKind.RETIRED, MailerError), (FaultKind.CUT_BEFORE, UnsettledError)],
)
def test_what_the_service_does_not_take_is_not_shown(
    kind, error, practice, book, by, make_category, register_template, edit, at_service
) -> None:
    template = register_template("One", make_category())
    practice.faults.switch_on(Fault(kind=kind, times=None))

    with pytest.raises((error, UnsettledError)):
        register_template("Two")
    with pytest.raises((error, UnsettledError)):
        make_category("Other")
    with pytest.raises(MailerError):
        edit(template, subject="Changed")
    with pytest.raises((error, UnsettledError)):
        writing.delete(book=book, template_id=template.pk, by=by)
    practice.faults.clear()

    assert at_service() == [("One", True)]
    assert list(Template.objects.values_list("name", "subject", "is_in_use")) == [("One", "Hello ${name}", True)]
    assert list(Category.objects.values_list("name", flat=True)) == ["Letters"]


def test_what_somebody_changed_at_the_service_is_shown_and_not_overwritten(
    practice, service, register_template, edit, text
) -> None:
    template = register_template("One")
    service.templates.update(template.sid, text("One", subject="Theirs").sent(is_in_use=True))

    with pytest.raises(StaleTemplateError) as stale:
        edit(template, subject="Mine")
    assert (stale.value.now.subject, stale.value.now.version) == ("Theirs", 2)
    assert service.templates.get(template.sid).title == "Theirs"

    edit(stale.value.now, subject="Mine")
    assert service.templates.get(template.sid).title == "Mine"


def test_a_colleague_is_not_overwritten(kept, register_template, edit) -> None:
    template = register_template("One")
    edit(template, subject="Theirs")
    with pytest.raises(StaleTemplateError):
        edit(template, subject="Mine")
    # An answer that was lost: what is there already is no conflict.
    assert edit(template, subject="Theirs").version == 2


def test_a_category_that_was_deleted_at_the_service(
    practice, service, make_category, register_template, at_service
) -> None:
    category = make_category()
    service.templates.delete_category(category.sid)

    with pytest.raises(CategoryGoneError):
        register_template("One", category)
    with pytest.raises(CategoryGoneError):
        make_category("Inner", _gone(service, make_category("Outer")))
    assert not Template.objects.exists()
    # Pressed again it is made anew, with its category.
    category.refresh_from_db()
    register_template("One", category)
    assert at_service() == [("One", True)]


def _gone(service, category: Category) -> Category:
    service.templates.delete_category(category.sid)
    return category


def test_a_name_that_is_there_twice_is_pointed_out(kept, make_category, register_template) -> None:
    category = make_category()
    register_template("One", category)
    with pytest.raises(NameTakenError):
        register_template("One", category)
    register_template("One", category, allow_twice=True)
    register_template("One")
    with pytest.raises(NameTakenError):
        make_category()
    assert Template.objects.filter(name="One").count() == 3


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"name": "two words"}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"name": "x" * 101}, ["name"]),
        ({"subject": " "}, ["subject_missing"]),
        ({"subject": "한" * 167}, ["too_long"]),
        ({"subject": "one\ntwo"}, ["subject_lines"]),
        ({"body": ""}, ["body_empty"]),
        ({"body": "x" * 600_000}, ["too_long"]),
        ({"sender_address": ""}, ["sender_missing"]),
        ({"sender_address": "broken@"}, ["no_address"]),
        ({"sender_address": "me@naver.com"}, ["sender_refused"]),
        ({"sender_name": "한" * 24}, ["too_long"]),
        ({"description": "한" * 101}, ["too_long"]),
        ({"name": "", "subject": "", "body": "", "sender_address": ""}, 4),
    ],
)
def test_what_the_service_would_not_take_is_refused_before_a_call(
    fields, codes, practice, register_template, at_service
) -> None:
    practice.faults.switch_on(Fault(kind=FaultKind.INTERNAL_ERROR, times=None))
    with pytest.raises(UnfitTextError) as unfit:
        register_template(**fields)
    found = [problem.code for problem in unfit.value.problems]
    assert found == codes if isinstance(codes, list) else len(found) == codes


def test_hangul_of_a_mac_is_composed(kept, register_template) -> None:
    assert register_template("\u1107\u1169\u11b7").name == "봄"


def test_a_form_sent_twice_makes_one_template(kept, register_template, make_category) -> None:
    token = uuid4()
    assert register_template("One", token=token) == register_template("One", token=token)
    assert make_category(token=token) == make_category(token=token)
    assert (Template.objects.count(), Category.objects.count()) == (1, 1)


def test_a_second_click_waits_for_the_first_and_a_stranger_s_gives_up(
    practice, book, by, register_template, monkeypatch, at_service
) -> None:
    """The second comes while the first one's call is under way."""
    token, second = uuid4(), []

    def meanwhile(point: str) -> None:
        if point == "templates: answered" and not second:
            second.append(None)
            monkeypatch.setattr(limits, "TEMPLATE_WAIT_SECONDS", 0)
            for own in (token, uuid4()):
                with pytest.raises(BusyError):
                    register_template("One", token=own)

    monkeypatch.setattr(crash_points, "reached", meanwhile)
    first = register_template("One", token=token)
    assert second
    assert register_template("One", token=token) == first
    assert at_service() == [("One", True)]


@pytest.mark.parametrize("point", ["templates: answered", "templates: before commit"])
def test_a_process_that_dies_after_the_call_leaves_it_to_be_found(
    point, practice, register_template, edit, at_service, monkeypatch
) -> None:
    def die(reached: str) -> None:
        if reached == point:
            raise SystemExit(reached)

    with monkeypatch.context() as patched:
        patched.setattr(crash_points, "reached", die)
        with pytest.raises(SystemExit):
            register_template("One")
    assert at_service() == [("One", True)]
    assert not Template.objects.exists()

    # Until its lease has run out, another attempt waits.
    monkeypatch.setattr(limits, "TEMPLATE_WAIT_SECONDS", 0)
    with pytest.raises(BusyError):
        register_template("One")
    monkeypatch.setattr(limits, "MAILING_LEASE_SECONDS", -1)
    register_template("One")
    assert at_service() == [("One", True)]
    assert Template.objects.count() == 1


def test_what_was_made_without_a_connection_goes_to_the_service_when_it_is_saved(
    book, by, make_category, register_template, edit, request
) -> None:
    inner = make_category("Inner", make_category("Outer"))
    template = register_template("One", inner)
    moved = categories.rename(book=book, category_id=inner.pk, name="Inside", by=by)
    assert moved.name == "Inside"
    request.getfixturevalue("practice")

    saved = edit(template, subject="Now there")

    assert saved.sid is not None
    inner.refresh_from_db()
    assert inner.sid is not None
    service = request.getfixturevalue("service")
    assert service.templates.get(saved.sid).category.name == "Inside"
    with pytest.raises(HeldByServiceError):
        categories.rename(book=book, category_id=inner.pk, name="Elsewhere", by=by)


def test_here_alone_a_template_moves_to_another_category(book, by, make_category, register_template, text) -> None:
    template = register_template("One", make_category("Old"))
    new = make_category("New")
    writing.change(book=book, template_id=template.pk, seen_version=1, category_id=new.pk, text=text("One"), by=by)
    assert Template.objects.get().category == new


def test_viewers_change_nothing(kept, book, vera, bob, register_template, make_category) -> None:
    template, viewer = register_template("One"), Actor(vera)
    for act in (
        lambda: register_template("Two", by=viewer),
        lambda: make_category("Other", by=viewer),
        lambda: writing.delete(book=book, template_id=template.pk, by=viewer),
        lambda: writing.restore(book=book, template_id=template.pk, by=viewer),
    ):
        with pytest.raises(NotAllowedError):
            act()
    register_template("Two", by=Actor(bob))
    assert AuditEvent.objects.filter(action=actions.REGISTER_TEMPLATE).last().username == "bob"
    assert calls.TemplateCall.objects.count() == 0
