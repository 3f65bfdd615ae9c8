import re

import pytest
from django.urls import reverse

from addressbook import limits
from tests.support.html import read, text_of


@pytest.fixture
def url(book) -> str:
    return reverse("console", args=[book.slug])


@pytest.fixture
def manager(bob, client_of):
    return client_of(bob)


HTMX = {"HX-Request": "true"}


def emails(answer) -> list[str]:
    return [text for text in read(answer).texts if text.endswith("@example.com")]


def test_an_empty_book_tells_a_newcomer_what_to_do(manager, url) -> None:
    text = text_of(manager.get(url))
    assert "The address book is empty" in text
    assert "Press “Register address” and choose an Excel or CSV file, or paste up to 1,000 addresses" in text
    assert "Search by email address" not in text


def test_a_viewer_sees_the_list_and_no_button_that_changes_it(vera, client_of, url, register, make_group) -> None:
    register("a@example.com", make_group("VIP"))
    text = text_of(client_of(vera).get(url))
    assert "a@example.com" in text
    for label in ("Register address", "Create", "Delete", "Edit group", "Send mail"):
        assert label not in text


def test_the_tree_shows_all_addresses_and_each_group_with_counts(manager, url, register, make_group) -> None:
    make_group("Empty")
    register("a@example.com b@example.com", make_group("VIP"))
    texts = read(manager.get(url)).texts
    assert [texts[texts.index(name) + 1] for name in ("VIP", "Empty")] == ["2", "0"]
    assert texts.count("All addresses") == 2  # in the tree and above the list


def test_the_list_is_newest_first_in_pages(manager, url, register) -> None:
    register(" ".join(f"u{number:03}@example.com" for number in range(120)))
    first = emails(manager.get(url, {"size": 50}))
    last = emails(manager.get(url, {"size": 50, "page": 3}))
    assert (first[0], first[-1], len(first)) == ("u000@example.com", "u049@example.com", 50)
    assert (last[0], last[-1], len(last)) == ("u100@example.com", "u119@example.com", 20)


@pytest.mark.parametrize("size", limits.PAGE_SIZES_ROWS)
@pytest.mark.parametrize("grouped", [True, False])
def test_the_pages_together_are_the_list(manager, url, register, make_group, size, grouped) -> None:
    """Whichever end a page is read from."""
    group = make_group("VIP")
    everyone = [f"u{number:03}@example.com" for number in range(230)]
    register(" ".join(everyone), group)
    place = {"group": group.pk} if grouped else {}
    pages = [emails(manager.get(url, {"size": size, "page": page + 1, **place})) for page in range(-(-230 // size))]
    assert [email for page in pages for email in page] == everyone


def test_a_page_beyond_the_end_is_the_last_page(manager, url, register) -> None:
    register("a@example.com")
    assert emails(manager.get(url, {"page": 99})) == ["a@example.com"]


def test_the_page_size_is_remembered(manager, url, register) -> None:
    register(" ".join(f"u{number:03}@example.com" for number in range(60)))
    manager.get(url, {"size": 20})
    assert len(emails(manager.get(url))) == 20


@pytest.mark.parametrize(
    "state", [{"page": "x"}, {"size": "7"}, {"page": "-1"}, {"group": ""}, {"page": str(2**70)}, {"size": "9" * 40}]
)
def test_a_mangled_state_shows_the_list_all_the_same(manager, url, register, state) -> None:
    register("a@example.com")
    assert emails(manager.get(url, state)) == ["a@example.com"]


@pytest.mark.parametrize("group", [str(2**62), "4711"])
def test_an_unknown_group_is_not_found(manager, url, group) -> None:
    assert manager.get(url, {"group": group}).status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("kim", ["kim@example.com", "KIM.Min@example.com"]),
        ("KIM", ["kim@example.com", "KIM.Min@example.com"]),
        ("example.com", ["kim@example.com", "KIM.Min@example.com", "100%_a@example.com"]),
        ("%", ["100%_a@example.com"]),
        ("_", ["100%_a@example.com"]),
        ("ｋｉｍ", ["kim@example.com", "KIM.Min@example.com"]),
        ("\x00", []),
        ("no one", []),
        ("Kim*", ["kim@example.com", "KIM.Min@example.com"]),
        ("kim.*", ["KIM.Min@example.com"]),
        ("100%*", ["100%_a@example.com"]),
        ("1_*", []),
        ("example*", []),
        ("*", []),
        ("*example.com", ["kim@example.com", "KIM.Min@example.com", "100%_a@example.com"]),
        ("*_a@EXAMPLE.com", ["100%_a@example.com"]),
        ("*kim", []),
        ("*im.m*", ["KIM.Min@example.com"]),
        ("<kim@example.com>,", ["kim@example.com"]),
        ("김민수 <KIM@example.com>", ["kim@example.com"]),
        ("mailto:kim@example.com;", ["kim@example.com"]),
        ("kim@example.com, 100%_a@example.com\nlee@example.com", ["kim@example.com", "100%_a@example.com"]),
        ("kim@example.com님 kim.min@example.com입니다", ["kim@example.com", "KIM.Min@example.com"]),
    ],
)
def test_search_finds_any_part_of_an_address(manager, url, register, query, found) -> None:
    register("kim@example.com KIM.Min@example.com 100%_a@example.com")
    assert emails(manager.post(url, {"q": query})) == found


@pytest.mark.parametrize(
    ("language", "query", "sentence"),
    [
        ("en", "kim", "2 addresses contain “kim”."),
        ("en", "kim*", "2 addresses begin with “kim”."),
        ("en", "Kim@*", "1 address begins with “Kim@”."),
        ("en", "lee*", "0 addresses begin with “lee”."),
        ("en", "*example.com", "2 addresses end with “example.com”."),
        ("en", "kim@example.com lee@example.com", "1 of 2 addresses searched for is here."),
        ("en", "*", "0 addresses contain “*”."),
        ("ko", "kim*", "“kim”(으)로 시작하는 주소: 2개"),
        ("ja", "kim*", "「kim」から始まるアドレス：2件"),
    ],
)
def test_search_says_what_it_looked_for(manager, url, register, language, query, sentence) -> None:
    register("kim@example.com KIM.Min@example.com")
    assert sentence in text_of(manager.post(url, {"q": query}, headers={"Accept-Language": language}))


@pytest.mark.parametrize("few", [0, 49, 50, 100])
@pytest.mark.parametrize("grouped", [True, False])
def test_search_pages_alike_whether_it_finds_few_or_many(
    manager, url, register, make_group, monkeypatch, few, grouped
) -> None:
    monkeypatch.setattr(limits, "SEARCH_FINDS_FEW", few)
    group = make_group("VIP")
    names = [f"kim{number}@example.com" for number in range(50)]
    register(" ".join(["lee@example.com", *names[25:]]), group)
    register(" ".join(names[:25]))
    wanted = names[25:] if grouped else names
    asked = {"q": "kim", "size": 20, **({"group": group.pk} if grouped else {})}
    pages = [emails(manager.post(url, {**asked, "page": page + 1})) for page in range(-(-len(wanted) // 20))]
    assert [email for page in pages for email in page] == wanted


RESULTS = {**HTMX, "HX-Target": "results"}
FOUND = {**HTMX, "HX-Target": "found"}


@pytest.fixture
def many(register, monkeypatch) -> int:
    """More addresses with `kim` in them than are listed before they are counted."""
    monkeypatch.setattr(limits, "SEARCH_FINDS_FEW", 100)
    register(" ".join(f"kim{number}@example.com" for number in range(130)))
    return 130


@pytest.mark.parametrize(
    ("language", "query", "first", "then", "rows"),
    [
        (
            "en",
            "kim",
            "More than 100 addresses contain “kim”. Counting …",
            "130 addresses contain “kim”",
            "1–50 of 130",
        ),
        (
            "en",
            "kim*",
            "More than 100 addresses begin with “kim”. Counting …",
            "130 addresses begin with",
            "1–50 of 130",
        ),
        ("ko", "kim", "“kim”이(가) 포함된 주소: 100개 초과. 집계 중…", "주소: 130개", "총 130개 중 1–50"),
        ("ja", "kim*", "「kim」から始まるアドレス：100件超。集計中…", "アドレス：130件", "全130件中 1–50件"),
    ],
)
def test_results_of_many_do_not_wait_until_they_are_counted(
    manager, url, many, django_assert_num_queries, language, query, first, then, rows
) -> None:
    manager.get(url)
    # One fewer than with the count.
    with django_assert_num_queries(7):
        results = manager.post(url, {"q": query}, headers={**RESULTS, "Accept-Language": language})
    assert len(emails(results)) == 50
    assert first in text_of(results)
    assert read(results).ids.count("page-next") == 0
    token = re.search(r'data-counting="([0-9a-f-]{36})"', results.content.decode())[1]

    asked = {"q": query, "counting": token}
    counted = manager.post(url, asked, headers={**FOUND, "Accept-Language": language})
    assert then in text_of(counted)
    assert rows in text_of(counted)
    assert {"found", "page-next", "select-everything"} <= set(read(counted).ids)
    # Each of the three goes to the results that asked, and to no others.
    for place in ("range", "pages", "select-everything"):
        assert f"hx-swap-oob=\"outerHTML:[data-counting='{token}'] .{place}\"" in counted.content.decode()


def test_whoever_does_not_type_gets_results_with_their_count(manager, url, many, make_group, register) -> None:
    for headers in ({}, {**HTMX, "HX-Target": "addresses"}, {**HTMX, "HX-Target": "console"}):
        assert "130 addresses contain “kim”." in text_of(manager.post(url, {"q": "kim"}, headers=headers))
    # Further pages, and those of a group, are counted as well.
    assert "130 addresses" in text_of(manager.post(url, {"q": "kim", "page": 2}, headers=RESULTS))
    group = make_group("VIP")
    register("kim1@example.com kim2@example.com", group)
    assert "2 addresses contain" in text_of(manager.post(url, {"q": "kim", "group": group.pk}, headers=RESULTS))


@pytest.mark.parametrize("counting", ["", "nonsense", "'] *", "\x00"])
def test_a_count_that_nothing_asked_for_goes_nowhere(manager, url, many, counting) -> None:
    answer = manager.post(url, {"q": "kim", "counting": counting}, headers=FOUND)
    assert len(re.findall(r"outerHTML:\[data-counting='[0-9a-f-]{36}'\] ", answer.content.decode())) == 3


def test_viewers_get_no_button_to_select_what_was_counted(client_of, vera, url, many) -> None:
    answer = client_of(vera).post(url, {"q": "kim"}, headers=FOUND)
    assert "select-everything" not in answer.content.decode()


def test_search_finds_a_domain_as_it_was_typed(manager, url, register) -> None:
    register("info@한국.kr")
    assert "info@한국.kr" in text_of(manager.post(url, {"q": "한국"}))


def test_search_stays_in_the_chosen_group_and_offers_to_leave_it(manager, url, register, make_group) -> None:
    group = make_group("VIP")
    register("kim@example.com", group)
    register("kim2@example.com")
    answer = manager.post(url, {"q": "kim", "group": group.pk})
    assert emails(answer) == ["kim@example.com"]
    assert "Search all addresses instead" in text_of(answer)


def test_search_is_never_in_a_url(manager, url, register) -> None:
    register("kim@example.com")
    body = manager.post(url, {"q": "canary"}).content.decode()
    assert not [piece for piece in body.split('"') if "canary" in piece and piece.startswith(("/", "?", "http"))]
    # A query in a URL, by whoever, is not even read.
    assert "1 address has" not in text_of(manager.get(url, {"q": "kim"}))


def test_htmx_gets_the_part_that_it_targets(manager, url, register) -> None:
    register("a@example.com")
    for target in ("console", "addresses", "results"):
        answer = manager.get(url, headers={**HTMX, "HX-Target": target})
        assert read(answer).ids[0] == target
        assert "<html" not in answer.content.decode()


def test_htmx_cannot_choose_another_part(manager, url) -> None:
    assert "<html" in manager.get(url, headers={**HTMX, "HX-Target": "notification"}).content.decode()


@pytest.mark.parametrize("group_count", [1, 3])
@pytest.mark.parametrize("address_count", [1, 30])
def test_the_page_takes_a_constant_number_of_queries(
    manager, url, register, make_group, django_assert_num_queries, group_count, address_count
) -> None:
    for number in range(group_count):
        group = make_group(f"group{number}")
        register(" ".join(f"u{row}@example.com" for row in range(address_count)), group)
    manager.get(url)  # which is remembered as the book to open next time
    # session, user, membership with book and edition, groups, addresses, memberships, suppressions, what else there is,
    # user's books, what is being sent
    with django_assert_num_queries(10):
        manager.get(url)
    with django_assert_num_queries(10):
        manager.get(url, {"group": group.pk})
    with django_assert_num_queries(11):  # and what the search finds
        manager.post(url, {"q": "u"})


def test_many_groups_get_a_filter(manager, url, make_group) -> None:
    for number in range(limits.GROUPS_BEFORE_FILTER - 1):
        make_group(f"group{number}")
    assert "group-filter" not in read(manager.get(url)).ids
    make_group("one-more")
    assert "group-filter" in read(manager.get(url)).ids


def test_every_answer_carries_the_security_headers_and_is_kept_nowhere(manager, url, client) -> None:
    answers = [manager.get(url), client.get(reverse("sign_in")), manager.get("/nowhere/"), client.get("/static/x.css")]
    for answer in answers:
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert "no-store" in answer["Cache-Control"]


def test_pages_of_one_url_are_told_apart_by_what_asks(manager, url) -> None:
    varied = manager.get(url)["Vary"]
    assert "HX-Request" in varied
    assert "HX-Target" in varied


@pytest.mark.parametrize(
    ("language", "label"), [("ko", "주소 등록"), ("ja", "アドレス登録"), ("en", "Register address")]
)
def test_the_screen_speaks_the_chosen_language(manager, url, language, label) -> None:
    manager.post(reverse("set_language"), {"language": language})
    answer = manager.get(url)
    assert label in text_of(answer)
    assert f'<html lang="{language}">' in answer.content.decode()


def test_refresh_leads_on_when_the_group_was_deleted_meanwhile(manager, url, register) -> None:
    register("a@example.com")
    answer = manager.post(url, {"group": 4711})
    assert "The group was deleted meanwhile. These are all addresses." in text_of(answer)
    assert emails(answer) == ["a@example.com"]


def test_too_much_at_once_is_refused_with_a_sentence(manager, book, settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = manager.post(reverse("check_registration", args=[book.slug]), {"text": "x" * 2000}, headers=HTMX)
    assert answer.status_code == 413
    assert "This is too much at once. Nothing was changed." in answer.content.decode()
