"""Refusals and consents that come as a list: counted, registered, removed, whatever happens to the book meanwhile."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from addressbook import limits
from addressbook.models import Upload
from addressbook.services import uploads
from addressbook.services.reset import editions, reset
from addressbook.services.uploads import lists
from addressbook.services.uploads.ready_lists import EmptyListError
from mailings import actions
from mailings.models import Suppression
from mailings.services.suppressions import of_lists, reading
from tests.support.uploads import work
from workspace.models import AuditEvent, JobState
from workspace.services.work import claiming, jobs

pytestmark = pytest.mark.django_db(transaction=True)

REFUSALS = "Email\nAnn@Example.com\nbob@example.com\nbroken@\nann@example.com\n"


@pytest.fixture
def listed(check):
    """A checked list."""
    return lambda content=REFUSALS, **options: check(content, purpose=Upload.Purpose.LIST, action="", **options)


@pytest.fixture
def say(book, by):
    """Says OK to a list; a worker has not heard of it yet."""

    def say(upload: Upload, action: str, reason: str = "") -> Upload:
        values = {"action": action, "group_id": None, "reason": reason, "seen": upload.attempt}
        return uploads.apply_list(book=book, upload_id=upload.pk, by=by, **values)

    return say


def held() -> list[str]:
    return sorted(Suppression.objects.unsubscribed().values_list("key", flat=True))


def test_a_check_counts_who_is_suppressed_in_the_book_or_not(listed, refuse, consent, book) -> None:
    refuse("ann@example.com other@example.com was@example.com")
    consent("was@example.com")
    for email, until in (("bob@example.com", timedelta(hours=1)), ("ann@example.com", -timedelta(hours=1))):
        Suppression.objects.create(
            book=book,
            kind="blocked",
            email=email,
            key=email,
            source="result",
            since=timezone.now(),
            until=timezone.now() + until,
        )

    assert listed().check_result["kinds"] == {"unsubscribed": 1, "blocked": 1}


def test_a_file_of_refusals_is_registered_and_told_to_the_service(
    listed, say, refuse, tell, at_service, register, book, monkeypatch
) -> None:
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 1)
    refuse("bob@example.com")
    register("ann@example.com")

    upload = work(say(listed(), actions.REGISTER_UNSUBSCRIBES))

    assert (upload.state, upload.outcome["registered"], upload.outcome["already_there"]) == (JobState.COMPLETE, 1, 1)
    assert held() == ["ann@example.com", "bob@example.com"]
    row = Suppression.objects.get(key="ann@example.com")
    assert (row.email, row.source, row.added_by, row.origin) == ("Ann@Example.com", "file", "alice", upload)
    tell()
    assert [address.lower() for address in at_service()] == held()
    line = AuditEvent.objects.get(action=actions.REGISTER_UNSUBSCRIBES, detail__by_list=True)
    assert (line.detail["registered"], line.detail["selected"]) == (1, 2)
    assert "@" not in str(line.detail)


def test_removing_by_list_asks_for_the_reason_and_keeps_it(listed, say, refuse, tell, at_service) -> None:
    refuse("ann@example.com other@example.com")
    tell()
    upload = listed()

    with pytest.raises(lists.NoReasonError):
        say(upload, actions.REMOVE_UNSUBSCRIBES, "  ")
    upload = work(say(upload, actions.REMOVE_UNSUBSCRIBES, "Form of  27 November"))

    assert (upload.outcome["removed"], upload.outcome["not_there"]) == (1, 1)
    assert held() == ["other@example.com"]
    tell()
    assert at_service() == ["other@example.com"]
    line = AuditEvent.objects.get(action=actions.REMOVE_UNSUBSCRIBES)
    assert (line.reason, line.detail["removed"]) == ("Form of 27 November", 1)


def test_refusals_are_registered_to_their_end_although_the_book_is_reset(
    listed, say, register, book, by, monkeypatch
) -> None:
    register("ann@example.com")
    monkeypatch.setattr(limits, "ROWS_PER_JOB_BATCH", 1)
    upload = say(listed(), actions.REGISTER_UNSUBSCRIBES)
    claimed = claiming.claim(Upload, upload.pk)
    reset.reset(book=book, seen=editions.contents(book.current_edition), keep_copy=False, token=uuid4(), by=by)
    jobs.work_on(claimed)

    upload.refresh_from_db()
    assert (upload.state, upload.outcome["registered"]) == (JobState.COMPLETE, 2)
    assert held() == ["ann@example.com", "bob@example.com"]


def test_badges_tell_what_holds_now_and_know_who_was_forgotten(
    refuse, consent, book, django_assert_num_queries
) -> None:
    from mailings.services import forgetting

    refuse("ann@example.com bob@example.com gone@example.com")
    consent("bob@example.com")
    forgetting.forget(book=book, keys=["gone@example.com"])

    with django_assert_num_queries(1):
        found = reading.suppressed(book, ["ann@example.com", "bob@example.com", "gone@example.com"])
    assert found == {"ann@example.com": {"unsubscribed"}, "gone@example.com": {"unsubscribed"}}


def test_what_a_list_registered_is_taken_back_but_not_who_refused_otherwise(
    listed, say, refuse, tell, at_service, book, by
) -> None:
    upload = work(say(listed(), actions.REGISTER_UNSUBSCRIBES))
    refuse("bob@example.com")
    tell()
    token = uuid4()

    with pytest.raises(lists.NoReasonError):
        of_lists.take_back(book=book, upload_id=upload.pk, reason=" ", token=token, by=by)
    values = {"book": book, "upload_id": upload.pk, "reason": "Sent by mistake", "token": token, "by": by}
    removing = of_lists.take_back(**values)
    assert of_lists.take_back(**values) == removing
    work(removing)

    assert (removing.state, removing.outcome["removed"]) == (JobState.COMPLETE, 1)
    assert held() == ["bob@example.com"]
    tell()
    assert at_service() == ["bob@example.com"]
    line = AuditEvent.objects.get(action=actions.REMOVE_UNSUBSCRIBES)
    assert (line.reason, line.detail["removed"]) == ("Sent by mistake", 1)
    with pytest.raises(EmptyListError):
        of_lists.take_back(**{**values, "token": uuid4()})


def test_who_refuses_by_the_link_in_a_mail_is_not_taken_back_with_a_list(listed, say, book, draft) -> None:
    from mailings.models import RecipientState
    from mailings.services.sending import following

    upload = work(say(listed(), actions.REGISTER_UNSUBSCRIBES))
    arguments = (draft, "ann@example.com", "ann@example.com", RecipientState.UNSUBSCRIBED, "", timezone.now())
    following._suppress(*arguments)
    assert list(Suppression.objects.filter(origin=upload).values_list("key", flat=True)) == ["bob@example.com"]
