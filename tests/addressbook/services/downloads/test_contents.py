"""What stands in the file: the book of one moment, whatever happens while it is written (SAFETY, I6)."""

import hashlib
from io import BytesIO
from uuid import uuid4

import pytest

from addressbook import limits
from addressbook.models import Address, DepartedAddress, DepartedMembership, Download, Membership
from addressbook.services.addresses import bulk, groups, memberships, registration, selection
from addressbook.services.downloads import contents, snapshot
from libraries.spreadsheets import limits as spreadsheet_limits
from tests.support.downloads import groups_in, make, parts_of, path_of, rows_of
from tests.support.invariants import contents as book_contents
from tests.support.undo import last_act
from workspace.models import JobState
from workspace.services.books import books
from workspace.services.work import claiming

FORMATS = ("xlsx", "csv")


@pytest.fixture
def filled(book, by, make_group, register):
    """Seven addresses: some in VIP, some in Gold, some in both, some in none."""
    vip, gold = make_group("VIP"), make_group("금-고객")
    register("a@example.com b@example.com c@example.com d@example.com", vip)
    register("c@example.com d@example.com e@example.com", gold)
    register("f@example.com +g@example.com")
    return {"VIP": vip, "gold": gold}


@pytest.fixture
def small_pages(monkeypatch) -> None:
    monkeypatch.setattr(limits, "ROWS_PER_DOWNLOAD_PAGE", 2)
    monkeypatch.setattr(limits, "LEAST_ROWS_PER_DOWNLOAD_PAGE", 2)


@pytest.mark.parametrize("wanted", FORMATS)
def test_the_file_is_the_book(made, filled, book, wanted, small_pages) -> None:
    download = made(format=wanted)
    rows = rows_of(download)
    expected = book_contents(book)
    if wanted == "csv":
        expected["'+g@example.com"] = expected.pop("+g@example.com")
    assert groups_in(rows) == expected
    assert download.state == JobState.COMPLETE
    assert download.row_count == len(rows) == 7
    content = path_of(download).read_bytes()
    assert (download.size, download.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_times_are_those_of_the_console_zone(made, register, book, settings) -> None:
    register("a@example.com")
    Address.objects.update(registered_at="2026-11-21T15:30:00Z")
    assert rows_of(made())[0][2] == "2026-11-22 00:30:00"


@pytest.mark.parametrize("wanted", FORMATS)
def test_a_group_alone_with_all_groups_of_its_addresses(made, filled, wanted, small_pages) -> None:
    download = made(format=wanted, scope="group", group_id=filled["gold"].pk)
    both, one = {"VIP", "금-고객"}, {"금-고객"}
    assert groups_in(rows_of(download)) == {"c@example.com": both, "d@example.com": both, "e@example.com": one}
    assert download.rows_done == download.rows_total == 3


@pytest.mark.parametrize("wanted", [*FORMATS, "console"])
def test_what_was_selected_and_nothing_else(made, filled, wanted, small_pages) -> None:
    ids = Address.objects.filter(key__in=["a@example.com", "d@example.com", "f@example.com"]).values_list(
        "pk", flat=True
    )
    download = made(format=wanted, scope="chosen", address_ids=list(ids))
    if wanted == "console":
        found = sorted(email for part in parts_of(download).values() for email in part)
        assert found == ["a@example.com", "d@example.com", "d@example.com", "f@example.com"]
    else:
        expected = {"a@example.com": {"VIP"}, "d@example.com": {"VIP", "금-고객"}, "f@example.com": set()}
        assert groups_in(rows_of(download)) == expected


@pytest.mark.parametrize(
    "query",
    [
        "A",
        "B@EX",
        "100%",
        "_x@",
        "가",
        "ÄÖ@",
        "example.com",
        "nobody",
        "A*",
        "b@ex*",
        "가*",
        "*",
        "*@example.com",
        "*나.com",
        "a@example.com, <ABX@example.com>",
    ],
)
def test_a_search_finds_what_the_screen_finds(made, register, book, query, small_pages) -> None:
    register("a@example.com Bb@example.com 100%@example.com 1000@example.com a_x@example.com abx@example.com")
    register("k@가나.com äö@example.com ÄÖx@example.com")
    download = made(scope="search", query=query)
    found = Address.objects.filter(edition=book.current_edition).search(query)
    assert [row[0] for row in rows_of(download)] == list(found.order_by("id").values_list("email", flat=True))
    assert download.query == ""


def test_a_search_within_a_group(made, filled) -> None:
    download = made(scope="search", group_id=filled["VIP"].pk, query="c@")
    assert [row[0] for row in rows_of(download)] == ["c@example.com"]


def test_an_empty_book_is_an_empty_table(made, book) -> None:
    download = made()
    assert (download.state, rows_of(download)) == (JobState.COMPLETE, [])


def test_for_the_console_every_group_has_its_workbooks(made, filled, small_pages) -> None:
    download = made(format="console")
    # In the order of registration: of what was typed at once, the last comes first.
    assert parts_of(download) == {
        "001 VIP.xlsx": [f"{name}@example.com" for name in "dcba"],
        "002 금-고객.xlsx": [f"{name}@example.com" for name in "dce"],
        "003 no group.xlsx": ["+g@example.com", "f@example.com"],
    }
    assert download.row_count == 9


def test_for_the_console_no_workbook_is_larger_than_it_takes(made, fill, make_group, monkeypatch, small_pages) -> None:
    group = make_group("VIP")
    fill(40, group)
    monkeypatch.setattr(limits, "CONSOLE_FILE_BYTES", 12_000)
    monkeypatch.setattr(contents, "_UNSEEN_BYTES", 12_000 - 340)  # the heading of a sheet fits, two pages do not
    monkeypatch.setattr(spreadsheet_limits, "SHEET_ROWS", 7)
    parts = parts_of(made(format="console", scope="group", group_id=group.pk))
    assert len(parts) > 2
    assert "001 VIP.xlsx" in parts
    assert "001 VIP-2.xlsx" in parts
    assert [email for part in parts.values() for email in part] == [f"u{number}@example.com" for number in range(40)]


def everything(book, **options):
    return selection.everything(book=book, group_id=None, **options)


class Meddler:
    """Does one act after each page that is written, until there are no more."""

    def __init__(self, *acts) -> None:
        self.acts = list(acts)

    def __call__(self, point: str) -> None:
        if point == "download: page written" and self.acts:
            self.acts.pop(0)()


@pytest.mark.parametrize("wanted", FORMATS)
@pytest.mark.parametrize("scope", ["book", "group", "search"])
def test_what_changes_meanwhile_is_not_in_the_file(
    ask, filled, book, by, register, monkeypatch, small_pages, scope, wanted
) -> None:
    edition = book.current_edition
    ids = dict(Address.objects.values_list("email", "pk"))
    group_id = filled["VIP"].pk if scope == "group" else None
    query = "example" if scope == "search" else ""
    download = ask(format=wanted, scope=scope, group_id=group_id, query=query)
    expected = {email: names for email, names in book_contents(book).items() if scope != "group" or "VIP" in names}

    def delete(*names: str) -> None:
        chosen = selection.Selection(group_id=None, address_ids=tuple(ids[f"{name}@example.com"] for name in names))
        bulk.delete_addresses(book=book, selection=chosen, token=uuid4(), by=by)

    def take_out(group, *names: str) -> None:
        memberships.remove_from_group(group, [ids[f"{name}@example.com"] for name in names])

    monkeypatch.setattr(
        "workspace.services.work.crash_points.reached",
        Meddler(
            lambda: (delete("a", "d", "e"), register("a@example.com new@example.com", filled["VIP"])),
            lambda: (take_out(filled["VIP"], "c"), memberships.add_to_group(filled["VIP"], [ids["c@example.com"]])),
            lambda: (take_out(filled["gold"], "c"), delete("f", "+g")),
            lambda: groups.rename_group(book=book, group_id=filled["VIP"].pk, seen_name="VIP", name="new", by=by),
        ),
    )
    found = groups_in(rows_of(make(download)))
    assert {email.lstrip("'"): names for email, names in found.items()} == expected
    assert Download.objects.get().taken_at is not None
    assert not DepartedAddress.objects.exists()
    assert not DepartedMembership.objects.exists()
    assert edition.addresses.filter(email="new@example.com").exists()


def test_a_group_that_is_deleted_meanwhile_is_in_the_file(ask, filled, book, by, monkeypatch, small_pages) -> None:
    expected = book_contents(book)
    chosen = selection.everything(book=book, group_id=filled["VIP"].pk)
    act = lambda: bulk.delete_group(book=book, selection=chosen, token=uuid4(), by=by)  # noqa: E731
    monkeypatch.setattr("workspace.services.work.crash_points.reached", Meddler(act))
    download = make(ask())
    assert groups_in(rows_of(download)) == expected


def test_nothing_is_noted_while_nobody_reads(made, filled, book, by) -> None:
    made()
    chosen = selection.everything(book=book, group_id=None)
    bulk.delete_addresses(book=book, selection=chosen, token=uuid4(), by=by)
    assert not DepartedAddress.objects.exists()
    assert not DepartedMembership.objects.exists()


def test_rows_of_another_book_between_ours_are_left_out(made, book, by, register, small_pages) -> None:
    other = books.create_book(name="Other", zone="public", region="KR", by=by)
    for number in range(5):
        register(f"ours{number}@example.com")
        for text in (f"theirs{number}@example.com", f"too{number}@example.com x{number}@example.com"):
            registration.register_typed(book=other, group_id=None, text=text, token=uuid4(), by=by)
    assert [row[0] for row in rows_of(made())] == [f"ours{number}@example.com" for number in range(5)]


def test_a_page_that_takes_too_long_becomes_smaller(book, fill, monkeypatch) -> None:
    fill(400)
    monkeypatch.setattr(limits, "ROWS_PER_DOWNLOAD_PAGE", 160)
    monkeypatch.setattr(limits, "DOWNLOAD_PAGE_MILLISECONDS", 0)
    moment = snapshot.pin(book.current_edition)
    assert [len(page.rows) for page in snapshot.pages(moment)] == [160, 80, 40, 20, 20, 20, 20, 20, 20, 0]


def test_an_address_in_more_groups_than_a_cell_can_name(made, book, by, register, monkeypatch) -> None:
    register("a@example.com")
    monkeypatch.setattr(spreadsheet_limits, "CELL_CHARACTERS", 12)
    for name in ("alpha", "beta", "gamma"):
        group = groups.create_group(book=book, name=name, token=uuid4(), by=by)
        memberships.add_to_group(group, [Address.objects.get().pk])
    assert rows_of(made())[0][1] == "alpha, …"


def test_a_second_sheet_where_the_first_is_full(made, fill, monkeypatch) -> None:
    fill(5)
    monkeypatch.setattr(spreadsheet_limits, "SHEET_ROWS", 3)
    from openpyxl import load_workbook

    workbook = load_workbook(BytesIO(path_of(made()).read_bytes()))
    assert workbook.sheetnames == ["Email addresses", "Email addresses (2)", "Email addresses (3)"]
    assert [sheet.max_row for sheet in workbook] == [3, 3, 2]
    assert [sheet["A1"].value for sheet in workbook] == ["Email"] * 3


def test_the_headings_are_in_the_language_of_whoever_asked(made, register) -> None:
    register("a@example.com")
    from openpyxl import load_workbook

    sheet = load_workbook(BytesIO(path_of(made(language="ko")).read_bytes())).active
    assert sheet["A1"].value == "이메일"


def test_a_download_can_be_uploaded_again(made, filled, check, book) -> None:
    for wanted in FORMATS:
        download = made(format=wanted)
        upload = check(path_of(download).read_bytes(), f"list.{wanted}")
        assert (upload.check_result["already_there"], upload.check_result["invalid"]) == (7, 0)
        # Its groups come back with it: the heading of a download is one that an upload knows.
        assert (upload.check_result["group_count"], upload.check_result["new_group_count"]) == (2, 0)


def test_memberships_of_the_moment_survive_a_second_removal(book, filled, by) -> None:
    """In, out, in again, out again: what was in it at the moment is in it once."""
    download = Download.objects.create(
        edition=book.current_edition,
        requester="x",
        created_at="2026-01-01T00:00Z",
        state="running",
        lease_until="2026-01-01T00:00Z",
        taken_at="2026-01-01T00:00Z",
        scope="book",
        format="xlsx",
        language="en",
    )
    moment = snapshot.pin(book.current_edition)
    address = Address.objects.get(email="a@example.com")
    for _ in range(2):
        memberships.remove_from_group(filled["VIP"], [address.pk])
        memberships.add_to_group(filled["VIP"], [address.pk])
    memberships.remove_from_group(filled["VIP"], [address.pk])
    (page,) = snapshot.pages(moment, group_id=filled["VIP"].pk)
    assert address.pk in [row[0] for row in page.rows]
    assert page.groups[address.pk] == str(filled["VIP"].pk)
    assert not Membership.objects.filter(address=address).exists()
    assert claiming.claim(Download, download.pk) is not None


def test_what_an_undo_brings_back_meanwhile_is_not_there_twice(
    ask, register, make_group, book, by, undo_act, monkeypatch, small_pages
) -> None:
    """It comes back under its old id, as if it had been there at any moment: so the file takes another one."""
    group = make_group("VIP")
    register("\n".join(f"{name}@example.com" for name in "abcdef"), group)
    ids = dict(Address.objects.values_list("email", "pk"))

    def delete(name: str) -> None:
        chosen = selection.Selection(group_id=None, address_ids=(ids[f"{name}@example.com"],))
        bulk.delete_addresses(book=book, selection=chosen, token=uuid4(), by=by)

    delete("a")
    deleted_before = last_act()
    meddler = Meddler(
        lambda: (undo_act(deleted_before), delete("b")),
        undo_act,
    )
    monkeypatch.setattr("workspace.services.work.crash_points.reached", meddler)
    found = rows_of(make(ask()))
    assert groups_in(found) == book_contents(book)
    assert not meddler.acts
    assert len(found) == len(groups_in(found)) == 6
