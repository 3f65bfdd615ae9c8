"""Numbers of mails by month, sender and template, and the bars that are drawn of them."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from mailings.models import Mailing, Template
from mailings.services.results import statistics
from mailings.views.follow import charts
from tests.support.html import text_of


@pytest.fixture
def send(book):
    def send(days_ago: int, **fields: object) -> Mailing:
        at = timezone.now() - timedelta(days=days_ago)
        values = {
            "state": "sent",
            "confirmed_at": at,
            "began_at": at,
            "planned": 10,
            "sent": 7,
            "failed": 2,
            "blocked": 1,
        }
        values |= {"sender_address": "news@example.com", **fields}
        return Mailing.objects.create(book=book, **values)

    return send


@pytest.mark.django_db
def test_months_add_up_and_none_is_missing(book, send) -> None:
    send(0)
    send(0)
    send(70)
    send(0, is_test=True)
    send(500)
    months = statistics.by_month(book)
    assert len(months) == statistics.MONTHS
    assert months[-1].name == timezone.localdate().replace(day=1)
    assert sum(line.mailings for line in months) == 3
    assert (months[-1].mailings, months[-1].planned, months[-1].counts["failed"]) == (2, 20, 4)
    numbers = [line.name.year * 12 + line.name.month for line in months]
    assert numbers == list(range(numbers[0], numbers[0] + 12))


@pytest.mark.django_db
def test_senders_and_templates_are_told_apart(book, send, django_assert_num_queries) -> None:
    template = Template.objects.create(book=book, name="Spring", sid=1)
    send(1, template=template)
    send(2, sender_address="shop@example.com", planned=20, sent=20, failed=0, blocked=0)
    with django_assert_num_queries(1):
        senders = statistics.by_sender(book)
    assert [(line.name, line.planned) for line in senders] == [("shop@example.com", 20), ("news@example.com", 10)]
    assert [(line.name, line.planned) for line in statistics.by_template(book)] == [("", 20), ("Spring", 10)]


@pytest.mark.django_db
def test_the_page_says_in_tables_what_it_draws(book, send, vera, client_of, register, make_group) -> None:
    group = make_group("VIP")
    register("a@example.com b@example.com", group)
    page = reverse("mail_statistics", args=[book.slug])
    client = client_of(vera)
    assert "No mail was sent from here in the last twelve months." in text_of(client.get(page))
    send(0)
    answer = client.get(page, {"group": group.pk})
    shown = text_of(answer)
    for text in ("Recipients by month and result", "By sender", "By template", "Addresses by week", "VIP"):
        assert text in shown
    html = answer.content.decode()
    assert 'class="chart-sent"' in html
    assert html.count('aria-hidden="true" focusable="false"') == 2
    assert "style=" not in html


def test_bars_stand_within_the_picture_and_are_as_high_as_their_numbers() -> None:
    chart = charts.stacked([(str(number), [("sent", number * 100), ("failed", 10)]) for number in range(12)])
    for bar in chart.bars:
        assert chart.left <= bar.x
        assert bar.x + bar.width <= chart.width
        assert all(segment.y >= 0 and segment.y + segment.height <= chart.height for segment in bar.segments)
    heights = [bar.segments[0].height for bar in chart.bars[1:]]
    assert heights == sorted(heights)
    assert abs(heights[-1] - 11 * heights[0]) <= 11
    # What is there is seen, however little it is.
    assert all(segment.height for bar in chart.bars for segment in bar.segments)


def test_what_leaves_hangs_below_the_line() -> None:
    chart = charts.diverging([("a", 4, 2), ("b", 0, 1), ("c", 0, 0)])
    zero = {value: y for y, value in chart.grid}[0]
    up, down = chart.bars[0].segments
    assert up.y + up.height == zero == down.y
    assert chart.bars[2].segments == ()
    assert charts.stacked([]).bars == ()
