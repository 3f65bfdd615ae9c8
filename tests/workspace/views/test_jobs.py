from uuid import uuid4

import pytest
from django.urls import reverse

from addressbook import limits
from addressbook.models import Job
from addressbook.services.addresses import bulk, selection
from tests.support.html import text_of
from workspace.services.work import claiming, jobs


@pytest.fixture
def job(book, by, register, monkeypatch) -> Job:
    monkeypatch.setattr(limits, "ROWS_WITHIN_A_CLICK", 1)
    register("a@example.com b@example.com")
    everyone = selection.everything(book=book, group_id=None)
    return Job.objects.get(pk=bulk.delete_addresses(book=book, selection=everyone, token=uuid4(), by=by).job_id)


@pytest.fixture
def poll(book, alice, client_of):
    client = client_of(alice)
    return lambda **data: client.get(reverse("jobs", args=[book.slug]), data, headers={"HX-Request": "true"})


def test_the_page_asks_again_only_while_a_job_runs(job, poll) -> None:
    running = poll(running=job.line_name)
    assert "hx-trigger" in running.content.decode()
    assert "HX-Trigger" not in running
    jobs.work_on(claiming.claim(Job, job.pk))
    over = poll(running=job.line_name)
    assert "hx-trigger" not in over.content.decode()
    assert over["HX-Trigger"] == "book-changed"
    assert "Delete addresses: done, 2 addresses" in text_of(over)


def test_a_result_is_shown_until_it_is_put_away(job, poll, book, alice, client_of) -> None:
    jobs.work_on(claiming.claim(Job, job.pk))
    assert "done" in text_of(poll())
    client_of(alice).post(reverse("dismiss_work", args=[book.slug, "job", job.pk]))
    assert text_of(poll()) == ""


def test_results_of_others_are_not_shown(job, book, bob, client_of) -> None:
    client = client_of(bob)
    url = reverse("jobs", args=[book.slug])
    assert "0 of 2" in text_of(client.get(url))
    jobs.work_on(claiming.claim(Job, job.pk))
    assert "done" not in text_of(client.get(url))


def test_cancel_says_what_was_done(job, book, bob, client_of, poll) -> None:
    client_of(bob).post(reverse("cancel_work", args=[book.slug, "job", job.pk]))
    assert "cancelled after 0 of 2; what was done stays" in text_of(poll())


def test_finished_work_is_one_line_that_can_be_cleared_at_once(book, by, alice, client_of, register, poll) -> None:
    register("a@example.com")
    for number in range(3):
        Job.objects.create(
            kind=Job.Kind.EMPTY_GROUP,
            edition=book.current_edition,
            parameters={"names": {"group": f"g{number}"}},
            state="complete" if number else "failed",
            requested_by=alice,
            requester=alice.username,
            created_at=book.created_at,
            finished_at=book.created_at,
        )
    text = text_of(poll())
    assert text.index("stopped by a fault") < text.index("2 jobs finished")
    client_of(alice).post(reverse("dismiss_all", args=[book.slug]))
    assert text_of(poll()) == ""


def test_ones_own_cancelled_work_leaves_no_line(job, book, alice, client_of, poll) -> None:
    client_of(alice).post(reverse("cancel_work", args=[book.slug, "job", job.pk]))
    assert text_of(poll()) == ""
