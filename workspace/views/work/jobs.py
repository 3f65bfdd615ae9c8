"""Work that goes on after the answer, as the page shows it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from workspace.models import LeasedWork, Role
from workspace.models.work import kinds
from workspace.services.work import owners
from workspace.views.pages.access import Access, to_book
from workspace.views.work.strips import strips_context


@require_GET
@to_book(Role.VIEWER)
def show_jobs(request: HttpRequest, access: Access) -> HttpResponse:
    """The lines of the jobs. Whoever asks while one runs names it (`running`), and hears when it is over."""
    context = strips_context(access)
    response = render(request, "console.html#jobs", {"book": access.book, "access": access, **context})
    shown = [strip.work for strip in (*context["strips"], *context["done_strips"])]
    over = set(request.GET.getlist("running")) - {work.line_name for work in shown if work.finished_at is None}
    quiet = tuple(f"{model._meta.model_name}-" for model in kinds() if not model.CHANGES_BOOK)
    if any(not name.startswith(quiet) for name in over):
        response["HX-Trigger"] = "book-changed"
    return response


@require_POST
@to_book(Role.MANAGER)
def cancel_work(request: HttpRequest, access: Access, kind: str, work_id: int) -> HttpResponse:
    model = _kind_or_404(kind)
    owners.cancel(model, book=access.book, work_id=work_id, by=access.by)
    owners.dismiss_cancelled(model, book=access.book, work_id=work_id, by=access.by)
    return answer_jobs(request, access)


@require_POST
@to_book(Role.VIEWER)
def dismiss_work(request: HttpRequest, access: Access, kind: str, work_id: int) -> HttpResponse:
    owners.dismiss(_kind_or_404(kind), book=access.book, work_id=work_id, by=access.by)
    return answer_jobs(request, access)


@require_POST
@to_book(Role.VIEWER)
def dismiss_all(request: HttpRequest, access: Access) -> HttpResponse:
    owners.dismiss_all(book=access.book, by=access.by)
    return answer_jobs(request, access)


def answer_jobs(request: HttpRequest, access: Access) -> HttpResponse:
    """The lines as they are now."""
    if "HX-Request" in request.headers:
        context = {"book": access.book, "access": access, **strips_context(access)}
        return render(request, "console.html#jobs", context)
    return redirect("console", slug=access.book.slug)


def _kind_or_404(name: str) -> type[LeasedWork]:
    for model in kinds():
        if model._meta.model_name == name:
            return model
    raise Http404
