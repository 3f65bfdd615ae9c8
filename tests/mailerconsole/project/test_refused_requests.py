"""A refused request is no fault: anybody can cause one, and its log line is short."""

from django.urls import reverse


def test_a_403_is_logged_without_a_traceback(charlie, client_of, caplog) -> None:
    assert client_of(charlie).get(reverse("create_book")).status_code == 403
    (record,) = [record for record in caplog.records if record.name == "django.request"]
    assert record.exc_info is None


def test_a_fault_keeps_its_traceback(caplog) -> None:
    import logging

    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        logging.getLogger("django.request").exception("Internal Server Error", extra={"status_code": 500})
    assert caplog.records[0].exc_info is not None
