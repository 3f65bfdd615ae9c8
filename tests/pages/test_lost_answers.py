"""Progress goes on after an answer was lost, and says meanwhile that its numbers are old."""

from uuid import uuid4

from playwright.sync_api import expect

from addressbook.models import Job
from workspace.models import JobState


def test_progress_survives_a_lost_answer(screen, book, bob, allowed_console_errors) -> None:
    allowed_console_errors.append("Failed to load resource|htmx:|Response Status Error Code 502")
    job = Job.objects.create(
        kind=Job.Kind.DELETE_ADDRESSES,
        edition=book.current_edition,
        parameters={"names": {}, "token": str(uuid4())},
        rows_done=5,
        rows_total=10,
        state=JobState.RUNNING,
        lease_until="2100-01-01T00:00Z",
        requested_by=bob,
        requester=bob.username,
        created_at=book.created_at,
    )
    screen.reload()
    lines = screen.locator("#jobs")
    expect(lines).to_contain_text("5 of 10")
    for answer in (lambda route: route.abort(), lambda route: route.fulfill(status=502, body="x")):
        screen.route("**/jobs/*", answer)
        expect(lines.locator(".stale")).to_contain_text("No answer from the server since")
        expect(screen.get_by_role("alert")).to_be_hidden()
        screen.unroute("**/jobs/*")
        Job.objects.filter(pk=job.pk).update(rows_done=6)
        # It asks again seconds later, and later still where that was lost too.
        expect(lines.locator(".stale")).to_have_count(0, timeout=20_000)
        expect(lines).to_contain_text("6 of 10")
        Job.objects.filter(pk=job.pk).update(rows_done=5)
