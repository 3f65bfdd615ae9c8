"""*Refresh*: what NAVER's console or a colleague's program changed at the service is read into our rows."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from libraries.outbound_mailer.simulator.faults import Fault, FaultKind
from libraries.outbound_mailer.templates import ROOT_CATEGORY
from mailings import actions, limits
from mailings.models import Category, Mailing, Template, TemplateCall, TemplateRefresh
from mailings.services.rules import NotAllowedError
from mailings.services.templates import leasing, refreshing, writing
from mailings.services.templates.settling import UnsettledError
from workspace.models import AuditEvent
from workspace.services.history.audit import Actor
from workspace.services.work import crash_points
from workspace.services.work.changing import Fact, changing

pytestmark = pytest.mark.django_db


@pytest.fixture
def refresh(book, by) -> Callable:
    """A person presses *Refresh*, and a worker takes turns until nothing is left; every wait is taken to be over."""

    def refresh(turns: int = 5, **options) -> TemplateRefresh:
        refreshing.ask(book=book, by=by, **options)
        for _ in range(turns):
            row = TemplateRefresh.objects.get(book=book)
            if row.next_at is None and row.lease_until is None:
                break
            TemplateRefresh.objects.update(next_at=timezone.now() - timedelta(seconds=1), lease_until=None)
            refreshing.run(row.pk)
        return TemplateRefresh.objects.get(book=book)

    return refresh


def names() -> list[tuple[str, str, bool]]:
    """Path, subject and whether in use, of each template."""
    return sorted((row.name, row.subject, row.is_in_use) for row in Template.objects.all())


def test_the_tree_of_the_service_becomes_ours(service, refresh, text) -> None:
    outer = service.templates.create_category("Outer")
    inner = service.templates.create_category("Inner", parent_sid=outer.sid)
    service.templates.create(text("One").sent(is_in_use=True), category_sid=inner.sid)
    unused = service.templates.create(text("Two", subject="Other").sent(is_in_use=True))
    service.templates.delete(unused.sid)

    row = refresh()

    assert names() == [("One", "Hello ${name}", True), ("Two", "Other", False)]
    template = Template.objects.get(name="One")
    assert (template.category.name, template.category.parent.name) == ("Inner", "Outer")
    assert (template.editor, template.needs_reading) == ("html", False)
    assert row.tree_read_at is not None
    line = AuditEvent.objects.get(action=actions.READ_TEMPLATES)
    assert (line.detail, line.username) == ({"new": 2}, "alice")


def test_only_what_is_new_or_changed_is_read(practice, service, refresh, register_template, text) -> None:
    same, other = register_template("Same"), register_template("Other")
    service.templates.update(other.sid, text("Renamed", subject="New").sent(is_in_use=True))
    service.templates.delete(same.sid)
    asked = _count_reads(practice)

    refresh()

    assert names() == [("Renamed", "New", True), ("Same", "Hello ${name}", False)]
    assert asked() == 1
    refresh()
    assert asked() == 1
    assert AuditEvent.objects.filter(action=actions.READ_TEMPLATES).count() == 1


def _count_reads(practice) -> Callable[[], int]:
    """How many contents the service was asked for since now."""

    before = len(practice.log.requests("getTemplate"))
    return lambda: len(practice.log.requests("getTemplate")) - before


def test_a_content_that_changed_under_its_name_is_read_with_its_template(
    service, refresh, register_template, edit, text
) -> None:
    template = register_template("One", editor="simple")
    service.templates.update(template.sid, text("One", subject="Theirs").sent(is_in_use=True))
    refresh()
    assert names() == [("One", "Hello ${name}", True)]

    refresh(template_id=template.pk)

    assert names() == [("One", "Theirs", True)]
    assert Template.objects.get().editor == "html"
    assert AuditEvent.objects.get(action=actions.READ_TEMPLATES).detail["changed"] == 1


def test_what_the_service_has_no_more_stays_here_out_of_use(
    practice, book, by, service, refresh, register_template, make_category, at_service, monkeypatch
) -> None:
    kept, empty = make_category("Kept"), make_category("Empty")
    template = register_template("One", kept)
    with practice._gateway.lock:
        for place in [place for (place,) in practice._database.rows("SELECT DISTINCT place FROM documents")]:
            practice._database.remove("template", place, str(template.sid))
    service.templates.delete_category(kept.sid)
    service.templates.delete_category(empty.sid)

    refresh()

    assert names() == [("One", "Hello ${name}", False)]
    assert list(Category.objects.values_list("name", "sid")) == [("Kept", None)]
    writing.restore(book=book, template_id=template.pk, by=by)
    assert at_service() == [("One", True)]
    assert Category.objects.get().sid is not None


@pytest.mark.parametrize("kind", [FaultKind.INTERNAL_ERROR, FaultKind.CUT_IN_ANSWER, FaultKind.RUBBISH])
@pytest.mark.parametrize("operation", ["getTemplateStructure", "getTemplate"])
def test_after_a_failed_call_it_goes_on_where_it_was(kind, operation, practice, service, refresh, text) -> None:
    for number in range(3):
        service.templates.create(text(f"T{number}").sent(is_in_use=True))
    practice.faults.switch_on(Fault(kind=kind, operation=operation, times=1, skip=1))

    first = refresh(turns=1)
    assert (first.failures, bool(first.problem)) == (1, True)
    assert Template.objects.filter(needs_reading=False).count() == (1 if operation == "getTemplate" else 0)

    row = refresh()
    assert (row.failures, row.problem, row.next_at) == (0, "", None)
    assert [name for name, _subject, _is_in_use in names()] == ["T0", "T1", "T2"]
    assert not Template.objects.filter(needs_reading=True).exists()


def test_with_the_service_away_our_rows_stay(practice, refresh, register_template) -> None:
    register_template("One")
    practice.faults.switch_on(Fault(kind=FaultKind.RETIRED, times=None))

    row = refresh(turns=1)

    assert row.problem == "retired"
    assert row.next_at is not None
    assert names() == [("One", "Hello ${name}", True)]


def test_a_call_without_an_answer_is_settled_by_a_refresh(
    practice, refresh, register_template, edit, at_service
) -> None:
    template = register_template("One")
    for operation, skip in (("createTemplate", 0), ("updateTemplate", 0)):
        practice.faults.switch_on(Fault(kind=FaultKind.CUT_AFTER, operation=operation, times=1, skip=skip))
    practice.faults.switch_on(Fault(kind=FaultKind.INTERNAL_ERROR, operation="getTemplateStructure", times=1))
    practice.faults.switch_on(Fault(kind=FaultKind.INTERNAL_ERROR, operation="getTemplate", times=1, skip=1))
    with pytest.raises(UnsettledError):
        register_template("Two")
    with pytest.raises(UnsettledError):
        edit(template, subject="Changed")
    assert TemplateCall.objects.count() == 2

    refresh()

    assert names() == [("One", "Changed", True), ("Two", "Hello ${name}", True)]
    assert not TemplateCall.objects.exists()


@pytest.mark.parametrize("point", ["templates: tree read", "templates: content read"])
def test_what_is_saved_during_a_refresh_is_not_overwritten(
    point, service, refresh, register_template, edit, text, monkeypatch, at_service
) -> None:
    template = register_template("One")
    waiting = [None]

    def meanwhile(reached: str) -> None:
        if waiting and reached == point:
            waiting.pop()
            edit(template, subject="Saved meanwhile")
            register_template("Two")

    monkeypatch.setattr(crash_points, "reached", meanwhile)
    refresh(template_id=template.pk)

    assert not waiting
    assert names() == [("One", "Saved meanwhile", True), ("Two", "Hello ${name}", True)]
    assert at_service() == [("One", True), ("Two", True)]


def test_another_account_recognises_what_is_the_same(
    practice, book, by, service, refresh, register_template, make_category, text
) -> None:
    """New keys for the same account must not double everything, and a template keeps its mailings."""
    template = register_template("One", make_category("Letters"), editor="simple")
    mailing = Mailing.objects.create(book=book, template=template, creator="alice")
    with changing(book, by=by) as change:
        change.facts.add(Fact.LEADS_ELSEWHERE)
    assert Template.objects.get().sid is None
    assert TemplateRefresh.objects.get().next_at is not None

    refresh()

    again = Template.objects.get()
    assert (again.pk, again.sid, again.editor) == (template.pk, template.sid, "simple")
    assert Category.objects.get().sid is not None
    mailing.refresh_from_db()
    assert mailing.template == again
    assert service.templates.get_structure(is_use=True).contents[0].parent_sid == ROOT_CATEGORY


def test_what_differs_is_kept_beside_what_the_service_has(
    practice, book, by, service, refresh, register_template, text
) -> None:
    template = register_template("One")
    service.templates.update(template.sid, text("One", subject="Theirs").sent(is_in_use=True))
    with changing(book, by=by) as change:
        change.facts.add(Fact.LEADS_ELSEWHERE)
    refresh()
    assert names() == [("One", "Hello ${name}", True), ("One", "Theirs", True)]


def test_one_worker_at_a_time_and_one_that_lost_its_lease_writes_nothing(
    practice, service, book, by, refresh, text, monkeypatch
) -> None:
    service.templates.create(text("One").sent(is_in_use=True))
    refreshing.ask(book=book, by=by)
    row = TemplateRefresh.objects.get()
    assert leasing._claim(TemplateRefresh, row.pk) is not None
    assert leasing._claim(TemplateRefresh, row.pk) is None

    monkeypatch.setattr(crash_points, "reached", lambda point: TemplateRefresh.objects.update(attempt=77))
    with pytest.raises(leasing.LeaseLostError):
        refresh()
    assert not Template.objects.exists()


def test_a_long_refresh_lets_others_have_their_turn(practice, service, refresh, text, monkeypatch) -> None:
    for number in range(3):
        service.templates.create(text(f"T{number}").sent(is_in_use=True))
    monkeypatch.setattr(limits, "MAILING_TURN_SECONDS", 0)
    row = refresh(turns=1)
    assert (row.next_at is not None, Template.objects.filter(needs_reading=True).count()) == (True, 2)
    refresh(turns=9)
    assert not Template.objects.filter(needs_reading=True).exists()


def test_viewers_do_not_ask_and_a_book_without_a_service_has_nothing_to_ask(book, by, vera, refresh) -> None:
    with pytest.raises(NotAllowedError):
        refreshing.ask(book=book, by=Actor(vera))
    refreshing.ask(book=book, by=by)
    assert not TemplateRefresh.objects.exists()
