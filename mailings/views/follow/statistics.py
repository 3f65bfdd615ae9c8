"""The page *Statistics*: mails by month, sender and template, and how the book and its groups grow."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from addressbook.models import Group
from addressbook.services.addresses import growth
from mailings.forms.listing import number_from
from mailings.models import COUNTERS, RecipientState
from mailings.services.results import statistics
from mailings.services.results.statistics import Line
from mailings.views.follow import charts
from workspace.models import Role
from workspace.views.pages.access import Access, to_book

_WEEKS: Final = 26


@require_safe
@to_book(Role.VIEWER)
def mail_statistics(request: HttpRequest, access: Access) -> HttpResponse:
    months = statistics.by_month(access.book)
    group_id = number_from(request.GET.get("group", "")) or 0
    groups = Group.objects.filter(edition=access.edition).as_tree()
    if group_id not in {group.pk for group in groups}:
        group_id = 0
    weeks = growth.weeks_of(access.edition, group_id, most=_WEEKS)
    changes = [(date_format(row.week, "m-d"), row.joined or 0, row.left or 0) for row in weeks]
    tables = [
        (_("By sender"), _("Sender address"), [_line(line) for line in statistics.by_sender(access.book)]),
        (_("By template"), _("Template"), [_line(line) for line in statistics.by_template(access.book)]),
    ]
    context = {
        "access": access,
        "book": access.book,
        "months": [(date_format(line.name, "Y-m"), line.mailings, line.planned, _counts(line)) for line in months],
        "has_mails": any(line.mailings for line in months),
        "months_chart": charts.stacked([(date_format(line.name, "Y-m"), list(line.counts.items())) for line in months]),
        "states": [(name, str(RecipientState(name).label)) for name in COUNTERS],
        "tables": tables,
        "groups": groups,
        "group_id": group_id,
        "weeks": weeks[::-1],
        "growth_chart": charts.diverging(changes),
    }
    return render(request, "mail/statistics.html", context)


def _counts(line: Line) -> list[int]:
    return [line.counts[name] for name in COUNTERS]


def _line(line: Line) -> tuple[Any, int, int, list[int]]:
    return line.name or "–", line.mailings, line.planned, _counts(line)
