"""Work that goes on after the answer, as the page shows it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from addressbook.views.screen.screen import jobs_context
from workspace.models import Job, Role
from workspace.services.work import jobs
from workspace.views.pages.access import Access, to_book


@require_GET
@to_book(Role.VIEWER)
def show_jobs(request: HttpRequest, access: Access) -> HttpResponse:
    """The lines of the jobs. Whoever asks while one runs names it (`running`), and hears when it is over."""
    context = jobs_context(access)
    response = render(request, "console.html#jobs", {"book": access.book, "access": access, **context})
    still = {str(job.pk) for job in context["jobs"] if job.finished_at is None}
    still |= {f"upload-{upload.pk}" for upload in context["uploads"] if upload.finished_at is None}
    still |= {f"erasure-{erasure.pk}" for erasure in context["erasures"]}
    over = set(request.GET.getlist("running")) - still
    if any(not name.startswith("download-") for name in over):  # a file that is made changes nothing in the book
        response["HX-Trigger"] = "book-changed"
    return response


@require_POST
@to_book(Role.MANAGER)
def cancel_job(request: HttpRequest, access: Access, job_id: int) -> HttpResponse:
    jobs.request_cancel(book=access.book, job_id=job_id, by=access.by)
    jobs.dismiss_cancelled(Job, book=access.book, work_id=job_id, by=access.by)
    return _answer(request, access)


@require_POST
@to_book(Role.VIEWER)
def dismiss_job(request: HttpRequest, access: Access, job_id: int) -> HttpResponse:
    jobs.dismiss(Job, book=access.book, work_id=job_id, by=access.by)
    return _answer(request, access)


@require_POST
@to_book(Role.VIEWER)
def dismiss_all(request: HttpRequest, access: Access) -> HttpResponse:
    jobs.dismiss_all(book=access.book, by=access.by)
    return _answer(request, access)


def _answer(request: HttpRequest, access: Access) -> HttpResponse:
    if "HX-Request" in request.headers:
        context = {"book": access.book, "access": access, **jobs_context(access)}
        return render(request, "console.html#jobs", context)
    return redirect("console", slug=access.book.slug)
