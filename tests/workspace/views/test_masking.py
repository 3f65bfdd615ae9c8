"""A book whose addresses are masked: what viewers see, what they can find out, and what is told of it."""

from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from addressbook import actions, limits
from addressbook.models import Address, BookSync, Download, ParkedEntry, Pause, Removal
from addressbook.services.addresses import bulk
from addressbook.services.addresses.selection import Selection
from tests.support.html import text_of
from tests.workspace.views.test_access import TABLE, url_of
from workspace.models import AddressBook, AuditEvent
from workspace.services.books import books
from workspace.services.work import owners

# The first two letters may be seen; what follows stands in no answer.
CANARY = "nary.secret"
ADDRESSES = (f"ca{CANARY}@example.com", f"카나{CANARY}@example.org", f"ca{CANARY}+2@example.net", "yi@example.com")
HTMX = {"HX-Request": "true"}
PARTS = ("results", "console", "sync-body")


@pytest.fixture
def masked(book) -> AddressBook:
    AddressBook.objects.filter(pk=book.pk).update(masking="viewers")
    return AddressBook.objects.get(pk=book.pk)


@pytest.fixture
def viewer(vera, client_of):
    return client_of(vera)


@pytest.fixture
def found(viewer, book):
    """The text of the list after a viewer's search."""
    return lambda query: text_of(viewer.post(reverse("console", args=[book.slug]), {"q": query}))


@pytest.fixture
def everywhere(masked, by, make_group, register, check, send, ask) -> dict[str, object]:
    """Puts the canary wherever an address can get to; the arguments of URLs that lead there."""
    group = make_group("VIP")
    register("\n".join(ADDRESSES), group)
    name = f"list of {ADDRESSES[0]}.csv"
    checked = check(f"email\n{ADDRESSES[0]}\nnew.{ADDRESSES[0]}\nwrong {CANARY}@\n", name)
    send("email\n", name)  # waits
    download = ask(scope="search", query=ADDRESSES[0], reason=f"for {ADDRESSES[0]}")
    owners.cancel(Download, book=masked, work_id=download.pk, by=by)
    first = Address.objects.get(email=ADDRESSES[0])
    BookSync.objects.create(book=masked, is_on=True, pause=Pause.REFUSING, problem=f"refused: {ADDRESSES[0]}")
    ParkedEntry.objects.create(book=masked, address=first, reason=f"no such domain: {ADDRESSES[0]}", at=timezone.now())
    chosen = Selection(group_id=group.pk, address_ids=(first.pk,))
    job = bulk.remove_from_group(book=masked, selection=chosen, token=uuid4(), by=by)
    Removal.objects.create(
        book=masked,
        kind=Removal.Kind.ADDRESSES,
        addresses=[ADDRESSES[0]],
        refused=ADDRESSES[0],
        created_at=timezone.now(),
    )
    return {"upload_id": checked.pk, "download_id": download.pk, "job_id": 1, "act_id": job.act_id, "number": 1}


def test_no_answer_to_a_viewer_holds_an_address(everywhere, masked, vera, client_of) -> None:
    """Every URL, as a page and as each part that htmx asks for, with what leads to the addresses."""
    group = masked.current_edition.groups.get()
    ids = list(Address.objects.values_list("pk", flat=True))
    sent = ({}, {"group": group.pk, "address": ids}, {"q": "example", "everything": "on"})
    client, leaks, opened = client_of(vera), [], 0
    for name, row in TABLE.items():
        if name == "sign_out":
            continue  # there the walk would end
        arguments = {key: everywhere.get(key, value) for key, value in row.arguments.items()}
        url = url_of(name, row._replace(arguments=arguments), masked.slug)
        for method, fields in product((client.get, client.post), sent):
            answers = [method(url, fields)]
            if answers[0].status_code == 200:
                answers += [method(url, fields, headers={**HTMX, "HX-Target": part}) for part in PARTS]
            for answer in answers:
                body = b"".join(answer.streaming_content) if answer.streaming else answer.content
                if CANARY in body.decode() + str(answer.headers):
                    leaks.append((name, method.__name__, fields))
            opened += answers[0].status_code == 200
            if answers[0].status_code == 403:
                break  # whatever is sent
    assert not leaks
    assert opened > 20


def test_the_walk_would_find_an_address(everywhere, masked, client_of, alice) -> None:
    """The same pages, in full, hold the canary in each of its places."""
    client = client_of(alice)
    assert CANARY in client.get(reverse("console", args=[masked.slug])).content.decode()
    sync = client.get(reverse("sync", args=[masked.slug])).content.decode()
    assert sync.count(CANARY) == 8  # the problem; an entry with two buttons and a removal, each with what was said
    listed = client.get(reverse("downloads", args=[masked.slug]), headers=HTMX).content.decode()
    assert f"for {ADDRESSES[0]}" in listed
    assert f"list of {ADDRESSES[0]}" in client.get(reverse("jobs", args=[masked.slug])).content.decode()


def test_viewers_see_the_beginning_and_the_domain(masked, viewer, register, make_group) -> None:
    register("hong@example.com kim@example.com yi@example.org", make_group("VIP"))
    text = text_of(viewer.get(reverse("console", args=[masked.slug])))
    for shown in ("ho***@example.com", "k***@example.com", "***@example.org", "VIP"):
        assert shown in text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("example.com", 3),
        ("@example.co", 3),
        ("ho", 2),
        ("HO***@EXAMPLE.COM", 2),
        ("***", 5),
        ("k", 1),
        ("홍길", 1),
        # What the mask hides is found by nobody who does not know all of it.
        ("hon", 0),
        ("hong", 0),
        ("ong@", 0),
        ("ong@example.co", 0),
        ("g@example.com", 0),
        ("ki", 0),
        ("홍길동", 0),
        ("%", 0),
        ("ho%", 0),
        ("_", 0),
    ],
)
def test_a_search_finds_what_is_shown_and_nothing_else(masked, found, register, query, count) -> None:
    register("hong@example.com hoya@example.com kim@example.com yi@example.org 홍길동이@example.net")
    text = found(query)
    assert (f"{count} address" in text) if count else ("No address found" in text)


def test_a_star_stands_for_itself_in_what_the_search_says(masked, found, register) -> None:
    register("hong@example.com")
    assert "1 address contains “ho*”." in found("ho*")


def test_search_agrees_with_the_mask_on_any_part_of_any_address(masked, register) -> None:
    """The database's expression and `emails.masked` are the same function."""
    from libraries import email_addresses

    texts = ["a@b.example.com", "ab@example.com", "abc@example.com", "abcd@example.org", "abcde@example.net"]
    register("\n".join([*texts, "가나다라@example.com", "i\u0307stanbul@example.com", "x\u0331h\u0331y@example.com"]))
    rows = Address.objects.filter(edition=masked.current_edition)
    shown = {row.pk: (email_addresses.masked(row.key), email_addresses.masked(row.email)) for row in rows}
    queries = {text[start:end] for pair in shown.values() for text in pair for start in range(5) for end in range(1, 9)}
    for query in filter(None, queries):
        side = 0 if query.isascii() else 1
        expected = {pk for pk, pair in shown.items() if query.lower() in pair[side].lower()}
        assert set(rows.search_shown(query).values_list("pk", flat=True)) == expected, query


def test_a_whole_address_can_be_looked_up_and_each_time_is_a_line(masked, found, register) -> None:
    register("hong@example.com")
    assert "ho***@example.com" in found("Hong@Example.com")
    assert "No address found" in found("hang@example.com")
    lines = AuditEvent.objects.filter(action=actions.LOOK_UP_ADDRESS).order_by("pk")
    assert [(line.username, line.detail) for line in lines] == [("vera", {"found": True}), ("vera", {"found": False})]


def test_the_same_question_again_is_one_question(masked, found, register) -> None:
    register("hong@example.com")
    for _ in range(3):
        found("hong@example.com")
    assert AuditEvent.objects.filter(action=actions.LOOK_UP_ADDRESS).count() == 1


def test_look_ups_are_limited_whatever_the_session(masked, found, register, client_of, vera) -> None:
    register("hong@example.com")
    for number in range(limits.LOOK_UPS_PER_HOUR):
        found(f"hong{number}@example.com")
    other_session = client_of(vera)
    text = text_of(other_session.post(reverse("console", args=[masked.slug]), {"q": "hong@example.com"}))
    assert "You have looked up 20 addresses within an hour." in text
    assert "ho***@example.com" not in text
    AuditEvent.objects.filter(action=actions.LOOK_UP_ADDRESS).update(at=timezone.now() - timedelta(hours=2))
    assert "ho***@example.com" in found("hong@example.com")


def test_no_other_page_looks_a_whole_address_up(masked, viewer, register) -> None:
    """The download list brings the search along, and shows the list behind it to a browser without scripts."""
    register("hong@example.com")
    text = text_of(viewer.post(reverse("downloads", args=[masked.slug]), {"q": "hong@example.com"}))
    assert "No address found" in text


def test_managers_see_and_find_all_where_only_viewers_see_masked(masked, register, client_of, bob) -> None:
    register("hong@example.com")
    text = text_of(client_of(bob).post(reverse("console", args=[masked.slug]), {"q": "ong@ex"}))
    assert "hong@example.com" in text
    assert "Show in full" not in text


@pytest.fixture
def hidden(book) -> AddressBook:
    AddressBook.objects.filter(pk=book.pk).update(masking="everybody")
    return AddressBook.objects.get(pk=book.pk)


def test_a_manager_shows_one_address_and_that_is_a_line(hidden, register, client_of, bob) -> None:
    register("hong@example.com kim@example.com")
    client = client_of(bob)
    page = client.get(reverse("console", args=[hidden.slug])).content.decode()
    assert "ho***@example.com" in page
    assert "hong@example.com" not in page
    assert "Show in full" in page
    address = Address.objects.get(key="hong@example.com")
    url = reverse("show_address", args=[hidden.slug])
    text = text_of(client.post(url, {"address": address.pk}, headers=HTMX))
    assert "hong@example.com" in text
    assert "kim@example.com" not in text
    line = AuditEvent.objects.get(action=actions.SHOW_ADDRESS)
    assert (line.username, line.detail) == ("bob", {"shown": 1, "address": address.pk})
    assert "1 address was shown in full." in text_of(client.get(reverse("history", args=[hidden.slug])))


def test_the_file_of_a_colleague_is_masked_and_ones_own_is_not(hidden, by, bob, client_of, alice, check) -> None:
    name = f"list of {CANARY}@example.com.csv"
    rows = f"email,group\nnew.{CANARY}@example.com,for {CANARY}@example.com\n{CANARY}@gmail.con,\n{CANARY}@,\n"
    upload = check(rows, name)
    assert upload.requested_by == alice
    urls = [reverse("show_upload", args=[hidden.slug, upload.pk]), reverse("console", args=[hidden.slug])]
    for url in urls:
        page = client_of(bob).get(url).content.decode()
        assert CANARY not in page, url
    assert CANARY in client_of(alice).get(urls[0]).content.decode()


def test_a_reason_is_masked_in_the_history(hidden, by, bob, client_of, ask) -> None:
    download = ask(reason=f"for {CANARY}@example.com")
    owners.cancel(Download, book=hidden, work_id=download.pk, by=by)
    page = client_of(bob).get(reverse("history", args=[hidden.slug])).content.decode()
    assert "for na***@example.com" in page
    assert CANARY not in page


def test_the_dialogs_of_a_manager_are_masked(hidden, register, client_of, bob) -> None:
    register("hong@example.com")
    client = client_of(bob)
    address = Address.objects.get()
    for name in ("ask_delete", "ask_edit_groups"):
        text = text_of(client.post(reverse(name, args=[hidden.slug]), {"address": address.pk}, headers=HTMX))
        assert "ho***@example.com" in text


def test_an_address_that_is_gone_or_of_another_book_is_not_shown(hidden, register, client_of, alice, by) -> None:
    register("hong@example.com")
    other = books.create_book(name="Other", zone="public", region="KR", by=by)
    url = reverse("show_address", args=[other.slug])
    client = client_of(alice)
    assert "deleted meanwhile" in text_of(client.post(url, {"address": Address.objects.get().pk}))
    assert "Select at least one" in text_of(client.post(url, {}))
    assert not AuditEvent.objects.filter(action=actions.SHOW_ADDRESS).exists()


def test_the_switch_stands_in_the_settings_and_its_change_in_the_history(book, client_of, alice) -> None:
    client = client_of(alice)
    url = reverse("book_settings", args=[book.slug])
    fields = {"token": uuid4(), "version": 1, "name": "Main", "zone": "public", "region": "KR", "masking": "viewers"}
    assert client.post(url, fields).status_code == 302
    book.refresh_from_db()
    assert book.masking == "viewers"
    page = client.get(url).content.decode()
    assert '<option value="viewers" selected>' in page
    text = text_of(client.get(reverse("history", args=[book.slug])))
    assert "Addresses are shown: In full to all members → Masked to viewers" in text
